"""Mimics and contraindications: what must not be taken for a harmless low count (SAFE). They gate the other rules."""

from cards.outcome import Advice
from cards.safety import hit, purpura_sepsis, ttp

ADVICE: tuple[Advice, ...] = (ttp.ADVICE, hit.ADVICE, purpura_sepsis.ADVICE)
"""The decisions of this family, in reading order."""
