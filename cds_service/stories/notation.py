"""Lines of a story, as a clinician writes them, to facts. Strict: a clause that is not understood is an error.

    woman 34, pregnant 20 weeks          a person: man, woman, boy, girl, newborn; "9 days" for the youngest
    22 · 25,000 /uL, 9 days ago · <5     a platelet count, 10*9/L and 3 h ago unless said otherwise
    temperature 38.6 Cel, 2 h ago        a measurement; "EBV VCA IgM positive" or "schistocytes present" a result
    nosebleed, 2 h ago                   a finding with its onset; suspected, refuted, severe, ended 30 h ago ...
    prednisone, started 2 weeks ago      a drug in use; given 2 h ago; ended yesterday
    penicillin, anaphylaxis              an allergy
    platelet transfusion, 1 h ago        something done; a plan is "lumbar puncture, in 2 days"
    MMR vaccine, 3 weeks ago             a vaccine that was given
    eltrombopag, 50 mg, daily            the draft that is selected

Clauses are separated by ", ". `docs` of the words: `vocabulary.toml`; of the times: `times.read_when`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from cards.code_systems import CVX
from cds_service.stories.coding import UnknownWordError, term
from cds_service.stories.dose_notation import add_clause
from cds_service.stories.observed_notation import not_understood
from cds_service.stories.observed_notation import read_count as read_count
from cds_service.stories.observed_notation import read_observed as read_observed
from cds_service.stories.story import (
    AllergyTo,
    Done,
    Drug,
    Found,
    Ordered,
    Person,
    Planned,
    Story,
    Term,
    Vaccinated,
)
from cds_service.stories.times import When, read_when

_AGE = re.compile(r"(man|woman|boy|girl|newborn boy|newborn girl|person)(?: (\d+)(?: (days|weeks))?)?")
_SEVERITIES = {
    "mild": "Mild",
    "moderate": "Moderate",
    "severe": "Severe",
    "life-threatening": "Life threatening",
    "WHO 1": "Mild",
    "WHO 2": "Moderate",
    "WHO 3": "Severe",
    "WHO 4": "Life threatening",
}
UNMAPPED = {
    "a drug with a local code": ("urn:oid:2.999.1", "LOCAL-4711"),
    "hepatitis B vaccine": (CVX, "45"),
}
"""Orders whose code is in none of our value sets."""
_STATUSES = (
    *("cancelled", "draft", "on hold", "entered in error", "not done"),
    *("intended", "not taken", "unknown", "booked"),
)
"""Of a prescription, an administration ("not done"), a statement ("intended", "not taken") or a plan (an appointment is
"booked"), where it is not active."""
_SUSPECTED = {"suspected": "provisional", "differential": "differential", "refuted": "refuted"}

F = TypeVar("F")


def read_story(lines: Mapping[str, Any]) -> Story:
    """A story of its members as the TOML file gives them. ValueError naming the line that is not understood."""
    known = {
        "person",
        "platelets",
        "observed",
        "findings",
        "drugs",
        "allergies",
        "done",
        "vaccines",
        "planned",
        "orders",
        "inpatient",
        "hook",
        "failed",
        "absent",
    }
    unknown = lines.keys() - known
    if unknown:
        raise ValueError(f"a story has no {sorted(unknown)}")
    orders = _each(lines, "orders", read_order)
    return Story(
        person=_line(read_person, lines.get("person", "man 40")),
        platelets=_each(lines, "platelets", read_count),
        observed=_each(lines, "observed", read_observed),
        found=_each(lines, "findings", read_finding),
        drugs=_each(lines, "drugs", read_drug),
        allergies=_each(lines, "allergies", read_allergy),
        done=_each(lines, "done", read_done),
        vaccines=_each(lines, "vaccines", read_vaccine),
        planned=_each(lines, "planned", read_planned),
        orders=orders,
        inpatient=lines.get("inpatient", False),
        hook=lines.get("hook", "order-select" if orders else "patient-view"),
        failed=tuple(lines.get("failed", ())),
        absent=tuple(lines.get("absent", ())),
    )


def _each(lines: Mapping[str, Any], name: str, read: Callable[[str], F]) -> tuple[F, ...]:
    given = lines.get(name, ())
    return tuple(_line(read, line) for line in ([given] if isinstance(given, str) else given))


def _line(read: Callable[[str], F], line: str) -> F:
    try:
        return read(line)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{line!r}: {error}") from error


def read_person(line: str) -> Person:
    """ "woman 34, pregnant 20 weeks, 60 kg, ancestry Chinese"."""
    head, *clauses = line.split(", ")
    found = _AGE.fullmatch(head)
    if found is None:
        raise not_understood(head)
    who, age, unit = found.groups()
    sex = {"man": "male", "boy": "male", "woman": "female", "girl": "female"}
    person = Person(sex=sex.get(who.rpartition(" ")[2], "unknown"), age=None)
    if age is not None and unit is not None:
        person = replace(person, days=int(age) * (7 if unit == "weeks" else 1))
    elif age is not None:
        person = replace(person, age=int(age))
    for clause in clauses:
        if (weeks := re.fullmatch(r"pregnant (\d+) weeks", clause)) is not None:
            person = replace(person, pregnant=int(weeks[1]))
        elif (weight := re.fullmatch(r"([\d.]+) kg", clause)) is not None:
            person = replace(person, weight=Decimal(weight[1]))
        elif clause.startswith("ancestry "):
            person = replace(person, ancestry=clause.removeprefix("ancestry "))
        elif clause == "pregnancy not known":
            person = replace(person, pregnancy_known=False)
        else:
            raise not_understood(clause)
    return person


def read_finding(line: str) -> Found:
    """ "nosebleed, 2 h ago", "gum bleeding, recorded 5 days ago", "H. pylori infection, resolved 2 years ago"."""
    head, *clauses = line.split(", ")
    found = Found(term(head))
    dated = False
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        when = read_when(rest if word in ("recorded", "ended", "resolved") else clause)
        if word in ("ended", "resolved") and (when is not None or not rest):
            found = replace(found, ended=when, clinical="resolved")
        elif word == "recorded" and when is not None:
            found = replace(found, recorded=when, onset=found.onset if dated else None)
        elif when is not None:
            found, dated = replace(found, onset=when), True
        elif clause in ("undated", "no onset"):
            found = replace(found, onset=None)
        elif clause in _SUSPECTED:
            found = replace(found, verification=_SUSPECTED[clause])
        elif clause == "entered in error":
            found = replace(found, verification="entered-in-error")
        elif clause in ("inactive", "remission"):
            found = replace(found, clinical=clause)
        elif clause in _SEVERITIES:
            found = replace(found, severity=_SEVERITIES[clause])
        elif clause == "observed":
            found = replace(found, observed=True)
        elif clause == "reported by the patient":
            found = replace(found, by_patient=True)
        else:
            raise not_understood(clause)
    return found


def read_drug(line: str) -> Drug:
    """ "LMWH, started 8 days ago, SC", "noradrenaline, given 1 h ago, IV", "entecavir, ended yesterday"."""
    head, *clauses = line.split(", ")
    drug = Drug(term(head), start=When(timedelta(days=2)))
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        when = read_when(rest)
        if word == "started" and when is not None:
            drug = replace(drug, start=when)
        elif word == "ended" and when is not None:
            drug = replace(drug, end=when, status="completed")
        elif word == "given" and when is not None:
            drug = replace(drug, start=when, given=True, status="completed")
        elif clause in _STATUSES:
            drug = replace(drug, status=clause.replace(" ", "-"))
        elif clause == "undated":
            drug = replace(drug, start=None)
        else:
            drug = replace(drug, dose=add_clause(drug.dose, clause))
    return drug


def read_allergy(line: str) -> AllergyTo:
    """ "penicillin, anaphylaxis, 5 years ago", "aspirin, intolerance", "penicillin, low criticality"."""
    head, *clauses = line.split(", ")
    allergy = AllergyTo(_allergen(head))
    for clause in clauses:
        when = read_when(clause)
        if when is not None:
            allergy = replace(allergy, at=when)
        elif clause == "anaphylaxis":
            allergy = replace(allergy, anaphylaxis=True, criticality="high")
        elif clause == "thrombocytopenia":
            allergy = replace(allergy, thrombocytopenia=True)
        elif clause == "intolerance":
            allergy = replace(allergy, intolerance=True)
        elif clause in ("high criticality", "low criticality"):
            allergy = replace(allergy, criticality=clause.partition(" ")[0])
        else:
            raise not_understood(clause)
    return allergy


def _allergen(word: str) -> Term:
    """Allergies have their own sets; a drug stands for itself."""
    try:
        return term(f"{word} allergy")
    except UnknownWordError:
        return term(word)


def read_done(line: str) -> Done:
    """ "platelet transfusion, 1 h ago, in progress"."""
    head, *clauses = line.split(", ")
    done = Done(term(head))
    for clause in clauses:
        when = read_when(clause)
        if when is not None:
            done = replace(done, at=when)
        elif clause in ("in progress", "completed", "entered in error", "preparation"):
            done = replace(done, status=clause.replace(" ", "-"))
        elif clause == "undated":
            done = replace(done, at=None)
        else:
            raise not_understood(clause)
    return done


def read_vaccine(line: str) -> Vaccinated:
    """ "MMR vaccine, 3 weeks ago"."""
    head, *clauses = line.split(", ")
    given = Vaccinated(term(head))
    for clause in clauses:
        when = read_when(clause)
        if when is None:
            raise not_understood(clause)
        given = replace(given, at=when)
    return given


def read_planned(line: str) -> Planned:
    """ "lumbar puncture, in 2 days", "platelets, ordered 1 h ago"."""
    head, *clauses = line.split(", ")
    plan = Planned(term(head))
    for clause in clauses:
        when = read_when(clause.removeprefix("ordered "))
        if clause in _STATUSES:
            plan = replace(plan, status=clause.replace(" ", "-"))
            continue
        if when is None:
            raise not_understood(clause)
        plan = replace(plan, ordered=when) if clause.startswith("ordered ") else replace(plan, at=when)
    return plan


def read_order(line: str) -> Ordered:
    """ "eltrombopag, 50 mg, daily", "platelets", "amoxicillin, oral, reason streptococcal pharyngitis"."""
    head, *clauses = line.split(", ")
    order = Ordered(None, code=UNMAPPED[head]) if head in UNMAPPED else Ordered(term(head))
    for clause in clauses:
        if clause == "reason in words":
            order = replace(order, reason_in_words=True)
        elif clause.startswith("reason "):
            order = replace(order, reason=term(clause.removeprefix("reason ")))
        else:
            order = replace(order, dose=add_clause(order.dose, clause))
    return order
