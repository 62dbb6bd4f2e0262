"""Thrombopoietin receptor agonists: when to discuss them, when they are not needed, what forbids them."""

from cards.outcome import Advice
from cards.tpo_ra import candidate, cautions, contraindicated, in_use, not_needed

ADVICE: tuple[Advice, ...] = (
    candidate.ADVICE,
    cautions.ADVICE,
    contraindicated.ADVICE,
    not_needed.ADVICE,
    in_use.ADVICE,
)
