"""Every answer that is not 2xx: an OperationOutcome with one stable code per cause (contract section 4).

The words are ours. Nothing of the request is repeated in them, for a request holds patient data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from cards.frozen import dataclass
from cds_service.hooks.wire import encode

CODE_SYSTEM = "/fhir/CodeSystem/error"
FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a request is refused: HTTP status, FHIR issue type, and what it means."""

    status: int
    issue: str
    display: str


CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "not-json": Cause(400, "structure", "The body is not JSON as RFC 8259 has it"),
        "too-deep": Cause(400, "too-costly", "The body is nested too deeply"),
        "doubled-member": Cause(400, "structure", "A member stands twice in the same object"),
        "missing-member": Cause(400, "required", "A required member is missing"),
        "invalid-member": Cause(400, "value", "A member is not what it has to be"),
        "wrong-hook": Cause(400, "business-rule", "The hook is not the hook of this service"),
        "bad-request": Cause(400, "invalid", "The request cannot be read"),
        "not-authenticated": Cause(401, "login", "Authentication is missing or wrong"),
        "forbidden": Cause(403, "forbidden", "The service is not open to this client"),
        "unknown-service": Cause(404, "not-found", "There is no such service"),
        "not-found": Cause(404, "not-found", "There is nothing at this address"),
        "method-not-allowed": Cause(405, "not-supported", "This address does not take this method"),
        "required-data-missing": Cause(412, "required", "Required data is neither sent nor obtainable"),
        "too-large": Cause(413, "too-long", "The body is too large"),
        "too-many-entries": Cause(413, "too-costly", "A Bundle holds too many entries"),
        "too-many-deciding": Cause(413, "too-costly", "Too many resources would have to be validated"),
        "unsupported-media-type": Cause(415, "not-supported", "The body is not sent as JSON in UTF-8"),
        "too-many-requests": Cause(429, "throttled", "Too many requests: try again later"),
        "internal-error": Cause(500, "exception", "The service failed; no advice was made"),
        "not-ready": Cause(503, "transient", "The service is not ready"),
        "busy": Cause(503, "transient", "Other large bodies are being read: try again"),
        "store-unavailable": Cause(503, "transient", "The store cannot take it now; nothing was stored"),
    }
)

BY_STATUS: Mapping[int, str] = MappingProxyType(
    {
        404: "not-found",
        405: "method-not-allowed",
        413: "too-large",
        415: "unsupported-media-type",
        500: "internal-error",
        503: "not-ready",
    }
)
"""The cause of a refusal that the web framework makes by itself."""


class Refused(Exception):
    """A request that is answered with an OperationOutcome. `details`: one line for each thing that is wrong."""

    def __init__(self, code: str, *details: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.headers = headers

    @property
    def status(self) -> int:
        return CAUSES[self.code].status


def code_of(status: int) -> str:
    """The cause that stands for a status."""
    return BY_STATUS.get(status, "internal-error" if status >= 500 else "bad-request")


def operation_outcome(code: str, details: Iterable[str], base_url: str) -> bytes:
    """The body of a refusal: an issue per detail, at least one."""
    cause = CAUSES[code]
    coding = {"system": f"{base_url}{CODE_SYSTEM}", "code": code, "display": cause.display}
    issues: list[dict[str, Any]] = [
        {
            "severity": "fatal" if cause.status >= 500 else "error",
            "code": cause.issue,
            "details": {"coding": [coding], "text": detail or cause.display},
        }
        for detail in (tuple(details) or ("",))
    ]
    return encode({"resourceType": "OperationOutcome", "issue": issues})
