"""Whether an infection is treated: drugs of its section D therapy, active or ended (rulebook A.3, A.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cards.facts.presence import NEVER_TAKEN
from cards.frozen import dataclass
from cards.record import Medication, MedicationSource, Moment, Record
from cards.thresholds import Thresholds

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen

UNFINISHED = NEVER_TAKEN | {"stopped"}


@dataclass(frozen=True, slots=True)
class Therapy:
    """What the drug list shows of the therapy of one pathogen."""

    active: tuple[Medication, ...] = ()
    started: Moment | None = None
    ended: Moment | None = None  # latest documented end of a whole therapy


NONE = Therapy()


def read_therapy(
    pathogen: Pathogen, record: Record, in_use: Sequence[Medication], limits: Thresholds
) -> Therapy:
    """Active where enough different drugs are in use; ended where enough of them have a documented end.

    A drug whose route is not recorded is no therapy where the route matters (sepsis: intravenous): the card
    then stays.
    """
    if not record.medications or not (pathogen.therapy_sets or pathogen.therapy_packs):
        return NONE
    drugs = [m for m in record.medications if belongs(m, pathogen)]
    if not drugs:
        return NONE
    active = [m for m in drugs if m in in_use]
    if is_whole(active, pathogen):
        return Therapy(tuple(active), started=_earliest(m.start for m in active))
    over = [m for m in drugs if m not in active and _has_documented_end(m, record.as_of)]
    return _last_course(over, pathogen, limits)


def _last_course(over: Sequence[Medication], pathogen: Pathogen, limits: Thresholds) -> Therapy:
    """The latest whole therapy among ended drugs: those that ended together."""
    together = limits.span("course_days")
    ends = sorted((m.end for m in over if m.end is not None), key=lambda e: e.latest, reverse=True)
    for end in ends:
        course = [
            m for m in over if m.end is not None and timedelta(0) <= end.latest - m.end.latest <= together
        ]
        if is_whole(course, pathogen):
            return Therapy((), _earliest(m.start for m in course), end)
    return NONE


def belongs(medication: Medication, pathogen: Pathogen) -> bool:
    """Whether the drug is one of its therapy: a pack, or a listed drug by the right route."""
    if not medication.set_ids.isdisjoint(pathogen.therapy_packs):
        return True
    sets = medication.set_ids
    if sets.isdisjoint(pathogen.therapy_sets) or not sets.isdisjoint(pathogen.therapy_except):
        return False
    return pathogen.therapy_route is None or medication.route is pathogen.therapy_route


def _has_documented_end(medication: Medication, as_of: datetime) -> bool:
    """Ended by its dates; one that was stopped early is no finished therapy, a single dose none at all."""
    if medication.source is MedicationSource.ADMINISTRATION or medication.status in UNFINISHED:
        return False
    return medication.end is not None and medication.end.earliest <= as_of


def is_whole(medications: Sequence[Medication], pathogen: Pathogen) -> bool:
    """Enough different drugs, or one pack that holds them all."""
    if not medications:
        return False
    if any(not m.set_ids.isdisjoint(pathogen.therapy_packs) for m in medications):
        return True
    return count_drugs(medications) >= pathogen.therapy_minimum


def count_drugs(medications: Iterable[Medication]) -> int:
    """How many different drugs these surely are.

    Records that share a code are one drug, and drugs are told apart only within one code system: amoxicillin
    once in RxNorm and once in ATC is one drug.
    """
    drugs: list[set[tuple[str, str]]] = []
    for medication in medications:
        codes = set(medication.codes) or {("", medication.reference)}
        same = [d for d in drugs if d & codes]
        drugs = [d for d in drugs if not d & codes] + [codes.union(*same)]
    systems = {system for drug in drugs for system, _ in drug}
    return max((sum(any(s == system for s, _ in drug) for drug in drugs) for system in systems), default=0)


def _earliest(starts: Iterable[Moment | None]) -> Moment | None:
    return min((s for s in starts if s is not None), key=lambda s: s.earliest, default=None)
