"""Procedures and the count (PROC): what is planned, and below which count it is usually covered or postponed."""

from cards.outcome import Advice
from cards.procedures import limits

ADVICE: tuple[Advice, ...] = (limits.ADVICE,)
