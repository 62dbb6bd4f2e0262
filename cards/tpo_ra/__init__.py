"""Thrombopoietin receptor agonists: when to discuss them, when they are not needed, what forbids them."""

from cards.outcome import Advice
from cards.tpo_ra import candidate, contraindicated, in_use, not_needed

ADVICE: tuple[Advice, ...] = (candidate.ADVICE, contraindicated.ADVICE, not_needed.ADVICE, in_use.ADVICE)
