"""The data of a call: for each key that discovery asks for, what the client sent, else what can be fetched.

A key may be absent (declined), null (known to be none), an OperationOutcome (tried and failed), a Bundle, of which
there may be further pages, or a single resource. These are told apart here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

from cards.record import Answer, Kind
from cds_service.discovery import PrefetchKey
from cds_service.errors import Refused
from cds_service.fhir.bundles import Opened, open_bundle
from cds_service.fhir.parse import Source
from cds_service.hooks.request import HookRequest

FAILURES: Final = frozenset({"fatal", "error"})


class Fetch(Protocol):
    """Reads what the client left out from its FHIR server; a key that could not be read is not in the answer."""

    def __call__(self, keys: Sequence[PrefetchKey], request: HookRequest) -> Mapping[str, Raw]: ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """The resources by key, how each kind of data was answered, and the keys that are not whole."""

    sources: tuple[Source, ...]
    answers: Mapping[Kind, Answer]
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reply:
    """What one key brought. `whole` is False where pages or parts are missing."""

    key: PrefetchKey
    answer: Answer
    opened: Opened
    whole: bool = True


class _Identity(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    id: str | None = None


_IDENTITY: Final = Decoder(_Identity)


def gather(
    request: HookRequest, keys: Sequence[PrefetchKey], most_entries: int, fetch: Fetch | None = None
) -> Gathered:
    """Refused with 412 naming the keys when the Patient or the platelet counts cannot be had, 413 for huge Bundles."""
    sent = {key.name: request.prefetch[key.name] for key in keys if key.name in request.prefetch}
    left_out = [key for key in keys if key.name not in sent]
    if left_out and fetch is not None:
        sent |= fetch(left_out, request)
    replies = [_reply(key, sent.get(key.name), most_entries) for key in keys]
    missing = [reply.key for reply in replies if _is_missing(reply, request.context.patient_id)]
    if missing:
        raise Refused(
            "required-data-missing", *(f"prefetch.{key.name}: expected {key.template}" for key in missing)
        )
    return Gathered(
        sources=tuple(Source(r.key.name, r.key.kinds, r.opened.entries) for r in replies if r.opened.entries),
        answers=MappingProxyType(_answers(replies)),
        degraded=tuple(r.key.name for r in replies if r.answer is not Answer.ANSWERED or not r.whole),
    )


def _reply(key: PrefetchKey, raw: Raw | None, most_entries: int) -> _Reply:
    if raw is None:
        return _Reply(key, Answer.ABSENT, Opened())
    try:
        opened = open_bundle(raw)
    except ValueError:
        return _Reply(key, Answer.FAILED, Opened())
    if len(opened.entries) > most_entries:
        raise Refused("too-many-entries", f"prefetch.{key.name}: expected {most_entries} entries at most")
    failed = not FAILURES.isdisjoint(opened.outcomes)
    if failed and not opened.entries:
        return _Reply(key, Answer.FAILED, Opened())
    whole = opened.next_link is None and not failed
    known = whole or (key.newest_first and not failed)
    return _Reply(key, Answer.ANSWERED if known else Answer.FAILED, opened, whole)


def _is_missing(reply: _Reply, patient_id: str) -> bool:
    """Counts are missing when nobody was asked; the Patient is, unless the one of the context is there."""
    if Kind.PATIENT in reply.key.kinds:
        return not _holds_patient(reply.opened, patient_id)
    return reply.key.is_required and reply.answer is Answer.ABSENT


def _holds_patient(opened: Opened, patient_id: str) -> bool:
    for entry in opened.entries:
        try:
            found = _IDENTITY.decode(entry.resource)
        except (DecodeError, RecursionError):
            continue
        if (found.resource_type, found.id) == ("Patient", patient_id):
            return True
    return False


def _answers(replies: Iterable[_Reply]) -> dict[Kind, Answer]:
    """A kind is answered when all of its keys are: what one of them lacks is not known to be none."""
    answers: dict[Kind, Answer] = {}
    for reply in replies:
        for kind in reply.key.kinds:
            if answers.get(kind, Answer.ANSWERED) is Answer.ANSWERED:
                answers[kind] = reply.answer
    return answers
