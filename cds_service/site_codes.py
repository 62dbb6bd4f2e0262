"""A site's own codes: which of our value sets they join, and how they are read. From the TOML file, or as FHIR files.

A FHIR R4 ValueSet file joins the set whose id it has; its codes are read like the others of that set. A ConceptMap maps
a local code to a code of our sets, whose reading it takes (what it proves, its status), or to a set itself
(`urn:platelet-hooks:ValueSet`). Only `equal`, `equivalent`, `wider` and `subsumes` are taken: a target that is narrower
than the local code would claim more than was recorded.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from cards.code_systems import check_digit_error, normalise_coding, normalise_system
from cards.frozen import dataclass
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


@dataclasses.dataclass(slots=True)
class Found:
    """Codes by value set and coding, what is wrong, and what is worth a word although it is not wrong.

    `origins` says of each set and code which file named it first.
    """

    codes: dict[str, dict[tuple[str, str], Code]] = field(default_factory=dict)
    origins: dict[tuple[str, Code], str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, set_id: str, code: Code, where: str, origin: str) -> None:
        """One more code of a set; that it is named twice is wrong only where it is read in two ways."""
        first = self.codes.setdefault(set_id, {}).setdefault((code.system, code.code), code)
        if any(getattr(first, name) != getattr(code, name) for name in READINGS):
            self.problems.append(f"{where}: {code.code} is read in two ways in {set_id}")
        self.origins.setdefault((set_id, first), origin)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads codes into `found`; `where` begins what is told of them, `origin` is the file that names them."""

    terminology: Terminology
    found: Found
    where: str
    origin: str

    def problem(self, words: str) -> None:
        """Something is wrong here."""
        self.found.problems.append(f"{self.where}: {words}")

    def note(self, words: str) -> None:
        """Something is not used here."""
        self.found.notes.append(f"{self.where}: {words}")

    def add(self, one: ValueSet, system: str, code: str, like: str | None) -> None:
        """A code of the site joins a set, read as `like` says."""
        wrong = _malformed(system, code)
        reading = wrong or _reading(one, like)
        if isinstance(reading, str):
            self.found.problems.append(f"{self.where}{'' if wrong else f', {code}'}: {reading}")
        elif any(
            known.set_id == one.id and known.code.match == "exact"
            for known in self.terminology.sets_of(system, code)
        ):
            self.note(f"{code} is a code of {one.id} already")
        else:
            self.add_like(one, reading, system, code)

    def add_like(self, one: ValueSet, like: Code, system: str, code: str) -> None:
        """A code of the site joins a set, read like one of ours."""
        self.found.add(one.id, _local(like, system, code, one.title), self.where, self.origin)


def read_local_codes(
    local: Mapping[str, Iterable[LocalCode | str]],
    folder: Path,
    origin: str,
    terminology: Terminology,
    found: Found,
) -> None:
    """The codes of `[content.local_codes]` of a file (`origin`); paths of `files` are relative to `folder`."""
    for set_id, codes in local.items():
        if set_id == "files":
            for path in map(str, codes):
                _read_file(
                    folder / Path(path).expanduser(), _Reader(terminology, found, f"files, {path}", path)
                )
        elif set_id not in terminology:
            close = "".join(f"; {one} is one" for one in get_close_matches(set_id, list(terminology), n=1))
            found.problems.append(f"{set_id}: there is no such value set{close}")
        else:
            reader = _Reader(terminology, found, set_id, origin)
            for code in codes:
                if isinstance(code, LocalCode):
                    reader.add(terminology[set_id], code.system, code.code, code.like)


def in_two_meanings(found: Found, terminology: Terminology) -> Iterator[str]:
    """Codes of a site that stand in sets of which none of our codes stands in all: each once, in words."""
    sets: dict[tuple[str, str], set[str]] = {}
    for set_id, codes in found.codes.items():
        for coding in codes:
            known = {member.set_id for member in terminology.sets_of(*coding)}
            sets.setdefault(coding, known).add(set_id)
    for (_, code), several in sets.items():
        shipped = terminology[min(several)].codes
        if len(several) > 1 and not any(
            several <= {member.set_id for member in terminology.sets_of(one.system, one.code)}
            for one in shipped
        ):
            yield f"{code} is read as a code of {' and of '.join(sorted(several))}"


# ---------------------------------------------------------------------------------------------- one code


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


def _read_file(path: Path, reader: _Reader) -> None:
    try:
        resource = json.loads(path.read_bytes())
    except OSError as error:
        reader.problem(error.strerror or "cannot be read")
        return
    except (ValueError, RecursionError):
        reader.problem("no JSON")
        return
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in ("ValueSet", "ConceptMap"):
        reader.problem("expected a FHIR ValueSet or ConceptMap")
        return
    try:
        (_read_value_set if kind == "ValueSet" else _read_concept_map)(resource, reader)
    except (AttributeError, KeyError, TypeError):
        reader.problem(f"not the shape of a FHIR R4 {kind}")


def _read_value_set(resource: dict[str, Any], reader: _Reader) -> None:
    set_id = _set_named(resource, reader.terminology)
    if set_id is None:
        reader.problem("neither its id nor its url is that of one of our value sets")
        return
    one, compose = reader.terminology[set_id], resource.get("compose", {})
    known = {(code.system, code.code) for code in one.codes}
    unlisted = 0
    for include in compose.get("include", ()):
        unlisted += "concept" not in include
        for concept in include.get("concept", ()):
            if normalise_coding(include["system"], concept["code"]) not in known:
                reader.add(one, include["system"], concept["code"], None)
    if compose.get("exclude"):
        reader.problem("expected no compose.exclude; leave those codes out")
    if unlisted:
        reader.note(
            f"includes that do not list their codes (filter, valueSet, a whole system) are not used: {unlisted}"
        )
    if "expansion" in resource and not compose:
        reader.note("an expansion is not used: expected the codes in compose.include")


def _set_named(resource: dict[str, Any], terminology: Terminology) -> str | None:
    """By the last part of the url, as we publish it, or by the id."""
    url = str(resource.get("url", ""))
    names = (url.rpartition(":")[2], url.rpartition("/")[2], str(resource.get("id", "")))
    return next((name for name in names if name in terminology), None)


def _read_concept_map(resource: dict[str, Any], reader: _Reader) -> None:
    told = {"other": 0, "unsafe": 0, "depends": 0, "unmapped": 0}
    for group in resource.get("group", ()):
        told["unmapped"] += "unmapped" in group
        for element in group["element"]:
            for target in element.get("target", ()):
                if target["equivalence"] in NO_MATCH:
                    continue
                if target["equivalence"] not in TAKEN:
                    told["unsafe"] += 1
                elif target.get("dependsOn") or target.get("product"):
                    told["depends"] += 1
                else:
                    told["other"] += not _map(group, element["code"], target["code"], reader)
    for words, number in (
        ("mappings that lead to no value set of ours", told["other"]),
        ("mappings that are not used, because the target is not equal or wider", told["unsafe"]),
        ("mappings that are not used, because they depend on something else", told["depends"]),
        ("groups whose `unmapped` is not used", told["unmapped"]),
    ):
        if number:
            reader.note(f"{words}: {number}")


def _map(group: Mapping[str, Any], code: str, target: str, reader: _Reader) -> bool:
    """The local code joins the sets of its target; whether there is any, or why not is told."""
    terminology = reader.terminology
    if normalise_system(group["target"]) == SET_SYSTEM:
        if target in terminology:
            reader.add(terminology[target], group["source"], code, None)
        else:
            reader.problem(f"{target}: there is no such value set")
        return True
    members = terminology.sets_of(group["target"], target)
    wrong = _malformed(group["source"], code) if members else None
    if wrong is not None:
        reader.problem(wrong)
        return True
    for member in members:
        reader.add_like(terminology[member.set_id], member.code, group["source"], code)
    return bool(members)
