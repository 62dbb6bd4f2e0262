"""Facts for rule tests: a real Record, read by `cards.reading.read`.

    from tests.cards.build import facts, nosebleed, count

    p = facts(22, findings=[nosebleed(hours=2)])
    p = facts("<5", findings=[purpura()], tests=[lab("lab-ebv")])          # EBV proven
    p = facts([count(40, days=3), count(22)], measurements=[measured("obs-temperature", "38.4")])
    p = facts(22, findings=[dengue(suspected=True)], hook="order-select", orders=[order("med-nsaid")])

Unless told otherwise: now is `NOW` (2026-06-15T10:00Z); a man of 40 years, 70 kg, not pregnant; the count is
final, in 10*9/L, drawn 3 hours ago; findings are active, confirmed and began an hour ago; tests are positive,
of yesterday; drugs are active requests since two days; everything was answered; outpatient; hook patient-
view.

Times are keyword arguments: `hours=2, days=1` is 26 hours ago, `day=3` is the whole day three days ago (a
date without time), `undated=True` no time at all. Every builder takes members of its record type as further
keywords.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from itertools import count as counter
from typing import Any

from cards.anti_infective.pathogen import Pathogen, load_pathogens
from cards.facts import PatientFacts
from cards.reading import read
from cards.record import (
    Allergy,
    Answer,
    ClinicalStatus,
    Comparator,
    Finding,
    Kind,
    Measurement,
    Medication,
    MedicationSource,
    Membership,
    Moment,
    Order,
    Performed,
    PersonRecord,
    Planned,
    PlateletResult,
    PregnancyEvidence,
    Record,
    Result,
    ResultStatus,
    Route,
    Stay,
    TestResult,
    UnreadPlatelets,
    Verification,
)
from cards.thresholds import Thresholds
from cards.valuesets import load

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
LIMITS = Thresholds()
ALL_ANSWERED: Mapping[Kind, Answer] = dict.fromkeys(Kind, Answer.ANSWERED)
UNITS = {
    "obs-temperature": "Cel",
    "obs-systolic": "mm[Hg]",
    "obs-map": "mm[Hg]",
    "obs-lactate": "mmol/L",
    "obs-glucose": "mmol/L",
    "obs-gcs": "{score}",
    "obs-hemoglobin": "g/dL",
    "obs-body-weight": "kg",
    "obs-neutrophils": "10*9/L",
    "obs-creatinine": "umol/L",
    "obs-bilirubin": "umol/L",
    "obs-pt-inr": "{INR}",
    "obs-gestational-age": "wk",
}

_numbers = counter(1)


def reference(resource_type: str) -> str:
    """A new reference, different each time."""
    return f"{resource_type}/{next(_numbers)}"


@cache
def shipped_pathogens() -> tuple[Pathogen, ...]:
    """The pathogens of the shipped files, in the order of section D."""
    return load_pathogens(load())


# ------------------------------------------------------------------------------------------------------ times


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Moment:
    """An exact time before `NOW` (negative: after it)."""
    return Moment.instant(NOW - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))


def whole_day(days_ago: int) -> Moment:
    """A date without time."""
    start = (NOW - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(start, start + timedelta(days=1) - timedelta(microseconds=1), f"{start:%Y-%m-%d}")


def on(text: str) -> Moment:
    """A date ("2026-03-15"), month, year or dateTime as FHIR writes it."""
    if "T" in text:
        return replace(Moment.instant(datetime.fromisoformat(text).astimezone(UTC)), text=text)
    parts = [int(part) for part in text.split("-")]
    start = datetime(*([*parts, 1, 1])[:3], tzinfo=UTC)
    end = (
        start + timedelta(days=1)
        if len(parts) == 3
        else datetime(
            start.year + (len(parts) == 1 or start.month == 12),
            1 if len(parts) == 1 else start.month % 12 + 1,
            1,
            tzinfo=UTC,
        )
    )
    return Moment(start, end - timedelta(microseconds=1), text)


def when(
    *,
    at: Moment | None = None,
    day: int | None = None,
    undated: bool = False,
    default: float = 0,
    **back: float,
) -> Moment | None:
    """The time that keywords name; `default` hours ago where they name none."""
    if undated:
        return None
    if at is not None:
        return at
    if day is not None:
        return whole_day(day)
    return ago(**back) if back else ago(hours=default)


TIMES = ("at", "day", "undated", "days", "hours", "minutes", "seconds")


def split(members: dict[str, Any], default: float) -> Moment | None:
    """Takes the time keywords out of `members`."""
    return when(default=default, **{name: members.pop(name) for name in TIMES if name in members})


# -------------------------------------------------------------------------------------------------- platelets


def count(value: Decimal | float | str | None, **members: Any) -> PlateletResult:
    """A platelet count, final, 3 hours ago: 22, "29.9", "<5", ">1000"; None with `problem=` for an unusable
    one.
    """
    time = split(members, default=3)
    number, comparator = read_number(value)
    members = {
        "comparator": comparator,
        "status": ResultStatus.FINAL,
        "reference": reference("Observation"),
    } | members
    return PlateletResult(value=number, time=time, **members)


def read_number(value: Decimal | float | str | None) -> tuple[Decimal | None, Comparator | None]:
    """A number with its comparator."""
    if value is None:
        return None, None
    text = str(value)
    mark = text[: len(text) - len(text.lstrip("<>="))]
    return Decimal(text[len(mark) :]), Comparator(mark) if mark else None


def unread(**members: Any) -> UnreadPlatelets:
    """A platelet resource that was set aside; an hour ago."""
    time = split(members, default=1)
    return UnreadPlatelets(
        time=time, **({"reference": reference("Observation"), "reason": "not read"} | members)
    )


# --------------------------------------------------------------------------------------------------- findings


def condition(set_id: str, **members: Any) -> Finding:
    """A Condition of a value set, active and confirmed, with onset an hour ago.

    `code=` the status of the code ("parent", "history" ...), `suspected=True`, `past=True` (resolved, without
    an end), `ended=Moment` (or `ended_hours=5`), `severity=1..4`, `recorded=Moment`, `also=("other-set",)`.
    """
    onset = split(members, default=1)
    sets = (set_id, *members.pop("also", ()))
    code = members.pop("code", None)
    if members.pop("suspected", False):
        members["verification"] = Verification.SUSPECTED
    if members.pop("past", False):
        members["clinical"] = ClinicalStatus.PAST
    if (hours := members.pop("ended_hours", None)) is not None:
        members["ended"] = ago(hours=hours)
    if members.get("ended") is not None:
        members["has_ended"] = True
    members = {
        "reference": reference("Condition"),
        "clinical": ClinicalStatus.PRESENT,
        "verification": Verification.CONFIRMED,
        "onset": onset,
    } | members
    return Finding(memberships=tuple(Membership(s, code) for s in sets), **members)


def observed(set_id: str, **members: Any) -> Finding:
    """An Observation of a finding, an hour ago."""
    return condition(set_id, **({"reference": reference("Observation"), "observed": True} | members))


nosebleed: Callable[..., Finding] = partial(condition, "bleed-mucosal", word="nosebleed")
gum_bleeding: Callable[..., Finding] = partial(condition, "bleed-mucosal", word="gum-bleeding")
blood_blister: Callable[..., Finding] = partial(condition, "bleed-mucosal-minor", word="blood-blister")
purpura: Callable[..., Finding] = partial(condition, "bleed-skin", word="purpura")
gi_bleed: Callable[..., Finding] = partial(condition, "bleed-gi")
haematuria: Callable[..., Finding] = partial(condition, "bleed-gu")
brain_bleed: Callable[..., Finding] = partial(condition, "bleed-cns")
ebv: Callable[..., Finding] = partial(condition, "inf-ebv")
dengue: Callable[..., Finding] = partial(condition, "inf-dengue")
h_pylori: Callable[..., Finding] = partial(condition, "inf-h-pylori")
sepsis: Callable[..., Finding] = partial(condition, "inf-sepsis")


# ---------------------------------------------------------------------------------------- tests, measurements


def lab(set_id: str, result: str = "positive", **members: Any) -> TestResult:
    """A test result of yesterday that proves a current infection; `proves="exposure"`, `"screen"` or None."""
    time = split(members, default=24)
    members = {"proves": "current", "reference": reference("Observation")} | members
    return TestResult(set_ids=(set_id, *members.pop("also", ())), result=Result(result), time=time, **members)


def measured(
    set_id: str, value: Decimal | float | str, unit: str | None = None, **members: Any
) -> Measurement:
    """A measurement, an hour ago, in the canonical unit of its set unless `unit` is given."""
    time = split(members, default=1)
    number, comparator = read_number(value)
    assert number is not None
    members = {"comparator": comparator, "reference": reference("Observation")} | members
    return Measurement(set_id=set_id, value=number, unit=unit or UNITS.get(set_id, "1"), time=time, **members)


# ---------------------------------------------------------------------------------- drugs, procedures, orders


def drug(*set_ids: str, **members: Any) -> Medication:
    """An active MedicationRequest since two days; `code="amoxicillin"` tells drugs apart, `route="oral"`."""
    start = split(members, default=48)
    return Medication(set_ids=frozenset(set_ids), start=start, **_drug_members(members, set_ids))


def given_drug(*set_ids: str, **members: Any) -> Medication:
    """A completed MedicationAdministration, an hour ago."""
    start = split(members, default=1)
    members = {
        "source": MedicationSource.ADMINISTRATION,
        "status": "completed",
        "reference": reference("MedicationAdministration"),
    } | members
    return Medication(set_ids=frozenset(set_ids), start=start, **_drug_members(members, set_ids))


def _drug_members(members: dict[str, Any], set_ids: Sequence[str]) -> dict[str, Any]:
    name = members.pop("code", "-".join(set_ids))
    if isinstance(members.get("route"), str):
        members["route"] = Route(members["route"])
    return {
        "reference": reference("MedicationRequest"),
        "source": MedicationSource.REQUEST,
        "status": "active",
        "codes": (("rxnorm", name),),
    } | members


def done(*set_ids: str, **members: Any) -> Performed:
    """A completed Procedure that began two hours ago and ended an hour later."""
    start = split(members, default=2)
    end = Moment.instant(start.latest + timedelta(hours=1)) if start is not None else None
    members = {"reference": reference("Procedure"), "status": "completed", "end": end} | members
    return Performed(set_ids=frozenset(set_ids), start=start, **members)


platelets_given: Callable[..., Performed] = partial(done, "proc-platelet-transfusion")
red_cells_given: Callable[..., Performed] = partial(done, "proc-red-cell-transfusion")


def planned(*set_ids: str, **members: Any) -> Planned:
    """An active ServiceRequest without a date of its own, written an hour ago; `occurrence=ago(days=-2)`."""
    authored = split(members, default=1)
    members = {"reference": reference("ServiceRequest"), "status": "active"} | members
    return Planned(set_ids=frozenset(set_ids), authored=authored, **members)


def allergy(*set_ids: str, **members: Any) -> Allergy:
    """An active allergy."""
    return Allergy(set_ids=frozenset(set_ids), **({"reference": reference("AllergyIntolerance")} | members))


def order(*set_ids: str, **members: Any) -> Order:
    """A selected draft MedicationRequest."""
    return _order("MedicationRequest", set_ids, members)


def service_order(*set_ids: str, **members: Any) -> Order:
    """A selected draft ServiceRequest (platelets, a procedure)."""
    return _order("ServiceRequest", set_ids, members)


def _order(resource_type: str, set_ids: Sequence[str], members: dict[str, Any]) -> Order:
    if isinstance(members.get("route"), str):
        members["route"] = Route(members["route"])
    members = {"reference": f"{resource_type}/draft-{next(_numbers)}", "selected": True} | members
    return Order(resource_type=resource_type, set_ids=frozenset(set_ids), **members)


ON_WARD = Stay("Encounter/ward", inpatient=True, intensive=False, start=ago(days=2))
ON_ICU = Stay("Encounter/icu", inpatient=True, intensive=True, start=ago(days=2))


# ------------------------------------------------------------------------------------------------ the patient


def record(
    count_or_counts: Decimal | float | str | PlateletResult | Iterable[PlateletResult] | None = None,
    *,
    age: int | None = 40,
    birth: Moment | None = None,
    sex: str | None = "male",
    pregnant: bool | None = None,
    weight: Decimal | float | None = 70,
    ancestry: Iterable[str] = (),
    measurements: Iterable[Measurement] = (),
    unanswered: Mapping[Kind, Answer] | None = None,
    **members: Any,
) -> Record:
    """A Record; `unanswered={Kind.ALLERGIES: Answer.ABSENT}` for kinds that were not answered."""
    by_set: dict[str, list[Measurement]] = {}
    weights = [] if weight is None else [measured("obs-body-weight", weight, hours=24)]
    for one in sorted(
        (*measurements, *weights), key=lambda m: m.time.earliest if m.time else NOW, reverse=True
    ):
        by_set.setdefault(one.set_id, []).append(one)
    if birth is None and age is not None:
        birth = on(f"{NOW.year - age}-01-10")
    evidence = (
        () if pregnant is None else (PregnancyEvidence("Observation/pregnancy", pregnant, ago(days=1)),)
    )
    lists = {name: tuple(value) for name, value in members.items() if isinstance(value, list)}
    return Record(
        **{
            "as_of": NOW,
            "hook": "patient-view",
            "person": PersonRecord("Patient/p1", birth, sex, evidence, frozenset(ancestry)),
            "platelets": _counts(count_or_counts),
            "measurements": {set_id: tuple(values) for set_id, values in by_set.items()},
            "answers": {**ALL_ANSWERED, **(unanswered or {})},
        }
        | members
        | lists
    )


def _counts(given: Any) -> tuple[PlateletResult, ...]:
    if given is None:
        return ()
    if isinstance(given, PlateletResult):
        return (given,)
    if isinstance(given, int | float | str | Decimal):
        return (count(given),)
    return tuple(given)


def facts(
    count_or_counts: Decimal | float | str | PlateletResult | Iterable[PlateletResult] | None = None,
    *,
    limits: Thresholds = LIMITS,
    pathogens: Sequence[Pathogen] | None = None,
    **members: Any,
) -> PatientFacts:
    """PatientFacts, read from a record of these parts.

    `findings`, `tests`, `medications`, `performed`, `planned`, `allergies`, `orders`, `stay`, `hook`,
    `measurements`, and the person: see `record`.
    """
    known = shipped_pathogens() if pathogens is None else pathogens
    return read(record(count_or_counts, **members), limits, known)


def near(limit: Decimal | str, step: str = "0.1") -> tuple[Decimal, Decimal, Decimal]:
    """Just below, at and just above a limit."""
    at = Decimal(limit)
    return at - Decimal(step), at, at + Decimal(step)
