"""Platelet transfusion: whether, how much, and what stands beside it. Always decided together with the bleeding."""

from cards.outcome import Advice
from cards.transfusion import adjuncts, decision, increments, newborn, steroid

ADVICE: tuple[Advice, ...] = (
    newborn.ADVICE,
    decision.ADVICE,
    increments.ADVICE,
    adjuncts.ADVICE,
    steroid.ADVICE,
)
