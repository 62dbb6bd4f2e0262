"""Strict reading of `valuesets/*.json`. The format is explained in `valuesets/README.md`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple

from cards.code_systems import (
    ATC,
    DRUGS,
    HIERARCHICAL,
    LOINC,
    RXNORM,
    SNOMED,
    SYSTEMS,
    UCUM,
    check_digit_error,
)
from cards.finding_words import FINDING_WORDS
from cards.frozen import dataclass

URN: Final = "urn:platelet-hooks:"
_FEEDS: Final = URN + "feeds"
ROLES: Final = frozenset({"question-only", "report", "query", "text-only", "draft"})
FACTS: Final = frozenset(
    {"plt", "clump", "bleed", "inf", "labs", "vitals", "signs", "hx", "meds", "sel", "proc", "imm", "allergy"}
    | {"exposure", "pt", "setting"}
)
# A rule ("TRF-02", "INF-HP", "INF-GEN-06") or a section of the rulebook ("A.9").
_RULE_OR_SECTION: Final = re.compile(r"[A-Z]{3,4}-(\d\d|[A-Z0-9]{2,5}(-\d\d)?)|[A-G]\.\d")

STATUSES: Final = frozenset(
    {"history", "remission", "chronic", "congenital", "undated", "suspected"}
    | {"parent", "cause", "tendency", "finding", "inactive"}
)
PROOFS: Final = frozenset({"current", "exposure", "screen"})
SCALES: Final = frozenset({"quantitative", "ordinal", "nominal"})
LEVELS: Final = frozenset({"ingredient", "product", "class"})

_MEMBERS: Final = {"resourceType", "id", "url", "name", "title", "status", "purpose"}
_MAY_HAVE: Final = _MEMBERS | {"description", "extension", "compose"}
_CONCEPT: Final = {"code", "display", "extension"}
_STRENGTH: Final = re.compile(r"(\d+(?:\.\d+)?) mg/(tablet|mL)")


class _Extension(NamedTuple):
    """An extension of a code: the member that holds its value, its words, the systems that may use it."""

    name: str
    member: str = "valueString"
    words: frozenset[str] | None = None
    systems: frozenset[str] = SYSTEMS


_EXTENSIONS: Final[Mapping[str, _Extension]] = {
    URN + one.name: one
    for one in (
        _Extension("match", "valueCode", frozenset({"prefix"}), HIERARCHICAL),
        _Extension("except", "valueCode", None, HIERARCHICAL),
        _Extension("proves", "valueCode", PROOFS, frozenset({LOINC, SNOMED})),
        _Extension("scale", "valueCode", SCALES, frozenset({LOINC})),
        _Extension("level", "valueCode", LEVELS, DRUGS),
        _Extension("status", "valueCode", STATUSES),
        _Extension("factor", systems=frozenset({UCUM})),
        _Extension("strength", systems=frozenset({RXNORM})),
        _Extension("word", "valueCode", frozenset(FINDING_WORDS)),
        _Extension("note"),
        _Extension("source"),
        _Extension("unverified"),
    )
}


@dataclass(frozen=True, slots=True)
class Code:
    """A member of a value set.

    `verified`: code and display were seen together in `source`; only such codes are emitted. `match` is exact
    or prefix (the code and all below it, without `excepts`). `proves` (PROOFS), `scale` (SCALES), `level`
    (LEVELS) and `status` (STATUSES) say how a record with this code is read; `factor` takes a unit to 10*9/L;
    `strength` of a product: the mg of one tablet or mL, and which of the two;
    `word` is the key of our word for a bleeding finding (`cards.finding_words`).
    """

    system: str
    code: str
    display: str
    verified: bool
    source: str
    match: str = "exact"
    excepts: tuple[str, ...] = ()
    proves: str | None = None
    scale: str | None = None
    status: str | None = None
    level: str | None = None
    word: str | None = None
    note: str | None = None
    factor: Decimal | None = None
    strength: tuple[Decimal, str] | None = None

    @property
    def is_emittable(self) -> bool:
        """Whether a draft may carry it: verified, one code and not a class of codes, not retired."""
        return self.verified and self.match == "exact" and self.status != "inactive"


@dataclass(frozen=True, slots=True)
class ValueSet:
    """One list of codes. `feeds` names its roles, and the facts, rules and rulebook sections that read it.

    Roles: question-only (may raise a question, never a fact), report (recognised, decides nothing), query
    (for prefetch only), text-only (may be shown in a card), draft (for orders that a card offers).
    """

    id: str
    title: str
    purpose: str
    feeds: tuple[str, ...]
    note: str | None
    codes: tuple[Code, ...]

    @property
    def is_question_only(self) -> bool:
        return "question-only" in self.feeds


def read_folder(folder: Path) -> tuple[ValueSet, ...]:
    """All value sets of a folder, by file name. Raises ValueError naming file and code."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ValueError(f"{folder.name}: no value sets")
    known: dict[Code, Code] = {}
    return tuple(read_file(path, known) for path in files)


def read_file(path: Path, known: dict[Code, Code] | None = None) -> ValueSet:
    """One value set; a code that another set has too is taken from `known`. ValueError names file and code."""
    try:
        resource = json.loads(path.read_bytes(), object_pairs_hook=_members)
        return _value_set(resource, path.stem, {} if known is None else known)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _value_set(resource: dict[str, Any], stem: str, known: dict[Code, Code]) -> ValueSet:
    if not _MEMBERS <= resource.keys() <= _MAY_HAVE:
        missing, unknown = _MEMBERS - resource.keys(), resource.keys() - _MAY_HAVE
        raise ValueError(f"missing {sorted(missing)}, unknown {sorted(unknown)}")
    _check(resource["resourceType"] == "ValueSet", "is no ValueSet")
    _check(resource["status"] == "active", "status is not active")
    _check(resource["id"] == stem, "id is not the file's name")
    _check(resource["url"] == f"{URN}ValueSet:{stem}", "url does not end in the id")
    _check(resource["name"] == "".join(map(str.capitalize, stem.split("-"))), "name is not the id's words")
    feeds = [_feed(extension) for extension in resource.get("extension", ())]
    _check(len(set(feeds)) == len(feeds) > 0, "feeds is missing or says something twice")
    read = _codes(resource["compose"]) if "compose" in resource else ()
    codes = tuple(known.setdefault(code, code) for code in read)
    seen: set[tuple[str, str]] = set()
    for code in codes:
        if (code.system, code.code) in seen:
            raise ValueError(f"{code.code}: twice in this set")
        seen.add((code.system, code.code))
    note = _text(resource["description"], "description") if "description" in resource else None
    title, purpose = _text(resource["title"], "title"), _text(resource["purpose"], "purpose")
    return ValueSet(stem, title, purpose, tuple(feeds), note, codes)


def _feed(extension: dict[str, Any]) -> str:
    if extension.keys() != {"url", "valueCode"} or extension.get("url") != _FEEDS:
        raise ValueError(f"unknown extension {extension}")
    name: str = extension["valueCode"]
    if name in ROLES or name in FACTS or _RULE_OR_SECTION.fullmatch(name):
        return name
    raise ValueError(f"feeds {name!r} is no fact, rule or role")


def _codes(compose: dict[str, Any]) -> Iterable[Code]:
    _check(compose.keys() == {"include"} and bool(compose["include"]), "compose holds include only")
    systems = [include.get("system") for include in compose["include"]]
    _check(len(set(systems)) == len(systems), "a system is included twice")
    for include in compose["include"]:
        _check(include.keys() == {"system", "concept"}, "include holds system and concept, nothing else")
        _check(bool(include["concept"]), "include without a concept")
        _check(include["system"] in SYSTEMS, f"unknown system {include['system']!r}")
        for concept in include["concept"]:
            try:
                yield _code(include["system"], concept)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ValueError(f"{concept.get('code')}: {error}") from error


def _code(system: str, concept: dict[str, Any]) -> Code:
    if concept.keys() != _CONCEPT:
        raise ValueError("code, display and extension are needed, nothing else")
    code, display = _text(concept["code"], "code"), _text(concept["display"], "display")
    wrong = check_digit_error(system, code)
    if wrong is not None:
        raise ValueError(wrong)
    said, excepts = _said(system, concept["extension"])
    match = said.get("match", "exact")
    _check(system != UCUM or "factor" in said, "a unit needs a factor")
    _check(("source" in said) != ("unverified" in said), "either source or unverified is needed")
    _check(match == "prefix" or not excepts, "except without match prefix")
    _check(all(below.startswith(code) and below != code for below in excepts), "except is not below the code")
    _check(said.get("level") != "class" or (system == ATC and match == "prefix"), "a class is an ATC prefix")
    return Code(
        system,
        code,
        display,
        verified="source" in said,
        source=said.get("source") or said["unverified"],
        match=match,
        excepts=tuple(excepts),
        proves=said.get("proves"),
        scale=said.get("scale"),
        status=said.get("status"),
        level=said.get("level"),
        word=said.get("word"),
        note=said.get("note"),
        factor=_factor(said["factor"]) if system == UCUM else None,
        strength=_strength(said["strength"]) if "strength" in said else None,
    )


def _said(system: str, extensions: list[dict[str, str]]) -> tuple[dict[str, str], list[str]]:
    said: dict[str, str] = {}
    excepts: list[str] = []
    for extension in extensions:
        known = _EXTENSIONS.get(extension.get("url", ""))
        if known is None or len(extension) != 2 or known.member not in extension:
            raise ValueError(f"unknown extension {extension}")
        value = _text(extension[known.member], known.name)
        if known.words is not None and value not in known.words:
            raise ValueError(f"{known.name} {value!r} is none of {sorted(known.words)}")
        if system not in known.systems:
            raise ValueError(f"{known.name} has no meaning for {system}")
        if known.name in said or value in excepts:
            raise ValueError(f"{known.name} {value!r} twice")
        if known.name == "except":
            excepts.append(value)
        else:
            said[known.name] = value
    return said, excepts


def _strength(text: str) -> tuple[Decimal, str]:
    """`5 mg/tablet`, `1 mg/mL`."""
    found = _STRENGTH.fullmatch(text)
    if found is None:
        raise ValueError(f"strength {text!r} is not written as 5 mg/tablet or 1 mg/mL")
    return Decimal(found[1]), found[2]


def _factor(text: str) -> Decimal:
    try:
        factor = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"factor {text!r} is no number") from None
    _check(factor.is_finite() and factor > 0, f"factor {text} is not above 0")
    return factor


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError(f"a member twice in {[name for name, _ in pairs]}")
    return members


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or value[0].isspace() or value[-1].isspace():
        raise ValueError(f"{name} is empty, padded or no text")
    return sys.intern(value)  # displays and sources come again and again


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
