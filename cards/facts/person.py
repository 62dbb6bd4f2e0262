"""What is known of the person, and the signs of the day (rulebook A.9)."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum

from cards.frozen import dataclass
from cards.reasons import Fact
from cards.record import Measurement, Moment


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
    pregnancy_time: Moment | None = None
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
        return self.sex == "female" and self.is_of_childbearing_age

    @property
    def is_of_childbearing_age(self) -> bool:
        """Recorded age of 12 to 55 years, whatever the sex."""
        return self.age_years is not None and 12 <= self.age_years <= 55


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign as a measured value over its limit or a Condition: what shows it."""

    reference: str
    value: Decimal | None = None
    unit: str | None = None
    time: Moment | None = None


@dataclass(frozen=True, slots=True)
class Signs:
    """A.9 signs; an empty tuple is "not recorded", never "absent": `unknown` says what was not measured."""

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
    focal_neurological: tuple[Sign, ...] = ()
    papilloedema: tuple[Sign, ...] = ()
    head_injury: tuple[Sign, ...] = ()  # of the last 72 h
    organ_failure: tuple[Sign, ...] = ()
    unknown: frozenset[Fact] = frozenset()  # e.g. no temperature in the last 24 h
