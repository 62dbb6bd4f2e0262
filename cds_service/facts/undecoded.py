"""Platelet counts among what could not be decoded or names no patient: unread, never passed over (DATA-08)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import MsgspecError, ValidationError, convert
from msgspec.json import decode

from cards.record import Kind, Moment, UnreadPlatelets
from cds_service.facts.codes import sets_of
from cds_service.facts.context import Reading
from cds_service.facts.platelets import COUNTS
from cds_service.fhir.dates import read_instant, read_moment
from cds_service.fhir.parse import Undecoded
from cds_service.fhir.shapes import CodeableConcept

_WITHOUT_RESULT: Final = frozenset({"registered", "cancelled", "entered-in-error", "unknown"})
_ONLY_PLATELETS: Final = frozenset({Kind.PLATELETS})


def read_undecoded(reading: Reading) -> tuple[UnreadPlatelets, ...]:
    """Those that carry a platelet code, or came by the platelet key and carry no code that can be read."""
    return tuple(_unread(one, reading) for one in reading.parsed.undecoded if _may_be_a_count(one, reading))


def _may_be_a_count(one: Undecoded, reading: Reading) -> bool:
    if one.resource_type not in ("", "Observation"):
        return False
    resource = _members(one)
    if _text(resource.get("status")) in _WITHOUT_RESULT:
        return False
    subject = resource.get("subject")
    named = _text(subject.get("reference")) if isinstance(subject, Mapping) else None
    if named is not None and not reading.parsed.aliases.are(named, one.key):
        return False
    concepts = list(_concepts(resource))
    if not concepts:
        return reading.parsed.kinds.get(one.key, frozenset()) == _ONLY_PLATELETS
    return any(not sets_of(concept, reading.terminology).isdisjoint(COUNTS) for concept in concepts)


def _unread(one: Undecoded, reading: Reading) -> UnreadPlatelets:
    resource = _members(one)
    return UnreadPlatelets(one.reference, one.reason, _time(resource), _issued(resource))


def _members(one: Undecoded) -> Mapping[str, Any]:
    """Whatever can be read of it; nothing of what is no JSON object."""
    try:
        found = decode(one.raw)
    except (MsgspecError, RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _concepts(resource: Mapping[str, Any]) -> Iterator[CodeableConcept]:
    """The code of the Observation and of its components, as far as they have the shape of one."""
    components = resource.get("component")
    parts = [resource, *(components if isinstance(components, list) else ())]
    for part in parts:
        try:
            concept = convert(part.get("code"), CodeableConcept)
        except (ValidationError, AttributeError):
            continue
        if concept.coding:
            yield concept


def _time(resource: Mapping[str, Any]) -> Moment | None:
    period = resource.get("effectivePeriod")
    ends = (period.get("end"), period.get("start")) if isinstance(period, Mapping) else ()
    for written in (resource.get("effectiveDateTime"), resource.get("effectiveInstant"), *ends):
        text = _text(written)
        if text is not None:
            try:
                return read_moment(text)
            except ValueError:
                return None
    return None


def _issued(resource: Mapping[str, Any]) -> datetime | None:
    try:
        return read_instant(_text(resource.get("issued")) or "")
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
