"""JSON Schemas of what is read and written, made of the models and tables that read and write it.

What is sent is described by the msgspec models of `hooks/`. What is read is checked member by member, so its schemas
are made of the same tables and grammars that the check uses. CDS Hooks 2.0 and 3.0 are one shape here: what 3.0 adds
is optional to a client of 2.0, and 2.0 asks for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from cds_service.discovery import SERVICES, HookService, PrefetchKey, keys_of
from cds_service.errors import CAUSES
from cds_service.feedback.entries import LONGEST_COMMENT, MOST_ENTRIES
from cds_service.hooks.context import REQUIRED
from cds_service.hooks.discovery import Discovery
from cds_service.hooks.fhir_authorization import FhirAuthorization
from cds_service.hooks.request import ID, USER
from cds_service.hooks.response import HookResponse

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
COMPONENTS: Final = "#/components/schemas/"
VERSIONS: Final = "The same for CDS Hooks 2.0 and 3.0."

Schema = dict[str, Any]


OPERATION_OUTCOME: Final[Schema] = {
    "type": "object",
    "description": "FHIR R4 OperationOutcome: one stable code per cause, and in words what is wrong.",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code", "details"],
                "properties": {
                    "severity": {"enum": ["fatal", "error"]},
                    "code": {"type": "string"},
                    "details": {
                        "type": "object",
                        "required": ["coding", "text"],
                        "properties": {
                            "coding": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "system": {"type": "string"},
                                        "code": {"enum": list(CAUSES)},
                                        "display": {"type": "string"},
                                    },
                                },
                            },
                            "text": {"type": "string"},
                        },
                    },
                },
            },
        },
    },
}
FEEDBACK_ENTRY: Final[Schema] = {
    "type": "object",
    "description": "What became of one card. The same entry again is stored once.",
    "required": ["card", "outcome", "outcomeTimestamp"],
    "properties": {
        "card": {"type": "string", "format": "uuid", "description": "The card's uuid."},
        "outcome": {"enum": ["accepted", "overridden"]},
        "outcomeTimestamp": {"type": "string", "format": "date-time"},
        "acceptedSuggestions": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        },
        "overrideReason": {
            "type": "object",
            "minProperties": 1,
            "properties": {
                "reason": {
                    "type": "object",
                    "required": ["code"],
                    "properties": {
                        "code": {"type": "string"},
                        "system": {"type": "string"},
                        "display": {"type": "string"},
                    },
                },
                "userComment": {"type": "string", "minLength": 1, "maxLength": LONGEST_COMMENT},
            },
        },
    },
    "if": {"properties": {"outcome": {"const": "accepted"}}},
    "then": {"required": ["acceptedSuggestions"]},
}
FEEDBACK: Final[Schema] = {
    "type": "object",
    "description": "Several entries are stored together or not at all.",
    "required": ["feedback"],
    "properties": {
        "feedback": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_ENTRIES,
            "items": {"$ref": f"{COMPONENTS}FeedbackEntry"},
        }
    },
}
CONTEXT: Final[Mapping[str, Schema]] = {
    "userId": {"type": "string", "pattern": f"^{USER.pattern}$"},
    "patientId": {"type": "string", "pattern": f"^{ID.pattern}$"},
    "encounterId": {"type": "string", "pattern": f"^{ID.pattern}$"},
    "selections": {"type": "array", "items": {"type": "string", "minLength": 1}},
    "draftOrders": {
        "type": "object",
        "description": "A FHIR Bundle of draft orders; read leniently.",
        "properties": {"resourceType": {"const": "Bundle"}, "entry": {"type": "array"}},
    },
}
EXTRA: Final = {"description": "Read by no rule, passed over."}


def request_name(row: HookService) -> str:
    """`PatientViewRequest`: the schema of a call of its hook."""
    return "".join(part.capitalize() for part in row.hook.split("-")) + "Request"


def _request(row: HookService, keys: Sequence[PrefetchKey]) -> Schema:
    """The body of a call; a prefetch value should be a resource, a Bundle, null or an OperationOutcome."""
    wanted = REQUIRED[row.hook]
    optional = () if "encounterId" in wanted else ("encounterId",)
    context = {name: dict(CONTEXT[name]) for name in wanted}
    context |= {name: {**CONTEXT[name], "type": ["string", "null"]} for name in optional}
    return {
        "type": "object",
        "description": f"A call of {row.hook}. Members that are not named here are passed over.",
        "required": ["hook", "hookInstance", "context"],
        "properties": {
            "hook": {"const": row.hook},
            "hookInstance": {
                "type": "string",
                "minLength": 1,
                "description": "A UUID; other texts are taken too.",
            },
            "fhirServer": {"type": ["string", "null"], "format": "uri"},
            "fhirAuthorization": {"anyOf": [{"$ref": f"{COMPONENTS}FhirAuthorization"}, {"type": "null"}]},
            "context": {"type": "object", "required": list(wanted), "properties": context},
            "prefetch": {
                "type": ["object", "null"],
                "description": "What is no resource, Bundle, null or OperationOutcome is data that is missing: 412.",
                "properties": {key.name: {"description": key.template} for key in keys_of(row.hook, keys)},
            },
            "extension": EXTRA,
        },
    }


def _as_written(schema: Any) -> Any:
    """A model's schema as its values are written: an exact decimal is a JSON number, nothing is null."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            return {"type": "number"}
        kept = {name: _as_written(value) for name, value in schema.items() if name != "default"}
        if isinstance(kept.get("anyOf"), list):
            kept["anyOf"] = [one for one in kept["anyOf"] if one != {"type": "null"}]
            if len(kept["anyOf"]) == 1:
                (only,) = kept.pop("anyOf")
                kept |= only
        return kept
    return [_as_written(one) for one in schema] if isinstance(schema, list) else schema


def _moved(schema: Any) -> Any:
    """References as a schema of its own has them, below `$defs`."""
    if isinstance(schema, dict):
        return {
            name: re.sub(f"^{COMPONENTS}", "#/$defs/", value) if name == "$ref" else _moved(value)
            for name, value in schema.items()
        }
    return [_moved(one) for one in schema] if isinstance(schema, list) else schema


def schemas(keys: Sequence[PrefetchKey]) -> dict[str, Schema]:
    """Every schema by name, references below `#/components/schemas/`."""
    _, sent = msgspec.json.schema_components(
        (Discovery, HookResponse, FhirAuthorization), ref_template=f"{COMPONENTS}{{name}}"
    )
    requests = {request_name(row): _request(row, keys) for row in SERVICES}
    feedback = {"Feedback": FEEDBACK, "FeedbackEntry": FEEDBACK_ENTRY, "Coding": sent["Coding"]}
    made = {**{name: _as_written(schema) for name, schema in sent.items()}, **requests, **feedback}
    made["OperationOutcome"] = OPERATION_OUTCOME
    return made


SCHEMAS_OFFERED: Final[Mapping[str, str]] = {
    **{f"request-{row.hook}": request_name(row) for row in SERVICES},
    "response": "HookResponse",
    "discovery": "Discovery",
    "feedback": "Feedback",
    "error": "OperationOutcome",
}
"""Names below `/schemas/`."""


def json_schema(name: str, keys: Sequence[PrefetchKey], base_url: str) -> Schema:
    """One schema, complete in itself. KeyError for a name that is not offered."""
    root = SCHEMAS_OFFERED[name]
    return {
        "$schema": DIALECT,
        "$id": f"{base_url}/schemas/{name}",
        "$comment": VERSIONS,
        "$ref": f"#/$defs/{root}",
        "$defs": _moved(schemas(keys)),
    }
