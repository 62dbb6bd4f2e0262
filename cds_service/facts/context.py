"""What every family of facts reads from, and where it reports what it could not use."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from cards.frozen import dataclass
from cards.record import Moment
from cards.thresholds import Thresholds
from cards.valuesets import Terminology
from cds_service.fhir.dates import read_moment
from cds_service.fhir.entries import Entry, Rejected
from cds_service.fhir.parse import Parsed
from cds_service.fhir.shapes import Period, Shape


@dataclass(frozen=True, slots=True)
class Reading:
    """One request's resources and terminology. `problems` only grows: what a family could not use, and why."""

    parsed: Parsed
    terminology: Terminology
    as_of: datetime
    hook: str
    patient_id: str
    limits: Thresholds = field(default_factory=Thresholds)
    birth: Moment | None = None  # for ages as onset
    intensive_locations: frozenset[tuple[str, str]] = frozenset()  # the site's codes (system, code), A.9
    problems: list[Rejected] = field(default_factory=list)
    said: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def report(self, entry: Entry[Shape], reason: str) -> None:
        """Sets a resource, or a part of it, aside. The same thing is said once."""
        if (entry.reference, reason) not in self.said:
            self.said.add((entry.reference, reason))
            self.problems.append(Rejected(entry.reference, reason))

    def moment(self, text: str | None, entry: Entry[Shape], what: str = "unreadable date") -> Moment | None:
        """A date of an entry; None where it has none or one that cannot be read (which is reported)."""
        if text is None:
            return None
        try:
            return read_moment(text)
        except ValueError:
            self.report(entry, what)
            return None

    def ends(self, period: Period | None, entry: Entry[Shape]) -> tuple[Moment | None, Moment | None]:
        """Start and end of a Period, each where it has one that can be read."""
        if period is None:
            return None, None
        return self.moment(period.start, entry), self.moment(period.end, entry)
