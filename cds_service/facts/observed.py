"""Every Observation, and every component of one, as one thing seen: what it is about, its value's place, its time.

What no value set of interest knows is dropped here, before any number or date is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec import UNSET, Struct, structs

from cards.record import Moment, ResultStatus
from cards.valuesets import Membership, Terminology
from cds_service.facts.codes import Meaning, is_known, meaning_of
from cds_service.facts.context import Reading
from cds_service.facts.reports import ReportDates
from cds_service.fhir.dates import check_date, check_instant, read_instant, read_moment
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import Component, Observation

_STATUSES: Final[Mapping[str, ResultStatus]] = {status.value: status for status in ResultStatus}
_VOID: Final = "entered-in-error"
_NO_RESULT: Final = frozenset({"registered", "cancelled", _VOID, "unknown"})


class Seen(Struct, frozen=True):
    """An Observation or a component. `part` holds the value; time, status and specimen are the Observation's.

    Times are texts that can be read, and are read where they are asked for: of most of a record nobody asks.
    """

    entry: Entry[Observation]
    part: Observation | Component
    members: tuple[Membership, ...]
    value_members: tuple[Membership, ...]
    set_ids: frozenset[str]
    status: ResultStatus | None  # None: no status of R4, so that nothing may rest on it
    effective: str | None
    time_unreadable: bool
    written_issued: str | None
    time_of_report: Moment | None = None

    @property
    def time(self) -> Moment | None:
        """The sample time: its own, else that of the report which lists it."""
        return self.time_of_report if self.effective is None else read_moment(self.effective)

    @property
    def issued(self) -> datetime | None:
        """When this version was issued."""
        return None if self.written_issued is None else read_instant(self.written_issued)

    @property
    def dated_by_report(self) -> bool:
        return self.time_of_report is not None

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


Part = tuple[Observation | Component, Meaning, tuple[Membership, ...]]
"""An Observation or a component, with what its code means and the sets of its value."""


def look_at(reading: Reading) -> tuple[list[Seen], list[Entry[Observation]]]:
    """What may be a fact, and the Observations that were entered in error."""
    dates = ReportDates(reading)
    every = reading.of(Observation)
    seen: list[Seen] = []
    for found in reading.each(_look_at_one, every):
        if found and found[0].effective is None and not found[0].time_unreadable:
            by_report = dates.of(found[0].entry)
            seen += [structs.replace(one, time_of_report=by_report) for one in found]
        else:
            seen += found
    return seen, [entry for entry in every if entry.resource.status == _VOID]


def _look_at_one(entry: Entry[Observation], reading: Reading) -> tuple[Seen, ...]:
    """What may be a fact, under the times that the Observation has of its own."""
    observation = entry.resource
    if observation.status in _NO_RESULT:
        return ()
    known = _known_parts(observation, reading.terminology)
    if known:
        return _seen(entry, known, reading)
    if _is_unmapped(observation, reading):
        reading.report(entry, "unmapped: no code of it is one that the value sets or the site know")
    return ()


def _known_parts(observation: Observation, terminology: Terminology) -> list[Part]:
    """The Observation itself where a set knows its code or its value, and each such component."""
    known: list[Part] = []
    for part in _parts(observation):
        meaning = meaning_of(part.code, terminology)
        value = part.value_codeable_concept
        value_members = () if value is None else meaning_of(value, terminology).members
        if meaning.members or value_members:
            known.append((part, meaning, value_members))
    return known


def _parts(observation: Observation) -> tuple[Observation | Component, ...]:
    return (observation, *observation.component) if observation.component else (observation,)


def _seen(entry: Entry[Observation], known: Iterable[Part], reading: Reading) -> tuple[Seen, ...]:
    """Each part under the status and the times of its Observation."""
    status = _STATUSES.get(entry.resource.status or "")
    effective, unreadable = _effective(entry, reading)
    issued = _issued(entry, reading)
    return tuple(
        [
            Seen(
                entry,
                part,
                meaning.members,
                value_members,
                meaning.set_ids,
                status,
                effective,
                unreadable,
                issued,
            )
            for part, meaning, value_members in known
        ]
    )


def _is_unmapped(observation: Observation, reading: Reading) -> bool:
    """A result whose codes are all of systems that no set speaks (or that has words only)."""
    codes = [part.code for part in _parts(observation) if part.code is not None]
    if any(is_known(code, reading.terminology) for code in codes):
        return False
    return observation.value_quantity is not None or observation.value_codeable_concept is not None


def _effective(entry: Entry[Observation], reading: Reading) -> tuple[str | None, bool]:
    """The sample time, and whether one was written that cannot be read. Of a period its end, else its start."""
    observation = entry.resource
    text = observation.effective_date_time or observation.effective_instant
    if text is None and observation.effective_period is not None:
        text = observation.effective_period.end or observation.effective_period.start
    if text is None:
        return None, False
    try:
        check_date(text)
    except ValueError as error:
        reading.report(entry, f"effective[x]: {error}")
        return None, True
    return text, False


def _issued(entry: Entry[Observation], reading: Reading) -> str | None:
    """`issued` orders versions; one that cannot be read does not spoil the result."""
    text = entry.resource.issued
    if text is None:
        return None
    try:
        check_instant(text)
    except ValueError as error:
        reading.report(entry, f"issued: {error}")
        return None
    return text
