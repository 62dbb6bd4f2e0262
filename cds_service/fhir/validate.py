"""Full validation by `fhir.resources` (R4B, the published R4 models) of the resources that a card rests on.

It is dear (50 times a decode), so only those are validated, once each. Models are imported per type when first
needed; `warm` does it at start.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Final

from msgspec import Raw
from pydantic import BaseModel, ValidationError

from cds_service.fhir.numbers import read_decimal
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import Shape

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
    try:
        resource = json.loads(bytes(raw), parse_float=_exact, parse_int=_exact, parse_constant=_refused)
        name = resource.get("resourceType")
        if name not in _TYPES:
            return "not a resource that is read"
        if is_id(resource.get("id")):
            del resource["id"]  # it may be longer than R4 allows: nothing rests on that
        _model(name).model_validate(resource)
    except ValidationError as error:
        return _worded(error)
    except RecursionError:
        return "nested too deeply"
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError, LookupError, AssertionError):
        return "not valid FHIR R4"
    return None


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


def _worded(error: ValidationError) -> str:
    """The first fault: a member's path by the names of the model, and what kind of fault it is."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    kind = _WORDS.get(first["type"], "is not of its R4 type")
    if first["type"] == "extra_forbidden":  # its name is the record's own
        path = [str(part) for part in first["loc"][:-1] if isinstance(part, str)]
        return f"not valid FHIR R4: {'.'.join(path) or 'the resource'} has a member that R4 does not know"
    path = [str(part) for part in first["loc"] if isinstance(part, str)]
    return f"not valid FHIR R4: {'.'.join(path) or 'the resource'} {kind}"
