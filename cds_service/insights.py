"""What became of the cards: shown, silent, accepted, overridden and why, per rule, service, client, tenant and content.

A card's outcome is its last feedback. A repeat is a card that was shown for the same patient, rule and facts before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from cards.thresholds import Thresholds
from cds_service.feedback.entries import ACCEPTED, OVERRIDDEN
from cds_service.hooks.wire import Wire

if TYPE_CHECKING:
    from sqlalchemy import Connection

_DAYS: Final = re.compile(r"(\d{1,5})d")
_STREAMED: Final = 2_000


class Insight(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A group of cards; what it is not grouped by is empty. `week` is its Monday in UTC.

    `secondsToAction`: median, from card to acceptance; `repeats`: share of shown. A number that is suppressed is None
    (`insights_small`).
    """

    rule: str = ""
    service: str = ""
    client: str = ""
    tenant: str = ""
    content_version: str = ""
    week: str = ""
    shown: int | None
    silent: int | None
    accepted: int | None
    overridden: int | None
    no_response: int | None
    reasons: dict[str, int | None]
    seconds_to_action: float | None
    repeats: float | None


class Insights(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What became of the cards since a time (`None`: all that is kept).

    `cards` by rule, service, client, tenant and content; `weekly` by week, rule and service; the others by what their
    name says, `total` by nothing. `review`: rules that are overridden too often.
    """

    since: datetime | None
    cards: tuple[Insight, ...]
    rules: tuple[Insight, ...]
    services: tuple[Insight, ...]
    weeks: tuple[Insight, ...]
    weekly: tuple[Insight, ...]
    total: Insight
    review: tuple[str, ...]
    unmatched_feedback: int | None


@dataclass(slots=True)
class _Tally:
    shown: int = 0
    silent: int = 0
    repeats: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def add(self, other: _Tally) -> None:
        """Both together."""
        self.shown += other.shown
        self.silent += other.silent
        self.repeats += other.repeats
        self.outcomes.update(other.outcomes)
        self.reasons.update(other.reasons)
        self.seconds += other.seconds


DIMENSIONS: Final = ("rule", "service", "client", "tenant", "content_version", "week")
_Key = tuple[str, ...]
"""A value for each dimension."""


def read_since(text: str, now: datetime) -> datetime:
    """`30d`, a date (its beginning in UTC) or a dateTime. ValueError for anything else."""
    if found := _DAYS.fullmatch(text):
        return now - timedelta(days=int(found[1]))
    if len(text) == len("2026-06-15"):
        return datetime.combine(date.fromisoformat(text), time.min, UTC)
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def insights(connection: Connection, since: datetime | None, limits: Thresholds) -> Insights:
    """Counts everything that was recorded since then, exactly: what leaves the house goes through `insights_small`."""
    tallies: dict[_Key, _Tally] = {}
    for row in _rows(connection, since):
        key = (row.rule, row.service, row.client, row.tenant, row.content_version, _week(row.at))
        _add(tallies.setdefault(key, _Tally()), row)
    return Insights(
        since=since,
        cards=_grouped(tallies, *DIMENSIONS[:5]),
        rules=_grouped(tallies, "rule"),
        services=_grouped(tallies, "service"),
        weeks=_grouped(tallies, "week"),
        weekly=_grouped(tallies, "week", "rule", "service"),
        total=next(iter(_grouped(tallies)), _insight({}, _Tally())),
        review=_for_review(tallies, limits),
        unmatched_feedback=_unmatched(connection, since),
    )


def _week(at: datetime) -> str:
    """The Monday of its week, in UTC."""
    day = at.astimezone(UTC).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def _grouped(tallies: dict[_Key, _Tally], *names: str) -> tuple[Insight, ...]:
    """The tallies added up over every other dimension, in the order of the names."""
    places = [DIMENSIONS.index(name) for name in names]
    found: dict[_Key, _Tally] = {}
    for key, tally in tallies.items():
        found.setdefault(tuple(key[place] for place in places), _Tally()).add(tally)
    return tuple(_insight(dict(zip(names, key, strict=True)), found[key]) for key in sorted(found))


def _rows(connection: Connection, since: datetime | None) -> Iterator[Any]:
    """A row a card: its group, whether it was shown, for which time, and its last feedback."""
    from sqlalchemy import and_, func, select

    from cds_service.store.tables import CARDS, FEEDBACK

    c, f = CARDS.c, FEEDBACK.c
    last = select(
        f.card, f.client, f.service, f.outcome, f.reason, f.at,
        func.row_number()
        .over(partition_by=(f.card, f.client, f.service), order_by=(f.at.desc(), f.received.desc()))
        .label("back"),
    ).subquery()  # fmt: skip
    times = func.row_number().over(
        partition_by=(c.client, c.patient, c.rule, c.facts, c.shown), order_by=(c.at, c.uuid)
    )
    card = select(CARDS, times.label("times")).subquery()
    is_its_own = and_(
        last.c.card == card.c.uuid,
        last.c.client == card.c.client,
        last.c.service == card.c.service,
        last.c.back == 1,
    )
    found = select(
        card.c.rule, card.c.service, card.c.client, card.c.tenant, card.c.content_version,
        card.c.shown, card.c.at, card.c.times,
        last.c.outcome, last.c.reason, last.c.at.label("answered"),
    ).outerjoin(last, is_its_own)  # fmt: skip
    if since is not None:
        found = found.where(card.c.at >= since)
    yield from connection.execution_options(yield_per=_STREAMED).execute(found)


def _add(tally: _Tally, row: Any) -> None:
    if not row.shown:
        tally.silent += 1
        return
    tally.shown += 1
    tally.repeats += row.times > 1
    if row.outcome is None:
        return
    tally.outcomes[row.outcome] += 1
    if row.outcome == OVERRIDDEN:
        tally.reasons[row.reason] += 1
    else:
        tally.seconds.append(max((row.answered - row.at).total_seconds(), 0.0))


def _insight(group: dict[str, str], tally: _Tally) -> Insight:
    return Insight(
        **group,
        shown=tally.shown,
        silent=tally.silent,
        accepted=tally.outcomes[ACCEPTED],
        overridden=tally.outcomes[OVERRIDDEN],
        no_response=tally.shown - tally.outcomes.total(),
        reasons=dict(sorted(tally.reasons.items())),
        seconds_to_action=round(median(tally.seconds), 1) if tally.seconds else None,
        repeats=round(tally.repeats / tally.shown, 4) if tally.shown else None,
    )


def _for_review(tallies: dict[_Key, _Tally], limits: Thresholds) -> tuple[str, ...]:
    """Rulebook A.3: overridden in more than so many per cent of its firings, once there are enough of them."""
    shown: Counter[str] = Counter()
    overridden: Counter[str] = Counter()
    for key, tally in tallies.items():
        shown[key[0]] += tally.shown
        overridden[key[0]] += tally.outcomes[OVERRIDDEN]
    return tuple(
        rule
        for rule in sorted(shown)
        if shown[rule] >= limits.review_firings
        and overridden[rule] * 100 > limits.review_overridden * shown[rule]
    )


def _unmatched(connection: Connection, since: datetime | None) -> int:
    """Feedback entries whose card is not in the store."""
    from sqlalchemy import func, select

    from cds_service.store.tables import CARDS, FEEDBACK

    found = (
        select(func.count())
        .select_from(FEEDBACK.outerjoin(CARDS, FEEDBACK.c.card == CARDS.c.uuid))
        .where(CARDS.c.uuid.is_(None))
    )
    if since is not None:
        found = found.where(FEEDBACK.c.received >= since)
    return int(connection.execute(found).scalar_one())
