"""What the playground sends: a hook request made of pasted records, in the shape of the client that it plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.json import format as indented

from cards.frozen import dataclass
from cards.precedence import ORDER_HOOKS
from cds_service.calling import service_of
from cds_service.discovery import PrefetchKey
from cds_service.hooks.context import REQUIRED
from cds_service.hooks.wire import encode
from cds_service.input_files import InputError, Records, Request, Resource, read_text
from cds_service.stories.notation import read_story
from cds_service.stories.request import encounter_of, hook_request
from cds_service.stories.resources import write_orders
from cds_service.web.pasted import DRAFTS, NAME, draft_orders

SANDBOX_USER: Final = "Practitioner/COREPRACTITIONER1"
CLIENTS: Final[Mapping[str, str]] = {
    "standard": "Standard",
    "epic": "Epic",
    "oracle-health": "Oracle Health",
    "sandbox": "Public sandbox",
}
ORDERS: Final = (
    "platelets, 1 adult dose",
    "ibuprofen, 400 mg, 3 times daily, oral",
    "aspirin, 100 mg, daily, oral",
    "paracetamol, oral",
    "amoxicillin, oral",
    "ceftriaxone, IV",
    "doxycycline, 100 mg, twice daily, oral",
    "enoxaparin, 40 mg, daily, SC",
    "heparin, IV",
    "eltrombopag, 50 mg, daily",
    "romiplostim, SC",
    "prednisone, 60 mg, daily, for 6 weeks, oral",
    "tranexamic acid, IV",
    "lumbar puncture",
)
"""Orders to choose from, as the stories write them; others can be typed."""

EPIC_MEMBERS: Final = {
    "com.epic.cdshooks.request.bpa-trigger-action": "18",
    "com.epic.cdshooks.request.cds-hooks-specification-version": "1.1",
    "com.epic.cdshooks.request.fhir-version": "R4",
}
ORACLE_MEMBERS: Final = {"org.platelet-hooks.dialect.oracle-health": True}


class Asked(Struct, frozen=True, rename="camel"):
    """The form. `order` is a line as the stories write it; `selected` names drafts of the text."""

    text: str
    hook: str = "patient-view"
    dialect: str = "standard"
    user: str = "Practitioner/example"
    patient: str = ""
    order: str = ""
    selected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A request ready to be sent, and to which service."""

    service: str
    body: str

    def curl(self, base_url: str) -> str:
        """The same call for a shell."""
        marker = "REQUEST"
        return (
            f"curl -s -H 'Content-Type: application/json' --data-binary @- \\\n"
            f"  {base_url}/cds-services/{self.service} <<'{marker}'\n{self.body}\n{marker}"
        )


def make_request(asked: Asked, now: datetime, keys: Sequence[PrefetchKey]) -> Made:
    """InputError or CallError, one line, where no request can be made of the text."""
    given = read_text(asked.text.encode(), NAME)
    if isinstance(given, Request):
        return Made(service_of(given.hook), asked.text.strip())
    service = service_of(asked.hook)
    patient = _patient(given, asked.patient)
    drafts, resources = _orders(given, asked, patient, now)
    encounter = encounter_of(resources, patient, asked.hook)
    request = hook_request(asked.hook, patient, resources, keys, drafts, encounter)
    request["context"]["userId"] = asked.user.strip()
    shaped = as_client(request, asked.dialect)
    return Made(service, indented(encode(shaped)).decode())


def as_client(request: Mapping[str, Any], dialect: str) -> dict[str, Any]:
    """The request as that client would write it; the data are the same. InputError for an unknown client."""
    shaped = deepcopy(dict(request))
    match dialect:
        case "standard":
            pass
        case "epic":
            shaped["extension"] = dict(EPIC_MEMBERS)
        case "oracle-health":
            shaped["extension"] = dict(ORACLE_MEMBERS)
        case "sandbox":
            _as_sandbox(shaped["context"], shaped["hook"])
        case _:
            raise InputError(f"client: expected {', '.join(CLIENTS)}")
    return shaped


def _as_sandbox(context: dict[str, Any], hook: str) -> None:
    """The public sandbox: one user, no encounter but where one is required (a hook that it cannot call), drafts in a
    Bundle without type, categories as objects."""
    context["userId"] = SANDBOX_USER
    if "encounterId" not in REQUIRED[hook]:
        context.pop("encounterId", None)
    drafts = context.get("draftOrders")
    if drafts is None:
        return
    drafts.pop("type", None)
    for entry in drafts["entry"]:
        category = entry["resource"].get("category")
        if isinstance(category, list) and category:
            entry["resource"]["category"] = category[0]


def _patient(given: Records, wanted: str) -> str:
    patients = given.patients()
    if not patients:
        raise InputError("no Patient, and no resource names one")
    if wanted and wanted not in patients:
        raise InputError(f"no patient {wanted!r} in the records")
    if not wanted and len(patients) > 1:
        raise InputError(f"records of {len(patients)} patients: choose one")
    return wanted or patients[0]


def _orders(
    given: Records, asked: Asked, patient: str, now: datetime
) -> tuple[list[Resource], list[Resource]]:
    """The drafts to send, and the other resources. Without a choice every draft of the text is sent."""
    if asked.hook not in ORDER_HOOKS:
        return [], list(given.resources)
    drafts = [
        one
        for one in draft_orders(given.resources)
        if not asked.selected or f"{one['resourceType']}/{one['id']}" in asked.selected
    ]
    if asked.order.strip():
        drafts += _written(asked.order.strip(), patient, now)
    if not drafts:
        raise InputError(
            f"{asked.hook} needs an order: choose one, or paste a draft {' or '.join(DRAFTS[:2])}"
        )
    every = list(draft_orders(given.resources))
    return drafts, [one for one in given.resources if one not in every]


def _written(line: str, patient: str, now: datetime) -> list[Resource]:
    """A draft of a line such as `ibuprofen, 400 mg, 3 times daily, oral`."""
    try:
        return [dict(one) for one in write_orders(read_story({"orders": [line]}), patient, now)]
    except (ValueError, LookupError) as error:
        raise InputError(f"order: {error}") from error
