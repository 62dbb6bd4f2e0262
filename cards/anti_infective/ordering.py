"""Buttons for tests and referrals, without what an active order already covers (rulebook A.3)."""

from __future__ import annotations

from cards.drafts import TEMPLATES
from cards.facts import PatientFacts
from cards.outcome import Action, ActionType, Indicator, Suggestion


def order(
    p: PatientFacts, label: str, templates: tuple[str, ...], reasons: tuple[str, ...], priority: str
) -> tuple[Suggestion, ...]:
    """One button for all of them; none when nothing is left to order."""
    wanted = [name for name in templates if not is_ordered(p, name)] if p.record.planned else templates
    actions = tuple([Action(ActionType.CREATE, name, priority, reasons=reasons) for name in wanted])
    return (Suggestion(label, actions, recommended=True),) if actions else ()


def is_ordered(p: PatientFacts, template: str) -> bool:
    """An active order of the template's value set exists; a template without a set can never be told."""
    if not p.planned:
        return False
    set_id = TEMPLATES[template].set_id
    return set_id is not None and any(o.status == "active" and set_id in o.set_ids for o in p.planned)


def priority_of(indicator: Indicator) -> str:
    """How urgent the drafts of a card are."""
    return {Indicator.CRITICAL: "stat", Indicator.WARNING: "urgent", Indicator.INFO: "routine"}[indicator]
