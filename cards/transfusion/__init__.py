"""Platelet transfusion: exactly one decision card (TRF)."""

from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = ()
