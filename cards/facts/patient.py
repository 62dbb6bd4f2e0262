"""PatientFacts: all facts of one patient at one time, with the recorded parts by value set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cards.facts.bleeding import Bleeding
from cards.facts.infections import Infections
from cards.facts.person import Person, Signs
from cards.facts.platelets import Platelets
from cards.facts.presence import is_present, is_suspected, last_use, reference_time
from cards.record import (
    Allergy,
    Answer,
    Finding,
    Kind,
    Measurement,
    Medication,
    Order,
    Performed,
    Planned,
    Record,
    Stay,
    TestResult,
)

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen
    from cards.thresholds import Thresholds

DONE = frozenset({"completed", "in-progress"})


@dataclass(frozen=True, slots=True)
class _Known:
    """The value sets that the record names at all, by kind, and the selected orders."""

    findings: frozenset[str]
    tests: frozenset[str]
    in_use: frozenset[str]
    drugs: frozenset[str]
    done: frozenset[str]
    orders: tuple[Order, ...]

    @classmethod
    def of(cls, record: Record, in_use: Iterable[Medication]) -> _Known:
        return cls(
            findings=frozenset(m.set_id for f in record.findings for m in f.memberships),
            tests=frozenset(s for t in record.tests for s in t.set_ids),
            in_use=frozenset(s for m in in_use for s in m.set_ids),
            drugs=frozenset(s for m in record.medications for s in m.set_ids),
            done=frozenset(s for e in record.performed for s in e.set_ids),
            orders=tuple(o for o in record.orders if o.selected),
        )


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Everything that a rule may ask. Built by `cards.reading.read`; frozen.

    `sepsis_recorded` and `dengue_current` include a suspected one (A.1: suspicion is enough for safety and
    for a gate); what asks for more reads `infections.current(id, suspected=False)`.
    """

    as_of: datetime
    hook: str
    person: Person
    platelets: Platelets
    bleeding: Bleeding
    infections: Infections
    signs: Signs
    record: Record  # the recorded parts that rules read by value set
    stay: Stay | None = None
    comfort_care: Finding | Planned | Performed | None = None
    blood_refused: str | None = None  # reference of a recorded refusal of blood products (POP-09)
    sepsis_recorded: bool = False  # sepsis or septic shock, current (14 days)
    dengue_current: bool = False  # proven, reported or suspected, and current
    medications_in_use: tuple[Medication, ...] = ()
    pathogens: Mapping[str, Pathogen] = field(default_factory=dict, repr=False)  # by id, order of section D
    once: dict[object, tuple[Thresholds, object]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # what many rules ask and is worked out once (`cards.facts.once`); it ends with the facts
    known: _Known = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Most sets that rules ask about are not in the record: that is told by a look at these."""
        object.__setattr__(self, "known", _Known.of(self.record, self.medications_in_use))

    # -- measurements and tests -------------------------------------------------------------------

    def newest(self, set_id: str, within: timedelta | None = None) -> Measurement | None:
        """The newest dated measurement of a set, at most `within` old (by its longest possible age)."""
        values = self.record.measurements.get(set_id)
        if not values:
            return None
        dated = [m for m in values if m.time is not None]
        if within is not None:
            dated = [m for m in dated if m.time is not None and m.time.age(self.as_of) <= within]
        return max(dated, key=lambda m: m.time.earliest if m.time else self.as_of, default=None)

    def tests(self, *set_ids: str) -> tuple[TestResult, ...]:
        """Qualitative results of the sets."""
        if self.known.tests.isdisjoint(set_ids):
            return ()
        return tuple(t for t in self.record.tests if not set(set_ids).isdisjoint(t.set_ids))

    # -- findings ---------------------------------------------------------------------------------

    def present(self, *set_ids: str) -> tuple[Finding, ...]:
        """Findings of the sets that are present and not merely suspected."""
        if self.known.findings.isdisjoint(set_ids):
            return ()
        return tuple(f for f in self.findings(*set_ids) if is_present(f, *set_ids))

    def suspected(self, *set_ids: str) -> tuple[Finding, ...]:
        """Findings of the sets with a suspected verification and a present status."""
        if self.known.findings.isdisjoint(set_ids):
            return ()
        return tuple(f for f in self.findings(*set_ids) if is_suspected(f))

    def findings(self, *set_ids: str) -> tuple[Finding, ...]:
        """All findings of the sets, present or past."""
        if self.known.findings.isdisjoint(set_ids):
            return ()
        return tuple(f for f in self.record.findings if f.is_in(*set_ids))

    def is_recent(self, finding: Finding, within: timedelta) -> bool | None:
        """Whether onset or record of a finding lies at most `within` back; None when it has no date."""
        when = reference_time(finding)
        return None if when is None else when.since(self.as_of) <= within

    # -- drugs ------------------------------------------------------------------------------------

    def using(self, *set_ids: str) -> tuple[Medication, ...]:
        """Drugs of the sets in use now."""
        if self.known.in_use.isdisjoint(set_ids):
            return ()
        return tuple(m for m in self.medications_in_use if not m.set_ids.isdisjoint(set_ids))

    def used_within(self, within: timedelta, *set_ids: str) -> tuple[Medication, ...]:
        """Drugs of the sets in use now or last used at most `within` ago."""
        if self.known.drugs.isdisjoint(set_ids):
            return ()
        return tuple(
            m
            for m in self.record.medications
            if not m.set_ids.isdisjoint(set_ids)
            and (m in self.medications_in_use or self._was_used(m, within))
        )

    def _was_used(self, medication: Medication, within: timedelta) -> bool:
        when = last_use(medication)
        return when is not None and when.earliest <= self.as_of and when.since(self.as_of) <= within

    # -- procedures, plans, orders ----------------------------------------------------------------

    def done_within(self, within: timedelta, *set_ids: str) -> tuple[Performed, ...]:
        """Procedures and transfusions of the sets, done or under way, that ended at most `within` ago."""
        if self.known.done.isdisjoint(set_ids):
            return ()
        return tuple(
            e
            for e in self.record.performed
            if e.status in DONE and not e.set_ids.isdisjoint(set_ids) and self._happened(e, within)
        )

    def _happened(self, event: Performed, within: timedelta) -> bool:
        if event.status == "in-progress" and event.end is None:
            return True
        when = event.end or event.start
        return when is not None and when.earliest <= self.as_of and when.since(self.as_of) <= within

    @property
    def orders(self) -> tuple[Order, ...]:
        """The selected orders (order-sign: all drafts): the only ones that ORD rules judge."""
        return self.known.orders

    def selected(self, *set_ids: str) -> tuple[Order, ...]:
        """The selected orders of the sets."""
        orders = self.known.orders
        return tuple(o for o in orders if o.is_in(*set_ids)) if orders else ()

    def answered(self, kind: Kind) -> bool:
        """Whether this kind of data was answered, also with nothing."""
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
