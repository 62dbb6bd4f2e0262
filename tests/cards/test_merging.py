"""One advice taken into another: words, values, rows and drafts of both, each once and under its own name."""

from __future__ import annotations

from cards.merging import absorb, as_told_by, qualified
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion
from cards.reasons import Fact

COUNT, BLEED, TEST = Input("platelet count", 22), Input("bleeding", "active"), Input("test", "positive")
CBC = Action(ActionType.CREATE, template="cbc", priority="urgent")
PLATELETS = Action(ActionType.CREATE, template="platelets")
FILM = Action(ActionType.CREATE, template="film")

CARD = Advise(
    "TRF-02",
    Indicator.CRITICAL,
    title="title.bleeding",
    say=("why", "TRF-16/dose"),
    cautions=("care", "POP-06/liver"),
    unknown=(Fact.AGE,),
    values={"site": "nose"},
    inputs=(COUNT, BLEED),
    suggestions=(Suggestion("order", (PLATELETS, CBC), recommended=True),),
    one_of=True,
    also=("IMM-01",),
)
OTHER = Advise(
    "MON-01",
    Indicator.INFO,
    title="title.due",
    say=("interval", "MON-07/advice", "TRF-16/dose"),
    cautions=("care", "POP-06/liver"),
    unknown=(Fact.AGE, Fact.SEX),
    values={"days": 3, "INF-X/name": "x"},
    inputs=(COUNT, TEST),
    suggestions=(
        Suggestion(
            "count", (Action(ActionType.CREATE, template="cbc", priority="routine"), FILM), recommended=True
        ),
        Suggestion("again", (CBC,)),
        Suggestion("TRF-11/film", (FILM,)),
    ),
    also=("MON-07", "TRF-02", "IMM-01"),
)


def test_the_card_keeps_its_own_and_gains_what_is_new() -> None:
    assert absorb(CARD, OTHER) == Advise(
        "TRF-02",
        Indicator.CRITICAL,
        title="title.bleeding",
        say=("why", "TRF-16/dose", "MON-01/interval", "MON-07/advice"),
        cautions=("care", "POP-06/liver", "MON-01/care"),
        unknown=(Fact.AGE, Fact.SEX),
        values={
            "site": "nose",
            "MON-01/days": 3,
            "MON-07/days": 3,
            "TRF-16/days": 3,
            "POP-06/days": 3,
            "TRF-11/days": 3,
            "INF-X/name": "x",
        },
        inputs=(COUNT, BLEED, TEST),
        suggestions=(
            Suggestion("order", (PLATELETS, CBC), recommended=True),
            Suggestion("MON-01/count", (FILM,)),
            Suggestion("TRF-11/film", (FILM,)),
        ),
        one_of=True,
        also=("IMM-01", "MON-01", "MON-07"),
    )


def test_a_paragraph_of_another_section_keeps_its_name() -> None:
    assert qualified(OTHER, "interval") == "MON-01/interval"
    assert qualified(OTHER, "TRF-16/dose") == "TRF-16/dose"
    assert as_told_by(OTHER, "interval") == "MON-01/interval"
    assert as_told_by(OTHER, "INF-GEN-01/title") == "INF-GEN-01/title@MON-01"
