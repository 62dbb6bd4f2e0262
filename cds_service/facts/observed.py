"""Every Observation, and every component of one, as one thing seen: what it is about, its value's place, its time.

What no value set of interest knows is dropped here, before any number or date is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from msgspec import UNSET, Struct

from cards.record import Moment, ResultStatus
from cards.valuesets import Membership
from cds_service.facts.codes import is_known, memberships
from cds_service.facts.context import Reading
from cds_service.facts.reports import ReportDates
from cds_service.fhir.dates import read_instant, read_moment
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import CodeableConcept, Component, Observation

_STATUSES: Final[Mapping[str, ResultStatus]] = {status.value: status for status in ResultStatus}
_NO_RESULT: Final = frozenset({"registered", "cancelled", "entered-in-error", "unknown"})


class Seen(Struct, frozen=True):
    """An Observation or a component. `part` holds the value; time, status and specimen are the Observation's."""

    entry: Entry[Observation]
    part: Observation | Component
    members: tuple[Membership, ...]
    value_members: tuple[Membership, ...]
    set_ids: frozenset[str]
    status: ResultStatus | None  # None: no status of R4, so that nothing may rest on it
    time: Moment | None
    time_unreadable: bool
    issued: datetime | None
    dated_by_report: bool = False

    @property
    def reference(self) -> str:
        return self.entry.reference

    @property
    def has_value(self) -> bool:
        """Whether any value[x] is there, read or not."""
        part = self.part
        return (
            part.value_quantity is not None
            or part.value_codeable_concept is not None
            or part.value_string is not None
            or part.value_boolean is not None
            or part.value_integer is not UNSET
            or self.has_other_value
        )

    @property
    def has_other_value(self) -> bool:
        """A value[x] of a kind that is never a count, measurement or result."""
        part = self.part
        return not part.value_range is part.value_ratio is part.value_sampled_data is UNSET


def look_at(reading: Reading) -> tuple[list[Seen], list[Entry[Observation]]]:
    """What may be a fact, and the Observations that were entered in error."""
    dates = ReportDates(reading)
    seen: list[Seen] = []
    voided: list[Entry[Observation]] = []
    for entry in reading.parsed.of(Observation):
        status = entry.resource.status
        if status == "entered-in-error":
            voided.append(entry)
        elif status not in _NO_RESULT:
            seen.extend(_parts(entry, reading, dates))
    return seen, voided


def _parts(entry: Entry[Observation], reading: Reading, dates: ReportDates) -> Iterator[Seen]:
    """The Observation itself where a set knows its code or its value, and each such component."""
    observation = entry.resource
    terminology = reading.terminology
    wanted: list[tuple[Observation | Component, tuple[Membership, ...], tuple[Membership, ...]]] = []
    parts: tuple[Observation | Component, ...] = (observation, *observation.component)
    for part in parts:
        members = memberships(part.code, terminology)
        value_members = memberships(part.value_codeable_concept, terminology)
        if members or value_members:
            wanted.append((part, members, value_members))
    if not wanted:
        if _is_unmapped(observation, reading):
            reading.report(entry, "unmapped: no code of it is one that the value sets or the site know")
        return
    status = _STATUSES.get(observation.status or "")
    time, unreadable = _time(entry, reading)
    by_report = False
    if time is None and not unreadable:
        time = dates.of(entry)
        by_report = time is not None
    issued = _issued(entry, reading)
    for part, members, value_members in wanted:
        sets = frozenset([member.set_id for member in members])
        yield Seen(entry, part, members, value_members, sets, status, time, unreadable, issued, by_report)


def _is_unmapped(observation: Observation, reading: Reading) -> bool:
    """A result whose codes are all of systems that no set speaks (or that has words only)."""
    parts: tuple[Observation | Component, ...] = (observation, *observation.component)
    codes: list[CodeableConcept] = [part.code for part in parts if part.code is not None]
    if any(is_known(code, reading.terminology) for code in codes):
        return False
    return observation.value_quantity is not None or observation.value_codeable_concept is not None


def _time(entry: Entry[Observation], reading: Reading) -> tuple[Moment | None, bool]:
    """The sample time, and whether one was written that cannot be read. Of a period its end, else its start."""
    observation = entry.resource
    period = observation.effective_period
    text = observation.effective_date_time or observation.effective_instant
    if text is None and period is not None:
        text = period.end or period.start
    if text is None:
        return None, False
    try:
        return read_moment(text), False
    except ValueError as error:
        reading.report(entry, f"effective[x]: {error}")
        return None, True


def _issued(entry: Entry[Observation], reading: Reading) -> datetime | None:
    """`issued` orders versions; one that cannot be read does not spoil the result."""
    text = entry.resource.issued
    if text is None:
        return None
    try:
        return read_instant(text)
    except ValueError as error:
        reading.report(entry, f"issued: {error}")
        return None
