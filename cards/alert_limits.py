"""The words of the limits on alerts (rulebook A.3): further points, further infections, comfort care.

What is over a limit is named, not lost: its title stands in another card, and its rules among that card's rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from cards.facts import PatientFacts
from cards.frozen import replace
from cards.merging import as_told_by
from cards.outcome import Advice, Advise, Indicator, Input, Values
from cards.reasons import Fact
from cards.record import Finding
from cards.rows import bleeding_rows, event_row, finding_row, platelet_row

RULE = "A.3"


def further_points(over: Sequence[Advise]) -> Advise:
    """One info card that names what the limit of cards leaves out."""
    return name_points(
        Advise(
            RULE, Indicator.INFO, title="title.points", say=("points",), values={f"{RULE}/number": len(over)}
        ),
        over,
    )


def name_points(card: Advise, over: Sequence[Advise]) -> Advise:
    """The card with the titles of `over` at its end, and what they rest on."""
    return _name(card, () if card.rule == RULE else (f"{RULE}/points",), over)


def name_infections(card: Advise, over: Sequence[Advise]) -> Advise:
    """The second infection card with the titles of further ones (A.2, row 8)."""
    return _name(card, (f"{RULE}/infections",), over)


def _name(card: Advise, lead: tuple[str, ...], over: Sequence[Advise]) -> Advise:
    """After the words of `lead` the title of each."""
    also = _also(card, over)

    def named(card: Advise) -> Advise:
        told = [one.made() for one in over]
        return replace(
            card,
            say=(*card.say, *lead, *(as_told_by(one, one.title) for one in told)),
            values={**card.values, **_values(told)},
            inputs=tuple(dict.fromkeys((*card.inputs, *(i for one in told for i in one.inputs)))),
            also=also,
        )

    return card.changed(named, also=also)


def _values(over: Sequence[Advise]) -> Values:
    """The values of each title under the rule that tells it."""
    return {
        f"{one.rule}/{name}": value for one in over for name, value in one.values.items() if "/" not in name
    }


def _also(card: Advise, over: Sequence[Advise]) -> tuple[str, ...]:
    rules = (*card.also, *(rule for one in over for rule in (one.rule, *one.also)))
    return tuple(rule for rule in dict.fromkeys(rules) if rule != card.rule)


def failed_checks(failed: Sequence[Advice]) -> Advise:
    """What could not be completed, by topic and by rule; no word of why, which the log of the service knows."""
    topics = dict.fromkeys(one.topic for one in failed)
    return Advise(
        RULE,
        Indicator.WARNING,
        title="title.failed",
        say=("failed", *(f"failed.{topic.value}" for topic in topics), "failed.rules"),
        values={"checks": ", ".join(rule for one in failed for rule in one.ids)},
        unknown=(Fact.CHECK,),
    )


def comfort_card(p: PatientFacts, held: Sequence[Advise]) -> Advise:
    """A.9: count and bleeding, and that other advice is held back; a life-threatening bleeding is named."""
    severe = any(one.rule == "TRF-01" for one in held)
    return Advise.later(RULE, Indicator.INFO, (), lambda: _comfort_card(p, severe=severe))


def _comfort_card(p: PatientFacts, *, severe: bool) -> Advise:
    care = p.comfort_care
    rows: tuple[Input, ...] = ()
    if care is not None:
        row = finding_row if isinstance(care, Finding) else event_row
        rows = (row("comfort care", care),)  # type: ignore[arg-type]
    known = "" if p.platelets.current is not None else ".no-count"
    return Advise(
        RULE,
        Indicator.INFO,
        title=f"title.comfort{known}",
        say=("comfort", *(("comfort.severe",) if severe else ())),
        inputs=(*rows, *platelet_row(p), *bleeding_rows(p.bleeding.findings)),
    )
