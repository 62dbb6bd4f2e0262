"""What mimics answer where they are silent, made once: all are asked of every patient, and few ever speak."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Kind

NO_MIMIC, NO_SIGNS = NoAdvice(Why.NO_MIMIC), NoAdvice(Why.NO_SIGNS)
COUNT_NOT_LOW, NOT_FOR_THIS_PERSON = NoAdvice(Why.COUNT_NOT_LOW), NoAdvice(Why.NOT_FOR_THIS_PERSON)
NO_COUNT, UNREAD = CannotTell(Fact.PLATELETS), CannotTell(Fact.CONDITIONS)


def unless_unread(p: PatientFacts, silent: NoAdvice) -> NoAdvice | CannotTell:
    """Silent because of this, where the problem list was read: what was not read may be the mimic."""
    return silent if p.answered(Kind.CONDITIONS) else UNREAD
