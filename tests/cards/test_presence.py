"""Whether what is recorded holds now: statuses, the later of two times, drugs in use and drugs that were given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cards.facts.presence import (
    has_past_code,
    in_use,
    is_past,
    is_present,
    is_suspected,
    lacks_status,
    last_use,
    later_of,
    reference_time,
)
from cards.record import ClinicalStatus, Medication, MedicationSource
from tests.cards.build import NOW, ago, condition, drug, given_drug, observed, whole_day

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def test_a_condition_lacks_its_status_while_it_has_not_ended() -> None:
    assert lacks_status(condition("inf-ebv", clinical=ClinicalStatus.ABSENT))
    assert not lacks_status(condition("inf-ebv"))
    assert not lacks_status(condition("inf-ebv", clinical=ClinicalStatus.ABSENT, ended=ago(days=1)))
    assert not lacks_status(observed("inf-ebv", clinical=ClinicalStatus.ABSENT))


def test_present_past_and_suspected_exclude_each_other() -> None:
    now, over = condition("inf-ebv"), condition("inf-ebv", past=True)
    doubtful, doubtful_once = (
        condition("inf-ebv", suspected=True),
        condition("inf-ebv", suspected=True, past=True),
    )
    assert [is_present(f, "inf-ebv") for f in (now, over, doubtful, doubtful_once)] == [
        True,
        False,
        False,
        False,
    ]
    assert [is_past(f) for f in (now, over, doubtful, doubtful_once)] == [False, True, False, True]
    assert [is_suspected(f) for f in (now, over, doubtful, doubtful_once)] == [False, False, True, False]
    assert is_past(condition("inf-ebv", ended=ago(days=1)))
    assert not is_present(now, "inf-cmv")


@pytest.mark.parametrize("status", ["history", "remission"])
def test_a_code_of_the_past_shows_nothing_present(status: str) -> None:
    told = condition("inf-ebv", code=status)
    assert has_past_code(told, "inf-ebv")
    assert not is_present(told, "inf-ebv")
    assert not has_past_code(condition("inf-ebv", code="parent"), "inf-ebv")


def test_the_later_time_is_the_one_that_may_end_later() -> None:
    morning, day = ago(hours=2), whole_day(0)
    assert later_of(morning, day) == later_of(day, morning) == day
    assert later_of(None, morning) == later_of(morning, None) == morning
    assert later_of(None, None) is None
    found = condition("inf-ebv", days=3, recorded=ago(days=1))
    assert reference_time(found) == ago(days=1)
    assert reference_time(condition("inf-ebv", days=1, recorded=ago(days=3))) == ago(days=1)


# ---------------------------------------------------------------------------------------------------- drugs


def test_a_request_runs_from_its_start_to_its_end() -> None:
    assert in_use(drug("med-nsaid", at=ago()), NOW)
    assert not in_use(drug("med-nsaid", minutes=-1), NOW)
    assert in_use(drug("med-nsaid", end=ago()), NOW)
    assert not in_use(drug("med-nsaid", end=ago(minutes=1)), NOW)


@pytest.mark.parametrize(
    ("status", "counts"),
    [("active", True), ("intended", True), ("in-progress", True), ("unknown", True)]
    + [(one, False) for one in ("completed", "stopped", "on-hold", "draft", "cancelled", "entered-in-error")],
)
def test_a_request_is_in_use_by_its_status(status: str, counts: bool) -> None:
    assert in_use(drug("med-nsaid", status=status), NOW) is counts


def test_a_completed_request_is_in_use_within_a_period_of_treatment_alone() -> None:
    assert in_use(drug("med-nsaid", status="completed", end=ago(days=-1)), NOW)
    assert not in_use(drug("med-nsaid", status="completed", undated=True, end=ago(days=-1)), NOW)


def running(**members: object) -> Medication:
    return given_drug("med-heparin", status="in-progress", **members)


def test_an_infusion_counts_while_it_runs_and_for_a_time_after_it() -> None:
    assert in_use(running(hours=50), NOW, DAY)
    assert in_use(running(hours=50, end=ago(days=1)), NOW, DAY)
    assert not in_use(running(hours=50, end=ago(days=1, minutes=1)), NOW, DAY)
    assert not in_use(running(hours=-1), NOW, DAY)


@pytest.mark.parametrize("status", ["completed", "unknown"])
def test_what_was_given_counts_for_a_time_after_its_end_or_its_start(status: str) -> None:
    def counts(**members: object) -> bool:
        return in_use(given_drug("med-heparin", status=status, **members), NOW, DAY)

    assert counts(days=1)
    assert not counts(days=1, minutes=1)
    assert counts(days=3, end=ago(days=1))
    assert not counts(days=3, end=ago(days=1, minutes=1))
    assert not counts(undated=True)
    assert counts(undated=True, end=ago(hours=1))


@pytest.mark.parametrize("status", ["not-done", "entered-in-error", "on-hold", "stopped"])
def test_what_was_not_given_never_counts(status: str) -> None:
    assert not in_use(given_drug("med-heparin", status=status), NOW, DAY)


def test_the_last_use_is_its_end_else_its_start() -> None:
    assert last_use(drug("med-nsaid", days=3, end=ago(days=1))) == ago(days=1)
    assert last_use(drug("med-nsaid", days=3)) == ago(days=3)
    assert last_use(drug("med-nsaid", undated=True)) is None


@pytest.mark.parametrize(
    "status", ["not-taken", "cancelled", "not-done", "entered-in-error", "draft", "on-hold"]
)
def test_what_was_never_taken_has_no_last_use(status: str) -> None:
    assert last_use(drug("med-nsaid", status=status)) is None


def test_a_statement_is_no_administration() -> None:
    assert in_use(drug("med-nsaid", source=MedicationSource.STATEMENT, days=30), NOW, MINUTE)
