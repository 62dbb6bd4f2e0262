"""An answer that patients share is the one that each of them would have had by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.record import (
    Answer,
    Kind,
    Measurement,
    Moment,
    PersonRecord,
    PlateletResult,
    PregnancyEvidence,
    Record,
    ResultStatus,
    Stay,
)
from cds_service.fhir.dates import read_moment
from cds_service.fhir.parse import Parsed
from cds_service.replay import answers
from cds_service.replay.answers import Said, answer_all, likeness_of
from cds_service.replay.evaluate_moment import Settled, judge_all
from cds_service.replay.measured import Knowledge, Visible
from cds_service.replay.plan import content_of

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
ALL = dict.fromkeys(Kind, Answer.ANSWERED)
WARM = Measurement("obs-temperature", "Observation/t", Decimal("39.1"), "Cel", None, Moment.instant(NOON))
PULSE = Measurement("obs-heart-rate", "Observation/p", Decimal(88), "/min", None, Moment.instant(NOON))


def record(
    born: str | None = "1957-03-02",
    sex: str | None = "male",
    at: datetime = NOON,
    *,
    inpatient: bool = True,
    answered: bool = True,
    measured: tuple[Measurement, ...] = (PULSE,),
    stayed: int = 0,
) -> Record:
    birth = None if born is None else read_moment(born)
    stay = Stay("Encounter/e", inpatient, False, Moment.instant(at - timedelta(hours=stayed)))
    return Record(
        at,
        "patient-view",
        PersonRecord("Patient/a", birth, sex),
        measurements={one.set_id: (one,) for one in measured},
        stay=stay,
        answers=ALL if answered else {**ALL, Kind.MEDICATIONS: Answer.ABSENT},
    )


def settled(one: Record) -> Settled:
    return Settled(one, Parsed(), (), Visible(Knowledge(()), 0))


def answer(one: Record) -> Said:
    [said] = answer_all([settled(one)], content_of(None))
    return said


RECORDS = st.builds(
    record,
    st.none()
    | st.dates(date(1930, 1, 1), date(2026, 6, 15)).map(str)
    | st.dates(date(2006, 1, 1), date(2007, 12, 31)).map(str)
    | st.dates(date(2024, 1, 1), date(2026, 6, 15)).map(str)
    | st.integers(1930, 2026).map(str),
    st.sampled_from([None, "male", "female", "other"]),
    st.integers(0, 400).map(lambda days: NOON + timedelta(days=days)),
    inpatient=st.booleans(),
    answered=st.booleans(),
    measured=st.sampled_from([(), (PULSE,), (PULSE, WARM)]),
    stayed=st.sampled_from([0, 100, 10_000]),
)


@given(st.lists(RECORDS, min_size=4, max_size=8))
def test_what_is_shared_is_what_each_would_have_had(records: list[Record]) -> None:
    each = [answers._say(judge_all([settled(one)], content_of(None))[0]) for one in records]
    assert answer_all([settled(one) for one in records], content_of(None)) == each
    assert [answer(one) for one in records] == each


def test_those_of_whom_nothing_is_recorded_share_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_shared", {})
    first = answer(record())
    assert all(first.cannot_tell)
    assert answer(record("1957-03-03", stayed=5)) is first


@pytest.mark.parametrize(
    "other",
    [
        record("1950-03-02"),
        record(sex="female"),
        record(inpatient=False),
        record(answered=False),
        record(measured=()),
        replace(record(), hook="order-select"),
    ],
)
def test_who_is_not_alike_has_an_answer_of_their_own(other: Record) -> None:
    assert likeness_of(other) != likeness_of(record())


def test_where_a_rule_asks_for_a_value_nothing_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_shared", {})
    answer(record(measured=(PULSE, WARM)))
    assert answers._shared == {}


def test_where_anything_is_recorded_nothing_is_shared() -> None:
    count = PlateletResult("Observation/c", Decimal(22), None, ResultStatus.FINAL, Moment.instant(NOON), NOON)
    person = replace(record().person, pregnancy=(PregnancyEvidence("Condition/p", True, None),))
    assert likeness_of(replace(record(), platelets=(count,))) is None
    assert likeness_of(replace(record(), person=person)) is None
    empty = {"as_of", "hook", "person", "measurements", "stay", "answers"}
    for name in set(Record.__dataclass_fields__) - empty:
        something: dict[str, Any] = {name: (object(),)}
        assert likeness_of(replace(record(), **something)) is None, name
