"""One call from request to answer: the story that `ARCHITECTURE.md` tells, in its order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime

from msgspec import Struct
from msgspec.json import Decoder

from cards.decide import SCOPE, Decision, decide
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import NoAdvice
from cards.outcomes import Outcomes
from cards.reading import read
from cards.reasons import Why
from cards.record import Record
from cards.scope_sets import sets_of_scope
from cds_service.account import Account
from cds_service.card_text import Setting
from cds_service.content import Content, Contents
from cds_service.discovery import ENCOUNTER_KEY, PrefetchKey, keys_of, prefetch_keys
from cds_service.explain import explain
from cds_service.facts import settle
from cds_service.facts.code_marks import CodeMarks
from cds_service.facts.quiet import Quiet, find_quiet
from cds_service.fhir.bundles import prefetch_decoder
from cds_service.fhir.entries import Rejected
from cds_service.fhir.parse import parse
from cds_service.fhir_client.asked import Fetch
from cds_service.gather import Gathered, gather
from cds_service.hooks.card import Card
from cds_service.hooks.request import HookRequest
from cds_service.hooks.response import EXTENSION, HookResponse
from cds_service.render import render
from cds_service.validation import MOST, decide_on_valid


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What stays the same from call to call: the content in force, the keys asked for, what a call may cost."""

    content: Content
    setting: Setting
    keys: tuple[PrefetchKey, ...]
    most_entries: int
    explains: bool = True
    most_validated: int = MOST
    for_clients: Mapping[str, Evaluation] = field(default_factory=dict)
    decoder: Decoder[Struct] | None = field(default=None, repr=False)  # of a prefetch under these keys
    codes: CodeMarks | None = field(default=None, repr=False)
    shaped: dict[Hashable, Evaluation] = field(default_factory=dict, init=False, repr=False, compare=False)
    """As each kind of caller has it (`dialects.choice`), made once."""

    def of(self, client: str | None) -> Evaluation:
        """The evaluation with a client's own content, by its name."""
        return self if client is None else self.for_clients.get(client, self)


def prepare_all(
    contents: Contents, base_url: str, most_entries: int, explains: bool = True, most_validated: int = MOST
) -> Evaluation:
    """The evaluation for all, which knows those of the clients that have content of their own."""
    own = {
        name: prepare(content, base_url, most_entries, explains, most_validated)
        for name, content in contents.by_client.items()
    }
    general = prepare(contents.general, base_url, most_entries, explains, most_validated)
    return replace(general, for_clients=own)


def prepare(
    content: Content, base_url: str, most_entries: int, explains: bool = True, most_validated: int = MOST
) -> Evaluation:
    """An evaluation of this content. ValueError where a site's codes need too many prefetch keys."""
    setting = Setting(
        words=content.words,
        templates=content.templates,
        terminology=content.terminology,
        limits=content.limits,
        base_url=base_url,
        content_version=content.version,
        site_links=content.site.links,
    )
    keys = prefetch_keys(content.terminology)
    decoder = prefetch_decoder(key.name for key in (*keys, ENCOUNTER_KEY))
    codes = CodeMarks(content.terminology, sets_of_scope(content.pathogens))
    return Evaluation(
        content, setting, keys, most_entries, explains, most_validated, decoder=decoder, codes=codes
    )


def evaluate(
    request: HookRequest,
    evaluation: Evaluation,
    now: datetime,
    fetch: Fetch | None = None,
    account: Account | None = None,
) -> HookResponse:
    """The answer to a call at `now` (aware). Refused with 412 or 413 where it cannot be answered."""
    content = evaluation.content
    account = account or Account()
    gathered = gather(request, keys_of(request.hook, evaluation.keys), evaluation.most_entries, fetch)
    account.lap("gather")
    if request.context.user_is_patient:
        nothing = Decision((), Outcomes({SCOPE: NoAdvice(Why.PATIENT_USER)}))
        return _answer((), nothing, (), gathered.degraded, evaluation)
    quiet = _find_quiet(request, gathered, evaluation, now)
    if quiet is not None:
        account.lap("parse")
        nothing = Decision((), Outcomes({SCOPE: NoAdvice(Why.OUT_OF_SCOPE)}))
        account.count_codes = quiet.count_codes
        account.keep(nothing, (), len(quiet.rejected))
        return _answer((), nothing, quiet.rejected, (*gathered.degraded, *account.degraded), evaluation)
    parsed = parse(gathered.sources, request.context.patient_id, request.fhir_server)
    account.lap("parse")
    settled = settle(parsed, request, gathered.answers, content.terminology, now, content.limits)
    account.count_codes = settled.count_codes
    account.lap("facts")

    def judge(record: Record) -> tuple[PatientFacts, Decision]:
        facts = read(record, content.limits, content.pathogens)
        return facts, decide(facts, content.limits, switches=content.site.switches)

    valid = decide_on_valid(settled.record, parsed, judge, evaluation.most_validated)
    account.lap("decide")
    account.note_faults(valid.decision.faults)
    decision = account.recall(valid.decision, valid.facts, content)
    account.lap("recall")
    cards = render(decision, valid.facts, evaluation.setting, request.context.encounter_id)
    rejected = (*parsed.rejected, *settled.rejected, *valid.rejected)
    account.keep(decision, cards, len(set(rejected)))
    account.lap("render")
    return _answer(cards, decision, rejected, (*gathered.degraded, *account.degraded), evaluation)


def _find_quiet(
    request: HookRequest, gathered: Gathered, evaluation: Evaluation, now: datetime
) -> Quiet | None:
    """What is told of a record about which there is surely nothing to say; orders are always read."""
    if evaluation.codes is None or request.context.draft_orders is not None:
        return None
    limits = evaluation.content.limits
    return find_quiet(
        gathered.sources, request.context.patient_id, request.fhir_server, now, evaluation.codes, limits
    )


def _answer(
    cards: Sequence[Card],
    decision: Decision,
    rejected: Sequence[Rejected],
    degraded: tuple[str, ...],
    evaluation: Evaluation,
) -> HookResponse:
    if not evaluation.explains:
        return HookResponse(cards=tuple(cards))
    explained = explain(decision, rejected, degraded, evaluation.content.version)
    return HookResponse(cards=tuple(cards), extension={EXTENSION: explained})
