"""What could not be decoded, or does not tell whose it is: never passed over.

A platelet count among it is unread (DATA-08), and a list that holds some was not read whole: what it does not name is
not known to be absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import MsgspecError, ValidationError, convert
from msgspec.json import decode

from cards.record import Answer, Kind, Moment, UnreadPlatelets
from cds_service.facts.codes import sets_of
from cds_service.facts.context import Reading
from cds_service.facts.platelets import COUNTS
from cds_service.fhir.dates import read_instant, read_moment
from cds_service.fhir.parse import Undecoded
from cds_service.fhir.shapes import CodeableConcept

_WITHOUT_RESULT: Final = frozenset({"registered", "cancelled", "entered-in-error", "unknown"})
_ONLY_PLATELETS: Final = frozenset({Kind.PLATELETS})
_CODES: Final = ("code", "medicationCodeableConcept", "vaccineCode")
_REQUIRED: Final = frozenset({Kind.PLATELETS, Kind.PATIENT})


def read_undecoded(reading: Reading) -> tuple[UnreadPlatelets, ...]:
    """Those that carry a platelet code, or came by the platelet key and carry no code that can be read."""
    undecoded = reading.parsed.undecoded
    if not undecoded:
        return ()
    return tuple(_unread(one, reading) for one in undecoded if _may_be_a_count(one, reading))


def read_answers(answers: Mapping[Kind, Answer], reading: Reading) -> Mapping[Kind, Answer]:
    """The answers, those of lists that hold something unread as failed: what was read of these is used."""
    undecoded = reading.parsed.undecoded
    if not undecoded:
        return answers
    unread = {kind for one in undecoded if _may_matter(one, reading) for kind in _kinds(one, reading)}
    failed = dict.fromkeys((unread & answers.keys()) - _REQUIRED, Answer.FAILED)
    return {**answers, **failed} if failed else answers


def _kinds(one: Undecoded, reading: Reading) -> frozenset[Kind]:
    """Those that its key answers, also from a Bundle inside the key's."""
    return reading.parsed.kinds.get(one.key.partition("[")[0], frozenset())


def _may_matter(one: Undecoded, reading: Reading) -> bool:
    """Not what is another patient's, and not what is coded as something that no set holds; of allergies all."""
    resource = _members(one)
    if _is_anothers(resource, one, reading):
        return False
    concepts = list(_concepts(resource))
    if not concepts or one.resource_type == "AllergyIntolerance":
        return True
    return any(sets_of(concept, reading.terminology) for concept in concepts)


def _is_anothers(resource: Mapping[str, Any], one: Undecoded, reading: Reading) -> bool:
    named = resource.get("subject", resource.get("patient"))
    text = _text(named.get("reference")) if isinstance(named, Mapping) else None
    aliases = reading.parsed.aliases
    return text is not None and not aliases.are(text, one.key) and not aliases.are_unknown(text, one.key)


def _may_be_a_count(one: Undecoded, reading: Reading) -> bool:
    if one.resource_type not in ("", "Observation"):
        return False
    resource = _members(one)
    if _text(resource.get("status")) in _WITHOUT_RESULT or _is_anothers(resource, one, reading):
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
    """What it is coded as, and its components, as far as they have the shape of a concept."""
    components = resource.get("component")
    parts = components if isinstance(components, list) else ()
    codes = [*map(resource.get, _CODES), *(part.get("code") for part in parts if isinstance(part, Mapping))]
    for code in codes:
        try:
            concept = convert(code, CodeableConcept)
        except ValidationError:
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
