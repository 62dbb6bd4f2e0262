"""The data of a call: for each key that discovery asks for, what the client sent, else what can be fetched.

A key may be absent (declined), null (known to be none), an OperationOutcome (tried and failed), a Bundle, of which
there may be further pages, or a single resource. These are told apart here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import UNSET, Raw, Struct

from cards.frozen import dataclass
from cards.record import Answer, Kind
from cds_service.discovery import PrefetchKey
from cds_service.errors import Refused
from cds_service.fhir.bundles import NOTHING, Opened, count_entries, head_of, open_bundle, open_decoded
from cds_service.fhir.parse import Source
from cds_service.fhir_client.asked import Fetch, Fetched, Problem, Wanted
from cds_service.fhir_client.named_drugs import fetch_drugs
from cds_service.hooks.request import HookRequest

FAILURES: Final = frozenset({"fatal", "error"})


@dataclass(frozen=True, slots=True)
class Gathered:
    """The resources by key, how each kind of data was answered, and the keys that are not whole."""

    sources: tuple[Source, ...]
    answers: Mapping[Kind, Answer]
    degraded: tuple[str, ...]


class _Reply(Struct, frozen=True):
    """What one key brought. `whole` is False where pages or parts are missing."""

    key: PrefetchKey
    answer: Answer
    opened: Opened
    whole: bool = True
    problem: Problem | None = None
    pages: tuple[Opened, ...] = ()


def gather(
    request: HookRequest, keys: Sequence[PrefetchKey], most_entries: int, fetch: Fetch | None = None
) -> Gathered:
    """Refused with 412 naming the keys when the Patient or the platelet counts cannot be had, 413 for huge Bundles."""
    _check_orders(request, most_entries)
    sent = _sent(request, keys, most_entries)
    fetched = _fetched(request, keys, sent, fetch)
    is_usable = _is_usable(fetched)
    replies = [_reply(key, sent, fetched.get(key.name), most_entries, is_usable) for key in keys]
    required = [reply for reply in replies if reply.key.is_required]
    missing = [reply for reply in required if _is_missing(reply, request.context.patient_id)]
    if missing:
        raise Refused("required-data-missing", *map(_told, missing))
    sources = [
        Source(r.key.name, r.key.kinds, r.opened.entries, r.pages) for r in replies if r.opened.entries
    ]
    if fetch is not None and request.fhir_server is not None:
        sources += fetch_drugs(sources, request, fetch)
    return Gathered(
        sources=tuple(sources),
        answers=MappingProxyType(_answers(replies)),
        degraded=tuple([r.key.name for r in replies if not r.whole or r.answer is not Answer.ANSWERED]),
    )


def _check_orders(request: HookRequest, most_entries: int) -> None:
    """The limit of a Bundle holds for the drafts too, and for how many of them are selected."""
    drafts = request.context.draft_orders
    counts = {
        "draftOrders": 0 if drafts is None else count_entries(drafts),
        "selections": len(request.context.selections),
    }
    if over := [name for name, count in counts.items() if count > most_entries]:
        raise Refused("too-many-entries", f"context.{over[0]}: expected {most_entries} entries at most")


def _sent(request: HookRequest, keys: Sequence[PrefetchKey], most_entries: int) -> dict[str, Opened | None]:
    """What the client sent by key; None where it cannot be read."""
    sent: dict[str, Opened | None] = {}
    for key in keys:
        name = key.name
        held = getattr(request.held, name, ...)
        if held is None:
            sent[name] = NOTHING
            continue
        if held is UNSET or (held is ... and name not in request.prefetch):
            continue
        opened = (
            _opened(request.prefetch[name]) if held is ... else open_decoded(held, request.prefetch, name)
        )
        if opened is not None and len(opened.entries) > most_entries:
            raise Refused("too-many-entries", f"prefetch.{name}: expected {most_entries} entries at most")
        sent[name] = opened
    return sent


def _opened(raw: Raw) -> Opened | None:
    try:
        return open_bundle(raw)
    except ValueError:
        return None


def _fetched(
    request: HookRequest,
    keys: Sequence[PrefetchKey],
    sent: Mapping[str, Opened | None],
    fetch: Fetch | None,
) -> Mapping[str, Fetched]:
    """What was left out, and the pages that follow those that were sent."""
    if fetch is None:
        return {}
    wanted = [Wanted(key) for key in keys if key.name not in sent]
    for key in keys:
        page = sent.get(key.name)
        if page is not None and page.next_link is not None:
            wanted.append(Wanted(key, page.next_link))
    return fetch(wanted, request) if wanted else {}


def _is_usable(fetched: Mapping[str, Fetched]) -> bool:
    """Contract section 4: whether the server answers, so that what it could not tell is a failed search, not a 412."""
    if any(one.pages for one in fetched.values()):
        return True
    problems = [one.problem for one in fetched.values()]
    return len(problems) == 1 and problems[0] is not None and problems[0].is_of_one_search


def _reply(
    key: PrefetchKey,
    sent: Mapping[str, Opened | None],
    fetched: Fetched | None,
    most_entries: int,
    is_usable: bool,
) -> _Reply:
    """All pages of a key as one."""
    first = sent.get(key.name)
    if first is not None and fetched is None and first.is_whole and not first.outcomes:
        return _Reply(key, Answer.ANSWERED, first, pages=(first,))
    if key.name in sent and first is None:
        return _Reply(key, Answer.FAILED, Opened())
    problem = None if fetched is None else fetched.problem
    pages = (*(() if first is None else (first,)), *(() if fetched is None else fetched.pages))
    if not pages:
        return _Reply(key, Answer.FAILED if is_usable else Answer.ABSENT, Opened(), False, problem)
    opened = pages[0] if len(pages) == 1 else _joined(pages)
    entries, outcomes = opened.entries, opened.outcomes
    if len(entries) > most_entries:
        opened = Opened(entries[:most_entries], opened.next_link, outcomes, total=opened.total)
    failed = not FAILURES.isdisjoint(outcomes)
    if failed and not entries:
        return _Reply(key, Answer.FAILED, Opened(), False, problem)
    whole = opened.is_whole and not failed and problem is None and len(entries) <= most_entries
    known = whole or (key.newest_first and not failed and problem is not Problem.PARTLY_IN_SCOPE)
    return _Reply(key, Answer.ANSWERED if known else Answer.FAILED, opened, whole, problem, pages)


def _joined(pages: Sequence[Opened]) -> Opened:
    """All pages as one."""
    return Opened(
        entries=tuple(entry for page in pages for entry in page.entries),
        next_link=pages[-1].next_link,
        outcomes=tuple(severity for page in pages for severity in page.outcomes),
        total=pages[0].total,
    )


def _told(reply: _Reply) -> str:
    """What is missing, and why it could not be had."""
    why = "" if reply.problem is None else f"; {reply.problem}"
    return f"prefetch.{reply.key.name}: expected {reply.key.template}{why}"


def _is_missing(reply: _Reply, patient_id: str) -> bool:
    """Of a required key: counts are missing when nobody was asked; the Patient is, unless that of the context came."""
    if reply.key.is_patient:
        return not _holds_patient(reply.opened, patient_id)
    return reply.answer is Answer.ABSENT


def _holds_patient(opened: Opened, patient_id: str) -> bool:
    return any(head_of(entry) == ("Patient", patient_id) for entry in opened.entries)


def _answers(replies: Iterable[_Reply]) -> dict[Kind, Answer]:
    """A kind is answered when all of its keys are: what one of them lacks is not known to be none."""
    answers: dict[Kind, Answer] = {}
    for reply in replies:
        for kind in reply.key.kinds:
            if answers.get(kind, Answer.ANSWERED) is Answer.ANSWERED:
                answers[kind] = reply.answer
    return answers
