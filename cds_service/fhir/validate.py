"""Full validation by `fhir.resources` (R4B, the published R4 models) of the resources that a card rests on.

It is dear (50 times a decode), so only those are validated, once each, and what was found valid is not asked again. A
resource that differs from a valid one in ids, times and quantities alone is valid: no model of R4 asks more of these
than how they are written. Of any other, members that are written the same in many (its code, its range) are validated
once: what stood in a valid resource is valid wherever it stands as the same member. Models are imported per type when
first needed; `warm` does it at start.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from importlib import import_module
from typing import Any, Final, TypeVar

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder
from pydantic import BaseModel, ValidationError

from cds_service.fhir.dates import PLAIN_DAY, PLAIN_OFFSET, PLAIN_SECOND
from cds_service.fhir.numbers import read_decimal
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import Shape

T = TypeVar("T")

_TYPES: Final = frozenset(shape.__name__ for shape in Shape.__args__)

# What a model says of a member, in our words.
_WORDS: Final = {
    "extra_forbidden": "is no member of it in R4",
    "missing": "is missing",
    "value_error": "has a wrong value",
    "string_pattern_mismatch": "is written in a way that R4 does not allow",
}

# One small valid resource of each type that decides cards: the first validation of a type costs 75 ms.
SAMPLES: Final = (
    b'{"resourceType":"Patient","birthDate":"1980-01-01","gender":"female"}',
    b'{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"777-3"}]},'
    b'"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-01T08:00:00Z",'
    b'"valueQuantity":{"value":20,"unit":"10*9/L","system":"http://unitsofmeasure.org","code":"10*9/L"},'
    b'"interpretation":[{"text":"a"}],"referenceRange":[{"low":{"value":150},"high":{"value":400}}]}',
    b'{"resourceType":"Condition","code":{"text":"a"},"subject":{"reference":"Patient/a"},"onsetDateTime":"2026-01-01"}',
    b'{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"a"},'
    b'"subject":{"reference":"Patient/a"},"dosageInstruction":[{"route":{"text":"a"}}]}',
    b'{"resourceType":"AllergyIntolerance","code":{"text":"a"},"patient":{"reference":"Patient/a"}}',
    b'{"resourceType":"Procedure","status":"completed","code":{"text":"a"},"subject":{"reference":"Patient/a"}}',
    b'{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/a"}}',
    b'{"resourceType":"Encounter","status":"in-progress","class":{"code":"IMP"},"subject":{"reference":"Patient/a"}}',
)


def invalid_reason(raw: bytes | Raw) -> str | None:
    """Why a resource is not valid FHIR R4, or None. In our words: the member and the kind of fault, no value."""
    text = bytes(raw)
    outline = _outline(text)
    if outline in _valid_outlines:
        return None
    try:
        whole = _JSON.decode(str(text, "utf-8"))
        name = whole["resourceType"]
        if name not in _TYPES:
            return "not a resource that is read"
        resource, new = _told_apart(whole, _MEMBERS.decode(text))
        if is_id(resource.get("id")):
            del resource["id"]  # it may be longer than R4 allows: nothing rests on that
        _model(name).model_validate(resource)
    except ValidationError as error:
        return _worded(error)
    except _TwiceError:
        return "not valid FHIR R4: a member stands twice in the same object"
    except RecursionError:
        return "nested too deeply"
    except (
        MsgspecError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        LookupError,
        AssertionError,
    ):
        return "not valid FHIR R4"
    _remember(_valid, new)
    _remember(_valid_outlines, (outline,))
    return None


def _remember(valid: set[T], new: Collection[T]) -> None:
    if len(valid) + len(new) > _REMEMBERED:
        valid.clear()
    valid.update(new)


# -------------------------------------------------------------------------------------- resources that are alike

_FHIR_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_NUMBER: Final = r"-?(?:0|[1-9]\d{0,8})(?:\.\d{1,9})?"
_TIME: Final = rf"{PLAIN_SECOND}(?:\.\d{{1,6}})?{PLAIN_OFFSET}"
_OF_ITS_OWN: Final = re.compile(
    rf'"(id": ?"(?={_FHIR_ID}")'
    rf'|versionId": ?"(?={_FHIR_ID}")'
    rf'|reference": ?"[A-Z][A-Za-z]{{1,63}}/(?={_FHIR_ID}")'
    rf'|value": ?(?={_NUMBER}[,}}])'
    rf'|(?={_TIME}")'
    rf'|(?={PLAIN_DAY}")[12])[A-Za-z0-9\-.:+]+'.encode()
)
"""What each resource has of its own, where it is written plainly: every value of such a form is valid where one is.

What the group holds tells the forms apart; a day, of which it holds the first digit, is valid in other places than an
exact time. To split at them is the quickest way to take them out.
"""

_valid_outlines: Final[set[bytes]] = set()
"""Of valid resources, so that nothing of a record is kept."""


def _outline(text: bytes) -> bytes:
    """The digest of a resource without what it has of its own, for which a byte stands that JSON never holds."""
    return blake2b(b"\0".join(_OF_ITS_OWN.split(text)), digest_size=16).digest()


# ------------------------------------------------------------------------------- members that are written again

_AGAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "Observation": {
        "category": "[CodeableConcept]",
        "code": "CodeableConcept",
        "interpretation": "[CodeableConcept]",
        "performer": "[Reference]",
        "referenceRange": "[ObservationReferenceRange]",
        "valueQuantity": "Quantity",
    },
    "Condition": {
        "category": "[CodeableConcept]",
        "clinicalStatus": "CodeableConcept",
        "code": "CodeableConcept",
        "recorder": "Reference",
        "severity": "CodeableConcept",
        "verificationStatus": "CodeableConcept",
    },
    "MedicationRequest": {
        "category": "[CodeableConcept]",
        "medicationCodeableConcept": "CodeableConcept",
        "requester": "Reference",
    },
}
"""Members that are the same in the records of many patients, with their type."""

_NONE: Final[Mapping[str, str]] = {}

_REMEMBERED: Final = 8192
_Named = tuple[str, str, bytes]
"""Type, member, and the digest of its text, so that nothing of a record is kept."""

_valid: Final[set[_Named]] = set()
"""Members that stood in valid resources."""

_MEMBERS: Final = Decoder(dict[str, Raw])


def _told_apart(whole: Mapping[str, Any], texts: Mapping[str, Raw]) -> tuple[dict[str, Any], list[_Named]]:
    """The resource for its model, with a valid stand-in for each member that is known; and those that are not."""
    name = whole["resourceType"]
    resource = dict(whole)
    new: list[_Named] = []
    for member, kind in _AGAIN.get(name, _NONE).items():
        if whole.get(member) is None:  # null is as good as absent
            continue
        named = name, member, blake2b(texts[member], digest_size=16).digest()
        if named in _valid:
            resource[member] = _stand_in(kind)
        else:
            new.append(named)
    return resource, new


@cache
def _stand_in(kind: str) -> BaseModel | list[BaseModel]:
    """A valid value of a type, which the model of the resource takes as it is."""
    name = kind.strip("[]")
    module = "observation" if name.startswith("Observation") else name.lower()
    value: BaseModel = getattr(import_module(f"fhir.resources.R4B.{module}"), name)()
    return [value] if kind.startswith("[") else value


def warm() -> None:
    """Imports and builds the models of the types that decide cards."""
    for sample in SAMPLES:
        reason = invalid_reason(sample)
        if reason is not None:
            raise RuntimeError(f"the FHIR models refuse a valid sample: {reason}")


@cache
def _model(name: str) -> type[BaseModel]:
    model: type[BaseModel] = getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    return model


def _exact(text: str) -> Decimal | int:
    """A JSON number as it stands; a bomb such as 1E1000000 is refused before a model does arithmetic on it."""
    value = read_decimal(Raw(text.encode()))
    return int(value) if text.lstrip("-").isdigit() else value


def _refused(text: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON")


class _TwiceError(ValueError):
    """Which of the two was meant cannot be told."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _TwiceError
    return members


_JSON: Final = json.JSONDecoder(
    object_pairs_hook=_once_each, parse_float=_exact, parse_int=_exact, parse_constant=_refused
)


def _worded(error: ValidationError) -> str:
    """The first fault: a member's path by the names of the model, and what kind of fault it is."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    kind = _WORDS.get(first["type"], "is not of its R4 type")
    if first["type"] == "extra_forbidden":  # its name is the record's own
        path = [str(part) for part in first["loc"][:-1] if isinstance(part, str)]
        return f"not valid FHIR R4: {'.'.join(path) or 'the resource'} has a member that R4 does not know"
    path = [str(part) for part in first["loc"] if isinstance(part, str)]
    return f"not valid FHIR R4: {'.'.join(path) or 'the resource'} {kind}"
