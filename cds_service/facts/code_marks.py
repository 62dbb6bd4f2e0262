"""What the codings of a record tell of scope at a look, each worked out once."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from cards.frozen import dataclass
from cards.valuesets import Terminology, is_mapped
from cds_service.facts.platelets import COUNTS, NOT_COUNTS
from cds_service.fhir.shapes import CodeableConcept, Coding

MEMBER, KNOWN, COUNT, NO_COUNT, SCOPE, OTHER = (1 << bit for bit in range(6))
"""What a coding tells: in some set; of a system that sets speak; a count; none; in scope; no result or measurement."""

_REMEMBERED: Final = 16384
_LONGEST: Final = 160  # of system and code together


class Doubt(Exception):
    """Something that only the whole reading can settle."""


@dataclass(frozen=True, slots=True)
class CodeMarks:
    """What the codings of records tell of scope, each worked out once; `scope` are the sets that bring into scope."""

    terminology: Terminology
    scope: frozenset[str]
    _known: dict[tuple[str | None, str | None], int] = field(default_factory=dict, repr=False)
    _counts: dict[tuple[str | None, str | None], frozenset[tuple[str, str]]] = field(
        default_factory=dict, repr=False
    )
    _together: dict[tuple[Coding, ...], int] = field(default_factory=dict, repr=False)
    """Codings that stand together in one concept, as they do again and again."""

    def of(self, concept: CodeableConcept | None) -> int:
        """All that the codings of a concept tell."""
        if concept is None:
            return 0
        try:
            return self._together[concept.coding]
        except KeyError:
            return self._add_up(concept.coding)

    def _add_up(self, codings: tuple[Coding, ...]) -> int:
        marks = 0
        known = self._known
        for coding in codings:
            key = (coding.system, coding.code)
            marks |= known[key] if key in known else self._work_out(*key)
        length = sum([len(one.system or "") + len(one.code or "") for one in codings])
        if length <= _LONGEST and len(self._together) < _REMEMBERED:
            self._together[codings] = marks
        return marks

    def counts(self, concept: CodeableConcept | None) -> frozenset[tuple[str, str]]:
        """The codes of counts among the codings of a concept, as the sets have them."""
        found: frozenset[tuple[str, str]] = frozenset()
        for coding in () if concept is None else concept.coding:
            key = (coding.system, coding.code)
            if self._known.get(key, 0) & COUNT:
                if key not in self._counts:
                    self._counts[key] = self._count_codes(coding.system, coding.code)
                found |= self._counts[key]
        return found

    def _count_codes(self, system: str | None, code: str | None) -> frozenset[tuple[str, str]]:
        members = () if system is None or code is None else self.terminology.sets_of(system, code)
        return frozenset((one.code.system, one.code.code) for one in members if one.set_id in COUNTS)

    def _work_out(self, system: str | None, code: str | None) -> int:
        if code is None:
            return 0
        if system is None:  # it may be LOINC by its form
            raise Doubt
        sets = frozenset(member.set_id for member in self.terminology.sets_of(system, code))
        marks = KNOWN if self.terminology.knows_system(system) else 0
        for mark, holds in (
            (MEMBER, is_mapped(sets)),
            (COUNT, not sets.isdisjoint(COUNTS)),
            (NO_COUNT, not sets.isdisjoint(NOT_COUNTS)),
            (SCOPE, not sets.isdisjoint(self.scope)),
            (OTHER, any(not one.startswith("obs-") for one in sets)),
        ):
            marks |= mark if holds else 0
        if len(system) + len(code) <= _LONGEST and len(self._known) < _REMEMBERED:
            self._known[system, code] = marks
        return marks
