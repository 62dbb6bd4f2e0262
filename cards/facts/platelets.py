"""What is known of the platelets (rulebook B.1 to B.4, DATA-05, DATA-06)."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from cards.frozen import dataclass
from cards.record import Comparator, Moment, PlateletResult, ResultStatus, Specimen, UnreadPlatelets


@dataclass(frozen=True, slots=True)
class PlateletCount:
    """A valid count: `value` decides (a `<5` decides as 4.9), `shown` is what was reported ("<5")."""

    value: Decimal
    shown: str
    time: Moment
    reference: str
    status: ResultStatus
    comparator: Comparator | None = None
    unit_inferred: bool = False
    specimen: Specimen | None = None
    estimate: bool = False
    transfused: bool = False  # within 24 h after a platelet transfusion: no trend from it
    dated_by_report: bool = False
    issued: datetime | None = None  # orders versions of one sample, nothing else
    specimen_reference: str | None = None

    @property
    def is_preliminary(self) -> bool:
        return self.status is ResultStatus.PRELIMINARY


class Blocker(StrEnum):
    """Why no rule may decide by number; each has its DATA rule."""

    NONE_EVER = "no count"  # DATA-01
    TOO_OLD = "older than 30 days"  # DATA-01
    STALE = "older than the limit of its situation"  # DATA-02
    NO_UNIT = "a newer count has no unit"  # DATA-03
    IMPLAUSIBLE = "a newer count is implausible"  # DATA-04
    CLUMPING = "clumping"  # DATA-05
    CONFLICT = "conflicting counts"  # DATA-06
    UNDATED = "the newest count has no date"  # DATA-02
    UNREAD = "a newer count could not be read"  # DATA-08
    FAILED = "platelet data could not be read at all"  # DATA-08


@dataclass(frozen=True, slots=True)
class Clumping:
    """Evidence that the count in use is an EDTA artefact (DATA-05)."""

    reference: str
    by: str  # "flag", "citrate", "isolated"
    higher: Decimal | None = None  # the citrate or heparin count, 10*9/L, not corrected for dilution
    time: Moment | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """DATA-06: two counts at most 12 h apart, the later the higher, the lower at most half of it."""

    lower: PlateletCount
    higher: PlateletCount


@dataclass(frozen=True, slots=True)
class Fall:
    """A rapid fall (PLT-03): from the highest count of the window to the latest."""

    percent: int
    days: Decimal  # one decimal
    before: PlateletCount


@dataclass(frozen=True, slots=True)
class Trend:
    """B.2, over valid counts >= 6 h apart of the last 14 days, without those within 24 h after platelets."""

    falling: bool = False
    rapid_fall: Fall | None = None
    recovering: bool = False  # two successive rises and >= 20 % above nadir


@dataclass(frozen=True, slots=True)
class UndatedCount:
    """A count whose sample time is not known: shown, never used by number."""

    shown: str
    reference: str


@dataclass(frozen=True, slots=True)
class Platelets:
    """The platelet series.

    `current` is the latest valid count of the last 30 days, whatever its freshness ("last known"). `decisive`
    is the same when rules may decide by number, else None, and `blocker` says why not.
    """

    current: PlateletCount | None
    decisive: PlateletCount | None
    blocker: Blocker | None
    previous: PlateletCount | None = None
    series: tuple[PlateletCount, ...] = ()  # valid, oldest first, whole history
    trend: Trend = field(default_factory=Trend)
    grade: int | None = None  # B.1, of `current`
    age: timedelta | None = None  # of `current`, longest possible
    limit: timedelta | None = None  # the staleness limit of the situation (B.3)
    problem: PlateletResult | None = (
        None  # newest unusable result that is newer than `current`, or the only one
    )
    unread: UnreadPlatelets | None = None  # set aside and maybe newer
    undated: UndatedCount | None = None
    clumping: Clumping | None = None
    conflict: Conflict | None = None
    future: PlateletResult | None = None  # dated more than 15 minutes ahead (ignored, DATA-06)
    low_since: Moment | None = None  # first count < 100 of the unbroken low series
    chronic_stable: bool = False  # PLT-07 pattern of the counts alone

    @property
    def last_known(self) -> Decimal | None:
        """For the words "last known"; the lower in a conflict (DATA-06: ORD and PROC use it)."""
        if self.conflict is not None:
            return self.conflict.lower.value
        return None if self.current is None else self.current.value
