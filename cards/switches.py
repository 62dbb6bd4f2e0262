"""Rules that a site has switched to silent or off (`[content.rules]`).

A silent rule is evaluated and its card recorded, a rule that is off says nothing; neither is shown. Their cards leave
before the tables of `cards.precedence` are asked: what nobody sees must not take the place of another card. The facts
that other rules read (a mimic that holds, a contraindication) stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from cards.outcome import Advise


class Switch(StrEnum):
    """How a site wants a rule."""

    ON = "on"
    SILENT = "silent"
    OFF = "off"


Switches = Mapping[str, Switch]
"""By rule id; rules that are not named are on."""

ALL_ON: Switches = MappingProxyType({})


def switch_of(answered: str, advise: Advise, switches: Switches) -> Switch:
    """The switch of a card: off before silent, by the rule that answered or the one that leads."""
    if not switches:
        return Switch.ON
    found = {switches.get(rule, Switch.ON) for rule in (answered, advise.rule)}
    return next(switch for switch in (Switch.OFF, Switch.SILENT, Switch.ON) if switch in found)
