"""Since when a resource was known, and how it looked at a moment: what happened later is not in it.

A result is known from `issued`, else from when it was drawn; an entry from when it was recorded, else from what it
tells. A date without a time counts from the end of its day. A resource without any such time is never visible: it
cannot be shown that it was known. An end after the moment is taken out again, and the status that came with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from msgspec import DecodeError
from msgspec.json import Decoder, Encoder

from cds_service.fhir.dates import read_instant, read_moment

Json = dict[str, Any]

KNOWN_FROM: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Observation": (
            "issued",
            "effectiveDateTime",
            "effectiveInstant",
            "effectivePeriod.end",
            "effectivePeriod.start",
        ),
        "DiagnosticReport": ("issued", "effectiveDateTime", "effectivePeriod.end", "effectivePeriod.start"),
        "Condition": ("recordedDate", "onsetDateTime", "onsetPeriod.start"),
        "MedicationRequest": ("authoredOn",),
        "MedicationStatement": ("dateAsserted", "effectiveDateTime", "effectivePeriod.start"),
        "MedicationAdministration": ("effectiveDateTime", "effectivePeriod.start"),
        "AllergyIntolerance": ("recordedDate", "onsetDateTime", "onsetPeriod.start"),
        "Procedure": ("performedDateTime", "performedPeriod.start"),
        "ServiceRequest": ("authoredOn", "occurrenceDateTime", "occurrencePeriod.start"),
        "Appointment": ("created", "start"),
        "Immunization": ("recorded", "occurrenceDateTime"),
        "Encounter": ("period.start",),
        "Consent": ("dateTime", "provision.period.start"),
    }
)
"""The members that are asked, the first that can be read decides. Other types tell nothing by themselves."""

ALWAYS_KNOWN: Final = frozenset({"Patient", "Medication", "Specimen"})

# type -> the member that tells its end, and what each later status was before
_ENDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = MappingProxyType(
    {
        "Encounter": ("period.end", {"finished": "in-progress"}),
        "Procedure": ("performedPeriod.end", {"completed": "in-progress", "stopped": "in-progress"}),
        "MedicationAdministration": (
            "effectivePeriod.end",
            {"completed": "in-progress", "stopped": "in-progress"},
        ),
        "MedicationStatement": ("effectivePeriod.end", {"completed": "active", "stopped": "active"}),
    }
)
_STILL_TO_COME: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]] = MappingProxyType(
    {
        "MedicationRequest": (
            ("dispenseRequest.validityPeriod.end",),
            {"completed": "active", "stopped": "active"},
        ),
        "ServiceRequest": (("occurrenceDateTime", "occurrencePeriod.start"), {"completed": "active"}),
        "Appointment": (
            ("start",),
            {"fulfilled": "booked", "arrived": "booked", "noshow": "booked", "checked-in": "booked"},
        ),
    }
)
_OVER: Final = frozenset({"inactive", "resolved", "remission"})

_ABATED: Final = ("abatementDateTime", "abatementPeriod.start")
_CHANGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {kind: (path,) for kind, (path, _) in _ENDS.items()}
    | {kind: paths for kind, (paths, _) in _STILL_TO_COME.items()}
    | {"Condition": _ABATED}
)
"""Types that may have looked otherwise at a moment than at the end, with the members that tell until when."""

_DATE: Final = len("2025-01-31")
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_OBJECT: Final = Decoder(Json, float_hook=Decimal)
_ENCODER: Final = Encoder(decimal_format="number")


def decode(raw: bytes) -> Json | None:
    """The resource as JSON; None where it is none."""
    try:
        return _OBJECT.decode(raw)
    except (DecodeError, RecursionError, ValueError, ArithmeticError):
        return None


def known_from(resource: Json) -> datetime | None:
    """The moment from which a resource was known; None where it tells none that can be read."""
    for path in KNOWN_FROM.get(str(resource.get("resourceType")), ()):
        found = moment(resource, path)
        if found is not None:
            return found
    return None


def known_since(texts: Iterable[str | None]) -> datetime | None:
    """The same of members that are at hand, in their order."""
    for text in texts:
        found = None if text is None else known_at(text)
        if found is not None:
            return found
    return None


def moment(resource: Json, path: str) -> datetime | None:
    """The end of the interval that a member's date stands for; None where it has none that can be read."""
    outer, _, inner = path.partition(".")
    member = resource.get(outer)
    while inner:
        outer, _, inner = inner.partition(".")
        member = member.get(outer) if isinstance(member, dict) else None
    return known_at(member) if isinstance(member, str) else None


def known_at(text: str) -> datetime | None:
    """The end of the interval that a date stands for; None where it cannot be read."""
    if len(text) > _DATE:
        try:
            return read_instant(text)  # most are exact, and this is the quicker
        except ValueError:
            pass
    try:
        return read_moment(text).latest
    except ValueError:
        return None


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _BEGIN) // _MICROSECOND


def changes_of(resource: Json) -> tuple[datetime, ...]:
    """When it came to look otherwise, in order; nothing of most resources happens later than they are known."""
    kind = str(resource.get("resourceType"))
    found = [moment(resource, path) for path in _CHANGES.get(kind, ()) if path.partition(".")[0] in resource]
    places = resource.get("location") if kind == "Encounter" else None
    for one in places if isinstance(places, list) else ():
        if isinstance(one, dict) and "period" in one:
            found += [moment(one, "period.start"), moment(one, "period.end")]
    return tuple(sorted({at for at in found if at is not None})) if found else ()


def as_known(resource: Json, raw: bytes, at: datetime) -> bytes:
    """The resource as it looked at `at`: the bytes themselves where nothing of it happened later."""
    changed = dict(resource)
    changes = list(_changes(changed, at))
    return _ENCODER.encode(changed) if changes else raw


def _changes(resource: Json, at: datetime) -> Iterator[str]:
    """Takes later events out of the resource, naming each."""
    kind = str(resource.get("resourceType"))
    if kind in _ENDS:
        path, earlier = _ENDS[kind]
        if _is_later(resource, path, at):
            _without(resource, path)
            _set_status(resource, earlier)
            yield path
    if kind in _STILL_TO_COME:
        paths, earlier = _STILL_TO_COME[kind]
        if resource.get("status") in earlier and any(_is_later(resource, path, at) for path in paths):
            _set_status(resource, earlier)
            yield "status"
    if kind == "Condition":
        yield from _condition_changes(resource, at)
    if kind == "Encounter" and isinstance(resource.get("location"), list):
        kept = [_location_then(one, at) for one in resource["location"] if not _is_after(one, at)]
        if kept != resource["location"]:
            resource["location"] = kept
            yield "location"


def _condition_changes(condition: Json, at: datetime) -> Iterator[str]:
    for path in _ABATED:
        if _is_later(condition, path, at):
            del condition[path.partition(".")[0]]
            status = condition.get("clinicalStatus")
            codings = status.get("coding") if isinstance(status, dict) else None
            if isinstance(codings, list):
                condition["clinicalStatus"] = {"coding": [_active(one) for one in codings]}
            yield path


def _active(coding: Any) -> Any:
    later = isinstance(coding, dict) and coding.get("code") in _OVER
    return {"system": coding.get("system"), "code": "active"} if later else coding


def _is_after(location: Any, at: datetime) -> bool:
    return isinstance(location, dict) and _is_later(location, "period.start", at)


def _location_then(location: Any, at: datetime) -> Any:
    if not isinstance(location, dict) or not _is_later(location, "period.end", at):
        return location
    then = dict(location)
    _without(then, "period.end")
    _set_status(then, {"completed": "active"})
    return then


def _is_later(resource: Json, path: str, at: datetime) -> bool:
    found = moment(resource, path)
    return found is not None and found > at


def _without(resource: Json, path: str) -> None:
    outer, _, inner = path.partition(".")
    resource[outer] = {name: value for name, value in resource[outer].items() if name != inner}


def _set_status(resource: Json, earlier: Mapping[str, str]) -> None:
    status = resource.get("status")
    if isinstance(status, str):
        resource["status"] = earlier.get(status, status)
