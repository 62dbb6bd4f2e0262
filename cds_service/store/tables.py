"""The tables. `docs/memory.md` tells what stands in each column and for how long; `migrations/` makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, DateTime, Dialect, Index, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

HASH: Final = 32
"""Hexadecimal digits of a keyed hash."""


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, in every database: SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, without a zone where the database has none."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware again."""
        if value is None:
            return None
        read: datetime = value
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


METADATA: Final = MetaData()

CARDS: Final = Table(
    "cards",
    METADATA,
    Column("uuid", String(36), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("service", String(64), nullable=False),
    Column("client", String(200), nullable=False),  # "" = a caller that has no client entry
    Column("tenant", String(200), nullable=False),  # "" = none
    Column("instance", String(36), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("rules", Text, nullable=False),
    Column("indicator", String(8), nullable=False),
    Column("content_version", String(80), nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("silenced_by", String(16), nullable=False),  # "" = shown
    Column("patient", String(HASH), nullable=False),
    Column("clinician", String(HASH), nullable=False),
    Column("facts", String(HASH), nullable=False),
    Column("count", String(HASH), nullable=False),
    Column("grade", String(HASH), nullable=False),
    Column("suggestions", Text, nullable=False),
    Index("cards_of_patient", "patient", "rule"),
    Index("cards_by_time", "at"),
)

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    Column("entry", String(64), primary_key=True),
    Column("card", String(36), nullable=False, index=True),
    Column("service", String(64), nullable=False),
    Column("client", String(200), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("received", UtcTime, nullable=False, index=True),
    Column("reason", String(40), nullable=False),  # "" = none given
    Column("accepted", Text, nullable=False),  # numbers of the card's suggestions
    Column("comment", Text, nullable=True),
    Column("matched", Boolean, nullable=False),  # whether the card was known when it came
)

USED_TOKENS: Final = Table(
    "used_tokens",
    METADATA,
    Column("jti", String(64), primary_key=True),
    Column("expires", UtcTime, nullable=False, index=True),
)
