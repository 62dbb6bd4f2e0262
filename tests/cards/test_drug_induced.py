"""SAFE-10: falls some days after a listed drug, each drug by its own time."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind, Medication, PlateletResult
from cards.safety.drug_induced import decide
from tests.cards.build import LIMITS, ago, condition, count, done, drug, facts, lab, near, sepsis
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, summary_of, value_of

TIER_1, TIER_2 = "med-drug-induced-thrombocytopenia", "med-drug-induced-thrombocytopenia-tier2"


def fell(day: float, before: object = 240, after: object = 80) -> list[PlateletResult]:
    """A count as the drug began, and the first low one `day` days later (3 hours ago)."""
    return [count(before, days=day, hours=3), count(after)]


def fires(counts: list[PlateletResult], *drugs: Medication, **members: object) -> bool:
    return isinstance(decide(facts(counts, medications=list(drugs), **members), LIMITS), Advise)


def on(day: float, *sets: str) -> bool:
    """Whether a fall seen on this day of the drug makes a card, where another cause makes HIT unlikely."""
    return fires(fell(day, 200, 120), drug(*sets, days=day), findings=[condition("mimic-hus")])


@pytest.mark.parametrize(
    ("sets", "days"),
    [
        ((TIER_1,), range(5, 15)),
        ((TIER_2,), range(5, 15)),
        (("med-carbapenem",), range(5, 15)),
        ((TIER_2, "med-heparin"), range(5, 11)),
        ((TIER_1, "med-gp2b3a"), range(1, 2)),
        ((TIER_1, "med-linezolid"), range(10, 21)),
        ((TIER_1, "med-rifamycin"), range(1, 21)),
        ((TIER_1, "med-valproate"), range(1, 21)),
    ],
)
def test_the_days_of_each_drug(sets: tuple[str, ...], days: range) -> None:
    assert (LIMITS.drug_from, LIMITS.drug_to, LIMITS.drug_heparin_to, LIMITS.drug_linezolid_days) == (
        5,
        14,
        10,
        10,
    )
    assert [d for d in range(1, 21) if on(d, *sets)] == list(days)


def test_a_gp_inhibitor_within_24_hours() -> None:
    sets = (TIER_1, "med-gp2b3a")
    exact = drug(*sets, days=1, hours=3)
    late = drug(*sets, days=1, hours=3, minutes=1)
    before = count(240, days=2)
    assert (fires([before, count(80)], exact), fires([before, count(80)], late)) == (True, False)


def test_the_size_of_the_fall() -> None:
    limit = 200 * (100 - LIMITS.drug_fall) / 100
    found = [fires(fell(7, 200, v), drug(TIER_1, days=7)) for v in near(limit)]
    assert found == [True, True, False]
    high = [fires(fell(7, 400, v), drug(TIER_1, days=7)) for v in near(LIMITS.normal)]
    assert high == [True, False, False]


def test_it_is_the_last_count_before_the_start_that_counts() -> None:
    counts = [count(240, days=20), count(90, days=7, hours=4), count(80)]
    assert not fires(counts, drug(TIER_1, days=7))


def test_it_is_the_first_low_count_that_counts() -> None:
    counts = [count(240, days=18), count(120, days=15), count(60)]
    assert not fires(counts, drug(TIER_1, days=17)), "seen on day 2"


def test_a_fall_that_is_over_gives_no_card() -> None:
    assert not fires([count(240, days=9), count(80, days=2), count(190)], drug(TIER_1, days=9))


def test_a_drug_that_ended_long_ago_gives_no_card() -> None:
    ended = drug(TIER_1, days=22, end=ago(days=15), status="completed")
    assert not fires([count(240, days=22, hours=1), count(80, days=12), count(70)], ended)
    recent = drug(TIER_1, days=22, end=ago(days=13), status="completed")
    assert fires([count(240, days=22, hours=1), count(80, days=12), count(70)], recent)


def test_rifampicin_only_on_therapy() -> None:
    ended = drug(TIER_1, "med-rifamycin", days=20, end=ago(days=3), status="completed")
    assert not fires(fell(20), ended)


def test_a_count_after_platelets_is_left_out() -> None:
    given = done("proc-platelet-transfusion", days=8)
    assert not fires(
        [count(60, days=9), count(130, days=7, hours=20), count(58)], drug(TIER_1, days=7), performed=[given]
    )


def test_one_card_for_all_drugs() -> None:
    drugs = [drug(TIER_1, days=7), drug(TIER_2, "med-cephalosporin", days=6)]
    card = card_of(decide, facts(fell(7), medications=drugs))
    assert card.title == "title.several"
    assert "In time it fits these too: a listed medicine" in text_of(card)


def test_the_card_of_tuberculosis() -> None:
    p = facts(
        [count(240, days=21), count(98)],
        medications=[drug(TIER_1, "med-rifamycin", "med-antituberculosis", days=20)],
        tests=[lab("lab-tuberculosis", days=25)],
    )
    card = card_of(decide, p)
    assert (card.indicator, drafts(card)) == (Indicator.WARNING, ["medication-review", "cbc-film"])
    assert "20 days after a rifamycin" in summary_of(card)
    assert "not the whole treatment at once" in text_of(card)
    assert value_of(card, "fall on a rifamycin") == 59


def test_in_sepsis_nothing_is_stopped_without_another() -> None:
    card = card_of(
        decide, facts(fell(7), findings=[sepsis()], medications=[drug(TIER_2, "med-penicillin", days=7)])
    )
    assert "caution.sepsis" in card.cautions


def test_heparin_is_left_to_the_card_of_hit() -> None:
    heparin = drug(TIER_2, "med-heparin", days=8)
    assert fires(fell(8, 200, 120), heparin, findings=[condition("mimic-hus")]), "4Ts 3"
    assert not fires(fell(8, 200, 120), heparin), "4Ts 5"
    both = facts(fell(8, 200, 120), medications=[heparin, drug(TIER_1, days=7)])
    assert "heparin" not in text_of(card_of(decide, both))


def test_why_there_is_no_card() -> None:
    assert decide(facts(fell(7)), LIMITS) == NoAdvice(Why.NO_MIMIC)
    assert decide(facts(240), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)
    assert decide(facts(None), LIMITS) == CannotTell(Fact.PLATELETS)
    unread = facts(fell(7), unanswered={Kind.MEDICATIONS: Answer.FAILED})
    assert decide(unread, LIMITS) == CannotTell(Fact.MEDICATIONS)
    undated = facts(fell(7), medications=[drug(TIER_1, undated=True)])
    assert decide(undated, LIMITS) == CannotTell(Fact.DRUG_START)
