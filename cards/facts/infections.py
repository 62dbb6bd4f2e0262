"""What is known of infections (rulebook A.1, A.9)."""

from __future__ import annotations

from enum import IntEnum

from cards.frozen import dataclass
from cards.kept import kept
from cards.record import Medication, Moment, TestResult


class Certainty(IntEnum):
    """A.9; rules treat reported like proven unless they name one."""

    SUSPECTED = 1
    REPORTED = 2
    PROVEN = 3


@dataclass(frozen=True, slots=True)
class Infection:
    """One pathogen's infection that the record shows. `pathogen` is the id of section D ("INF-EBV")."""

    pathogen: str
    certainty: Certainty
    current: bool  # A.9 "current infection"
    onset: Moment | None
    references: tuple[str, ...]  # what it rests on, deciding one first
    status_recorded: bool = True
    severe: bool = False  # by code (severe dengue, septic shock) or Condition.severity severe
    therapy: tuple[Medication, ...] = ()  # active drugs that are a section D therapy of it
    therapy_ended: Moment | None = None  # latest documented end of a section D therapy
    therapy_started: Moment | None = None
    cured: bool = False  # negative test of cure, or load not detected on therapy
    resolved_record: str | None = (
        None  # a "resolved" Condition that a newer positive test contradicts (DATA-06)
    )
    resolved: bool = False  # recorded as past, and no newer test contradicts it

    @property
    def is_suspected_only(self) -> bool:
        return self.certainty is Certainty.SUSPECTED

    @property
    def is_under_therapy(self) -> bool:
        return bool(self.therapy)


@dataclass(frozen=True)
class Infections:
    """What the record shows of infections. Every rule asks for the current ones: they are told apart once."""

    found: tuple[Infection, ...] = ()  # in the order of section D; current and past the window (MON-05)
    exposures: tuple[TestResult, ...] = ()  # antibody only: exposure, no infection
    excluded: frozenset[str] = frozenset()  # references of suspicions that a newer negative test removed

    def of(self, *pathogens: str) -> tuple[Infection, ...]:
        """The infections of these pathogens, current or not."""
        found = self.found
        return tuple([i for i in found if i.pathogen in pathogens]) if found else ()

    @kept
    def _current(self) -> tuple[Infection, ...]:
        return tuple([i for i in self.found if i.current])

    def current(self, *pathogens: str, suspected: bool = True) -> tuple[Infection, ...]:
        """Current infections (of these pathogens, or of any), with or without the suspected ones."""
        found = self._current
        if found and pathogens:
            found = tuple([i for i in found if i.pathogen in pathogens])
        return found if suspected or not found else tuple([i for i in found if not i.is_suspected_only])
