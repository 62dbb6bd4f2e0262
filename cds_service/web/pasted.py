"""What was pasted or dropped into the playground: what it holds, and what is wrong with it, at its line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cards.frozen import dataclass
from cds_service.discovery import SERVICES
from cds_service.errors import CAUSES, Refused
from cds_service.fhir.validate import invalid_reason
from cds_service.hooks.request import read_request
from cds_service.hooks.wire import encode
from cds_service.input_files import InputError, Records, Request, Resource, read_text
from cds_service.web.json_places import Fault, Path, Place, nearest, places, syntax_fault

NAME: Final = "the text"
DRAFTS: Final = ("MedicationRequest", "ServiceRequest", "NutritionOrder", "DeviceRequest")
MOST_VALIDATED: Final = 150
"""Resources that are validated while one types: a larger text is read when it is sent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft order of the text that can be selected."""

    reference: str
    label: str


@dataclass(frozen=True, slots=True)
class Pasted:
    """`faults` keep it from being sent; `remarks` do not. `hook` is that of a request."""

    holds: str
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    patients: tuple[str, ...] = ()
    drafts: tuple[Draft, ...] = ()
    hook: str | None = None


def look_at(text: str, depth: int) -> Pasted:
    """What a text is. `depth` is the deepest nesting of a request."""
    if not text.strip():
        return Pasted("Nothing yet")
    fault = _first_fault(text)
    if fault is not None:
        return Pasted("Not JSON", (fault,))
    try:
        given = read_text(text.encode(), NAME)
    except InputError as error:
        return Pasted("Not readable", (Fault(str(error).removeprefix(f"{NAME}: ")),))
    if isinstance(given, Request):
        return _request(text, given, depth)
    return _records(text, given)


def _first_fault(text: str) -> Fault | None:
    """Of a JSON text or, where the first line is JSON by itself, of the line that is not."""
    fault = syntax_fault(text)
    if fault is None or fault.text != "Extra data":
        return fault
    for number, line in enumerate(text.splitlines(), 1):
        wrong = syntax_fault(line) if line.strip() else None
        if wrong is not None:
            column = wrong.place.column if wrong.place is not None else 1
            return Fault(wrong.text, Place(number, column))
    return None


def _request(text: str, given: Request, depth: int) -> Pasted:
    found = places(text)
    hooks = [row.hook for row in SERVICES]
    if given.hook not in hooks:
        wrong = Fault(f"hook: expected {', '.join(hooks)}", nearest(found, ("hook",)))
        return Pasted("A hook request", (wrong,), hook=given.hook)
    try:
        read_request(given.body, given.hook, depth)
    except Refused as refused:
        lines = refused.details or (CAUSES[refused.code].display,)
        faults = tuple(Fault(line, nearest(found, _path_of(line))) for line in lines)
        return Pasted(f"A hook request for {given.hook}", faults, hook=given.hook)
    return Pasted(f"A hook request for {given.hook}: it is sent as it is written", hook=given.hook)


def _path_of(line: str) -> Path:
    """The member that a line of a refusal begins with: `context.userId: expected ...`."""
    name, colon, _ = line.partition(":")
    return tuple(name.split(".")) if colon and " " not in name else ()


def _records(text: str, given: Records) -> Pasted:
    kinds = Counter(resource["resourceType"] for resource in given.resources)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    remarks = tuple(_invalid(text, given)) if len(given.resources) <= MOST_VALIDATED else ()
    patients = given.patients()
    faults = () if patients else (Fault("no Patient, and no resource names one"),)
    return Pasted(
        f"FHIR records: {told}",
        faults,
        remarks,
        patients,
        tuple(Draft(f"{r['resourceType']}/{r['id']}", _label(r)) for r in draft_orders(given.resources)),
    )


def draft_orders(resources: tuple[Resource, ...]) -> Iterator[Resource]:
    """The orders among records that are drafts."""
    return (r for r in resources if r["resourceType"] in DRAFTS and r.get("status") == "draft")


def _invalid(text: str, given: Records) -> Iterator[Fault]:
    """What is no valid R4, at the line at which its resource begins."""
    try:
        starts = resource_places(text)
    except (ValueError, IndexError):  # NDJSON is not one JSON text
        starts = {}
    for resource in given.resources:
        name = f"{resource['resourceType']}/{resource['id']}"
        reason = invalid_reason(encode(resource))
        if reason is not None and reason != "not a resource that is read":
            yield Fault(f"{name}: {reason}", starts.get(name))


def resource_places(text: str) -> Mapping[str, Place]:
    """`Type/id` of each resource of a text, and where it begins."""
    found = places(text)
    names: dict[str, Place] = {}
    for path, content in _walk(text):
        kind, own_id = content.get("resourceType"), content.get("id")
        if isinstance(kind, str) and isinstance(own_id, str) and path in found:
            names.setdefault(f"{kind}/{own_id}", found[path])
    return names


def _walk(text: str) -> Iterator[tuple[Path, dict[str, Any]]]:

    waiting: list[tuple[Path, object]] = [((), json.loads(text))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            yield path, value
            waiting.extend(((*path, name), member) for name, member in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, number), member) for number, member in enumerate(value))


def _label(order: Resource) -> str:
    """What a draft orders, in its own words: it is shown to whoever pasted it."""
    concept = order.get("medicationCodeableConcept") or order.get("code") or {}
    codings = concept.get("coding") or [{}] if isinstance(concept, dict) else [{}]
    text = (concept.get("text") if isinstance(concept, dict) else None) or codings[0].get("display")
    return f"{text or 'an order without a name'} ({order['resourceType']}/{order['id']})"
