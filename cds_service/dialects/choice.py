"""Which dialect a caller is answered in, and what else of an answer is the client's own."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from cds_service.auth.caller import Caller
from cds_service.card_text import Shape, TimelineLink
from cds_service.dialects.epic import epic_card
from cds_service.dialects.oracle_health import oracle_health_card
from cds_service.evaluate import Evaluation
from cds_service.hooks.request import HookRequest
from cds_service.settings import Settings, SettingsError

EPIC_EXTENSION: Final = "com.epic.cdshooks.request."
PLAYED: Final = "org.platelet-hooks.dialect."
"""The playground's way to ask for a dialect that no request tells by itself; heard in sandbox mode only."""

STANDARD: Final = "standard"

SHAPES: Final[Mapping[str, Shape | None]] = MappingProxyType(
    {"standard": None, "sandbox": None, "epic": epic_card, "oracle-health": oracle_health_card}
)


def dialect_of(caller: Caller, request: HookRequest) -> str:
    """What the client entry says; where it says nothing, what the request's extensions tell."""
    if caller.client is not None and "dialect" in caller.client.model_fields_set:
        return caller.client.dialect
    played = (name.removeprefix(PLAYED) for name in request.extensions if name.startswith(PLAYED))
    if caller.client is None and (known := [name for name in played if name in SHAPES]):
        return known[0]
    is_epic = any(name.startswith(EPIC_EXTENSION) for name in request.extensions)
    return "epic" if is_epic else STANDARD


def offer_timeline(evaluation: Evaluation, settings: Settings) -> Evaluation:
    """Without a link to the timeline where it could show nobody: in production, unless an entry registers it."""
    if settings.sandbox or any(client.smart_client_id is not None for client in settings.clients):
        return evaluation
    return replace(
        evaluation,
        setting=replace(evaluation.setting, timeline=TimelineLink.NONE),
        for_clients={name: offer_timeline(one, settings) for name, one in evaluation.for_clients.items()},
    )


def timeline_link(caller: Caller, request: HookRequest, otherwise: TimelineLink) -> TimelineLink:
    """A client that its entry knows as a SMART server can launch; of one without entry its authorization tells it."""
    if caller.client is not None:
        return otherwise if caller.client.smart_client_id is None else TimelineLink.SMART
    can_launch = request.fhir_server is not None and request.fhir_authorization is not None
    return TimelineLink.SMART if can_launch else otherwise


def check_order_codes(settings: Settings, templates: Container[str]) -> None:
    """SettingsError, one line, for an order code of a draft that there is not."""
    for number, client in enumerate(settings.clients, 1):
        for name in client.order_codes:
            if name not in templates:
                raise SettingsError(f"[[clients]] {number}, order_codes: no draft is called {name}")


def evaluation_for(evaluation: Evaluation, caller: Caller, request: HookRequest) -> Evaluation:
    """The evaluation with the client's dialect and order codes, explained where its entry says so."""
    client = caller.client
    name = None if client is None else client.name
    evaluation = evaluation.of(name)
    timeline = timeline_link(caller, request, evaluation.setting.timeline)
    kind = (name, dialect_of(caller, request), timeline)
    found = evaluation.shaped.get(kind)
    if found is None:
        setting = replace(
            evaluation.setting,
            shape=SHAPES[kind[1]],
            order_codes={} if client is None else client.order_codes,
            timeline=timeline,
        )
        explains = evaluation.explains or (client is not None and client.evaluation)
        found = evaluation.shaped[kind] = replace(evaluation, setting=setting, explains=explains)
    return found
