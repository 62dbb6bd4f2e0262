"""How often to count again, and what to tell the patient (MON)."""

from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = ()
