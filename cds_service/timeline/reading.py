"""A record to what the timeline shows: the same gathering, reading and deciding as for a call, nothing remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cards.decide import Decision, decide
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.reading import read
from cards.record import Record
from cds_service.discovery import keys_of
from cds_service.evaluate import Evaluation
from cds_service.facts import settle
from cds_service.fhir.entries import Rejected
from cds_service.fhir.parse import parse
from cds_service.fhir_client.asked import Fetch
from cds_service.gather import gather
from cds_service.hooks.card import Card
from cds_service.hooks.request import HookRequest
from cds_service.render import render
from cds_service.validation import decide_on_valid


@dataclass(frozen=True, slots=True)
class Seen:
    """What a record tells now: facts, cards, keys that are not whole, resources that were set aside."""

    facts: PatientFacts
    cards: tuple[Card, ...]
    degraded: tuple[str, ...]
    rejected: tuple[Rejected, ...]


def see(request: HookRequest, evaluation: Evaluation, now: datetime, fetch: Fetch | None = None) -> Seen:
    """Refused with 412 or 413 as a call is. A patient who looks at their own record gets no clinician's card."""
    content = evaluation.content
    gathered = gather(request, keys_of(request.hook, evaluation.keys), evaluation.most_entries, fetch)
    parsed = parse(gathered.sources, request.context.patient_id, request.fhir_server)
    settled = settle(parsed, request, gathered.answers, content.terminology, now, content.limits)

    def judge(record: Record) -> tuple[PatientFacts, Decision]:
        facts = read(record, content.limits, content.pathogens)
        return facts, decide(facts, content.limits, switches=content.site.switches)

    valid = decide_on_valid(settled.record, parsed, judge, evaluation.most_validated)
    cards: Sequence[Card] = ()
    if not request.context.user_is_patient:
        cards = render(valid.decision, valid.facts, evaluation.setting, request.context.encounter_id)
    rejected = (*parsed.rejected, *settled.rejected, *valid.rejected)
    return Seen(valid.facts, tuple(cards), gathered.degraded, tuple(dict.fromkeys(rejected)))
