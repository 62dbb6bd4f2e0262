"""A call of a hook, from its body to the bytes of its answer: by Flask's route and by the short way alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from cards.frozen import dataclass
from cds_service.account import Account
from cds_service.auth.caller import Caller
from cds_service.dialects.choice import evaluation_for
from cds_service.discovery import SERVICES, HookService
from cds_service.evaluate import Evaluation, evaluate
from cds_service.fhir_client import FhirAccess
from cds_service.hooks.request import read_request
from cds_service.hooks.wire import encode
from cds_service.memory import CalledBy, Memory
from cds_service.settings import Settings

Clock = Callable[[], datetime]

OFFERED: Final[Mapping[str, HookService]] = {row.id: row for row in SERVICES}


@dataclass(frozen=True, slots=True)
class HookCalls:
    """What all calls of a process share."""

    settings: Settings
    evaluation: Evaluation
    clock: Clock
    access: FhirAccess
    memory: Memory | None = None

    def answer(
        self, body: bytes, service: HookService, caller: Caller, account: Account, noted: dict[str, Any]
    ) -> bytes:
        """The JSON of the answer. Refused where there is none.

        `noted` is what the log's line tells beside the account; it is filled also where the call is refused.
        """
        asked = read_request(body, service.hook, self.settings.limits.depth, self.evaluation.decoder)
        noted["service"] = service.id
        noted["instance_is_uuid"] = asked.instance_is_uuid
        account.lap("read")
        now = self.clock()
        if self.memory is not None:
            called_by = CalledBy.of(service.id, caller, self.settings)
            account.recollection = self.memory.recollect(asked, called_by, now)
        fetch = self.access.for_call(caller.fhir_servers)
        noted["fetched"] = fetch.counts  # filled later
        in_force = evaluation_for(self.evaluation, caller, asked)
        answer = encode(evaluate(asked, in_force, now, fetch, account))
        account.lap("encode")
        return answer
