"""The statements: rows in without doubles, what was overridden, first uses of tokens, what is old out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.dialects import sqlite

from cards.frozen import dataclass
from cds_service.store.tables import CARDS, FEEDBACK, USED_TOKENS

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CardOnFile:
    """What feedback is held against: whose card it is, the rule that led it, its suggestions in their order."""

    uuid: str
    service: str
    client: str
    rule: str
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """The last feedback of one card, and the marks of what the card rested on."""

    outcome: str
    reason: str
    at: datetime  # of the response, never later than it was received
    rule: str
    indicator: str
    facts: str
    clinician: str
    count: str
    grade: str


def put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Stores rows; one whose key is there already is left out."""
    connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # it is large, and used only where there is such a database

    return postgresql.insert(table)


def cards_on_file(connection: Connection, uuids: Collection[str]) -> dict[str, CardOnFile]:
    """The known ones of these cards."""
    c = CARDS.c
    found = select(c.uuid, c.service, c.client, c.rule, c.suggestions).where(c.uuid.in_(uuids))
    return {
        uuid: CardOnFile(uuid, service, client, rule, tuple(suggestions.split()))
        for uuid, service, client, rule, suggestions in connection.execute(found)
    }


def responses(connection: Connection, patient: str, client: str, since: datetime) -> tuple[Response, ...]:
    """For each card of a patient that was answered since then: the last answer."""
    c, f = CARDS.c, FEEDBACK.c
    found = (
        select(
            f.card, f.outcome, f.reason, f.at, f.received,
            c.rule, c.indicator, c.facts, c.clinician, c.count, c.grade,
        )
        .join(CARDS, f.card == c.uuid)
        .where(c.patient == patient, c.client == client, f.client == client, f.service == c.service)
        .where(f.received >= since)
        .order_by(f.at, f.received)
    )  # fmt: skip
    last: dict[str, Response] = {}
    for card, outcome, reason, at, received, *marks in connection.execute(found):
        last[card] = Response(outcome, reason, min(at, received), *marks)
    return tuple(last.values())


def first_use(connection: Connection, jti: str, expires: datetime) -> bool:
    """Whether this token id was never seen before; from now on it was."""
    new = _insert(connection, USED_TOKENS).values(jti=jti, expires=expires)
    stored = new.on_conflict_do_nothing().returning(USED_TOKENS.c.jti)
    return connection.execute(stored).first() is not None


def purge(connection: Connection, cards_before: datetime, now: datetime) -> tuple[int, int, int]:
    """Takes out what is older, and tokens that expired: how many cards, feedback entries and tokens."""
    return (
        connection.execute(delete(CARDS).where(CARDS.c.at < cards_before)).rowcount,
        connection.execute(delete(FEEDBACK).where(FEEDBACK.c.received < cards_before)).rowcount,
        connection.execute(delete(USED_TOKENS).where(USED_TOKENS.c.expires < now)).rowcount,
    )
