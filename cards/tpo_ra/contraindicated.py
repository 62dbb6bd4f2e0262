"""TPO-07 to TPO-10: what speaks against a TPO receptor agonist.

Three uses of one table. They gate TPO-01 and TPO-02 silently; with a TPO-RA selected they decide ORD-19
(`contraindications` gives it rule, indicator and rows); with a TPO-RA in use they have a card of their own
on patient-view, but only for what is critical and for a pregnancy: an old thrombosis was weighed when the
drug was chosen, and a warning at each opening of the chart would only teach people to look away (rulebook
A.3).
"""

from __future__ import annotations

from collections.abc import Sequence

from cards.facts import Known, PatientFacts
from cards.frozen import dataclass
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    Answers,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Suggestion,
    Topic,
)
from cards.precedence import ORDER_HOOKS
from cards.reasons import Fact, Why
from cards.record import ClinicalStatus, Finding, Kind, Verification
from cards.rows import finding_row, measurement_row, medication_row, platelet_row, pregnancy_row
from cards.scope_sets import ANTI_PF4
from cards.thresholds import Thresholds

TPO_RA = "med-tpo-ra"

THROMBOSIS = ("risk-thrombosis", "risk-cvst", "risk-portal-vein-thrombosis", "risk-acs")
ANTIPHOSPHOLIPID = ("mimic-aps-sle",)
THROMBOSIS_RISK = ("risk-thrombosis-history", "risk-thrombophilia")

MARROW = ("mimic-marrow", "mimic-acute-leukaemia", "mimic-lymphoma", "mimic-pancytopenia", "mimic-aplastic")
APLASTIC, ELTROMBOPAG, SEVERE = "mimic-aplastic", "med-eltrombopag", 3
"""The exception of TPO-08: eltrombopag has a label in severe aplastic anaemia (graded severe or worse)."""

MARROW_REMISSION = ("mimic-marrow-remission",)

WRONG_DISEASE: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("mimic-tma", "mimic-tma-other"), None),
    (("mimic-hit",), "hit_days"),
    (("mimic-vitt", "mimic-hus"), "mimic_days"),
    (("mimic-dic",), "dic_days"),
)
"""TPO-10: sets, and the threshold up to which the condition is current (rulebook A.9; TTP: by the count)."""


LACTATION, HAEMOGLOBIN = "risk-lactation", "obs-hemoglobin"
CONDITIONS = frozenset(
    (
        *(*THROMBOSIS, *ANTIPHOSPHOLIPID, *THROMBOSIS_RISK, *ANTI_PF4),
        *(*MARROW, *MARROW_REMISSION, LACTATION),
        *(set_id for sets, _ in WRONG_DISEASE for set_id in sets),
    )
)
"""All that one of the rules looks for in the problem list."""

IDS = ("TPO-07", "TPO-08", "TPO-09", "TPO-10")
ALLOWED = dict.fromkeys(IDS, NoAdvice(Why.ALLOWED))
UNREAD = dict.fromkeys(IDS, CannotTell(Fact.CONDITIONS))


@dataclass(frozen=True, slots=True)
class Contraindication:
    """One reason: its rule, how strongly it speaks, which words say it, and what shows it.

    `key` is a caution of the rule's own section; the title of the section is `title.<indicator>` where they
    differ.
    """

    rule: str
    indicator: Indicator
    key: str
    rows: tuple[Input, ...]


def contraindications(p: PatientFacts, limits: Thresholds) -> tuple[Contraindication, ...]:
    """All that is recorded against a TPO-RA, the most urgent first, then by rule."""
    if _nothing_is_recorded(p):
        return ()
    found = (*_thrombosis(p, limits), *_marrow(p, limits), *_pregnancy(p), *_wrong_disease(p, limits))
    return tuple(sorted(found, key=lambda c: (-c.indicator, c.rule)))


def _nothing_is_recorded(p: PatientFacts) -> bool:
    """No condition of these rules, at any time, no pregnancy, and no haemoglobin, without which no pancytopenia."""
    return (
        p.record.finding_sets.isdisjoint(CONDITIONS)
        and p.person.pregnancy is not Known.YES
        and HAEMOGLOBIN not in p.sets_measured
    )


# ---------------------------------------------------------------------------------------------- TPO-07


def _thrombosis(p: PatientFacts, limits: Thresholds) -> tuple[Contraindication, ...]:
    if not p.findings(*THROMBOSIS, *ANTIPHOSPHOLIPID, *THROMBOSIS_RISK, *ANTI_PF4):
        return ()
    current = _current_wrong_disease(p, limits)
    events = _findings(p, *THROMBOSIS)
    active = [f for f in events if _is_active(p, f, limits)]
    past = [f for f in events if f not in active]
    rows = (
        (Indicator.CRITICAL, "active-thrombosis", _rows("thrombosis", active)),
        (
            Indicator.CRITICAL,
            "antiphospholipid",
            _rows("antiphospholipid syndrome", p.present(*ANTIPHOSPHOLIPID)),
        ),
        (
            Indicator.WARNING,
            "antiphospholipid",
            _rows("antiphospholipid syndrome", p.suspected(*ANTIPHOSPHOLIPID)),
        ),
        (Indicator.WARNING, "past-thrombosis", _rows("thrombosis", past)),
        (Indicator.WARNING, "past-thrombosis", _rows("thrombosis risk", _findings(p, *THROMBOSIS_RISK))),
        (
            Indicator.WARNING,
            "anti-pf4",
            _rows("HIT or VITT", [f for f in _findings(p, *ANTI_PF4) if f not in current]),
        ),
    )
    return tuple(Contraindication("TPO-07", indicator, key, found) for indicator, key, found in rows if found)


def _is_active(p: PatientFacts, finding: Finding, limits: Thresholds) -> bool:
    """Present and no older than three months, or without a date; not a suspected, ended or past one."""
    if (
        finding.verification is Verification.SUSPECTED
        or finding.clinical is ClinicalStatus.PAST
        or finding.has_ended
    ):
        return False
    if any(m.set_id in THROMBOSIS and m.status == "history" for m in finding.memberships):
        return False
    when = finding.onset or finding.recorded
    return when is None or when.since(p.as_of) <= limits.span("thrombosis_days")


def _findings(p: PatientFacts, *sets: str) -> tuple[Finding, ...]:
    """Present, past and suspected: each matters for thrombosis."""
    return p.findings(*sets)


# ---------------------------------------------------------------------------------------------- TPO-08


def _marrow(p: PatientFacts, limits: Thresholds) -> tuple[Contraindication, ...]:
    found = p.findings(*MARROW, *MARROW_REMISSION)
    recorded = (*p.present(*MARROW), *p.suspected(*MARROW)) if found else ()
    remission = [f for f in found if f not in recorded]
    counts = () if recorded else _pancytopenia(p, limits)
    if not found and not counts:
        return ()
    aplastic = p.present(APLASTIC) if _is_eltrombopag(p) else ()
    disease = [f for f in recorded if f not in aplastic]
    graded = [f for f in aplastic if f.severity is not None and f.severity >= SEVERE]
    rows = (
        (Indicator.CRITICAL, "marrow", _rows("marrow disease", disease)),
        (Indicator.CRITICAL, "pancytopenia", counts),
        (Indicator.WARNING, "marrow-history", _rows("marrow disease", remission)),
        (Indicator.WARNING, "aplastic", () if graded else _rows("aplastic anaemia", aplastic)),
    )
    return tuple(Contraindication("TPO-08", indicator, key, found) for indicator, key, found in rows if found)


def _is_eltrombopag(p: PatientFacts) -> bool:
    """The TPO-RA that is asked about, selected or in use, is eltrombopag and no other."""
    selected = [o.set_ids for o in p.selected(TPO_RA)]
    asked = selected or [m.set_ids for m in p.using(TPO_RA)]
    return bool(asked) and all(ELTROMBOPAG in sets for sets in asked)


def _pancytopenia(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Rulebook A.9: platelets < 100, Hb < 10 g/dL, and neutrophils < 1.5 or leucocytes < 3.0."""
    last = p.platelets.last_known
    if last is None or last >= limits.mild:
        return ()
    within = limits.span("pancytopenia_days")
    hb, neutrophils, wbc = (p.newest(s, within) for s in (HAEMOGLOBIN, "obs-neutrophils", "obs-wbc"))
    if hb is None or hb.value >= limits.pancytopenia_hb:
        return ()
    low = [
        measurement_row(fact, m)
        for fact, m, limit in (
            ("neutrophils", neutrophils, limits.pancytopenia_neutrophils),
            ("leucocytes", wbc, limits.pancytopenia_wbc),
        )
        if m is not None and m.value < limit
    ]
    return (measurement_row("haemoglobin", hb), *low) if low else ()


# ---------------------------------------------------------------------------------- TPO-09, TPO-10


def _pregnancy(p: PatientFacts) -> tuple[Contraindication, ...]:
    rows = (
        *((pregnancy_row(p),) if p.person.pregnancy is Known.YES else ()),
        *(finding_row("breastfeeding", f) for f in p.present(LACTATION)),
    )
    return (Contraindication("TPO-09", Indicator.WARNING, "pregnancy", rows),) if rows else ()


def _wrong_disease(p: PatientFacts, limits: Thresholds) -> tuple[Contraindication, ...]:
    found = _current_wrong_disease(p, limits)
    if not found:
        return ()
    rows = _rows("condition in which a TPO-RA promotes thrombosis", found)
    return (Contraindication("TPO-10", Indicator.CRITICAL, "wrong-disease", rows),)


def _current_wrong_disease(p: PatientFacts, limits: Thresholds) -> list[Finding]:
    """TTP with a count < 150 or unknown; HIT, VITT, HUS and DIC by age. Suspected ones count: safety."""
    found: list[Finding] = []
    for sets, window in WRONG_DISEASE:
        if not p.findings(*sets):
            continue
        for finding in (*p.present(*sets), *p.suspected(*sets)):
            when = finding.onset or finding.recorded
            if window is None:
                last = p.platelets.last_known
                is_current = last is None or last < limits.normal
            else:
                is_current = when is None or when.since(p.as_of) <= limits.span(window)
            if is_current and finding not in found:
                found.append(finding)
    return found


def _rows(fact: str, findings: tuple[Finding, ...] | list[Finding]) -> tuple[Input, ...]:
    return tuple(finding_row(fact, f) for f in findings)


# ---------------------------------------------------------------------------------------------- cards


def also_said(found: Sequence[Contraindication]) -> tuple[str, ...]:
    """What the other rules say, in the card that the first one leads: each asks for something of its own."""
    rules = dict.fromkeys(c.rule for c in found)
    return tuple(f"{rule}/suggestion" for rule in rules if rule != found[0].rule)


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One card on patient-view, led by the most urgent reason, when a TPO-RA is in use."""
    found = contraindications(p, limits)
    unsaid: Answers = ALLOWED if p.answered(Kind.CONDITIONS) else UNREAD
    if not found:
        return unsaid
    answers = {**unsaid, **{c.rule: NoAdvice(Why.CLASSIFIED) for c in found}}  # it gates silently
    drugs = p.using(TPO_RA)
    speaking = [c for c in found if c.indicator is Indicator.CRITICAL or c.rule == "TPO-09"]
    if not drugs or not speaking or p.hook in ORDER_HOOKS:
        return answers
    first = speaking[0]
    others = tuple(dict.fromkeys(c.rule for c in found if c.rule != first.rule))
    answers |= {rule: NoAdvice(Why.MERGED) for rule in others}
    priority = "stat" if first.indicator is Indicator.CRITICAL else "urgent"
    answers[first.rule] = Advise(
        first.rule,
        first.indicator,
        title="title.in-use",
        say=("suggestion", *also_said([first, *found])),
        cautions=tuple(dict.fromkeys(f"{c.rule}/caution.{c.key}" for c in found)),
        inputs=(
            *platelet_row(p),
            *(medication_row("TPO receptor agonist", m) for m in drugs),
            *(row for c in found for row in c.rows),
        ),
        suggestions=(
            Suggestion(
                "review",
                (
                    Action(ActionType.CREATE, "haematology", priority),
                    Action(ActionType.CREATE, "medication-review", priority),
                ),
                recommended=True,
            ),
        ),
        also=others,
    )
    return answers


ADVICE = Advice(
    stem="tpo_ra/contraindicated",
    ids=IDS,
    topic=Topic.TPO_RA,
    decide=decide,
    otherwise=Why.ALLOWED,
)
