"""The DiagnosticReport that lists a result dates it where the result has no date of its own (contract section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from cards.record import Moment
from cds_service.facts.context import Reading
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import DiagnosticReport, Observation, Reference, Shape

_VOID = frozenset({"cancelled", "entered-in-error"})
_DEEPEST_PANEL = 4
_MOST_STEPS = 20_000


@dataclass(slots=True)
class ReportDates:
    """Dates of results by their report; built when the first undated result asks. Panels are followed."""

    reading: Reading
    _dates: dict[tuple[str, str | None], Moment] | None = None
    _steps: int = field(default=0)

    def of(self, entry: Entry[Observation]) -> Moment | None:
        """The date of the report that lists the result; of several the earliest, the least favourable."""
        if self._dates is None:
            self._dates = self._build()
        return self._dates.get((entry.reference, entry.inside))

    def _build(self) -> dict[tuple[str, str | None], Moment]:
        dates: dict[tuple[str, str | None], Moment] = {}
        for report in self.reading.parsed.of(DiagnosticReport):
            resource = report.resource
            if resource.status in _VOID:
                continue
            period = resource.effective_period
            text = resource.effective_date_time or (period and (period.end or period.start))
            time = self.reading.moment(text or None, report, "effective[x]: unreadable date")
            if time is None:
                continue
            for entry in self._listed(report, resource.result, 0):
                name = (entry.reference, entry.inside)
                known = dates.get(name)
                if known is None or time.earliest < known.earliest:
                    dates[name] = time
        return dates

    def _listed(
        self, source: Entry[Shape], references: tuple[Reference, ...], depth: int
    ) -> Iterator[Entry[Observation]]:
        """The results that a report lists, through the panels among them."""
        for reference in references:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                return
            found = self.reading.parsed.resolve(reference.reference, source)
            if found is not None and isinstance(found.resource, Observation):
                yield cast("Entry[Observation]", found)
                if depth < _DEEPEST_PANEL:
                    yield from self._listed(found, found.resource.has_member, depth + 1)
