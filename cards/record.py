"""What the record holds: FHIR already settled, nothing yet judged.

The service turns FHIR resources into these values (units, status, dates, codes), and `cards.reading` judges them with
the clinical limits. Everything is frozen; times are aware datetimes in UTC; counts are 10*9/L; other values carry the
canonical unit of their analyte. `reference` is always `Type/id` (or the prefetch key and the entry's number where the
id is unusable), so that every value can be traced to its resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cards.frozen import dataclass
from cards.kept import kept


@dataclass(frozen=True, slots=True)
class Moment:
    """A FHIR date or dateTime as the interval that it stands for (rulebook A.9: closed windows, dates as whole days).

    `text` is the value as recorded (checked ISO 8601, original offset), for showing; never for comparing.
    """

    earliest: datetime
    latest: datetime
    text: str

    @classmethod
    def instant(cls, at: datetime) -> Moment:
        """An exact point in time."""
        return cls(at, at, at.isoformat())

    @property
    def is_exact(self) -> bool:
        return self.earliest == self.latest

    def age(self, as_of: datetime) -> timedelta:
        """Longest possible age: the earlier end, for the age of a count."""
        return as_of - self.earliest

    def since(self, as_of: datetime) -> timedelta:
        """Shortest possible age: the later end, for 'is it still active' and danger windows; never below zero."""
        return as_of - (self.latest if self.latest <= as_of else max(self.earliest, as_of))


class Answer(StrEnum):
    """How the client (or the FHIR server) answered for one kind of data."""

    ANSWERED = "answered"  # also with nothing: known to be none
    ABSENT = "absent"  # never asked or never sent
    FAILED = "failed"  # tried, and it failed


class Kind(StrEnum):
    """The kinds of data that are asked for; rules say `CannotTell` when the kind they need was not answered."""

    PATIENT = "patient"
    PLATELETS = "platelets"
    OBSERVATIONS = "observations"
    CONDITIONS = "conditions"
    ALLERGIES = "allergies"
    MEDICATIONS = "medications"
    PROCEDURES = "procedures"
    ORDERS = "orders"
    IMMUNIZATIONS = "immunizations"
    ENCOUNTERS = "encounters"


class Comparator(StrEnum):
    LESS = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    GREATER = ">"


class ResultStatus(StrEnum):
    """Observation.status values that count (rulebook A.1), in rising order of authority for one sample."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"


class Specimen(StrEnum):
    EDTA = "edta"
    CITRATE = "citrate"
    HEPARIN = "heparin"
    CORD = "cord"


class UnitProblem(StrEnum):
    """Why a platelet result is not used by number (DATA-03, DATA-04)."""

    NO_UNIT = "no unit"
    UNKNOWN_UNIT = "unknown unit"
    IMPLAUSIBLE = "implausible value or unit"
    ZERO = "zero without comparator"
    CONTRADICTORY = "code and unit disagree"


@dataclass(frozen=True, slots=True)
class PlateletResult:
    """One platelet count of the record, usable or not.

    `value` is in 10*9/L and None exactly when `problem` is set (then `shown` and `shown_unit` say what was read, the
    unit by our own name, never the record's text). A comparator `<` means an upper bound (B.4), `>` a lower bound.
    """

    reference: str
    value: Decimal | None
    comparator: Comparator | None
    status: ResultStatus
    time: Moment | None
    issued: datetime | None = None
    problem: UnitProblem | None = None
    shown: Decimal | None = None
    shown_unit: str | None = None
    likely: Decimal | None = None  # a likely reading to name, never to use (DATA-04)
    unit_inferred: bool = False  # from the reference range (DATA-03)
    specimen: Specimen | None = None
    estimate: bool = False  # from the film: never the higher of two conflicting counts
    specimen_reference: str | None = None
    dated_by_report: bool = False  # the sample time is that of the DiagnosticReport


@dataclass(frozen=True, slots=True)
class UnreadPlatelets:
    """A platelet resource that was set aside; one that may be newer than the count in use is never passed over."""

    reference: str
    reason: str
    time: Moment | None = None
    issued: datetime | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number of an `obs-*` set, in the canonical unit of that set (`cds_service.facts.units`)."""

    set_id: str
    reference: str
    value: Decimal
    unit: str
    comparator: Comparator | None
    time: Moment | None
    issued: datetime | None = None
    status: ResultStatus = ResultStatus.FINAL
    low: Decimal | None = None  # reference range, same unit
    high: Decimal | None = None
    flagged: str | None = None  # "high" or "low" by interpretation


class Result(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test of a `lab-*` set or another qualitative Observation (schistocytes, clumps, DAT, PF4, blasts, G6PD).

    `proves` is the strongest claim of the code: current, exposure or screen. `organisms` are the `inf-*`/`organism`
    sets that a nominal value names. `copies` is a load in copies or IU per mL (log10 loads already raised).
    """

    set_ids: tuple[str, ...]
    reference: str
    proves: str | None
    result: Result
    time: Moment | None
    issued: datetime | None = None
    status: ResultStatus = ResultStatus.FINAL
    organisms: tuple[str, ...] = ()
    copies: Decimal | None = None
    specimen_reference: str | None = None


class Verification(StrEnum):
    CONFIRMED = "confirmed"  # written as confirmed
    REPORTED = "reported"  # verificationStatus absent
    SUSPECTED = "suspected"  # provisional, differential, unconfirmed


class ClinicalStatus(StrEnum):
    PRESENT = "present"  # active, recurrence, relapse
    ABSENT = "not recorded"  # no clinicalStatus: counts as present, and the card says so
    PAST = "past"  # inactive, remission, resolved


@dataclass(frozen=True, slots=True)
class Membership:
    """One value set that a coding of a record belongs to, with the `status` of that code (history, remission ...)."""

    set_id: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A Condition, or an Observation of a finding (code in a set and value present, or value in a set).

    `ended` is the abatement; `has_ended` also where it has no readable date. `severity` is the modified WHO grade
    that Condition.severity maps to (B.5), None = not graded. Refuted and entered-in-error records never get here.
    """

    reference: str
    memberships: tuple[Membership, ...]
    clinical: ClinicalStatus
    verification: Verification
    onset: Moment | None = None
    recorded: Moment | None = None
    ended: Moment | None = None
    has_ended: bool = False
    severity: int | None = None
    observed: bool = False  # from an Observation: `onset` is its effective time
    patient_reported: bool = False
    word: str | None = None  # key of our word for its code, where the set holds several kinds ("nosebleed")

    def is_in(self, *set_ids: str) -> bool:
        """Whether a coding belongs to one of the sets, whatever the code's status."""
        return bool([m for m in self.memberships if m.set_id in set_ids])

    def status_in(self, set_id: str) -> str | None:
        """The code status (history, remission, chronic ...) under which it is a member."""
        return next((m.status for m in self.memberships if m.set_id == set_id), None)


class Route(StrEnum):
    ORAL = "oral"
    INTRAVENOUS = "intravenous"
    INTRAMUSCULAR = "intramuscular"
    SUBCUTANEOUS = "subcutaneous"
    OTHER = "other"


class MedicationSource(StrEnum):
    REQUEST = "request"
    STATEMENT = "statement"
    ADMINISTRATION = "administration"


@dataclass(frozen=True, slots=True)
class Medication:
    """A drug that is or was in use. `set_ids` is empty where the drug is not mapped (never guessed from text)."""

    reference: str
    set_ids: frozenset[str]
    source: MedicationSource
    status: str
    start: Moment | None = None
    end: Moment | None = None
    route: Route | None = None
    codes: tuple[tuple[str, str], ...] = ()  # (system, code) of mapped codings, for "same substance"
    dose: Amount | None = None  # one dose, read where a rule asks for it (TPO-RA, steroid); None = not stated
    per_day: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Performed:
    """A Procedure (or transfusion) that was done or is under way."""

    reference: str
    set_ids: frozenset[str]
    status: str  # completed, in-progress, preparation ...
    start: Moment | None = None
    end: Moment | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """An open ServiceRequest (active, draft, on-hold), or an Appointment that is booked or has begun."""

    reference: str
    set_ids: frozenset[str]
    status: str
    occurrence: Moment | None = None
    authored: Moment | None = None


@dataclass(frozen=True, slots=True)
class Allergy:
    """An AllergyIntolerance that is active and neither refuted nor entered in error."""

    reference: str
    set_ids: frozenset[str]
    codes: tuple[tuple[str, str], ...] = ()
    criticality: str | None = None  # high, low, unable-to-assess
    reaction_severity: str | None = None  # mild, moderate, severe
    anaphylaxis: bool = False
    intolerance: bool = False
    denies_all: bool = False  # "no known allergy"
    thrombocytopenia: bool = False  # a reaction was a fall of the platelets
    time: Moment | None = None  # the last reaction, else the onset, else when it was recorded


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity of an order, read leniently: unit is our name (mg, g, mL, unit, adult-dose), None = unknown."""

    value: Decimal
    unit: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """A draft of `context.draftOrders`. `selected` tells whether the selection named it (order-sign: all of them)."""

    reference: str
    resource_type: str
    set_ids: frozenset[str]
    selected: bool
    codes: tuple[tuple[str, str], ...] = ()
    route: Route | None = None
    dose: Amount | None = None
    per_day: Decimal | None = None
    amount: Amount | None = None  # ServiceRequest.quantity
    duration: timedelta | None = None
    occurrence: Moment | None = None
    reasons: tuple[Finding, ...] = ()  # reasonCode and resolved reasonReference
    unread_reason: bool = False  # beside them: one in words, or in a code that no set holds
    resource: Mapping[str, Any] = field(default_factory=dict)  # the client's own draft, for `update`

    def is_in(self, *set_ids: str) -> bool:
        return not self.set_ids.isdisjoint(set_ids)


@dataclass(frozen=True, slots=True)
class Stay:
    """An Encounter in progress: `inpatient` by class, `intensive` by class or location code of the site list."""

    reference: str
    inpatient: bool
    intensive: bool
    start: Moment | None = None


@dataclass(frozen=True, slots=True)
class PregnancyEvidence:
    reference: str
    pregnant: bool  # False: recorded as not pregnant
    time: Moment | None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    reference: str
    birth: Moment | None = None
    sex: str | None = None  # male, female, other
    pregnancy: tuple[PregnancyEvidence, ...] = ()
    ancestry: frozenset[str] = frozenset()  # recorded, e.g. "east-asian"; never inferred


@dataclass(frozen=True)
class Record:
    """Everything that one request told about one patient.

    Most sets that rules ask about are not in the record: that is told by a look at `finding_sets` and the like, made
    when first asked for and kept (so there are no slots).
    """

    as_of: datetime
    hook: str
    person: PersonRecord
    platelets: tuple[PlateletResult, ...] = ()
    unread_platelets: tuple[UnreadPlatelets, ...] = ()
    measurements: Mapping[str, tuple[Measurement, ...]] = field(default_factory=dict)  # by set id
    tests: tuple[TestResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    voided: tuple[str, ...] = ()  # set ids of refuted or entered-in-error records (DATA-07)
    medications: tuple[Medication, ...] = ()
    performed: tuple[Performed, ...] = ()
    planned: tuple[Planned, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    immunizations: tuple[Performed, ...] = ()
    orders: tuple[Order, ...] = ()
    unresolved_selections: tuple[str, ...] = ()
    stay: Stay | None = None
    answers: Mapping[Kind, Answer] = field(default_factory=dict)

    @kept
    def finding_sets(self) -> frozenset[str]:
        """Every value set that a finding belongs to."""
        return frozenset([m.set_id for f in self.findings for m in f.memberships])

    @kept
    def measured_sets(self) -> frozenset[str]:
        """Every value set of a measurement."""
        return frozenset(self.measurements.keys())

    @kept
    def test_sets(self) -> frozenset[str]:
        """Every value set of a qualitative test."""
        return frozenset([s for t in self.tests for s in t.set_ids])

    @kept
    def drug_sets(self) -> frozenset[str]:
        """Every value set of a drug that is or was in use."""
        return frozenset().union(*[m.set_ids for m in self.medications])

    @kept
    def performed_sets(self) -> frozenset[str]:
        """Every value set of a procedure or transfusion."""
        return frozenset().union(*[e.set_ids for e in self.performed])

    def measured(self, set_id: str) -> tuple[Measurement, ...]:
        """All measurements of a set, in the order of the record; most sets have none, which costs no exception."""
        return self.measurements[set_id] if set_id in self.measured_sets else ()

    def findings_of(self, *set_ids: str) -> tuple[Finding, ...]:
        """The findings of these sets, present or past, in the order of the record."""
        none = self.finding_sets.isdisjoint(set_ids)
        return () if none else tuple([f for f in self.findings if f.is_in(*set_ids)])
