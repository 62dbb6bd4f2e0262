"""From a word of a story to a code: `vocabulary.toml` says which value set a word means, a dialect which system.

A drug needs no entry: its name is looked up among the displays of the `med-*` and `vax-*` sets.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from cards.code_systems import ATC, CVX, ICD_10, ICD_10_CM, LOINC, RXNORM, SNOMED, UCUM
from cards.frozen import dataclass
from cards.valuesets import Code, Terminology, load
from cds_service.stories.story import Term

VOCABULARY: Final = Path(__file__).parent / "vocabulary.toml"
_DRUG_SETS: Final = ("med-", "vax-")
SITE: Final = "urn:oid:2.999.2"
"""The system of a site that has mapped one code of its own to each value set, and to that set alone."""
_OF_THE_SITE: Final = " of this site"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a record is coded: the code systems that it uses, the preferred one first.

    `coarse` is a classification that has one code where the story tells finer kinds (petechiae and bruises).
    """

    name: str
    systems: tuple[str, ...]
    coarse: str | None = None


STANDARD: Final = Dialect("standard", (LOINC, SNOMED, RXNORM, CVX, ICD_10_CM, ICD_10, ATC))
DIALECTS: Final[Mapping[str, Dialect]] = {
    d.name: d
    for d in (
        STANDARD,
        Dialect("snomed", (LOINC, SNOMED, RXNORM, CVX, ATC, ICD_10_CM, ICD_10)),
        Dialect("icd-10-cm", (LOINC, ICD_10_CM, RXNORM, CVX, SNOMED, ATC), ICD_10_CM),
        Dialect("icd-10", (LOINC, ICD_10, ATC, CVX, SNOMED, RXNORM), ICD_10),
    )
}


class UnknownWordError(ValueError):
    """A word of a story that no vocabulary entry, value set or drug explains."""


@cache
def vocabulary() -> Mapping[str, Term]:
    """Every word of `vocabulary.toml`, in lower case, with its value set; ValueError for a set that is none."""
    words: dict[str, Term] = {}
    for table in tomllib.loads(VOCABULARY.read_text(encoding="utf-8")).values():
        for word, meaning in table.items():
            set_id, _, which = meaning.partition("/")
            term = Term(set_id, which or None)
            pick(term, STANDARD)
            if word.casefold() in words:
                raise ValueError(f"vocabulary.toml: {word!r} stands twice")
            words[word.casefold()] = term
    return words


@cache
def _terminology() -> Terminology:
    return load()


@cache
def site_codes() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """What such a site adds to the value sets, as `cards.valuesets.load` takes it."""
    return {set_id: ((SITE, set_id),) for set_id in _terminology()}


@cache
def _drugs() -> Mapping[str, Term]:
    """Names of drugs as the value sets display them; the set with the fewest codes names a drug best."""
    sets = [_terminology()[i] for i in _terminology() if i.startswith(_DRUG_SETS)]
    found: dict[str, Term] = {}
    for one in sorted(sets, key=lambda s: len(s.codes), reverse=True):
        for code in one.codes:
            if code.match == "exact":
                found[code.display.casefold()] = Term(one.id, code.display)
    return found


def term(word: str) -> Term:
    """The meaning of a word: a vocabulary entry, a drug, or a value set's id, after "/" which of its codes.

    "med-lmwh of this site" is a code of the site's own. UnknownWordError for any other.
    """
    key = word.casefold()
    found = vocabulary().get(key) or _drugs().get(key)
    if found is not None:
        return found
    set_id, _, which = word.partition("/")
    if word.endswith(_OF_THE_SITE) and word.removesuffix(_OF_THE_SITE) in _terminology():
        return Term(word.removesuffix(_OF_THE_SITE), SITE)
    if set_id in _terminology() and any(_means(code, which) for code in _terminology()[set_id].codes):
        return Term(set_id, which or None)
    raise UnknownWordError(f"nothing is known by the name {word!r}")


def split_term(text: str) -> tuple[Term, str]:
    """The longest known name at the start of a text, and what follows it."""
    parts = text.split(" ")
    for length in range(len(parts), 0, -1):
        try:
            return term(" ".join(parts[:length])), " ".join(parts[length:])
        except UnknownWordError:
            continue
    raise UnknownWordError(f"nothing is known by the name {text!r}")


@cache
def pick(what: Term, dialect: Dialect) -> Code:
    """The code for a term in the dialect's first system that has one. ValueError where the set has none."""
    if what.set_id not in _terminology():
        raise ValueError(f"no value set {what.set_id!r}")
    if what.which == SITE:
        return next(code for code in load(site_codes())[what.set_id].codes if code.system == SITE)
    codes = [c for c in _terminology()[what.set_id].codes if c.match == "exact" or _is_category(c)]
    wanted = [c for c in codes if what.which is None or _means(c, what.which)]
    systems = (*dialect.systems, *dict.fromkeys(c.system for c in wanted))
    for clear in (True, False):
        for system in systems:
            named = [c for c in wanted if c.system == system and (not clear or c.status is None)]
            like = [c for c in codes if c.system == system == dialect.coarse and c.status is None]
            if named or (wanted and like):
                return min(named or like, key=lambda c: _rank(c, what.which))
    raise ValueError(f"{what.set_id}: no code for {what.which or 'it'} in {dialect.name}")


def _rank(code: Code, which: str | None) -> tuple[bool, int, bool]:
    return _is_category(code), _doubt(code), not _is_named(code, which)


def _is_category(code: Code) -> bool:
    """A category of ICD, as some sites record it: for the sets that name no code below it."""
    return code.match == "prefix" and code.system in (ICD_10, ICD_10_CM)


def _means(code: Code, which: str) -> bool:
    return code.word == which or which.casefold() in code.display.casefold()


def _is_named(code: Code, which: str | None) -> bool:
    return which is not None and code.display.casefold() == which.casefold()


def _doubt(code: Code) -> int:
    """Codes that mean the fact by themselves come first; among them the order of the file."""
    return 2 * (code.status is not None) + (not code.verified)


def concept(what: Term, dialect: Dialect) -> dict[str, Any]:
    """The term as a CodeableConcept of one coding."""
    return concept_of(pick(what, dialect))


def concept_of(code: Code) -> dict[str, Any]:
    """A code of a value set as a CodeableConcept."""
    return {"coding": [{"system": code.system, "code": code.code, "display": code.display}]}


@cache
def unit_codes() -> frozenset[str]:
    """The UCUM codes of units of platelet counts; another text is sent as text alone."""
    codes: Iterable[Code] = _terminology()["ucum-platelet-units"].codes
    return frozenset(c.code for c in codes if c.system == UCUM and c.verified)
