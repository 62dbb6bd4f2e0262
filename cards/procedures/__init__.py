"""Procedures and the platelet limits for them (PROC)."""

from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = ()
