"""What raises a bleed to WHO 3 (rulebook B.5): red cells, a fall of haemoglobin, a very low haemoglobin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cards.facts import Site
from cards.facts.patient import DONE
from cards.frozen import dataclass
from cards.reading.windows import is_recent
from cards.record import Measurement, Record
from cards.thresholds import Thresholds

HAEMOGLOBIN = "obs-hemoglobin"
RED_CELLS = "proc-red-cell-transfusion"
SEVERE = 3


@dataclass(frozen=True, slots=True)
class Worsening:
    """References of what makes a bleed of these days a severe one."""

    red_cells: tuple[str, ...] = ()
    haemoglobin: tuple[str, ...] = ()

    def raises(self, site: Site, weight: int, *, minor: bool) -> tuple[str, ...]:
        """What raises a bleed of this site and weight to WHO 3, or nothing.

        B.5: organ bleeding by red cells or haemoglobin, mucosal bleeding by red cells; not what is WHO 1 by
        its kind.
        """
        if minor or weight >= SEVERE:
            return ()
        if site is Site.ORGAN:
            return self.red_cells + self.haemoglobin
        return self.red_cells if site is Site.MUCOSAL else ()


def find_worsening(record: Record, limits: Thresholds) -> Worsening:
    """Red cells (no plasma, no unnamed product) and haemoglobin values of the last 72 hours."""
    within = limits.span("hb_fall_hours")
    given = tuple(
        p.reference
        for p in record.performed
        if RED_CELLS in p.set_ids and p.status in DONE and is_recent(p.end or p.start, record.as_of, within)
    )
    values = record.measured(HAEMOGLOBIN)
    return Worsening(given, _low_haemoglobin(values, record.as_of, within, limits) if values else ())


def _low_haemoglobin(
    values: Sequence[Measurement], as_of: datetime, within: timedelta, limits: Thresholds
) -> tuple[str, ...]:
    """A value < 7 g/dL, or one >= 2 g/dL below another of the 72 hours before it."""
    for value in values:
        if value.time is None or not is_recent(value.time, as_of, within):
            continue
        if value.value < limits.hb_low:
            return (value.reference,)
        for before in values:
            if before.time is None or before.time.earliest >= value.time.earliest:
                continue
            close = value.time.earliest - before.time.latest <= within
            if close and before.value - value.value >= limits.hb_fall:
                return (value.reference, before.reference)
    return ()
