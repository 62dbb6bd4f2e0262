"""The call's body: every member is checked, and what is wrong is named with what it has to be.

Members that CDS Hooks does not have are passed over undecoded, `extension` but for the names in it; so are prefetch
keys that the service did not ask for. Prefetch values stay as they were sent until they are gathered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final
from uuid import UUID

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, ValidationError
from msgspec.json import Decoder

from cards.frozen import dataclass
from cds_service.config_file import check_web_url
from cds_service.errors import Refused
from cds_service.hooks.context import CLINICIANS, PATIENT_SIDE, REQUIRED, Context
from cds_service.hooks.cut import cut
from cds_service.hooks.fhir_authorization import FhirAuthorization
from cds_service.hooks.strict_json import check_depth, check_doubled, check_text

Member = Raw | None

ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
USER: Final = re.compile(rf"({'|'.join((*CLINICIANS, *PATIENT_SIDE))})/[A-Za-z0-9_\-.]{{1,128}}")
LONGEST_TEXT: Final = 512
_ADDRESS: Final = "an http or https address without user, query or fragment"


class _Drafts(Struct, frozen=True, rename="camel"):
    resource_type: str = "Bundle"
    entry: list[Raw] | UnsetType = UNSET


_DRAFTS: Final = Decoder(_Drafts)
_TEXT: Final = Decoder(str)
_TEXTS: Final = Decoder(tuple[str, ...])
_OBJECT: Final = Decoder(dict[str, Raw])
_AUTHORIZATION: Final = Decoder(FhirAuthorization)


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A call that keeps the protocol. `prefetch` holds the values as sent, by key; of extensions only the names.

    `held` is the prefetch decoded, a member for each key, where that was asked for and could be done in one pass.
    """

    hook: str
    hook_instance: str
    context: Context
    prefetch: Mapping[str, Raw] = field(default_factory=dict, repr=False)
    fhir_server: str | None = None
    fhir_authorization: FhirAuthorization | None = None
    extensions: frozenset[str] = frozenset()
    held: Struct | None = field(default=None, repr=False)

    @property
    def instance_is_uuid(self) -> bool:
        """Whether hookInstance is the UUID that the specification asks for; another text is accepted."""
        try:
            UUID(self.hook_instance)
        except ValueError:
            return False
        return True


def read_request(body: bytes, hook: str, depth: int, decoder: Decoder[Struct] | None = None) -> HookRequest:
    """The call of a service for `hook`. Refused (400) naming each wrong member and what it has to be.

    A `decoder` of the prefetch is tried first; what it cannot read is no fault of the call.
    """
    check_text(body)
    check_depth(body, depth)
    body = body.strip()
    parts = None if decoder is None else cut(body, decoder)
    if parts is not None:
        body = parts.rest
    try:
        members = _OBJECT.decode(body)
    except ValidationError:
        raise Refused("not-json", "The body has to be a JSON object") from None
    except DecodeError:
        raise Refused("not-json", "The body cannot be read as JSON") from None
    except RecursionError:
        raise Refused("too-deep", f"The body may be nested {depth} levels at most") from None
    check_doubled(body, members)
    if _required(members.get("hook"), "hook", hook) != hook:
        raise Refused("wrong-hook", f"hook: expected {hook}")
    server = _server(members.get("fhirServer"))
    return HookRequest(
        hook=hook,
        hook_instance=_required(members.get("hookInstance"), "hookInstance", "a non-empty string, a UUID"),
        context=_read_context(members.get("context"), hook),
        prefetch=(_object(members.get("prefetch"), "prefetch") or {}) if parts is None else parts.prefetch,
        fhir_server=server,
        fhir_authorization=_authorization(members.get("fhirAuthorization"), server),
        extensions=_names(members.get("extension")),
        held=None if parts is None else parts.held,
    )


def _names(raw: Member) -> frozenset[str]:
    """The names of an object's members, none where it is no object: an extension refuses no call."""
    try:
        return frozenset(_OBJECT.decode(raw)) if raw is not None else frozenset()
    except (DecodeError, RecursionError):
        return frozenset()


def _read_context(raw: Member, hook: str) -> Context:
    members = _object(raw, "context")
    if raw is None or members is None:
        raise Refused("missing-member", "context: expected an object")
    check_doubled(bytes(raw), members, "context.")
    wanted = REQUIRED[hook]
    encounter = members.get("encounterId")
    return Context(
        user_id=_matching(
            members.get("userId"),
            "userId",
            USER,
            f"Type/id of a {', '.join(CLINICIANS)}, {' or '.join(PATIENT_SIDE)}",
        ),
        patient_id=_matching(members.get("patientId"), "patientId", ID, "a FHIR id, without its type"),
        encounter_id=None
        if _is_none(encounter) and "encounterId" not in wanted
        else _matching(encounter, "encounterId", ID, "a FHIR id, without its type"),
        selections=_selections(members.get("selections")) if "selections" in wanted else (),
        draft_orders=_drafts(members.get("draftOrders")) if "draftOrders" in wanted else None,
    )


def _selections(raw: Member) -> tuple[str, ...]:
    expected = "context.selections: expected an array of references such as MedicationRequest/1"
    if _is_none(raw):
        raise Refused("missing-member", expected)
    try:
        found = _TEXTS.decode(raw)  # type: ignore[arg-type]
    except (DecodeError, RecursionError):
        raise Refused("invalid-member", expected) from None
    if not all(0 < len(one) <= LONGEST_TEXT for one in found):
        raise Refused("invalid-member", expected)
    return found


def _drafts(raw: Member) -> Raw:
    expected = "context.draftOrders: expected a Bundle of draft orders"
    if _is_none(raw):
        raise Refused("missing-member", expected)
    assert raw is not None
    try:
        if _DRAFTS.decode(raw).resource_type != "Bundle":
            raise Refused("invalid-member", expected)
    except (DecodeError, RecursionError):
        raise Refused("invalid-member", expected) from None
    return raw


def _authorization(raw: Member, server: str | None) -> FhirAuthorization | None:
    if _is_none(raw):
        return None
    if server is None:
        raise Refused("missing-member", "fhirServer: required where fhirAuthorization is given")
    try:
        return _AUTHORIZATION.decode(raw)  # type: ignore[arg-type]
    except (DecodeError, RecursionError):
        raise Refused("invalid-member", "fhirAuthorization: expected an object with access_token") from None


def _server(raw: Member) -> str | None:
    if _is_none(raw):
        return None
    try:
        return check_web_url(_text(raw, "fhirServer", _ADDRESS))
    except ValueError:
        raise Refused("invalid-member", f"fhirServer: expected {_ADDRESS}") from None


def _object(raw: Member, name: str) -> dict[str, Raw] | None:
    if _is_none(raw):
        return None
    try:
        return _OBJECT.decode(raw)  # type: ignore[arg-type]
    except (DecodeError, RecursionError):
        raise Refused("invalid-member", f"{name}: expected an object") from None


def _matching(raw: Member, name: str, grammar: re.Pattern[str], expected: str) -> str:
    """A required text of the context that keeps a grammar."""
    text = _required(raw, f"context.{name}", expected)
    if not grammar.fullmatch(text):
        raise Refused("invalid-member", f"context.{name}: expected {expected}")
    return text


def _required(raw: Member, name: str, expected: str) -> str:
    if _is_none(raw):
        raise Refused("missing-member", f"{name}: expected {expected}")
    return _text(raw, name, expected)


def _text(raw: Member, name: str, expected: str) -> str:
    try:
        text = _TEXT.decode(raw)  # type: ignore[arg-type]
    except (DecodeError, RecursionError):
        text = ""
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise Refused("invalid-member", f"{name}: expected {expected}")
    return text


def _is_none(raw: Member) -> bool:
    """Whether a member is absent or null: for an optional one, the same."""
    return raw is None or bytes(raw) == b"null"
