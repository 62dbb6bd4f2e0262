"""The value sets in force as FHIR R4 ValueSet, a site's local codes included. Served below `/fhir/ValueSet`.

The extensions (`urn:platelet-hooks:...`) say how a code is read; `cards/valuesets/README.md` explains them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from cards.valueset_files import URN, Code, ValueSet
from cards.valuesets import Terminology

PATH: Final = "/fhir/ValueSet"
URI_SYSTEM: Final = "urn:ietf:rfc:3986"


def value_set(one: ValueSet, base_url: str, version: str) -> dict[str, Any]:
    """The resource of one list."""
    resource: dict[str, Any] = {
        "resourceType": "ValueSet",
        "id": one.id,
        "extension": [{"url": f"{URN}feeds", "valueCode": name} for name in one.feeds],
        "url": f"{base_url}{PATH}/{one.id}",
        "identifier": [{"system": URI_SYSTEM, "value": own_name(one.id)}],
        "version": version,
        "name": "".join(map(str.capitalize, one.id.split("-"))),
        "title": one.title,
        "status": "active",
        "experimental": False,
        "purpose": one.purpose,
    }
    if one.note:
        resource["description"] = one.note
    if one.codes:
        resource["compose"] = {"include": list(_includes(one.codes))}
    return resource


def own_name(set_id: str) -> str:
    """The name of a value set that does not depend on where it is served."""
    return f"{URN}ValueSet:{set_id}"


def find_by_url(url: str, terminology: Terminology, base_url: str) -> ValueSet | None:
    """The value set of a canonical url, with or without a version, or of its own name."""
    plain = url.partition("|")[0]
    for prefix in (f"{base_url}{PATH}/", own_name("")):
        set_id = plain.removeprefix(prefix)
        if set_id != plain and set_id in terminology:
            return terminology[set_id]
    return None


def searchset(found: Iterable[Mapping[str, Any]], asked: str) -> dict[str, Any]:
    """The answer to a search."""
    entries = [{"fullUrl": one["url"], "resource": one, "search": {"mode": "match"}} for one in found]
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "link": [{"relation": "self", "url": asked}],
    }
    return bundle | ({"entry": entries} if entries else {})


def _includes(codes: Iterable[Code]) -> Iterator[dict[str, Any]]:
    in_order = sorted(codes, key=lambda code: code.system)
    for system, some in groupby(in_order, key=lambda code: code.system):
        yield {"system": system, "concept": [_concept(code) for code in some]}


def _concept(code: Code) -> dict[str, Any]:
    return {"code": code.code, "display": code.display, "extension": list(_said(code))}


def _said(code: Code) -> Iterator[dict[str, str]]:
    """How the code is read, and where it was seen."""
    coded = (
        ("match", code.match if code.match != "exact" else None),
        *(("except", below) for below in code.excepts),
        ("proves", code.proves),
        ("scale", code.scale),
        ("level", code.level),
        ("status", code.status),
        ("word", code.word),
    )
    told = (
        ("factor", None if code.factor is None else f"{code.factor:f}"),
        ("note", code.note),
        ("source" if code.verified else "unverified", code.source),
    )
    yield from ({"url": URN + name, "valueCode": value} for name, value in coded if value)
    yield from ({"url": URN + name, "valueString": value} for name, value in told if value)
