"""`/fhir/metadata`: what the service publishes of its content, as a FHIR R4 CapabilityStatement."""

from __future__ import annotations

from typing import Any

from cds_service import __version__
from cds_service.content import RELEASED


def capability_statement(base_url: str, version: str) -> dict[str, Any]:
    """Read-only: the codes, value sets and rules of the content in force; no patient data is served."""
    read = [{"code": "read"}]
    by_url = {"name": "url", "type": "uri", "documentation": "The canonical url of the value set"}
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{base_url}/fhir/metadata",
        "version": version,
        "name": "PlateletHooksContent",
        "title": "Platelet Hooks: published content",
        "status": "active",
        "experimental": True,
        "date": RELEASED,
        "description": "The content of the decision support, for reading. No patient data is stored or served here.",
        "kind": "instance",
        "software": {"name": "platelet-hooks", "version": __version__},
        "implementation": {"description": "Published content of Platelet Hooks", "url": f"{base_url}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Read-only. The cards themselves are given by CDS Hooks. Value sets are found by "
                "their url alone, the rest is read by id. No operations are offered, such as $expand.",
                "resource": [
                    {"type": "CodeSystem", "interaction": read},
                    {
                        "type": "ValueSet",
                        "interaction": [*read, {"code": "search-type"}],
                        "searchParam": [by_url],
                    },
                    {"type": "PlanDefinition", "interaction": read},
                ],
            }
        ],
    }
