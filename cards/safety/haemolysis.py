"""Signs of haemolysis and schistocytes of the last days (rulebook A.9), for TTP, STEC-HUS and HELLP."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.facts.once import once
from cards.frozen import dataclass
from cards.outcome import Input
from cards.record import Measurement, Moment, Result, TestResult
from cards.rows import measurement_row, result_row
from cards.safety.laboratory import above_range, any_of, at_least, below_range, newest
from cards.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer and the rows that show it; `UNKNOWN` where the record cannot tell."""

    answer: Known
    rows: tuple[Input, ...] = ()


NOT_MEASURED = Shown(Known.UNKNOWN)
SIGNS = ("obs-ldh", "obs-haptoglobin", "obs-bilirubin-indirect", "obs-reticulocytes")
SCHISTOCYTES = "obs-schistocytes"


@once
def find_haemolysis(p: PatientFacts, limits: Thresholds) -> Shown:
    """LDH, haptoglobin, indirect bilirubin, reticulocytes of the last 7 days: one that is abnormal is a sign."""
    if p.sets_measured.isdisjoint(SIGNS):
        return NOT_MEASURED
    within = limits.span("haemolysis_days")
    ldh = newest(p, "obs-ldh", within)
    haptoglobin = newest(p, "obs-haptoglobin", within)
    bilirubin = newest(p, "obs-bilirubin-indirect", within)
    reticulocytes = p.newest("obs-reticulocytes", within)
    if not any((ldh, haptoglobin, bilirubin, reticulocytes)):
        return NOT_MEASURED
    judged = (
        ("LDH", ldh, above_range(ldh, limits.ldh_factor, limits.ldh_no_range)),
        ("haptoglobin", haptoglobin, below_range(haptoglobin, limits.haptoglobin_no_range)),
        ("indirect bilirubin", bilirubin, above_range(bilirubin)),
        ("reticulocytes", reticulocytes, above_range(reticulocytes)),
    )
    rows = tuple(measurement_row(fact, m) for fact, m, answer in judged if m and answer is Known.YES)
    return Shown(any_of(*(answer for _, _, answer in judged)), rows)


@once
def find_schistocytes(p: PatientFacts, limits: Thresholds) -> Shown:
    """The newest film or count of the last 7 days; of two of the same time the positive one."""
    if SCHISTOCYTES not in p.sets_measured and SCHISTOCYTES not in p.record.test_sets:
        return NOT_MEASURED
    within = limits.span("haemolysis_days")
    found, counted = p.tests(SCHISTOCYTES), newest(p, SCHISTOCYTES, within)
    films = [t for t in found if t.time is not None and t.time.age(p.as_of) <= within]
    films = [t for t in films if t.result is not Result.INDETERMINATE]
    film = max(films, key=lambda t: (_drawn(t, p), t.result is Result.POSITIVE), default=None)
    if film is None and counted is None:
        return NOT_MEASURED
    if counted is not None and (film is None or _drawn(counted, p) > _drawn(film, p)):
        present = at_least(counted, limits.schistocytes_percent)
        return Shown(present, (measurement_row("schistocytes", counted),))
    assert film is not None
    return Shown(
        Known.YES if film.result is Result.POSITIVE else Known.NO,
        (result_row("schistocytes on the film", film),),
    )


def _drawn(of: TestResult | Measurement, p: PatientFacts) -> float:
    when: Moment | None = of.time
    return (p.as_of if when is None else when.earliest).timestamp()
