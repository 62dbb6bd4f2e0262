"""The infections that lead to a card about the count, also those that no pathogen file knows."""

from __future__ import annotations

from datetime import timedelta

from cards.anti_infective.recorded import positive_tests, recorded_infections
from cards.facts import PatientFacts
from cards.outcome import Input
from cards.rows import finding_row, infection_row, result_row
from cards.thresholds import Thresholds


def has_current_infection(p: PatientFacts, within: timedelta, limits: Thresholds) -> bool:
    """Whether there are any; mostly a judged one, which is told without its row."""
    return bool(p.infections.current() or current_infection_rows(p, within, limits))


def current_infection_rows(p: PatientFacts, within: timedelta, limits: Thresholds) -> tuple[Input, ...]:
    """Judged infections; else recorded ones not surely older than `within`; else positive tests of the last 30 days."""
    judged = p.infections.current()
    if judged:
        return tuple([infection_row(p, i) for i in judged])
    recorded = tuple(
        finding_row("infection recorded", f)
        for f in recorded_infections(p)
        if p.is_recent(f, within) is not False
    )
    return recorded or tuple(result_row("test of an infection", t) for t in positive_tests(p, limits))
