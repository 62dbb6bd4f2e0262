"""TPO-12 to TPO-14: a TPO receptor agonist in use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Amount, Answer, Kind, PlateletResult
from cards.tpo_ra.in_use import ADVICE, decide
from tests.cards.build import LIMITS, ago, count, drug, facts, measured, near, planned
from tests.cards.direct import drafts, text_of

WARNING, CRITICAL = Indicator.WARNING, Indicator.CRITICAL
HOUR = 1 / 24
ELTROMBOPAG = ("med-tpo-ra", "med-eltrombopag")
ROMIPLOSTIM = ("med-tpo-ra", "med-romiplostim")
AVATROMBOPAG = ("med-tpo-ra", "med-avatrombopag")


def liver(days: float = 1) -> list[Any]:
    return [measured("obs-alt", 30, "U/L", days=days), measured("obs-bilirubin", 10, "umol/L", days=days)]


def on(
    *sets: str,
    counts: Any = "100",
    days: float = 60,
    dose: Amount | None = None,
    per_day: int | None = None,
    **more: Any,
) -> PatientFacts:
    """A patient on a TPO-RA since `days`, with liver tests of yesterday."""
    frequency = None if per_day is None else Decimal(per_day)
    taken = drug(*sets, days=days, dose=dose, per_day=frequency)
    return facts(counts, **({"medications": [taken], "measurements": liver()} | more))


def card(p: PatientFacts, rule: str) -> Advise:
    answer = decide(p, LIMITS)[rule]
    assert isinstance(answer, Advise), answer
    text_of(answer)
    assert [r for r, a in decide(p, LIMITS).items() if isinstance(a, Advise)] == [rule]
    return answer


def why(p: PatientFacts, rule: str) -> Why:
    answer = decide(p, LIMITS)[rule]
    assert isinstance(answer, NoAdvice), answer
    return answer.because


# ------------------------------------------------------------------------------------------------------- TPO-14


def test_above_the_limit_the_drug_is_to_be_stopped() -> None:
    _, at, above = near(LIMITS.tpo_withhold)
    found = card(on(*ELTROMBOPAG, counts=above), "TPO-14")
    assert found.indicator is CRITICAL
    assert {"haematology", "medication-review", "cbc"} == set(drafts(found))
    assert "twice weekly" in text_of(found)
    assert card(on(*ELTROMBOPAG, counts=at), "TPO-14").indicator is WARNING


@pytest.mark.parametrize("sets", [ELTROMBOPAG, AVATROMBOPAG, ("med-tpo-ra",)])
def test_from_the_lower_limit_the_dose_is_to_be_reduced(sets: tuple[str, ...]) -> None:
    below, at, _ = near(LIMITS.tpo_reduce)
    assert card(on(*sets, counts=at), "TPO-14").indicator is WARNING
    assert why(on(*sets, counts=below), "TPO-14") is Why.COUNT_NOT_HIGH


def two(first: Decimal, second: Decimal, days: float) -> list[PlateletResult]:
    return [count(first, days=days, hours=3), count(second, hours=3)]


def test_romiplostim_is_reduced_only_after_two_high_counts_a_week_apart() -> None:
    _, at, above = near(LIMITS.tpo_reduce)
    week = float(LIMITS.tpo_reduce_apart)
    assert card(on(*ROMIPLOSTIM, counts=two(above, above, week)), "TPO-14").indicator is WARNING
    for counts in (
        two(above, above, week - HOUR),
        two(at, above, week),
        two(above, at, week),
        [count(above)],
    ):
        assert why(on(*ROMIPLOSTIM, counts=counts), "TPO-14") is Why.COUNT_NOT_HIGH
    assert card(on(*ROMIPLOSTIM, counts=near(LIMITS.tpo_withhold)[2]), "TPO-14").indicator is CRITICAL


def test_without_a_count_or_a_drug_list_it_cannot_tell() -> None:
    assert decide(on(*ELTROMBOPAG, counts=None), LIMITS)["TPO-14"] == CannotTell(Fact.PLATELETS)
    unread = facts("450", unanswered={Kind.MEDICATIONS: Answer.ABSENT})
    assert set(decide(unread, LIMITS).values()) == {CannotTell(Fact.MEDICATIONS)}
    assert {why(facts("450"), rule) for rule in ADVICE.ids} == {Why.NO_TPO_RA}


# ------------------------------------------------------------------------------------------------------- TPO-13


def maximum(days: float = 30, **more: Any) -> PatientFacts:
    dose = Amount(LIMITS.eltrombopag_maximum, "mg")
    return on(*ELTROMBOPAG, **({"counts": "22", "days": days, "dose": dose, "per_day": 1} | more))


def test_no_rise_at_the_maximum_dose() -> None:
    found = card(maximum(), "TPO-13")
    assert found.indicator is WARNING
    assert set(drafts(found)) == {"haematology", "medication-review"}


def test_four_weeks_are_needed() -> None:
    weeks = float(LIMITS.tpo_trial_weeks) * 7
    card(maximum(days=weeks), "TPO-13")
    assert why(maximum(days=weeks - HOUR), "TPO-13") is Why.TOO_EARLY


def test_a_response_is_thirty_and_twice_the_count_before() -> None:
    below, at, _ = near(LIMITS.tpo_low)
    card(maximum(counts=below), "TPO-13")
    assert why(maximum(counts=at), "TPO-13") is Why.RESPONDED
    before = count(at / 2 + 1, days=40)
    card(maximum(counts=[before, count(at)]), "TPO-13")
    assert why(maximum(counts=[count(at / 2, days=40), count(at)]), "TPO-13") is Why.RESPONDED


@pytest.mark.parametrize(
    ("sets", "dose", "per_day", "is_maximum"),
    [
        (ELTROMBOPAG, Amount(LIMITS.eltrombopag_maximum - 1, "mg"), 1, False),
        (AVATROMBOPAG, Amount(LIMITS.avatrombopag_maximum / 2, "mg"), 2, True),
        (AVATROMBOPAG, Amount(LIMITS.avatrombopag_maximum / 2, "mg"), 1, False),
        (ROMIPLOSTIM, Amount(LIMITS.romiplostim_maximum, "ug/kg"), None, True),
        (ROMIPLOSTIM, Amount(LIMITS.romiplostim_maximum * 70, "ug"), None, True),
        (ROMIPLOSTIM, Amount(LIMITS.romiplostim_maximum * 70 - 1, "ug"), None, False),
        (ROMIPLOSTIM, Amount(LIMITS.romiplostim_maximum * 70 / 1000, "mg"), None, True),
        (ROMIPLOSTIM, Amount((LIMITS.romiplostim_maximum * 70 - 1) / 1000, "mg"), None, False),
        (ELTROMBOPAG, None, 1, None),
        (ELTROMBOPAG, Amount(LIMITS.eltrombopag_maximum, "mg"), None, None),
        (ELTROMBOPAG, Amount(LIMITS.eltrombopag_maximum, "tablet"), 1, None),
        (("med-tpo-ra",), Amount(LIMITS.eltrombopag_maximum, "mg"), 1, None),
    ],
)
def test_the_maximum_is_that_of_the_drug(
    sets: tuple[str, ...], dose: Amount | None, per_day: int | None, is_maximum: bool | None
) -> None:
    p = on(*sets, counts="22", days=30, dose=dose, per_day=per_day, weight=70)
    if is_maximum:
        card(p, "TPO-13")
    elif is_maximum is None:
        assert decide(p, LIMITS)["TPO-13"] == CannotTell(Fact.TPO_RA_DOSE)
    else:
        assert why(p, "TPO-13") is Why.DOSE_NOT_MAXIMUM


def test_romiplostim_by_weight_needs_the_weight() -> None:
    dose = Amount(LIMITS.romiplostim_maximum * 70, "ug")
    p = on(*ROMIPLOSTIM, counts="22", days=30, dose=dose, weight=None)
    assert decide(p, LIMITS)["TPO-13"] == CannotTell(Fact.TPO_RA_DOSE)


# ------------------------------------------------------------------------------------------------------- TPO-12


def aged(days: float) -> PlateletResult:
    return count(100, days=days)


@pytest.mark.parametrize(
    ("since", "limit"),
    [(10, LIMITS.tpo_count_finding), (60, LIMITS.tpo_count_stable)],
    ids=["finding", "stable"],
)
def test_a_count_is_overdue(since: float, limit: Decimal) -> None:
    days = float(limit)
    found = card(on(*AVATROMBOPAG, counts=[aged(days + HOUR)], days=since), "TPO-12")
    assert (found.indicator, found.title, drafts(found)) == (WARNING, "title.count", ["cbc"])
    assert why(on(*AVATROMBOPAG, counts=[aged(days)], days=since), "TPO-12") is Why.COUNT_FRESH


def test_no_count_at_all_is_overdue_and_an_ordered_one_is_not() -> None:
    p = on(*AVATROMBOPAG, counts=None)
    assert card(p, "TPO-12").title == "title.count"
    assert why(on(*AVATROMBOPAG, counts=None, planned=[planned("order-cbc")]), "TPO-12") is Why.COUNT_FRESH


@pytest.mark.parametrize(
    ("since", "limit"),
    [(10, LIMITS.tpo_liver_finding), (60, LIMITS.tpo_liver_stable)],
    ids=["finding", "stable"],
)
def test_liver_tests_on_eltrombopag_are_overdue(since: float, limit: Decimal) -> None:
    days = float(limit)
    late = on(*ELTROMBOPAG, days=since, measurements=liver(days + HOUR))
    assert (card(late, "TPO-12").title, drafts(card(late, "TPO-12"))) == ("title.liver", ["liver-tests"])
    assert why(on(*ELTROMBOPAG, days=since, measurements=liver(days)), "TPO-12") is Why.COUNT_FRESH
    assert why(on(*AVATROMBOPAG, days=since, measurements=[]), "TPO-12") is Why.COUNT_FRESH
    enzymes_alone = on(*ELTROMBOPAG, days=since, measurements=liver()[:1])
    assert card(enzymes_alone, "TPO-12").title == "title.liver"


def test_liver_tests_that_were_not_asked_for_are_not_missing() -> None:
    p = on(*ELTROMBOPAG, measurements=[], unanswered={Kind.OBSERVATIONS: Answer.FAILED})
    assert decide(p, LIMITS)["TPO-12"] == CannotTell(Fact.LIVER_TESTS)


@pytest.mark.parametrize(
    ("sets", "weeks"),
    [(AVATROMBOPAG, LIMITS.tpo_rebound_weeks), (ROMIPLOSTIM, LIMITS.tpo_rebound_romiplostim)],
)
def test_after_the_stop_counts_go_on(sets: tuple[str, ...], weeks: Decimal) -> None:
    days = float(weeks) * 7
    late = [aged(float(LIMITS.tpo_count_finding) + HOUR)]

    def stopped(ended: float, counts: list[PlateletResult]) -> PatientFacts:
        taken = drug(*sets, days=90, end=ago(days=ended), status="completed")
        return facts(counts, medications=[taken])

    assert card(stopped(days, late), "TPO-12").title == "title.stopped"
    assert why(stopped(days + HOUR, late), "TPO-12") is Why.NO_TPO_RA
    assert why(stopped(days, [aged(1)]), "TPO-12") is Why.COUNT_FRESH
