"""Data quality: what keeps a platelet count from being used, and what to do about it (DATA)."""

from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = ()
