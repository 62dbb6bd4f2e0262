"""What a story tells: facts by value set and literal value, times relative to now. No FHIR here, and no codes.

So the same story can be written in other code systems, units or an other order of resources, and has to lead to the
same cards.
"""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal

from cards.frozen import dataclass
from cds_service.stories.times import TODAY, When


@dataclass(frozen=True, slots=True)
class Term:
    """A thing with a code: a value set, and which of its codes where the set holds several kinds."""

    set_id: str
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """`age` in years, or `days` of life for the youngest; `pregnant` in weeks."""

    sex: str = "male"
    age: int | None = 40
    days: int | None = None
    pregnant: int | None = None
    weight: Decimal | None = None
    ancestry: str | None = None
    pregnancy_known: bool = True


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as the record holds it: comparator, unit by UCUM code or as text, own reference range.

    `code` where the code of the unit says another one than its text.
    """

    value: Decimal
    comparator: str | None = None
    unit: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """An Observation: an amount, or a word ("positive", "present"); the two pressures of a blood pressure."""

    what: Term
    amount: Amount | None = None
    word: str | None = None
    diastolic: Decimal | None = None
    at: When | None = field(default_factory=When)
    issued: When | None = None
    status: str = "final"
    interpretation: str | None = None
    sample: str | None = None  # "citrate", "heparin", "cord blood", or a name that several results share
    broken: bool = False  # its value is of a kind that R4 does not know


@dataclass(frozen=True, slots=True)
class Found:
    """A Condition; `observed` makes it an Observation of a finding."""

    what: Term
    onset: When | None = TODAY
    recorded: When | None = None
    ended: When | None = None
    clinical: str = "active"
    verification: str = "confirmed"
    severity: str | None = None
    observed: bool = False
    by_patient: bool = False


@dataclass(frozen=True, slots=True)
class Dose:
    """What an order or prescription says of the dose: "50 mg", times a day, for how many days, by which route."""

    amount: Decimal | None = None
    unit: str | None = None
    per_day: Decimal | None = None
    days: int | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug in use, by request or (`given`) by an administration."""

    what: Term
    start: When | None = None
    end: When | None = None
    status: str = "active"
    given: bool = False
    dose: Dose = Dose()


@dataclass(frozen=True, slots=True)
class AllergyTo:
    what: Term
    criticality: str | None = None
    anaphylaxis: bool = False
    intolerance: bool = False
    thrombocytopenia: bool = False
    at: When | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A Procedure; a transfusion too."""

    what: Term
    at: When | None = field(default_factory=When)
    status: str = "completed"


@dataclass(frozen=True, slots=True)
class Vaccinated:
    """An Immunization that was given."""

    what: Term
    at: When | None = field(default_factory=When)


@dataclass(frozen=True, slots=True)
class Planned:
    """An order that is active: a procedure to come, a test, a product."""

    what: Term
    at: When | None = None
    ordered: When = field(default_factory=When)
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Ordered:
    """The draft that the clinician selects; `what` None: `code` is its system and code, which nobody maps."""

    what: Term | None
    dose: Dose = Dose()
    reason: Term | None = None
    reason_in_words: bool = False  # words that no value set knows
    code: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One patient at one moment. `failed` and `absent` name prefetch keys that were not answered, or not sent."""

    person: Person = Person()
    platelets: tuple[Observed, ...] = ()
    observed: tuple[Observed, ...] = ()
    found: tuple[Found, ...] = ()
    drugs: tuple[Drug, ...] = ()
    allergies: tuple[AllergyTo, ...] = ()
    done: tuple[Done, ...] = ()
    vaccines: tuple[Vaccinated, ...] = ()
    planned: tuple[Planned, ...] = ()
    orders: tuple[Ordered, ...] = ()
    inpatient: bool = False
    hook: str = "patient-view"
    failed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
