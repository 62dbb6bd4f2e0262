"""A site's own codes: which of our value sets they join, and how they are read. From the TOML file, or as FHIR files.

A FHIR R4 ValueSet file joins the set whose id it has; its codes are read like the others of that set. A ConceptMap maps
a local code to a code of our sets, whose reading it takes (what it proves, its status), or to a set itself
(`urn:platelet-hooks:ValueSet`). Only `equal`, `equivalent`, `wider` and `subsumes` are taken: a target that is narrower
than the local code would claim more than was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from cards.code_systems import check_digit_error, normalise_coding, normalise_system
from cards.valueset_files import URN, Code, ValueSet
from cards.valuesets import Terminology
from cds_service.config_file import LocalCode

SET_SYSTEM: Final = f"{URN}ValueSet"
"""Target of a ConceptMap that names our value sets themselves."""

TAKEN: Final = frozenset({"equal", "equivalent", "wider", "subsumes"})
NO_MATCH: Final = frozenset({"unmatched", "disjoint"})
SOURCE: Final = "mapped by the site"
READINGS: Final = ("proves", "status", "scale", "factor")
"""How a record with a code is read: where the codes of a set differ in it, a local code has to say which it is like."""


@dataclass(slots=True)
class Found:
    """Codes by value set, what is wrong, and what is worth a word although it is not wrong."""

    codes: dict[str, list[Code]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, set_id: str, code: Code) -> None:
        """One more code of a set."""
        self.codes.setdefault(set_id, []).append(code)


def read_local_codes(
    local: Mapping[str, Iterable[LocalCode | str]], folder: Path, terminology: Terminology
) -> Found:
    """The codes of `[content.local_codes]`; paths of `files` are relative to `folder`."""
    found = Found()
    for set_id, codes in local.items():
        if set_id == "files":
            for path in codes:
                _read_file(folder / Path(str(path)).expanduser(), str(path), terminology, found)
        elif set_id not in terminology:
            close = get_close_matches(set_id, list(terminology), n=1)
            found.problems.append(
                f"{set_id}: there is no such value set{f'; {close[0]} is one' * bool(close)}"
            )
        else:
            for code in codes:
                if isinstance(code, LocalCode):
                    _add(found, terminology[set_id], code.system, code.code, code.like, set_id)
    return found


# ---------------------------------------------------------------------------------------------- one code


def _add(found: Found, one: ValueSet, system: str, code: str, like: str | None, where: str) -> None:
    wrong = _malformed(system, code)
    if wrong is not None:
        found.problems.append(f"{where}: {wrong}")
        return
    reading = _reading(one, like)
    if isinstance(reading, str):
        found.problems.append(f"{where}, {code}: {reading}")
        return
    found.add(one.id, _local(reading, system, code, one.title))


def _malformed(system: str, code: str) -> str | None:
    if not (system == system.strip() and code == code.strip() and system and code):
        return f"{system!r} {code!r} is not a system and a code"
    wrong = check_digit_error(*normalise_coding(system, code))
    return None if wrong is None else f"{code} {wrong}"


def _reading(one: ValueSet, like: str | None) -> Code | str:
    """A code of the set that the local one is read like, or why that cannot be told."""
    if like is not None:
        same = next((code for code in one.codes if code.code == like), None)
        return f"like = {like!r}: the value set has no such code" if same is None else same
    common = {name: _common(one, name) for name in READINGS}
    unclear = [name for name, values in common.items() if len(values) > 1]
    if unclear:
        return (
            f"the codes of {one.id} differ in {' and '.join(unclear)}: say which it is read like (like = ...)"
        )
    proves, status, scale, factor = (next(iter(common[name]), None) for name in READINGS)
    plain = Code("", "", one.title, verified=False, source=SOURCE)
    return replace(plain, proves=proves, status=status, scale=scale, factor=factor)


def _common(one: ValueSet, name: str) -> set[Any]:
    """The values of a member over the set's codes; a set in which some have none is read plainly."""
    values = {getattr(code, name) for code in one.codes}
    return {None} if None in values or not values else values


def _local(like: Code, system: str, code: str, display: str) -> Code:
    """A local code is matched by itself and never emitted."""
    coding = normalise_coding(system, code)
    return replace(
        like,
        system=coding[0],
        code=coding[1],
        display=display,
        verified=False,
        source=SOURCE,
        match="exact",
        excepts=(),
    )


# ---------------------------------------------------------------------------------------------- FHIR files


def _read_file(path: Path, name: str, terminology: Terminology, found: Found) -> None:
    try:
        resource = json.loads(path.read_bytes())
    except OSError as error:
        found.problems.append(f"files, {name}: {error.strerror or 'cannot be read'}")
        return
    except ValueError:
        found.problems.append(f"files, {name}: no JSON")
        return
    readers = {"ValueSet": _read_value_set, "ConceptMap": _read_concept_map}
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in readers:
        found.problems.append(f"files, {name}: expected a FHIR ValueSet or ConceptMap")
        return
    try:
        readers[kind](resource, f"files, {name}", terminology, found)
    except (AttributeError, KeyError, TypeError):
        found.problems.append(f"files, {name}: not the shape of a FHIR R4 {kind}")


def _read_value_set(resource: dict[str, Any], where: str, terminology: Terminology, found: Found) -> None:
    set_id = _set_named(resource, terminology)
    if set_id is None:
        found.problems.append(f"{where}: neither its id nor its url is that of one of our value sets")
        return
    known = {(code.system, code.code) for code in terminology[set_id].codes}
    for include in resource.get("compose", {}).get("include", ()):
        for concept in include.get("concept", ()):
            if normalise_coding(include["system"], concept["code"]) not in known:
                _add(found, terminology[set_id], include["system"], concept["code"], None, where)


def _set_named(resource: dict[str, Any], terminology: Terminology) -> str | None:
    """By the last part of the url, as we publish it, or by the id."""
    url = str(resource.get("url", ""))
    names = (url.rpartition(":")[2], url.rpartition("/")[2], str(resource.get("id", "")))
    return next((name for name in names if name in terminology), None)


def _read_concept_map(resource: dict[str, Any], where: str, terminology: Terminology, found: Found) -> None:
    beside = {"other": 0, "unsafe": 0}
    for group in resource.get("group", ()):
        for element in group["element"]:
            for target in element.get("target", ()):
                if target["equivalence"] in NO_MATCH:
                    continue
                if target["equivalence"] not in TAKEN:
                    beside["unsafe"] += 1
                    continue
                joined = list(_joined(group, element, target, terminology))
                beside["other"] += not joined
                for one, code in joined:
                    wrong = _malformed(code.system, code.code)
                    found.problems += [] if wrong is None else [f"{where}: {wrong}"]
                    found.add(one, code)
    if beside["other"]:
        found.notes.append(f"{where}: {beside['other']} mappings lead to no value set of ours")
    if beside["unsafe"]:
        found.notes.append(
            f"{where}: {beside['unsafe']} mappings are not used: the target is not equal or wider"
        )


def _joined(
    group: Mapping[str, Any], element: Mapping[str, Any], target: Mapping[str, Any], terminology: Terminology
) -> Iterator[tuple[str, Code]]:
    """The sets that a mapping leads to, each with the local code."""
    system, code = group["source"], element["code"]
    if normalise_system(group["target"]) == SET_SYSTEM:
        if target["code"] in terminology:
            one = terminology[target["code"]]
            reading = _reading(one, None)
            if isinstance(reading, Code):
                yield one.id, _local(reading, system, code, one.title)
        return
    for member in terminology.sets_of(group["target"], target["code"]):
        yield member.set_id, _local(member.code, system, code, terminology[member.set_id].title)
