"""PLT-05: whether the low count stands alone; other cell lines, blasts or fragmented cells lead elsewhere.

Rules and words that speak of an immune cause ask `not_isolated`: they keep silent where it finds something.
"""

from __future__ import annotations

from collections.abc import Iterable

from cards.facts import PatientFacts
from cards.facts.once import once
from cards.outcome import Input
from cards.reasons import Fact
from cards.record import Comparator, Measurement, Result
from cards.rows import measurement_row, result_row
from cards.safety.laboratory import is_seen
from cards.thresholds import Thresholds

HAEMOGLOBIN, NEUTROPHILS = "obs-hemoglobin", "obs-neutrophils"
CELLS = (("blasts", "obs-blasts"), ("schistocytes", "obs-schistocytes"))
SETS = (HAEMOGLOBIN, NEUTROPHILS, *(set_id for _, set_id in CELLS))
NOTHING_KNOWN = (Fact.HAEMOGLOBIN, Fact.NEUTROPHILS, Fact.BLOOD_FILM)
AT_LEAST = (Comparator.GREATER, Comparator.AT_LEAST)


@once
def not_isolated(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """The rows that show it: anaemia that bleeding does not explain, neutropenia, blasts, schistocytes."""
    if _nothing_is_known(p):
        return ()
    return (*_anaemia(p, limits), *_neutropenia(p, limits), *_cells(p, limits))


def unknown_cells(p: PatientFacts, limits: Thresholds) -> tuple[Fact, ...]:
    """What was not measured in the last days: without it "isolated" is not known."""
    if _nothing_is_known(p):
        return NOTHING_KNOWN
    within = limits.span("not_isolated_hb_fall_days")
    asked = ((HAEMOGLOBIN, Fact.HAEMOGLOBIN), (NEUTROPHILS, Fact.NEUTROPHILS))
    missing = [fact for set_id, fact in asked if p.newest(set_id, within) is None]
    film = any(p.tests(set_id) or p.newest(set_id) for _, set_id in CELLS)
    return (*missing, *(() if film else (Fact.BLOOD_FILM,)))


def _nothing_is_known(p: PatientFacts) -> bool:
    """No other cells were ever counted or looked at."""
    return p.sets_measured.isdisjoint(SETS) and p.record.test_sets.isdisjoint(SETS)


def _recent(p: PatientFacts, set_id: str, limits: Thresholds) -> list[Measurement]:
    within = limits.span("not_isolated_hb_fall_days")
    values = p.measured(set_id)
    return [m for m in values if m.time is not None and m.time.age(p.as_of) <= within]


def _anaemia(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Haemoglobin below 10, or fallen by 2 or more in 7 days, unless serious bleeding is active."""
    values = sorted(_recent(p, HAEMOGLOBIN, limits), key=_drawn)
    if not values or p.bleeding.serious or p.bleeding.patient_reported:
        return ()
    last = values[-1]
    highest = max(values, key=lambda m: m.value)
    if last.value < limits.not_isolated_hb and last.comparator not in AT_LEAST:
        return (measurement_row("haemoglobin", last),)
    if highest.value - last.value >= limits.not_isolated_hb_fall:
        return (measurement_row("haemoglobin", last), measurement_row("haemoglobin before", highest))
    return ()


def _neutropenia(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    last = max(_recent(p, NEUTROPHILS, limits), key=_drawn, default=None)
    if last is None or last.value >= limits.not_isolated_neutrophils or last.comparator in AT_LEAST:
        return ()
    return (measurement_row("neutrophils", last),)


def _drawn(measured: Measurement) -> float:
    return 0.0 if measured.time is None else measured.time.latest.timestamp()


def _cells(p: PatientFacts, limits: Thresholds) -> Iterable[Input]:
    """Blasts or schistocytes of the last days, counted or reported as present; one sample once, by its number."""
    within = limits.span("not_isolated_hb_fall_days")
    for name, set_id in CELLS:
        limit = limits.schistocytes_percent if name == "schistocytes" else None
        counted = [m for m in _recent(p, set_id, limits) if is_seen(m, limit)]
        numbers = {m.reference for m in counted}
        for test in p.tests(set_id):
            present = test.result is Result.POSITIVE and test.reference not in numbers
            if present and test.time is not None and test.time.since(p.as_of) <= within:
                yield result_row(name, test)
        yield from (measurement_row(name, m) for m in counted)
