"""Feedback on its way into the store: held against the cards it names, then committed whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cds_service.feedback.entries import OVERRIDDEN, Entry, wrong
from cds_service.memory import CalledBy, Memory
from cds_service.memory_marks import Marks
from cds_service.published_codes import HL7_REASONS, OVERRIDE_REASONS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cds_service.store.statements import CardOnFile

OTHER: Final = "other"
"""A reason that is none of ours: the client's own code is not kept."""

NO_REASON: Final = "unstated"
FLUSH_SECONDS: Final = 1.0

_KEYS: Final[Mapping[str, str]] = {code or key: key for key, (code, _) in OVERRIDE_REASONS.items()}


def keep_feedback(
    entries: Sequence[Entry], memory: Memory, caller: CalledBy, now: datetime
) -> tuple[str | None, ...]:
    """Commits the entries; for each the rule that led its card, None where the card is not known.

    Refused (400) for the card of another client or service.
    StoreDown or ValueRefused: nothing is stored. The same entry again is stored once.
    """
    memory.writer.flush(FLUSH_SECONDS)  # the cards of a moment ago
    names = {entry.card for entry in entries}

    def read(connection: Connection) -> dict[str, CardOnFile]:
        from cds_service.store.statements import cards_on_file

        return cards_on_file(connection, names)

    known = memory.database.commit(read)
    for number, entry in enumerate(entries, 1):
        card = known.get(entry.card)
        if card is not None and (card.client, card.service) != (caller.client, caller.service):
            raise wrong(number, "card: not a card of this service and client")
    rows = [_row(entry, known.get(entry.card), caller, memory.marks, now) for entry in entries]

    def write(connection: Connection) -> None:
        from cds_service.store.statements import put
        from cds_service.store.tables import FEEDBACK

        put(connection, FEEDBACK, rows)

    memory.database.commit(write)
    return tuple(known[entry.card].rule if entry.card in known else None for entry in entries)


def _row(
    entry: Entry, card: CardOnFile | None, caller: CalledBy, marks: Marks, now: datetime
) -> dict[str, Any]:
    suggestions = () if card is None else card.suggestions
    numbers = sorted({suggestions.index(one) for one in entry.accepted if one in suggestions})
    return {
        "entry": _identity(entry, caller, marks),
        "card": entry.card,
        "service": caller.service,
        "client": caller.client,
        "tenant": caller.tenant,
        "outcome": entry.outcome,
        "at": entry.at,
        "received": now,
        "reason": reason_key(entry),
        "accepted": " ".join(map(str, numbers)),
        "comment": entry.comment.replace("\0", "") if caller.comments and entry.comment else None,
        "matched": card is not None,
    }


def reason_key(entry: Entry) -> str:
    """Our key of an override's reason (rulebook A.4): "other" for a code that is not ours, "" where none was made."""
    if entry.outcome != OVERRIDDEN:
        return ""
    if entry.reason is None:
        return NO_REASON if entry.comment is None else OTHER
    system, code = entry.reason
    key = _KEYS.get(code)
    is_hl7 = key is not None and OVERRIDE_REASONS[key][0] is not None
    return key if key is not None and (not is_hl7 or system in ("", HL7_REASONS)) else OTHER


def _identity(entry: Entry, caller: CalledBy, marks: Marks) -> str:
    """The same for the same entry only: it is the key under which an entry is stored once."""
    parts = (
        caller.client,
        caller.service,
        entry.card,
        entry.outcome,
        entry.at.isoformat(),
        *sorted(entry.accepted),
        *(entry.reason or ()),
        entry.comment or "",
    )
    return marks.of("feedback", *parts)
