"""Bleeding and the counts: activity, red flags, falls and recovery (BLD, PLT)."""

from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = ()
