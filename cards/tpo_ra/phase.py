"""How long the thrombocytopenia has lasted (IWG09): newly diagnosed, persistent from 3 months."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cards.facts import PatientFacts
from cards.facts.once import once
from cards.months import whole_months
from cards.record import Moment
from cards.thresholds import Thresholds

RECORDED_AS = ("cond-thrombocytopenia-immune", "cond-thrombocytopenia-secondary")


@once
def find_onset(p: PatientFacts, limits: Thresholds) -> Moment | None:
    """Onset of a present ITP or secondary thrombocytopenia, or first count of the low series, if earlier.

    Without either, the earliest onset of a recorded infection; None when nothing is dated.
    """
    recorded = [f.onset for f in p.present(*RECORDED_AS) if f.onset is not None]
    counted = [] if p.platelets.low_since is None else [p.platelets.low_since]
    infections = [i.onset for i in p.infections.found if i.onset is not None and not i.is_suspected_only]
    return min(recorded + counted or infections, key=lambda m: m.earliest, default=None)


def months_since(onset: Moment, as_of: datetime) -> int:
    """Completed calendar months by the day: 2026-03-15 to 2026-06-15 is 3, whatever the hours (A.9)."""
    return whole_months(_midnight(_recorded_day(onset)), _midnight(as_of.date()))


def _recorded_day(moment: Moment) -> date:
    """The day as written, in its own offset; for a year or a month alone the earliest that it can mean."""
    try:
        return date.fromisoformat(moment.text[:10])
    except ValueError:
        return moment.earliest.date()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
