"""The selected order: what speaks against it (ORD)."""

from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = ()
