"""Scope, suppression, merging, limits: the tables of rulebook A.2 and A.3, with advice that only speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cards.advice import ALL_ADVICE
from cards.alert_limits import RULE as LIMITED
from cards.decide import decide
from cards.facts import PatientFacts
from cards.merging import absorb
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Suggestion,
    Topic,
)
from cards.precedence import CARD_LIMITS, HOOKS, MERGES, ORDER, SUPPRESSIONS, matches
from cards.reasons import Fact, Why
from tests.cards.build import (
    LIMITS,
    condition,
    count,
    drug,
    ebv,
    facts,
    h_pylori,
    measured,
    near,
    nosebleed,
    order,
    planned,
    purpura,
    sepsis,
    service_order,
)

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL


def saying(*cards: Advise | tuple[str, Indicator]) -> tuple[Advice, ...]:
    """Advice that gives these cards whatever the facts."""
    made = [card if isinstance(card, Advise) else Advise(*card) for card in cards]
    return tuple(
        Advice(f"made/{n}", (card.rule,), Topic.WORKUP, lambda p, limits, card=card: card)  # type: ignore[misc]
        for n, card in enumerate(made)
    )


def shown(p: PatientFacts, *cards: Advise | tuple[str, Indicator]) -> list[str]:
    return [card.rule for card in decide(p, LIMITS, saying(*cards)).cards]


LOW = facts(22, findings=[nosebleed()])


# ------------------------------------------------------------------------------------------------------- scope


def test_a_normal_patient_is_not_asked_about() -> None:
    decision = decide(facts(LIMITS.normal), LIMITS, saying(("TRF-02", CRITICAL)))
    assert decision.cards == ()
    assert dict(decision.outcomes) == {"A.3": NoAdvice(Why.OUT_OF_SCOPE)}


@pytest.mark.parametrize(
    "p",
    [
        facts(LIMITS.normal - 1),
        facts(None),
        facts(210, findings=[nosebleed()]),
        facts(210, findings=[ebv()]),
        facts(210, medications=[drug("med-tpo-ra")]),
        facts(210, hook="order-select", orders=[service_order("proc-platelet-transfusion")]),
        facts(210, hook="order-select", orders=[order("med-tpo-ra")]),
    ],
    ids=["low", "no count", "bleeding", "infection", "tpo-ra", "platelets selected", "tpo-ra selected"],
)
def test_a_patient_in_scope_is_asked_about(p: PatientFacts) -> None:
    assert "A.3" not in decide(p, LIMITS, saying(("SAFE-01", CRITICAL))).outcomes


# ------------------------------------------------------------------------------------------------- suppression


@pytest.mark.parametrize(
    ("speaks", "silent", "stays"),
    [
        ("SAFE-01", ("TRF-02", "TRF-06", "TRF-12", "TPO-01"), ("TRF-01", "TRF-15", "INF-EBV")),
        ("SAFE-02", ("TRF-05", "TPO-02"), ("TRF-01",)),
        ("SAFE-04", ("TRF-10",), ("TRF-15",)),
        ("SAFE-03", ("TRF-02", "TRF-10", "TPO-03"), ("TRF-01", "TRF-08")),
        ("TRF-01", ("TPO-01", "TPO-02"), ("INF-EBV",)),
    ],
)
def test_what_speaks_silences_what_the_table_says(
    speaks: str, silent: tuple[str, ...], stays: tuple[str, ...]
) -> None:
    for other in silent:
        decision = decide(LOW, LIMITS, saying((speaks, CRITICAL), (other, WARNING)))
        assert [c.rule for c in decision.cards] == [speaks], other
        assert decision.outcomes[other] == NoAdvice(Why.SUPPRESSED)
    for other in stays:
        assert other in shown(LOW, (speaks, CRITICAL), (other, WARNING)), other


def test_sepsis_silences_stewardship_only_when_critical() -> None:
    p = facts(90, hook="order-select", orders=[order("med-antibacterial")])
    assert shown(p, ("INF-SEP", CRITICAL), ("ORD-13", WARNING)) == []
    assert shown(p, ("INF-SEP", WARNING), ("ORD-13", WARNING)) == ["ORD-13"]


def test_an_interval_of_days_does_not_stand_beside_suspected_meningococcal_sepsis() -> None:
    assert shown(LOW, ("SAFE-12", CRITICAL), ("MON-01", INFO)) == ["SAFE-12"]
    assert shown(LOW, ("SAFE-12", WARNING), ("MON-01", INFO)) == ["SAFE-12", "MON-01"]


def test_meningococci_with_purpura_and_sepsis_have_one_card_with_one_first_dose() -> None:
    meningococci = condition("inf-meningococcal", hours=3)
    p = facts(60, findings=[meningococci, purpura(hours=2)], measurements=[measured("obs-temperature", 39)])
    first = decide(p, LIMITS).cards[0]
    assert (first.rule, first.indicator) == ("SAFE-12", Indicator.CRITICAL)
    assert "INF-MEN" in first.also
    drugs = [a.template for c in decide(p, LIMITS).cards for s in c.suggestions for a in s.actions]
    assert drugs.count("ceftriaxone") == 1
    assert meningococci.reference in {row.reference for row in first.inputs}


def test_dengue_without_a_number_is_said_once() -> None:
    assert shown(LOW, ("TRF-08", WARNING), ("INF-DEN", INFO)) == ["TRF-08"]
    assert shown(LOW, ("TRF-08", WARNING), ("INF-DEN", CRITICAL)) == ["INF-DEN", "TRF-08"]


# ------------------------------------------------------------------------------------------------------ merging


def test_monitoring_becomes_the_last_words_of_the_transfusion_card() -> None:
    monitoring = Advise("MON-01", INFO, values={"interval": "daily"}, also=("MON-07",))
    decision = decide(LOW, LIMITS, saying(("TRF-05", WARNING), monitoring))
    (card,) = decision.cards
    assert card.say == ("suggestion", "MON-01/suggestion")
    assert card.also == ("MON-01", "MON-07")
    assert card.values["MON-01/interval"] == "daily"
    assert decision.outcomes["MON-01"] is card


def test_a_warning_of_monitoring_keeps_its_card() -> None:
    assert shown(LOW, ("TRF-05", WARNING), ("MON-05", WARNING)) == ["TRF-05", "MON-05"]


def test_absorbed_drafts_are_offered_once() -> None:
    count = Suggestion("count", (Action(ActionType.CREATE, "cbc"),), recommended=True)
    both = Suggestion("both", (Action(ActionType.CREATE, "cbc"), Action(ActionType.CREATE, "blood-film")))
    card = absorb(Advise("TRF-04", INFO, suggestions=(count,)), Advise("MON-01", INFO, suggestions=(both,)))
    assert [[a.template for a in s.actions] for s in card.suggestions] == [["cbc"], ["blood-film"]]
    assert card.suggestions[1].label == "MON-01/both"
    assert not card.suggestions[1].recommended


def test_alternatives_stay_alternatives_beside_an_absorbed_test() -> None:
    drugs = tuple(Suggestion(name, (Action(ActionType.CREATE, name),)) for name in ("inr", "lactate"))
    other = Advise("PLT-04", INFO, suggestions=(Suggestion("count", (Action(ActionType.CREATE, "cbc"),)),))
    card = absorb(Advise("INF-HCV", WARNING, suggestions=drugs, one_of=True), other)
    assert (card.one_of, len(card.suggestions)) == (True, 3)


def test_absorbed_rows_and_cautions_stay() -> None:
    row = Input("age", 40)
    other = Advise(
        "PLT-04", INFO, inputs=(row,), cautions=("caution.x", "TRF-01/caution.y"), unknown=(Fact.AGE,)
    )
    card = absorb(Advise("INF-EBV", INFO), other)
    assert (card.inputs, card.unknown) == ((row,), (Fact.AGE,))
    assert card.cautions == ("PLT-04/caution.x", "TRF-01/caution.y")


def test_what_leads_to_a_mimic_stands_in_its_card() -> None:
    for mimic in ("SAFE-01", "SAFE-05", "SAFE-06"):
        decision = decide(LOW, LIMITS, saying((mimic, WARNING), ("PLT-05", WARNING)))
        assert [(c.rule, c.also) for c in decision.cards] == [(mimic, ("PLT-05",))]
    assert shown(LOW, ("PLT-05", WARNING)) == ["PLT-05"]


def on_heparin(days: int) -> PatientFacts:
    counts = [count(180, days=3, hours=3), count(110, hours=3)]
    return facts(counts, medications=[drug("med-heparin", days=days)], findings=[sepsis()])


def test_few_points_by_the_4ts_are_said_in_a_card_that_stands_anyway() -> None:
    (card,) = decide(on_heparin(3), LIMITS, saying(("INF-SEP", CRITICAL))).cards
    assert card.say[-1] == "SAFE-02/unlikely"
    assert card.also == ()
    assert int(str(card.values["SAFE-02/four_ts"])) < LIMITS.four_ts_suspect
    (other,) = decide(on_heparin(3), LIMITS, saying(("TPO-03", INFO))).cards
    assert "SAFE-02/unlikely" not in other.say
    (unexposed,) = decide(LOW, LIMITS, saying(("INF-EBV", INFO))).cards
    assert "SAFE-02/unlikely" not in unexposed.say


# -------------------------------------------------------------------------------------------------------- hooks


def selecting(*sets: str) -> PatientFacts:
    return facts(22, hook="order-select", orders=[order(*sets)], findings=[purpura()])


@pytest.mark.parametrize(
    ("sets", "heard"),
    [
        (("med-paracetamol",), ["ORD-16"]),
        (("med-nsaid",), ["SAFE-01", "ORD-16", "TRF-05"]),
        (("proc-platelet-transfusion",), ["SAFE-01", "ORD-16", "TRF-05"]),
        (("med-antibacterial",), ["SAFE-01", "ORD-16"]),
        (("proc-lumbar-puncture",), ["SAFE-01", "ORD-16"]),
    ],
)
def test_an_order_is_told_what_concerns_it(sets: tuple[str, ...], heard: list[str]) -> None:
    cards = (
        ("SAFE-01", CRITICAL),
        ("ORD-16", WARNING),
        ("TRF-13", INFO),
        ("INF-EBV", INFO),
        ("MON-01", INFO),
    )
    assert [r.replace("TRF-13", "TRF-05") for r in shown(selecting(*sets), *cards)] == heard


def test_an_infection_on_which_the_order_card_rests_is_shown() -> None:
    infected = facts(
        96, hook="order-select", orders=[order("med-nsaid")], findings=[ebv(reference="Condition/e")]
    )
    resting = Advise("ORD-02", WARNING, inputs=(Input("infection", "x", reference="Condition/e"),))
    assert shown(infected, resting, ("INF-EBV", INFO)) == ["ORD-02", "INF-EBV"]
    assert shown(infected, ("ORD-02", WARNING), ("INF-EBV", INFO)) == ["ORD-02"]


def test_at_discharge_only_follow_up_speaks() -> None:
    p = replace(LOW, hook="encounter-discharge")
    cards = (
        ("SAFE-01", CRITICAL),
        ("SAFE-11", WARNING),
        ("TRF-05", WARNING),
        ("MON-05", WARNING),
        ("ORD-02", CRITICAL),
    )
    assert shown(p, *cards) == ["SAFE-01", "MON-05"]


def test_at_discharge_a_therapy_under_way_speaks_whichever_infection_leads_it() -> None:
    p = replace(LOW, hook="encounter-discharge")
    under_way = Advise("INF-HIV", INFO, also=("INF-GEN-04",))
    assert shown(p, under_way, ("INF-HCV", WARNING)) == ["INF-HIV"]


def test_at_discharge_what_is_not_evaluated_takes_nothing_away() -> None:
    p = replace(LOW, hook="encounter-discharge")
    cards = (("INF-MEN", CRITICAL), ("MON-01", INFO))
    assert shown(LOW, *cards) == ["INF-MEN"]
    assert shown(p, *cards) == ["MON-01"]
    assert shown(p, ("SAFE-09", INFO), ("MON-05", WARNING)) == []


# ------------------------------------------------------------------------------------------------------- limits


def test_cards_stand_by_indicator_then_by_the_order_of_the_families() -> None:
    cards = (("MON-05", WARNING), ("INF-EBV", INFO), ("TRF-01", CRITICAL), ("SAFE-01", CRITICAL))
    assert shown(LOW, *cards) == ["SAFE-01", "TRF-01", "MON-05", "INF-EBV"]


def test_urgent_infections_stand_first() -> None:
    assert shown(LOW, ("INF-HP-02", WARNING), ("INF-SEP", WARNING)) == ["INF-SEP", "INF-HP-02"]


def test_a_third_infection_is_named_in_the_second_card() -> None:
    cards = [
        Advise(rule, WARNING, values={"infection": rule}, inputs=(Input(rule, "x"),))
        for rule in ("INF-SEP", "INF-HP-02", "INF-DEN")
    ]
    decision = decide(LOW, LIMITS, saying(*cards))
    assert [c.rule for c in decision.cards] == ["INF-SEP", "INF-HP-02"]
    second = decision.cards[1]
    assert second.say[-2:] == (f"{LIMITED}/infections", "INF-DEN/title")
    assert "INF-DEN" in second.also
    assert second.values["INF-DEN/infection"] == "INF-DEN"
    assert Input("INF-DEN", "x") in second.inputs
    assert decision.outcomes["INF-DEN"] is second


def test_a_third_critical_infection_is_shown() -> None:
    cards = (("INF-SEP", CRITICAL), ("INF-HP-02", CRITICAL), ("INF-DEN", CRITICAL))
    assert len(shown(LOW, *cards)) == 3


@pytest.mark.parametrize("hook", ["patient-view", "order-select"])
def test_what_is_over_the_limit_is_named_in_further_points(hook: str) -> None:
    p = replace(LOW, hook=hook)
    many = [(f"ORD-{n:02}", WARNING) for n in range(30, 40)]
    decision = decide(p, LIMITS, saying(("ORD-01", CRITICAL), *many))
    assert len(decision.cards) == CARD_LIMITS[hook]
    last = decision.cards[-1]
    assert (last.rule, last.indicator) == (LIMITED, INFO)
    hidden = len(many) - (CARD_LIMITS[hook] - 2)
    assert last.values[f"{LIMITED}/number"] == hidden
    assert len([key for key in last.say if key.endswith("/title")]) == hidden
    assert {rule for rule, _ in many} <= {*last.also, *(c.rule for c in decision.cards)}


def test_at_the_limit_nothing_is_moved() -> None:
    cards = [(f"ORD-{n:02}", WARNING) for n in range(CARD_LIMITS["patient-view"])]
    assert LIMITED not in shown(LOW, *cards)


def test_critical_cards_are_never_moved() -> None:
    critical = [(f"ORD-{n:02}", CRITICAL) for n in range(1, 8)]
    decision = decide(LOW, LIMITS, saying(*critical, ("MON-05", WARNING)))
    assert [c.rule for c in decision.cards] == [rule for rule, _ in critical]
    assert "MON-05/title" in decision.cards[-1].say


def test_only_one_card_of_a_tpo_ra() -> None:
    assert shown(LOW, ("TPO-03", INFO), ("TPO-12", WARNING)) == ["TPO-12"]


@pytest.mark.parametrize(("count", "expected"), [(0, 3), (1, 1), (2, 1)])
def test_from_100_one_info_card(count: int, expected: int) -> None:
    p = facts(near(LIMITS.mild)[count])
    assert len(shown(p, ("INF-EBV", INFO), ("PLT-06", INFO), ("TPO-03", INFO))) == expected


def test_from_100_the_infection_takes_the_monitoring_along() -> None:
    decision = decide(facts(128), LIMITS, saying(("INF-EBV", INFO), ("MON-01", INFO)))
    assert [c.rule for c in decision.cards] == ["INF-EBV"]
    assert decision.cards[0].also == ("MON-01",)


def test_from_100_an_infection_is_info_unless_critical() -> None:
    assert [c.indicator for c in decide(facts(128), LIMITS, saying(("INF-HP-02", WARNING))).cards] == [INFO]
    assert [c.indicator for c in decide(facts(128), LIMITS, saying(("INF-SEP", CRITICAL))).cards] == [
        CRITICAL
    ]


def test_a_normal_count_with_an_infection_leaves_mimics_and_follow_up() -> None:
    p = facts(LIMITS.normal, findings=[h_pylori()])
    assert shown(p, ("INF-HP-02", WARNING), ("MON-06", INFO)) == ["MON-06"]
    assert shown(p, ("SAFE-14", CRITICAL), ("INF-HP-02", WARNING)) == ["SAFE-14", "INF-HP-02"]
    below = facts(LIMITS.normal - 1, findings=[h_pylori()])
    assert shown(below, ("INF-HP-02", WARNING)) == ["INF-HP-02"]


# ------------------------------------------------------------------------------------------------- comfort care


def test_comfort_care_leaves_one_info_card() -> None:
    p = facts(6, findings=[condition("care-comfort"), purpura()])
    decision = decide(p, LIMITS, saying(("TRF-06", CRITICAL), ("INF-SEP", CRITICAL)))
    (card,) = decision.cards
    assert (card.rule, card.indicator, card.say) == (LIMITED, INFO, ("comfort",))
    assert [i.fact for i in card.inputs] == ["comfort care", "platelet count", "bleeding: purpura"]
    assert decision.outcomes["TRF-06"] == NoAdvice(Why.COMFORT_CARE)


def test_comfort_care_names_a_life_threatening_bleeding_and_keeps_the_allergy() -> None:
    p = facts(6, findings=[purpura()], planned=[planned("care-comfort")])
    decision = decide(p, LIMITS, saying(("TRF-01", CRITICAL), ("ORD-16", CRITICAL)))
    assert [c.rule for c in decision.cards] == ["ORD-16", LIMITED]
    assert decision.cards[1].say == ("comfort", "comfort.severe")


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "encounter-discharge"])
def test_comfort_care_is_told_where_it_holds_something_back(hook: str) -> None:
    drafts = [order("med-nsaid")] if hook.startswith("order") else []
    p = facts(6, findings=[purpura()], planned=[planned("care-comfort")], hook=hook, orders=drafts)
    spoken = "ORD-02" if drafts else "MON-01"
    assert shown(p, (spoken, WARNING), ("TRF-06", WARNING)) == [LIMITED]
    assert shown(p, ("TPO-01", INFO)) == []


def test_comfort_care_without_anything_to_hold_back_says_nothing() -> None:
    p = facts(6, findings=[condition("care-comfort")])
    assert decide(p, LIMITS, ()).cards == ()


# ------------------------------------------------------------------------------------------------------- tables


def test_patterns_name_rules_as_the_tables_mean_them() -> None:
    assert matches("TRF-02", ("TRF-02..10",))
    assert matches("TRF-10", ("TRF-02..10",))
    assert not matches("TRF-11", ("TRF-02..10",))
    assert not matches("INF-HP-03", ("TRF-02..10",))
    assert matches("INF-HP-03", ("INF-*",))
    assert not matches("TRF-01", ("TRF-1",))


def test_every_rule_has_a_place_in_the_order_and_is_owned_once() -> None:
    owned = [rule for advice in ALL_ADVICE for rule in advice.ids]
    assert len(set(owned)) == len(owned)
    assert [rule for rule in owned if not any(matches(rule, row) for row in ORDER)] == []


def test_the_tables_name_rules_that_can_exist() -> None:
    named = [s.when for s in SUPPRESSIONS] + [p for s in SUPPRESSIONS for p in s.drops]
    named += [p for m in MERGES for p in (*m.what, *m.into)] + [p for row in HOOKS.values() for p in row]
    families = {"DATA", "SAFE", "BLD", "PLT", "TRF", "ORD", "PROC", "INF", "TPO", "MON"}
    assert [n for n in named if n != "*" and n.partition("-")[0] not in families] == []


def test_what_cannot_tell_stays_so() -> None:
    unable: Mapping[str, CannotTell] = {"TRF-02": CannotTell(Fact.PLATELETS)}
    advice = Advice("made/0", ("TRF-02", "TRF-03"), Topic.TRANSFUSION, lambda p, limits: unable)
    outcomes = decide(LOW, LIMITS, (advice,)).outcomes
    assert outcomes["TRF-02"] == CannotTell(Fact.PLATELETS)
    assert outcomes["TRF-03"] == NoAdvice(Why.OTHER_ROW)
