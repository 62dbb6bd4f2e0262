"""Codings of a record in the value sets: by system and code alone, never by display or text."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cards.code_systems import LOINC, is_loinc
from cards.valuesets import Membership, Terminology
from cds_service.fhir.shapes import CodeableConcept, Coding

_LONGEST: Final = 160  # of system and code together


def memberships(concept: CodeableConcept | None, terminology: Terminology) -> tuple[Membership, ...]:
    """All value sets that any coding of the concept belongs to, in order of the codings, each set once."""
    if concept is None:
        return ()
    several: list[tuple[Membership, ...]] = []
    for coding in concept.coding:
        if coding.code is not None:
            sets = _sets_of(coding, terminology)
            if sets and sets not in several:
                several.append(sets)
    if len(several) < 2:  # most often: the codes beside the first are the laboratory's own
        return several[0] if several else ()
    found: dict[str, Membership] = {}
    for sets in several:
        for member in sets:
            found.setdefault(member.set_id, member)
    return tuple(found.values())


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
    return frozenset(member.set_id for member in memberships(concept, terminology))


def coding_pairs(concept: CodeableConcept | None) -> tuple[tuple[str, str], ...]:
    """(system, code) of every coding that has both."""
    if concept is None:
        return ()
    return tuple((c.system, c.code) for c in concept.coding if c.system is not None and c.code is not None)


def is_known(concept: CodeableConcept | None, terminology: Terminology) -> bool:
    """Whether a coding's system is one that some set speaks; if not, a record is unmapped rather than no fact."""
    return any(
        terminology.knows_system(system) if len(system) > _LONGEST else _is_known_system(terminology, system)
        for system, _ in coding_pairs(concept)
    )


@lru_cache(maxsize=1024)
def _is_known_system(terminology: Terminology, system: str) -> bool:
    return terminology.knows_system(system)
