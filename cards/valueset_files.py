"""Strict reading of `valuesets/*.json`. The format is explained in `valuesets/README.md`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from cards.code_systems import ATC, DRUGS, HIERARCHICAL, LOINC, SNOMED, SYSTEMS, UCUM, check_digit_error
from cards.valuesets import Code, ValueSet

URN: Final = "urn:platelet-hooks:"
ROLES: Final = frozenset({"question-only", "report", "query", "text-only", "draft"})
FACTS: Final = frozenset(
    "plt clump bleed inf labs vitals signs hx meds sel proc imm allergy exposure pt setting".split()
)
# A rule ("TRF-02", "INF-HP", "INF-GEN-06") or a section of the rulebook ("A.9").
_RULE_OR_SECTION: Final = re.compile(r"[A-Z]{3,4}-(\d\d|[A-Z0-9]{2,5}(-\d\d)?)|[A-G]\.\d")

_MEMBERS: Final = {"resourceType", "id", "url", "name", "title", "status", "purpose"}
_MAY_HAVE: Final = _MEMBERS | {"description", "extension", "compose"}

# What an extension of a code may say, and the systems whose codes may have it.
_WORDS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "match": (frozenset({"prefix"}), HIERARCHICAL),
    "proves": (frozenset({"current", "exposure", "screen"}), frozenset({LOINC, SNOMED})),
    "scale": (frozenset({"quantitative", "ordinal", "nominal"}), frozenset({LOINC})),
    "level": (frozenset({"ingredient", "product", "class"}), DRUGS),
    "status": (
        frozenset(
            "history remission chronic congenital undated suspected parent cause tendency finding inactive".split()
        ),
        SYSTEMS,
    ),
}
_CODES: Final = frozenset(_WORDS) | {"except"}
_STRINGS: Final = frozenset({"note", "source", "unverified", "factor"})


def read_folder(folder: Path) -> tuple[ValueSet, ...]:
    """All value sets of a folder, by file name. Raises ValueError naming file and code."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ValueError(f"{folder.name}: no value sets")
    return tuple(read_file(path) for path in files)


def read_file(path: Path) -> ValueSet:
    """One value set. Raises ValueError naming file and code."""
    try:
        return _value_set(json.loads(path.read_bytes()), path.stem)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _value_set(resource: dict[str, Any], stem: str) -> ValueSet:
    _check(_MEMBERS <= resource.keys() <= _MAY_HAVE, f"members {sorted(resource.keys() ^ _MEMBERS)} missing or unknown")
    _check(resource["resourceType"] == "ValueSet" and resource["status"] == "active", "not an active ValueSet")
    _check(resource["id"] == stem and resource["url"] == f"{URN}ValueSet:{stem}", "id and url are the file's name")
    _check(resource["name"] == "".join(word.capitalize() for word in stem.split("-")), "name is the id in CamelCase")
    feeds = [_feed(extension) for extension in resource.get("extension", ())]
    _check(len(set(feeds)) == len(feeds) > 0, "feeds is missing or says something twice")
    codes = tuple(_codes(resource["compose"])) if "compose" in resource else ()
    seen: set[tuple[str, str]] = set()
    for code in codes:
        _check((code.system, code.code) not in seen, f"{code.code}: twice in this set")
        seen.add((code.system, code.code))
    note = _text(resource["description"], "description") if "description" in resource else None
    title, purpose = _text(resource["title"], "title"), _text(resource["purpose"], "purpose")
    return ValueSet(stem, title, purpose, tuple(feeds), note, codes)


def _feed(extension: dict[str, Any]) -> str:
    _check(extension.keys() == {"url", "valueCode"} and extension["url"] == f"{URN}feeds", f"unknown {extension}")
    name: str = extension["valueCode"]
    _check(
        name in ROLES or name in FACTS or _RULE_OR_SECTION.fullmatch(name) is not None,
        f"feeds {name!r}: no fact, rule or role",
    )
    return name


def _codes(compose: dict[str, Any]) -> Iterable[Code]:
    _check(compose.keys() == {"include"} and bool(compose["include"]), "compose holds include only")
    systems = [include.get("system") for include in compose["include"]]
    _check(len(set(systems)) == len(systems), "a system is included twice")
    for include in compose["include"]:
        _check(include.keys() == {"system", "concept"} and bool(include["concept"]), "include holds system and concept")
        _check(include["system"] in SYSTEMS, f"unknown system {include['system']!r}")
        for concept in include["concept"]:
            try:
                yield _code(include["system"], concept)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ValueError(f"{concept.get('code')}: {error}") from error


def _code(system: str, concept: dict[str, Any]) -> Code:
    _check(concept.keys() == {"code", "display", "extension"}, "code, display and extension are needed, nothing else")
    code, display = _text(concept["code"], "code"), _text(concept["display"], "display")
    wrong = check_digit_error(system, code)
    _check(wrong is None, str(wrong))
    said, excepts = _extensions(system, concept["extension"])
    _check(("source" in said) != ("unverified" in said), "either source or unverified is needed")
    match = said.get("match", "exact")
    _check(match == "prefix" or not excepts, "except without match prefix")
    for below in excepts:
        _check(below.startswith(code) and below != code, f"except {below} is not below {code}")
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
        note=said.get("note"),
        factor=_factor(system, said.get("factor")),
    )


def _extensions(system: str, extensions: list[dict[str, str]]) -> tuple[dict[str, str], list[str]]:
    said: dict[str, str] = {}
    excepts: list[str] = []
    for extension in extensions:
        name = extension["url"].removeprefix(URN)
        value_member = "valueCode" if name in _CODES else "valueString"
        known = extension["url"].startswith(URN) and name in _CODES | _STRINGS
        _check(known and extension.keys() == {"url", value_member}, f"unknown extension {extension}")
        value = _text(extension[value_member], name)
        if name == "except":
            _check(value not in excepts, f"except {value} twice")
            excepts.append(value)
            continue
        _check(name not in said, f"{name} twice")
        if name in _WORDS:
            words, systems = _WORDS[name]
            _check(value in words, f"{name} {value!r} is none of {sorted(words)}")
            _check(system in systems, f"{name} has no meaning for {system}")
        said[name] = value
    return said, excepts


def _factor(system: str, factor: str | None) -> Decimal | None:
    _check((factor is not None) == (system == UCUM), "a unit, and only a unit, has a factor")
    try:
        value = None if factor is None else Decimal(factor)
    except InvalidOperation:
        raise ValueError(f"factor {factor!r} is no number") from None
    _check(value is None or (value.is_finite() and value > 0), "factor is not above 0")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or value != value.strip():
        raise ValueError(f"{name} is empty, padded or no text")
    return value


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
