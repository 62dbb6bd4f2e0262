"""The OpenAPI 3.1 description of this service, and calls as examples in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from cds_service import __version__
from cds_service.discovery import SERVICES, HookService, PrefetchKey
from cds_service.errors import CAUSES, FHIR_JSON
from cds_service.hooks.context import REQUIRED
from cds_service.insights_files import TABLES
from cds_service.openapi_schemas import COMPONENTS, SCHEMAS_OFFERED, Schema, request_name, schemas
from cds_service.published_codes import CODE_SYSTEMS
from cds_service.stories.notation import read_story
from cds_service.stories.resources import write, write_orders

JSON: Final = "application/json"


TAGS: Final[Mapping[str, str]] = {
    "CDS Hooks": "Discovery, calls and feedback.",
    "Published": "What the service publishes of its content, as FHIR R4, and these descriptions.",
    "Operation": "Health, numbers and insights.",
}
SECURITY: Final = {
    "client": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The CDS client's JWT, as CDS Hooks has it: ES384, RS384 or stronger, for the called address. "
        "Sandbox mode answers without.",
    },
    "admin": {"type": "http", "scheme": "bearer", "description": "PLATELET_HOOKS_ADMIN_TOKEN"},
}


def openapi(base_url: str, keys: Sequence[PrefetchKey], now: datetime, sandbox: bool) -> Schema:
    """The whole description; its examples are dated so that they give cards at `now`."""
    paths: dict[str, Any] = {"/cds-services": {"get": _discovery()}}
    for row in SERVICES:
        paths[f"/cds-services/{row.id}"] = {"post": _hook(row, now)}
        paths[f"/cds-services/{row.id}/feedback"] = {"post": _feedback(row)}
    paths |= _others(sandbox)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Platelet Hooks",
            "version": __version__,
            "summary": "CDS Hooks service: low platelets in infection",
            "description": "Advice on platelet transfusion, treatment of the infection and TPO-RA, as CDS Hooks cards. "
            "For evaluation only: not a medical device, not cleared for clinical use.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "security": [{}, {"client": []}] if sandbox else [{"client": []}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "paths": paths,
        "components": {"schemas": schemas(keys), "responses": _refusals(), "securitySchemes": SECURITY},
    }


# ------------------------------------------------------------------------------------------------- paths


def _content(name: str) -> Schema:
    return {JSON: {"schema": {"$ref": f"{COMPONENTS}{name}"}}}


def _refused(*statuses: int) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/refused-{status}"} for status in statuses}


def _refusals() -> dict[str, Any]:
    """One response per status, with the codes that it can have."""
    by_status: dict[int, list[str]] = {}
    for code, cause in CAUSES.items():
        by_status.setdefault(cause.status, []).append(f"`{code}`: {cause.display}")
    schema = {"schema": {"$ref": f"{COMPONENTS}OperationOutcome"}}
    return {
        f"refused-{status}": {"description": "; ".join(lines), "content": {FHIR_JSON: schema}}
        for status, lines in sorted(by_status.items())
    }


def _discovery() -> Schema:
    return {
        "tags": ["CDS Hooks"],
        "operationId": "discover",
        "summary": "Which services there are, and the data that each wants",
        "responses": {"200": {"description": "The services.", "content": _content("Discovery")}},
    }


def _known(statuses: Sequence[int]) -> tuple[int, ...]:
    have = {cause.status for cause in CAUSES.values()}
    return tuple(status for status in statuses if status in have)


def _hook(row: HookService, now: datetime) -> Schema:
    body = _content(request_name(row))
    body[JSON]["example"] = example_call(row.hook, now)
    return {
        "tags": ["CDS Hooks"],
        "operationId": f"call-{row.hook}",
        "summary": row.title,
        "description": row.description,
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": "Cards, perhaps none, and why.", "content": _content("HookResponse")},
            **_refused(*_known((400, 401, 403, 404, 412, 413, 415, 429, 500))),
        },
    }


def _feedback(row: HookService) -> Schema:
    return {
        "tags": ["CDS Hooks"],
        "operationId": f"feedback-{row.hook}",
        "summary": f"What became of the cards of {row.id}",
        "requestBody": {"required": True, "content": _content("Feedback")},
        "responses": {
            "200": {"description": "All entries are stored."},
            **_refused(*_known((400, 401, 403, 404, 413, 415, 503))),
        },
    }


def _read(row: Other, sandbox: bool) -> Schema:
    tag, name, summary, kind, refused = row
    parameters = [
        {"name": one, "in": "path", "required": True, "schema": {"type": "string"}, **NAMED.get(name, {})}
        for one in re.findall(r"{(\w+)}", name)
    ]
    parameters += [dict(one) for one in ASKED.get(name, ())]
    is_open = sandbox or "admin token" not in summary
    about: Schema = {
        "tags": [tag],
        "security": [{}] if is_open else [{"admin": []}],
        "operationId": re.sub(r"\W+", "-", name.strip("/")),
        "summary": summary,
        "responses": {"200": {"description": summary, "content": {kind: {}}}, **_refused(*_known(refused))},
    }
    return {"get": about | ({"parameters": parameters} if parameters else {})}


Other = tuple[str, str, str, str, tuple[int, ...]]
NAMED: Final[Mapping[str, Schema]] = {
    "/schemas/{name}": {"schema": {"enum": list(SCHEMAS_OFFERED)}},
    "/fhir/CodeSystem/{name}": {"schema": {"enum": sorted(CODE_SYSTEMS)}},
    "/fhir/ValueSet/{name}": {"example": "obs-platelet-count"},
    "/fhir/PlanDefinition/{name}": {"example": "TRF-02"},
}
"""Which names an address takes: all of them, or one to try."""
SINCE: Final[Schema] = {
    "name": "since",
    "in": "query",
    "description": "A date, a dateTime, or days such as 30d.",
    "schema": {"type": "string"},
    "example": "30d",
}
ASKED: Final[Mapping[str, tuple[Schema, ...]]] = {
    "/fhir/ValueSet": (
        {"name": "url", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1}},
    ),
    "/insights.json": (SINCE,),
    "/insights.csv": (
        SINCE,
        {
            "name": "table",
            "in": "query",
            "schema": {"type": "string", "enum": list(TABLES), "default": "cards"},
        },
    ),
}
OTHERS: Final[tuple[Other, ...]] = (
    ("Published", "/openapi.json", "This description", JSON, ()),
    ("Published", "/schemas/{name}", f"A JSON Schema: {', '.join(SCHEMAS_OFFERED)}", JSON, (404,)),
    ("Published", "/fhir/metadata", "CapabilityStatement of what is published", FHIR_JSON, ()),
    ("Published", "/fhir/CodeSystem/{name}", "Codes of our own in cards and errors", FHIR_JSON, (404,)),
    ("Published", "/fhir/ValueSet", "A value set by its `url`", FHIR_JSON, (400, 404)),
    ("Published", "/fhir/ValueSet/{name}", "Which codes mean a fact", FHIR_JSON, (404,)),
    ("Published", "/fhir/PlanDefinition/{name}", "What an advice is for, and when it speaks", FHIR_JSON, (404,)),
    ("Operation", "/health/live", "Whether the process lives", JSON, ()),
    ("Operation", "/health/ready", "Whether calls can be answered in full", JSON, (503,)),
    ("Operation", "/metrics", "Numbers for Prometheus (with the admin token)", "text/plain", (401, 404)),
    ("Operation", "/insights.json", "What became of the cards (with the admin token)", JSON, (400, 401, 404, 503)),
    ("Operation", "/insights.csv", "One of its tables (with the admin token)", "text/csv", (400, 401, 404, 503)),
)  # fmt: skip


def _others(sandbox: bool) -> dict[str, Any]:
    return {row[1]: _read(row, sandbox) for row in OTHERS}


# ---------------------------------------------------------------------------------------------- examples


def example_call(hook: str, now: datetime) -> dict[str, Any]:
    """The smallest call that gives a card: a made-up man whose nose bleeds, platelets 22."""
    patient = "made-up"
    drafts = ["ibuprofen, 400 mg, oral"] if "draftOrders" in REQUIRED[hook] else []
    story = read_story(
        {"person": "man 34", "platelets": "22", "findings": ["nosebleed, 2 h ago"], "orders": drafts}
    )
    person, *records = write(story, patient, now - timedelta(minutes=1))
    context: dict[str, Any] = {"userId": "Practitioner/example", "patientId": patient}
    orders = write_orders(story, patient, now)
    given = {
        "encounterId": "visit-1",
        "selections": [f"{one['resourceType']}/{one['id']}" for one in orders],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]},
    }
    context |= {name: value for name, value in given.items() if name in REQUIRED[hook]}
    searchset = {"resourceType": "Bundle", "type": "searchset"}
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": context,
        "prefetch": {
            "patient": person,
            "platelets": searchset | {"entry": [{"resource": one} for one in records]},
        },
    }
