"""What a pathogen's file asks of the record: one function for each `When`, three-valued, with the rows that show it.

Unknown is never no: an answer that the record cannot give names the fact that is missing. The signs and criteria
that make a card critical or a warning are read here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cards.anti_infective import asked_person, asked_record
from cards.anti_infective.applied import NO, YES, Applied
from cards.anti_infective.content import Caution, CriticalSign, Pathogen, When
from cards.facts import Infection, Known, PatientFacts
from cards.outcome import Input
from cards.reasons import Fact
from cards.rows import bleeding_rows, infection_row, sign_row
from cards.thresholds import Thresholds


def applies(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    """Whether the row applies to this patient; UNKNOWN where the record cannot tell."""
    found = _TESTS[caution.when](p, caution, infection, limits)
    if not caution.negated or found.answer is Known.UNKNOWN:
        return found
    return NO if found.answer is Known.YES else Applied(Known.YES, found.rows)


def first_of(
    p: PatientFacts, rows: Sequence[Caution], infection: Infection, limits: Thresholds
) -> tuple[Applied, ...]:
    """The rows that apply, in order."""
    if not rows:
        return ()
    found = [applies(p, row, infection, limits) for row in rows]
    return tuple([one for one in found if one.answer is Known.YES])


def missing_of(
    p: PatientFacts, rows: Iterable[Caution], infection: Infection, limits: Thresholds
) -> tuple[Fact, ...]:
    """What would have to be known to answer the rows."""
    found = [applies(p, row, infection, limits).missing for row in rows]
    return tuple(dict.fromkeys([fact for fact in found if fact is not None]))


# ------------------------------------------------------------------------------------------------ how severe


def critical_rows(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds
) -> tuple[Input, ...]:
    """The signs and criteria that make the card critical; empty where there is none."""
    rows: list[Input] = []
    for sign in pathogen.critical_when:
        rows += _SIGNS[sign](p, infection)
    for one in first_of(p, pathogen.critical, infection, limits):
        rows += one.rows
    return tuple(dict.fromkeys(rows)) if rows else ()


def _recorded_severity(p: PatientFacts, infection: Infection) -> tuple[Input, ...]:
    if not infection.severe:
        return ()
    return (Input("severity of the infection", "severe", None, infection.onset, infection.references[0]),)


_SIGNS: Mapping[CriticalSign, Callable[[PatientFacts, Infection], tuple[Input, ...]]] = {
    CriticalSign.SHOCK: lambda p, _: tuple([sign_row("shock", s) for s in p.signs.shock]),
    CriticalSign.ORGAN_FAILURE: lambda p, _: tuple(
        sign_row("organ failure", s) for s in p.signs.organ_failure
    ),
    CriticalSign.BLEEDING: lambda p, _: bleeding_rows(p.bleeding.serious),
    CriticalSign.SEVERE: _recorded_severity,
    CriticalSign.SEPSIS: lambda p, _: tuple(infection_row(p, i) for i in p.infections.current("INF-SEP")),
    CriticalSign.CONSCIOUSNESS: lambda p, _: tuple(
        sign_row("consciousness", s) for s in p.signs.altered_consciousness
    ),
    CriticalSign.SEIZURE: lambda p, _: tuple(sign_row("seizure", s) for s in p.signs.seizure),
}


def _critical(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    rows = critical_rows(p, p.pathogens[infection.pathogen], infection, limits)
    return Applied(Known.YES, rows) if rows else NO


def _warned(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    rows = p.pathogens[infection.pathogen].warn_when
    found = first_of(p, rows, infection, limits)
    if found:
        return Applied(Known.YES, tuple(row for one in found for row in one.rows))
    missing = missing_of(p, rows, infection, limits)
    return Applied(Known.UNKNOWN, missing=missing[0]) if missing else NO


def _severe(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    return YES if infection.severe else NO


_GRAVE = (CriticalSign.SHOCK, CriticalSign.ORGAN_FAILURE, CriticalSign.CONSCIOUSNESS)


def _failing(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    """What is recorded of it; readings that are missing withhold nothing here, the card asks for them."""
    rows = tuple(dict.fromkeys(row for sign in _GRAVE for row in _SIGNS[sign](p, infection)))
    return Applied(Known.YES, rows) if rows else NO


_TESTS: Mapping[When, Callable[[PatientFacts, Caution, Infection, Thresholds], Applied]] = {
    When.ALLERGY: asked_person.allergy,
    When.PREGNANT: asked_person.pregnant,
    When.LACTATING: asked_person.lactating,
    When.AGE_BELOW: asked_person.age_below,
    When.NEONATE: asked_person.neonate,
    When.WEIGHT_BELOW: asked_person.weight_below,
    When.IMMUNOCOMPROMISED: asked_person.weak_defence,
    When.EGFR_BELOW: asked_record.egfr_below,
    When.EGFR_KNOWN_BELOW: asked_record.egfr_known_below,
    When.MEASURED_BELOW: asked_record.measured_below,
    When.MEASURED_ABOVE: asked_record.measured_above,
    When.PLATELETS_BELOW: asked_record.platelets_below,
    When.USING: asked_record.using,
    When.USED: asked_record.used,
    When.USING_OR_SELECTED: asked_record.using_or_selected,
    When.FINDING: asked_record.finding,
    When.TEST_POSITIVE: asked_record.test_positive,
    When.VACCINATED: asked_record.vaccinated,
    When.FINDING_OR_SUSPECTED: asked_record.finding_or_suspected,
    When.INPATIENT: asked_record.inpatient,
    When.DIC: asked_record.disseminated_coagulation,
    When.STEC: asked_record.possible_stec_hus,
    When.NO_SPLEEN: asked_person.no_spleen,
    When.BLEEDING: asked_record.bleeding,
    When.VIRAL_BELOW_AGE: asked_record.viral_below_age,
    When.SEVERE: _severe,
    When.FAILING: _failing,
    When.CRITICAL: _critical,
    When.WARNED: _warned,
}
