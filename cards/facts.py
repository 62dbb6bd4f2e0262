"""PatientFacts: what the rules read.

`cards.reading` makes it of a `Record` and the clinical limits (staleness B.3, trend B.2, bleeding B.5 and B.6,
definitions A.9). Everything is settled here: a rule compares, it does not interpret. Counts are 10*9/L; ages of people
are completed years and days of life; all times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from cards.reasons import Fact
from cards.record import (
    Allergy,
    Answer,
    ClinicalStatus,
    Comparator,
    Finding,
    Kind,
    Measurement,
    Medication,
    Moment,
    Order,
    Performed,
    Planned,
    PlateletResult,
    Record,
    ResultStatus,
    Specimen,
    Stay,
    TestResult,
    UnreadPlatelets,
    Verification,
)

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen

# ---------------------------------------------------------------------------------------------- platelets


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
    """Two counts at most 12 h apart of which the later is the higher and the lower at most half of it (DATA-06)."""

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
    fall_percent: int = 0  # from the previous count of the trend to the current one; 0 when not falling
    rapid_fall: Fall | None = None
    rises: int = 0  # successive rises up to the current count
    recovering: bool = False  # two successive rises and >= 20 % above nadir
    recovered: bool = False  # >= 100 twice, or within 10 % of baseline
    nadir: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UndatedCount:
    """A count whose sample time is not known: shown, never used by number."""

    shown: str
    reference: str


@dataclass(frozen=True, slots=True)
class Platelets:
    """The platelet series.

    `current` is the latest valid count of the last 30 days, whatever its freshness ("last known"). `decisive` is the
    same when rules may decide by number, else None, and `blocker` says why not.
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
    baseline: Decimal | None = None
    problem: PlateletResult | None = None  # newest unusable result that is newer than `current`, or the only one
    unread: UnreadPlatelets | None = None  # set aside and maybe newer
    undated: UndatedCount | None = None
    clumping: Clumping | None = None
    conflict: Conflict | None = None
    future: PlateletResult | None = None  # dated more than 15 minutes ahead (ignored, DATA-06)
    low_since: Moment | None = None  # first count < 100 of the unbroken low series
    chronic_stable: bool = False  # PLT-07 pattern of the counts alone

    @property
    def last_known(self) -> Decimal | None:
        """For wording "last known" and for the lower value in a conflict (DATA-06: ORD and PROC use the lower)."""
        if self.conflict is not None:
            return self.conflict.lower.value
        return None if self.current is None else self.current.value


# ---------------------------------------------------------------------------------------------- bleeding


class Site(StrEnum):
    """B.5 sites. Gastrointestinal, urinary and vaginal bleeding are ORGAN."""

    SKIN = "skin"
    MUCOSAL = "mucosal"
    ORGAN = "organ"
    CNS = "cns"


class Activity(StrEnum):
    ACTIVE = "active"
    STOPPED = "stopped"  # graded WHO 1-2 and ended within 24 h (TRF-03)
    UNCLEAR = "unclear"  # BLD-04: past its active time, no end
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Bleed:
    """One bleeding finding. `grade` is as recorded; `weight` is what rules use (ungraded mucosa = 2, skin = 1; B.5)."""

    name: str  # key of our word for it ("nosebleed", "gum-bleeding", "purpura", "gi" ...), words in the findings table
    set_id: str
    site: Site
    activity: Activity
    grade: int | None
    weight: int
    reference: str
    since: Moment | None  # reference time (B.6)
    patient_reported: bool = False
    minor_by_kind: bool = False  # WHO 1 by its kind (bleed-mucosal-minor, microscopic haematuria)
    question_only: bool = False
    life_threatening_site: bool = False  # CNS, spinal, posterior eye with visual loss, pericardial, airway
    graded_up_by: tuple[str, ...] = ()  # "Hb fall", "red cells": references that raised the grade (B.5)


@dataclass(frozen=True, slots=True)
class Bleeding:
    """B.5 and B.6 settled. `worst` is the heaviest active finding."""

    findings: tuple[Bleed, ...] = ()  # all but history
    history: tuple[Bleed, ...] = ()

    @property
    def active(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.findings if b.activity is Activity.ACTIVE and not b.question_only)

    @property
    def worst(self) -> Bleed | None:
        """The heaviest active finding, CNS before organ before mucosal before skin at the same weight."""
        order = (Site.CNS, Site.ORGAN, Site.MUCOSAL, Site.SKIN)
        return min(self.active, key=lambda b: (-b.weight, order.index(b.site)), default=None)

    @property
    def skin(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.active if b.site is Site.SKIN)

    @property
    def deep(self) -> tuple[Bleed, ...]:
        """Active findings that are not of the skin, by clinicians' records (patient-reported ones are apart)."""
        return tuple(b for b in self.active if b.site is not Site.SKIN and not b.patient_reported)

    @property
    def patient_reported(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.active if b.site is not Site.SKIN and b.patient_reported)

    @property
    def serious(self) -> tuple[Bleed, ...]:
        """Active, not skin, WHO >= 2 or ungraded (weight >= 2): what TRF-02, TRF-10 and the ORD rules ask for."""
        return tuple(b for b in self.deep if b.weight >= 2)

    @property
    def severe(self) -> tuple[Bleed, ...]:
        """Active WHO 3-4."""
        return tuple(b for b in self.active if b.weight >= 3)

    @property
    def major(self) -> tuple[Bleed, ...]:
        """A.9 major bleeding: WHO 3-4, or CNS, spinal, posterior eye, pericardial, airway."""
        return tuple(b for b in self.active if b.weight >= 3 or b.life_threatening_site)

    @property
    def cns(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.active if b.site is Site.CNS)

    @property
    def minor(self) -> tuple[Bleed, ...]:
        """Not skin: active WHO 1, or WHO 1-2 that stopped within 24 h (TRF-03)."""
        return tuple(
            b
            for b in self.findings
            if b.site is not Site.SKIN
            and not b.question_only
            and (b.activity is Activity.STOPPED or (b.activity is Activity.ACTIVE and b.weight == 1))
        )

    @property
    def unclear(self) -> tuple[Bleed, ...]:
        """BLD-04."""
        return tuple(b for b in self.findings if b.activity is Activity.UNCLEAR and not b.question_only)

    @property
    def withholds_reassurance(self) -> bool:
        """A question-only finding other than unspecific skin marks, or unclear activity: TRF-04 may not reassure."""
        doubtful = (b for b in self.findings if b.question_only and b.set_id != "bleed-skin-unspecific")
        return any(doubtful) or bool(self.unclear)

    @property
    def only_skin(self) -> bool:
        """BLD-02: a skin finding, and nothing mucosal, organ or CNS active, ended <= 24 h or open (A.9)."""
        others = [b for b in self.findings if b.site is not Site.SKIN and not b.question_only]
        return bool(self.skin) and not others


# ---------------------------------------------------------------------------------------------- infections


class Certainty(IntEnum):
    """A.9; rules treat reported like proven unless they name one."""

    SUSPECTED = 1
    REPORTED = 2
    PROVEN = 3


@dataclass(frozen=True, slots=True)
class Infection:
    """One pathogen's infection that the record shows. `pathogen` is the id of section D ("INF-EBV")."""

    pathogen: str
    certainty: Certainty
    current: bool  # A.9 "current infection"
    onset: Moment | None
    references: tuple[str, ...]  # what it rests on, deciding one first
    written_confirmed: bool = False  # verificationStatus written as confirmed
    status_recorded: bool = True
    severe: bool = False  # by code (severe dengue, septic shock) or Condition.severity severe
    therapy: tuple[Medication, ...] = ()  # active drugs that are a section D therapy of it
    therapy_ended: Moment | None = None  # latest documented end of a section D therapy
    therapy_started: Moment | None = None
    cured: bool = False  # negative test of cure, or load not detected on therapy
    resolved_record: str | None = None  # a "resolved" Condition that a newer positive test contradicts (DATA-06)

    @property
    def is_suspected_only(self) -> bool:
        return self.certainty is Certainty.SUSPECTED

    @property
    def is_under_therapy(self) -> bool:
        return bool(self.therapy)


@dataclass(frozen=True, slots=True)
class Infections:
    found: tuple[Infection, ...] = ()  # in the order of section D; current and past the window (MON-05)
    exposures: tuple[TestResult, ...] = ()  # antibody only: exposure, no infection

    def of(self, *pathogens: str) -> tuple[Infection, ...]:
        return tuple(i for i in self.found if i.pathogen in pathogens)

    def current(self, *pathogens: str, suspected: bool = True) -> tuple[Infection, ...]:
        """Current infections (of these pathogens, or of any), with or without the suspected ones."""
        return tuple(
            i
            for i in self.found
            if i.current
            and (not pathogens or i.pathogen in pathogens)
            and (suspected or not i.is_suspected_only)
        )


# ---------------------------------------------------------------------------------------------- the rest


class Known(IntEnum):
    """Three-valued facts: unknown is never no."""

    NO = 0
    YES = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Person:
    reference: str
    age_years: int | None
    age_days: int | None
    sex: str | None
    weight: Measurement | None  # kg, <= 30 days old
    pregnancy: Known
    pregnancy_reference: str | None = None
    lactating: bool = False
    gestation_weeks: Decimal | None = None
    ancestry: frozenset[str] = frozenset()

    @property
    def is_adult(self) -> bool | None:
        return None if self.age_years is None else self.age_years >= 18

    @property
    def is_child(self) -> bool:
        """Recorded age under 18 years."""
        return self.age_years is not None and self.age_years < 18

    @property
    def is_neonate(self) -> bool:
        """Recorded age under 28 days (day of birth = 0)."""
        return self.age_days is not None and self.age_days < 28

    @property
    def pregnancy_matters(self) -> bool:
        """A.9: relevant for females of 12 to 55 years."""
        return self.sex == "female" and self.age_years is not None and 12 <= self.age_years <= 55


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign as a measured value over its limit or a Condition: what shows it."""

    reference: str
    value: Decimal | None = None
    unit: str | None = None
    time: Moment | None = None


@dataclass(frozen=True, slots=True)
class Signs:
    """A.9 signs; each tuple is empty when not recorded (which is not "absent"), `measured` tells what was looked at."""

    fever: tuple[Sign, ...] = ()
    hypothermia: tuple[Sign, ...] = ()
    shock: tuple[Sign, ...] = ()
    meningism: tuple[Sign, ...] = ()
    lactate_high: tuple[Sign, ...] = ()  # > 2 mmol/L
    headache: tuple[Sign, ...] = ()
    severe_headache: tuple[Sign, ...] = ()
    vomiting: tuple[Sign, ...] = ()
    altered_consciousness: tuple[Sign, ...] = ()
    seizure: tuple[Sign, ...] = ()
    head_injury: tuple[Sign, ...] = ()
    organ_failure: tuple[Sign, ...] = ()
    unknown: frozenset[Fact] = frozenset()  # e.g. no temperature in the last 24 h


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Everything that a rule may ask. Built by `cards.reading.read`; frozen."""

    as_of: datetime
    hook: str
    person: Person
    platelets: Platelets
    bleeding: Bleeding
    infections: Infections
    signs: Signs
    record: Record  # the recorded parts that rules read by value set
    stay: Stay | None = None
    comfort_care: Finding | Planned | None = None
    blood_refused: str | None = None  # reference of a recorded refusal of blood products (POP-09)
    sepsis_recorded: bool = False
    dengue_current: bool = False  # proven, reported or suspected, and current
    pathogens: Mapping[str, Pathogen] = field(default_factory=dict)  # by id, in the order of section D

    # -- recorded parts by value set --------------------------------------------------------------

    def newest(self, set_id: str, within: timedelta | None = None) -> Measurement | None:
        """The newest measurement of a set, at most `within` old."""
        for m in self.record.measurements.get(set_id, ()):
            if m.time is not None and (within is None or m.time.age(self.as_of) <= within):
                return m
        return None

    def present(self, *set_ids: str) -> tuple[Finding, ...]:
        """Findings of the sets that are present and not merely suspected."""
        return tuple(f for f in self.findings(*set_ids) if is_present(f, *set_ids))

    def suspected(self, *set_ids: str) -> tuple[Finding, ...]:
        """Findings of the sets with a suspected verification and a present status."""
        return tuple(f for f in self.findings(*set_ids) if is_suspected(f))

    def findings(self, *set_ids: str) -> tuple[Finding, ...]:
        """All findings of the sets, present or past."""
        return tuple(f for f in self.record.findings if f.is_in(*set_ids))

    def using(self, *set_ids: str) -> tuple[Medication, ...]:
        """Drugs of the sets in use now."""
        return tuple(m for m in self.medications_in_use if not m.set_ids.isdisjoint(set_ids))

    @property
    def medications_in_use(self) -> tuple[Medication, ...]:
        return tuple(m for m in self.record.medications if in_use(m, self.as_of))

    @property
    def orders(self) -> tuple[Order, ...]:
        """The selected orders (order-sign: all drafts): the only ones that ORD rules judge."""
        return tuple(o for o in self.record.orders if o.selected)

    def selected(self, *set_ids: str) -> tuple[Order, ...]:
        return tuple(o for o in self.orders if o.is_in(*set_ids))

    def answered(self, kind: Kind) -> bool:
        return self.record.answers.get(kind, Answer.ABSENT) is Answer.ANSWERED

    @property
    def allergies(self) -> tuple[Allergy, ...]:
        return self.record.allergies

    @property
    def given(self) -> tuple[Performed, ...]:
        return self.record.performed

    @property
    def planned(self) -> tuple[Planned, ...]:
        return self.record.planned


def is_present(finding: Finding, *set_ids: str) -> bool:
    """Present now: not suspected, not past, and the code itself does not say history or remission."""
    if finding.verification is Verification.SUSPECTED or finding.clinical is ClinicalStatus.PAST:
        return False
    if finding.has_ended:
        return False
    past = ("history", "remission")
    return any(m.set_id in set_ids and m.status not in past for m in finding.memberships)


def is_suspected(finding: Finding) -> bool:
    return finding.verification is Verification.SUSPECTED and finding.clinical is not ClinicalStatus.PAST


def in_use(medication: Medication, as_of: datetime) -> bool:
    """Contract: request active, or completed with a treatment period that covers `as_of`; statement; administration."""
    if medication.start is not None and medication.start.earliest > as_of:
        return False
    if medication.end is not None and medication.end.latest < as_of:
        return False
    if medication.status in ("active", "intended", "in-progress", "unknown"):
        return True
    return medication.status == "completed" and medication.start is not None and medication.end is not None

