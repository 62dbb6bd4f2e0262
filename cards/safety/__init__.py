"""Mimics and contraindications: what must not be taken for a harmless low count (SAFE). They gate the other rules."""

from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = ()
