"""Courses of heparin of the last 100 days, for the 4Ts: day 0 is the first dose of a course (rulebook A.9).

Unfractionated and low-molecular-weight heparins, requests and administrations alike; doses at most two days apart are
one course. Flushes and coated lines are seldom recorded: the card says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cards.facts import PatientFacts
from cards.facts.presence import last_use
from cards.frozen import dataclass
from cards.outcome import Input
from cards.record import Medication, MedicationSource, Moment
from cards.rows import medication_row
from cards.thresholds import Thresholds

HEPARIN = "med-heparin"


@dataclass(frozen=True, slots=True)
class Course:
    """One course: `start` None where no dose of it is dated, `end` None while it goes on."""

    start: Moment | None
    end: Moment | None
    doses: tuple[Medication, ...]

    @property
    def rows(self) -> tuple[Input, ...]:
        """Its first and its last record."""
        ends = dict.fromkeys((self.doses[0], self.doses[-1]))
        return tuple(medication_row("heparin", dose) for dose in ends)


def find_courses(p: PatientFacts, limits: Thresholds) -> tuple[Course, ...]:
    """Courses in use or ended at most 100 days ago, the oldest first; undated records make one of their own."""
    used = p.used_within(limits.span("hit_days"), HEPARIN)
    return merge_doses(p, used, limits.span("hit_course_gap")) if used else ()


def merge_doses(p: PatientFacts, used: Sequence[Medication], gap: timedelta) -> tuple[Course, ...]:
    """Doses and prescriptions of one drug as courses: those at most `gap` apart belong together."""
    undated = tuple(m for m in used if m.start is None)
    dated = sorted((m for m in used if m.start is not None), key=_start)
    courses: list[list[Medication]] = []
    for dose in dated:
        if courses and _start(dose) - max(_end(p, m) for m in courses[-1]) <= gap:
            courses[-1].append(dose)
        else:
            courses.append([dose])
    found = [Course(doses[0].start, _last_end(p, doses), tuple(doses)) for doses in courses]
    return (*((Course(None, None, undated),) if undated else ()), *found)


def _last_end(p: PatientFacts, doses: list[Medication]) -> Moment | None:
    if any(_goes_on(p, m) for m in doses):
        return None
    last = max(doses, key=lambda m: _end(p, m))
    return last_use(last)


def _goes_on(p: PatientFacts, m: Medication) -> bool:
    return m in p.medications_in_use and m.source is not MedicationSource.ADMINISTRATION


def _start(m: Medication) -> datetime:
    assert m.start is not None, "only dated doses are ordered"
    return m.start.earliest


def _end(p: PatientFacts, m: Medication) -> datetime:
    when = None if _goes_on(p, m) else last_use(m)
    return p.as_of if when is None else when.latest
