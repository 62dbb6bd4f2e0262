"""The value sets: which codes mean which fact. Strict: a doubtful file stops the start, naming file and code.

Each `valuesets/<id>.json` is a FHIR R4 ValueSet whose extensions say how its codes are read
(`valuesets/README.md`). A record's coding is matched by system and code alone, never by its display. What no
set knows is reported as unmapped, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cards.code_systems import normalise_coding, normalise_system
from cards.frozen import dataclass, replace
from cards.valueset_files import Code, ValueSet, read_folder

__all__ = [
    "Code",
    "Membership",
    "Terminology",
    "ValueSet",
    "is_mapped",
    "load",
    "normalise_coding",
    "normalise_system",
]

FOLDER: Final = Path(__file__).parent / "valuesets"
NO_LOCAL_CODES: Final[Mapping[str, Sequence[tuple[str, str]]]] = MappingProxyType({})

# What is remembered of answers: enough for every code that a hospital uses, bounded against invented ones.
_REMEMBERED: Final = 16384
_LONGEST_CODE: Final = 32


@dataclass(frozen=True, slots=True)
class Membership:
    """Why a coding is in a value set: the code of the set that it matches."""

    set_id: str
    code: Code


class Terminology:
    """All value sets, indexed by code. Its content never changes; it only remembers what was asked."""

    __slots__ = ("_exact", "_lengths", "_prefixes", "_remembered", "_sets", "_systems")

    def __init__(self, sets: Iterable[ValueSet]) -> None:
        self._sets: Final = MappingProxyType({one.id: one for one in sets})
        self._exact: Final[dict[tuple[str, str], list[Membership]]] = {}
        self._prefixes: Final[dict[tuple[str, str], list[Membership]]] = {}
        lengths: dict[str, set[int]] = {}
        self._systems: Final[set[str]] = set()
        for one in self._sets.values():
            for code in one.codes:
                index = self._exact
                if code.match == "prefix":
                    index = self._prefixes
                    lengths.setdefault(code.system, set()).add(len(code.code))
                index.setdefault((code.system, code.code), []).append(Membership(one.id, code))
                self._systems.add(code.system)
        self._lengths: Final = {system: sorted(some, reverse=True) for system, some in lengths.items()}
        self._remembered: Final[dict[tuple[str, str], tuple[Membership, ...]]] = {}

    def __getitem__(self, set_id: str) -> ValueSet:
        return self._sets[set_id]

    def __contains__(self, set_id: object) -> bool:
        return set_id in self._sets

    def __iter__(self) -> Iterator[str]:
        return iter(self._sets)

    def __len__(self) -> int:
        return len(self._sets)

    def sets_of(self, system: str, code: str) -> tuple[Membership, ...]:
        """The sets that a coding belongs to, as written in a record; () if no set knows it.

        Within a set the longest match wins, and an `except` below it takes the coding out of the set.
        """
        asked = (system, code)
        found = self._remembered.get(asked)
        if found is None:
            found = self._find(*normalise_coding(system, code))
            if found and len(code) <= _LONGEST_CODE and len(self._remembered) < _REMEMBERED:
                self._remembered[asked] = found
        return found

    def knows_system(self, system: str) -> bool:
        """Whether any set has a code of this system."""
        return normalise_system(system) in self._systems

    def emit(self, set_id: str, code: str | None = None) -> Code:
        """The code that a draft may carry: the one named, or the first of the set that may be emitted.

        Raises LookupError if the set or code is absent, not verified, retired or a class of codes.
        """
        if set_id not in self._sets:
            raise LookupError(f"no value set {set_id!r}")
        for one in self._sets[set_id].codes:
            if one.is_emittable and code in (None, one.code):
                return one
        raise LookupError(f"{set_id}: {'no code' if code is None else code} that may be emitted")

    def with_codes(self, added: Mapping[str, Iterable[Code]]) -> Terminology:
        """These sets with a site's own codes, by value set id; a code that a set has already stays as it is."""
        return Terminology(_with(one, added.get(one.id, ())) for one in self._sets.values())

    def _find(self, system: str, code: str) -> tuple[Membership, ...]:
        found = {member.set_id: member for member in self._exact.get((system, code), ())}
        decided = set(found)
        for length in self._lengths.get(system, ()):
            if length > len(code) or "-" in code:  # C81-C96 is a block of categories, nothing below C81
                continue
            for member in self._prefixes.get((system, code[:length]), ()):
                if member.set_id not in decided:
                    decided.add(member.set_id)
                    if not code.startswith(member.code.excepts):
                        found[member.set_id] = member
        return tuple(found[set_id] for set_id in sorted(found))


def is_mapped(set_ids: Iterable[str]) -> bool:
    """Whether a set tells which drug or service it is; those of allergies tell only who must not have it."""
    return not all(set_id.startswith("allergy-") for set_id in set_ids)


def load(local_codes: Mapping[str, Sequence[tuple[str, str]]] = NO_LOCAL_CODES) -> Terminology:
    """The shipped value sets, with the site's local codes (value set id to pairs of system and code) added.

    A local code is read, never emitted. Raises ValueError, naming file and code, for anything doubtful.
    """
    shipped = _shipped()
    unknown = sorted(set(local_codes) - {one.id for one in shipped})
    if unknown:
        raise ValueError(f"local codes: no value set {', '.join(unknown)}")
    return Terminology(_extended(one, local_codes.get(one.id, ())) for one in shipped)


@cache
def _shipped() -> tuple[ValueSet, ...]:
    return read_folder(FOLDER)


def _with(one: ValueSet, added: Iterable[Code]) -> ValueSet:
    codes = {(code.system, code.code): code for code in one.codes}
    for code in added:
        codes.setdefault((code.system, code.code), code)
    return one if len(codes) == len(one.codes) else replace(one, codes=tuple(codes.values()))


def _extended(one: ValueSet, local: Sequence[tuple[str, str]]) -> ValueSet:
    if not local:
        return one
    codes = {(code.system, code.code): code for code in one.codes}
    for system, code in local:
        if not (system and code and system == system.strip() and code == code.strip()):
            raise ValueError(f"local codes of {one.id}: {system!r} {code!r} is not a system and a code")
        coding = normalise_coding(system, code)
        codes.setdefault(coding, Code(*coding, one.title, verified=False, source="mapped by the site"))
    return replace(one, codes=tuple(codes.values()))
