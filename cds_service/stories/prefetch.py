"""What a client puts under each prefetch key: resources chosen as a FHIR server would by the key's own template.

Read are the type, `code` and `status` of a template. Dates and categories are not: a file that is read for a
demonstration is small, and a client may send more than was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from cards.frozen import dataclass
from cds_service.discovery import PrefetchKey

Resource = Mapping[str, Any]
_ESCAPED = re.compile(r"\\([\\,|$])")
_SEPARATOR = re.compile(r"(?<!\\),")


@dataclass(frozen=True, slots=True)
class Search:
    """A template as a question: the type, and for some parameters the values of which one has to be there."""

    resource_type: str
    is_read: bool
    codes: frozenset[str]
    statuses: frozenset[str]


@lru_cache(maxsize=256)
def read_template(template: str) -> Search:
    """The question of a template: `Patient/{{...}}` reads one resource, `Type?...` searches."""
    path, searched, query = template.partition("?")
    given = dict(parse_qsl(query))
    code, status = (
        frozenset(_ESCAPED.sub(r"\1", one).rpartition("|")[2] for one in _SEPARATOR.split(given[name]))
        if name in given
        else frozenset[str]()
        for name in ("code", "status")
    )
    return Search(path.partition("/")[0], not searched, code, status)


def answer(
    keys: Sequence[PrefetchKey], resources: Sequence[Resource], patient: str, encounter: str | None = None
) -> dict[str, Any]:
    """Each key with its resource (null if there is none) or its searchset, drugs that are referred to included."""
    filled: dict[str, Any] = {}
    for key in keys:
        search = read_template(key.template)
        found = [one for one in resources if _matches(one, search)]
        if search.is_read:
            own = encounter if search.resource_type == "Encounter" else patient
            filled[key.name] = next((one for one in found if one.get("id") == own), None)
        else:
            filled[key.name] = _searchset(found, _referred(found, resources))
    return filled


def left_over(keys: Sequence[PrefetchKey], resources: Sequence[Resource]) -> list[Resource]:
    """The resources that no key asks for."""
    searches = [read_template(key.template) for key in keys]
    return [
        one
        for one in resources
        if one.get("resourceType") != "Medication" and not any(_matches(one, search) for search in searches)
    ]


def _matches(resource: Resource, search: Search) -> bool:
    if resource.get("resourceType") != search.resource_type:
        return False
    if search.codes and search.codes.isdisjoint(_codes(resource.get("code"))):
        return False
    status = resource.get("status")
    return not search.statuses or not isinstance(status, str) or status in search.statuses


def _codes(concept: object) -> set[str]:
    """The codes of a CodeableConcept; of anything else none."""
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    if not isinstance(codings, list):
        return set()
    found = (coding.get("code") for coding in codings if isinstance(coding, Mapping))
    return {code for code in found if isinstance(code, str)}


def _referred(found: Iterable[Resource], resources: Iterable[Resource]) -> list[Resource]:
    """The Medications that the drugs among `found` name by reference."""
    names = set()
    for one in found:
        reference = one.get("medicationReference")
        if isinstance(reference, Mapping) and isinstance(reference.get("reference"), str):
            names.add(reference["reference"])
    return [
        one
        for one in resources
        if one.get("resourceType") == "Medication" and f"Medication/{one.get('id')}" in names
    ]


def _searchset(found: Sequence[Resource], included: Sequence[Resource]) -> dict[str, Any]:
    entries = [{"resource": one, "search": {"mode": "match"}} for one in found]
    entries += [{"resource": one, "search": {"mode": "include"}} for one in included]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    return bundle | ({"entry": entries} if entries else {})
