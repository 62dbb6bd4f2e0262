"""SAFE-01: the four ways to a suspicion of TTP, what speaks against it, and its card."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cards.facts import PatientFacts
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Kind, Measurement, UnitProblem
from cards.safety.plasmic import plasmic
from cards.safety.ttp import Suspicion, decide, suspect
from tests.cards.build import (
    LIMITS,
    Answer,
    ago,
    brain_bleed,
    condition,
    count,
    done,
    facts,
    gum_bleeding,
    lab,
    measured,
    near,
    order,
    purpura,
    service_order,
)
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, deleted, notes, value_of

FILM = lab("obs-schistocytes", proves=None)
CLEAN_FILM = lab("obs-schistocytes", "negative", proves=None)
LDH = measured("obs-ldh", 1180, "U/L")
CREATININE, BILIRUBIN = Decimal("88.4"), Decimal("17.1")
"""The limits of PLASMIC are in mg/dL, the values in umol/L."""

KNOWN = {
    "obs-haptoglobin": measured("obs-haptoglobin", "<0.1", "g/L"),
    "obs-mcv": measured("obs-mcv", 88, "fL"),
    "obs-pt-inr": measured("obs-pt-inr", "1.1"),
    "obs-creatinine": measured("obs-creatinine", "124"),
}
"""What the PLASMIC score asks of the laboratory, each worth its point."""


def blood(**changed: Measurement | None) -> list[Measurement]:
    """The values of `KNOWN`, some replaced or left out (`obs_mcv=None`)."""
    values = {**KNOWN, **{key.replace("_", "-"): m for key, m in changed.items()}}
    return [m for m in values.values() if m is not None]


def ways(count_or_counts: object = 11, **members: object) -> tuple[str, ...]:
    found = suspect(facts(count_or_counts, **members), LIMITS)
    return found.ways if isinstance(found, Suspicion) else ()


# ---------------------------------------------------------------------------------------------- recorded


@pytest.mark.parametrize("suspected", [False, True])
def test_recorded_it_holds_below_150(suspected: bool) -> None:
    found = [
        bool(ways(n, findings=[condition("mimic-tma", suspected=suspected)])) for n in near(LIMITS.normal)
    ]
    assert found == [True, False, False]


def test_recorded_it_holds_while_the_count_is_not_known() -> None:
    ttp = condition("mimic-tma")
    assert ways(None, findings=[ttp]) == ("recorded",)
    unreadable = count(None, problem=UnitProblem.NO_UNIT, hours=1)
    assert ways([count(220, days=2), unreadable], findings=[ttp]) == ("recorded",)
    assert ways([count(220, days=2)], findings=[ttp]) == ()


@pytest.mark.parametrize("over", [{"past": True}, {"ended_hours": 48}, {"code": "remission"}])
def test_what_is_over_gates_nothing_and_is_named(over: dict[str, object]) -> None:
    old = condition("mimic-tma", days=800, **over)
    assert ways(11, findings=[old]) == ()
    card = card_of(decide, facts(11, findings=[old], tests=[FILM], measurements=[LDH]))
    assert "caution.history" in card.cautions


# ---------------------------------------------------------------------------------------------- ADAMTS13


def test_adamts13_below_10() -> None:
    found = [
        bool(ways(180, measurements=[measured("obs-adamts13", v, "%")])) for v in near(LIMITS.adamts13_low)
    ]
    assert found == [True, False, False]


@pytest.mark.parametrize(("bound", "holds"), [("<10", True), ("<5", True), ("<20", False), (">10", False)])
def test_adamts13_as_a_bound(bound: str, holds: bool) -> None:
    assert bool(ways(80, measurements=[measured("obs-adamts13", bound, "%")])) is holds


def test_adamts13_counts_for_30_days() -> None:
    def with_age(**age: float) -> bool:
        return bool(ways(80, measurements=[measured("obs-adamts13", 4, "%", **age)]))

    days = float(LIMITS.adamts13_days)
    assert (with_age(days=days), with_age(days=days, minutes=1)) == (True, False)


def test_a_newer_adamts13_replaces_an_older_one() -> None:
    values = [measured("obs-adamts13", 4, "%", days=20), measured("obs-adamts13", 62, "%", days=2)]
    assert ways(80, measurements=values) == ()


# ---------------------------------------------------------------------------------------------- microangiopathy


def test_schistocytes_and_a_sign_of_haemolysis_below_100() -> None:
    found = [ways(n, tests=[FILM], measurements=[LDH]) for n in near(LIMITS.ttp_count)]
    assert found == [("microangiopathy",), (), ()]


def test_schistocytes_by_their_share() -> None:
    def share(value: object) -> bool:
        return bool(ways(80, measurements=[LDH, measured("obs-schistocytes", value, "%")]))

    assert [share(v) for v in near(LIMITS.schistocytes_percent)] == [False, True, True]


LDH_LIMIT = LIMITS.ldh_no_range * LIMITS.ldh_factor


@pytest.mark.parametrize(
    ("sign", "holds"),
    [
        *(
            (measured("obs-ldh", v, "U/L"), h)
            for v, h in zip(near(LDH_LIMIT), (False, False, True), strict=True)
        ),
        (measured("obs-ldh", 300, "U/L", high=Decimal(180)), True),
        (measured("obs-ldh", 900, "U/L", high=Decimal(600)), False),
        *(
            (measured("obs-haptoglobin", v, "g/L"), h)
            for v, h in zip(near(LIMITS.haptoglobin_no_range, "0.01"), (True, False, False), strict=True)
        ),
        (measured("obs-haptoglobin", "0.25", "g/L", low=Decimal("0.2")), False),
        (measured("obs-bilirubin-indirect", 30, "umol/L", high=Decimal(17)), True),
        (measured("obs-bilirubin-indirect", 30, "umol/L"), False),
        (measured("obs-bilirubin-indirect", 30, "umol/L", flagged="high"), True),
        (measured("obs-reticulocytes", 180, "10*9/L", high=Decimal(100)), True),
        (measured("obs-ldh", 1180, "U/L", days=7), True),
        (measured("obs-ldh", 1180, "U/L", days=8), False),
        (measured("obs-ldh", 1180, "mystery"), False),
    ],
)
def test_each_sign_of_haemolysis(sign: Measurement, holds: bool) -> None:
    assert bool(ways(80, tests=[FILM], measurements=[sign])) is holds


def test_a_raised_inr_speaks_for_another_cause() -> None:
    def inr(value: object, **age: float) -> bool:
        return bool(ways(80, tests=[FILM], measurements=[LDH, measured("obs-pt-inr", value, **age)]))

    assert [inr(v) for v in near(LIMITS.inr_raised)] == [True, False, False]
    assert inr("2.4", days=4)


def test_an_unknown_inr_is_asked_for() -> None:
    card = card_of(decide, facts(80, tests=[FILM], measurements=[LDH]))
    assert Fact.INR in card.unknown
    assert "coagulation" in drafts(card)


def test_the_newest_film_counts() -> None:
    earlier = lab("obs-schistocytes", proves=None, days=3)
    assert ways(80, tests=[earlier, CLEAN_FILM], measurements=[LDH]) == ()
    assert ways(80, tests=[lab("obs-schistocytes", proves=None, days=8)], measurements=[LDH]) == ()


# ---------------------------------------------------------------------------------------------- PLASMIC


def test_plasmic_7_with_all_items_known() -> None:
    score = plasmic(facts(11, measurements=blood()), LIMITS)
    assert (score.least, score.most, score.is_known) == (7, 7, True)
    assert ways(11, measurements=blood()) == ("plasmic",)


@pytest.mark.parametrize(
    ("name", "values", "points"),
    [
        ("obs_mcv", [measured("obs-mcv", v, "fL") for v in near(LIMITS.plasmic_mcv)], [7, 6, 6]),
        ("obs_pt_inr", [measured("obs-pt-inr", v) for v in near(LIMITS.inr_raised)], [7, 6, 6]),
        (
            "obs_creatinine",
            [measured("obs-creatinine", v) for v in near(LIMITS.plasmic_creatinine * CREATININE)],
            [7, 6, 6],
        ),
        ("obs_creatinine", [measured("obs-creatinine", v) for v in ("176.7", "176.8", "176.9")], [7, 6, 6]),
    ],
)
def test_plasmic_borders(name: str, values: list[Measurement], points: list[int]) -> None:
    found = [plasmic(facts(11, measurements=blood(**{name: v})), LIMITS).least for v in values]
    assert found == points


def test_plasmic_platelets() -> None:
    found = [plasmic(facts(n, measurements=blood()), LIMITS).least for n in near(LIMITS.plasmic_count)]
    assert found == [7, 6, 6]


@pytest.mark.parametrize(
    ("sign", "points"),
    [
        *((measured("obs-reticulocytes", v, "%"), n) for v, n in zip(near("2.5"), (0, 0, 1), strict=True)),
        *(
            (measured("obs-bilirubin-indirect", v, "umol/L"), n)
            for v, n in zip(near(Decimal("2.0") * BILIRUBIN), (0, 0, 1), strict=True)
        ),
        *(
            (measured("obs-haptoglobin", v, "g/L"), n)
            for v, n in zip(near("0.1", "0.01"), (1, 1, 0), strict=True)
        ),
        (measured("obs-haptoglobin", "<0.3", "g/L"), 1),
        (LDH, 0),
    ],
)
def test_plasmic_haemolysis_is_not_judged_by_ldh(sign: Measurement, points: int) -> None:
    item = plasmic(facts(11, measurements=[sign]), LIMITS).items[1]
    assert item.least == points
    assert item.is_known is (points == 1), "the other two tests are not known"


def test_plasmic_does_not_count_what_is_older_than_72_hours() -> None:
    hours = float(LIMITS.plasmic_hours)
    old = measured("obs-mcv", 88, "fL", hours=hours, minutes=1)
    assert plasmic(facts(11, measurements=blood(obs_mcv=old)), LIMITS).missing == (Fact.MCV,)
    at = measured("obs-mcv", 88, "fL", hours=hours)
    assert plasmic(facts(11, measurements=blood(obs_mcv=at)), LIMITS).is_known


def test_a_count_that_may_be_clumped_gives_no_points() -> None:
    clumps = lab("obs-platelet-artefact", proves=None, hours=3)
    assert plasmic(facts(11, tests=[clumps], measurements=blood()), LIMITS).missing == (Fact.PLATELETS,)


def test_plasmic_cancer_and_transplant() -> None:
    def least(*findings: object, **members: object) -> int:
        return plasmic(facts(11, findings=list(findings), measurements=blood(), **members), LIMITS).least

    assert least(condition("risk-cancer", days=3000)) == 6
    assert least(condition("risk-cancer", ended=ago(days=300))) == 6
    assert least(condition("risk-cancer", ended=ago(days=400))) == 7
    assert least(condition("status-transplant", days=3000)) == 6
    assert least(performed=[done("status-transplant", days=900)]) == 6


@pytest.mark.parametrize(
    ("unanswered", "missing"),
    [(Kind.CONDITIONS, (Fact.CONDITIONS,)), (Kind.PROCEDURES, (Fact.PROCEDURES,))],
)
def test_unread_conditions_are_not_the_absence_of_cancer(unanswered: Kind, missing: tuple[Fact, ...]) -> None:
    p = facts(11, tests=[CLEAN_FILM], measurements=blood(), unanswered={unanswered: Answer.FAILED})
    assert plasmic(p, LIMITS).missing == missing
    assert suspect(p, LIMITS) == CannotTell(*missing)


def test_one_unknown_item_keeps_plasmic_silent_and_is_named() -> None:
    outcome = decide(facts(11, tests=[CLEAN_FILM], measurements=blood(obs_mcv=None)), LIMITS)
    assert outcome == CannotTell(Fact.MCV)


@pytest.mark.parametrize(
    "explained",
    [
        {"tests": [lab("lab-malaria")]},
        {"tests": [lab("obs-dat", proves=None)]},
        {"findings": [condition("mimic-evans")]},
        {"findings": [condition("mimic-dic")]},
    ],
)
def test_without_schistocytes_plasmic_gives_way_to_what_explains_haemolysis(
    explained: dict[str, list[object]],
) -> None:
    assert ways(11, measurements=blood(), **explained) == ()
    films = [FILM, *explained.get("tests", [])]
    assert "plasmic" in ways(11, measurements=blood(), **{**explained, "tests": films})


def test_a_suspected_dic_or_malaria_explains_nothing() -> None:
    suspected = [condition("mimic-dic", suspected=True), condition("inf-malaria")]
    assert ways(11, measurements=blood(), findings=suspected) == ("plasmic",)


# ---------------------------------------------------------------------------------------------- silence


def test_why_there_is_no_card() -> None:
    assert suspect(facts(240), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)
    assert suspect(facts(None), LIMITS) == CannotTell(Fact.PLATELETS)
    assert suspect(facts(40), LIMITS) == CannotTell(Fact.SCHISTOCYTES, Fact.HAEMOLYSIS)
    assert suspect(facts(40, tests=[FILM]), LIMITS) == CannotTell(Fact.HAEMOLYSIS)
    raised = measured("obs-pt-inr", "2.0")
    assert suspect(facts(40, tests=[FILM], measurements=[LDH, raised]), LIMITS) == NoAdvice(Why.EXPLAINED)


# ---------------------------------------------------------------------------------------------- the card


def woman_with_ttp(**members: object) -> PatientFacts:
    return facts(
        11, age=42, sex="female", pregnant=False, measurements=[*blood(), LDH], tests=[FILM], **members
    )


def test_the_card_of_a_typical_story() -> None:
    draft = service_order("proc-platelet-transfusion")
    card = card_of(
        decide,
        woman_with_ttp(findings=[purpura()], hook="order-select", orders=[draft, order("med-paracetamol")]),
    )
    assert card.indicator is Indicator.CRITICAL
    assert drafts(card) == ["haematology", "adamts13", "haemolysis", "coagulation"]
    assert deleted(card) == [draft.reference]
    assert value_of(card, "PLASMIC score") == "7"
    assert notes(card)["MCV"] == "PLASMIC: 1 point"
    assert "transfusion advised" not in text_of(card)


def test_the_card_names_the_bleeding_and_the_count_that_it_holds_back() -> None:
    card = card_of(decide, facts(9, findings=[condition("mimic-tma"), gum_bleeding()]))
    assert "gum bleeding, severity not recorded, taken as WHO grade 2" in text_of(card)
    assert "below 10" in text_of(card)
    assert "bleeding: gum bleeding" in notes(card)


def test_platelets_stay_selected_while_bleeding_threatens_life() -> None:
    drafts_selected = [service_order("proc-platelet-transfusion"), order("med-tpo-ra")]
    p = facts(
        9, findings=[condition("mimic-tma"), brain_bleed()], orders=drafts_selected, hook="order-select"
    )
    assert deleted(card_of(decide, p)) == [drafts_selected[1].reference]


@pytest.mark.parametrize(
    ("person", "population"),
    [
        ({"age": 9}, "POP-02"),
        ({"sex": "female", "pregnant": True}, "POP-03"),
        ({"findings": [condition("mimic-tma"), condition("refusal-of-blood")]}, "POP-09"),
    ],
)
def test_populations(person: dict[str, object], population: str) -> None:
    card = card_of(decide, facts(9, **{"findings": [condition("mimic-tma")], **person}))
    assert card.also == (population,)


def test_without_any_count_the_film_is_asked_for() -> None:
    card = card_of(decide, facts(None, findings=[condition("mimic-tma")]))
    assert Fact.SCHISTOCYTES in card.unknown
