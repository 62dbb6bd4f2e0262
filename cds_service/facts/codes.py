"""Codings of a record in the value sets: by system and code alone, never by display or text."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

from cards.code_systems import LOINC, is_loinc
from cards.frozen import dataclass
from cards.valuesets import Membership, Terminology
from cds_service.fhir.shapes import CodeableConcept, Coding

T = TypeVar("T")
K = TypeVar("K")
Codings = tuple[Coding, ...]
Pairs = tuple[tuple[str, str], ...]
"""System and code, of codings that have both."""

_LONGEST: Final = 160  # of system and code together
_REMEMBERED: Final = 8192


def by_codings(
    read: Callable[[Codings, Terminology], T],
) -> Callable[[CodeableConcept | None, Terminology], T]:
    """What the codings of a concept mean, worked out once: records write the same ones again and again.

    The words of a concept are never kept.
    """
    kept = _kept(read, lambda one: len(one.system or "") + len(one.code or ""))

    @wraps(read)
    def of_concept(concept: CodeableConcept | None, terminology: Terminology) -> T:
        return kept(() if concept is None else concept.coding, terminology)

    return of_concept


def by_pairs(read: Callable[[Pairs, Terminology], T]) -> Callable[[Pairs, Terminology], T]:
    """The same of pairs of system and code."""
    return wraps(read)(_kept(read, lambda pair: len(pair[0]) + len(pair[1])))


def _kept(
    read: Callable[[tuple[K, ...], Terminology], T], length: Callable[[K], int]
) -> Callable[[tuple[K, ...], Terminology], T]:
    """Bounded against invented codes, as all that is remembered."""
    known: dict[tuple[Terminology, tuple[K, ...]], T] = {}

    def look_up(codes: tuple[K, ...], terminology: Terminology) -> T:
        try:
            return known[terminology, codes]
        except KeyError:
            found = read(codes, terminology)
        if len(known) < _REMEMBERED and sum(map(length, codes)) <= _LONGEST:
            known[terminology, codes] = found
        return found

    return look_up


@dataclass(frozen=True, slots=True)
class Meaning:
    """All value sets that any coding of a concept belongs to, in order of the codings, each set once."""

    members: tuple[Membership, ...]
    set_ids: frozenset[str]


@by_codings
def meaning_of(codings: Codings, terminology: Terminology) -> Meaning:
    """The sets of a concept; those of an earlier coding go before those of a later one."""
    found: dict[str, Membership] = {}
    for coding in codings:
        if coding.code is not None:
            for member in _sets_of(coding, terminology):
                found.setdefault(member.set_id, member)
    return Meaning(tuple(found.values()), frozenset(found))


def _sets_of(coding: Coding, terminology: Terminology) -> tuple[Membership, ...]:
    """A code without system means nothing by itself, but for LOINC: its form and check digit leave no doubt."""
    code, system = coding.code or "", coding.system
    if system is None:
        return terminology.sets_of(LOINC, code) if is_loinc(code) else ()
    return members_of((system, code), terminology)


def members_of(pair: tuple[str, str], terminology: Terminology) -> tuple[Membership, ...]:
    """The sets of one coding (system, code)."""
    system, code = pair
    if len(code) + len(system) > _LONGEST:
        return terminology.sets_of(system, code)
    return _remembered(terminology, system, code)


@lru_cache(maxsize=16384)
def _remembered(terminology: Terminology, system: str, code: str) -> tuple[Membership, ...]:
    """Codes that no set knows are remembered too: they are the most of a record."""
    return terminology.sets_of(system, code)


def sets_of(concept: CodeableConcept | None, terminology: Terminology) -> frozenset[str]:
    """The ids of those sets."""
    return meaning_of(concept, terminology).set_ids


def coding_pairs(concept: CodeableConcept | None) -> Pairs:
    """(system, code) of every coding that has both."""
    return () if concept is None else pairs_of(concept.coding)


def pairs_of(codings: Codings) -> Pairs:
    """(system, code) of those that have both."""
    return tuple([(c.system, c.code) for c in codings if c.system is not None and c.code is not None])


@by_codings
def is_known(codings: Codings, terminology: Terminology) -> bool:
    """Whether a coding's system is one that some set speaks; if not, a record is unmapped rather than no fact."""
    return any(terminology.knows_system(system) for system, _ in pairs_of(codings))
