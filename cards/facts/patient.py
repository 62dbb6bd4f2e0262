"""PatientFacts: all facts of one patient at one time, with the recorded parts by value set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cards.facts.bleeding import Bleeding
from cards.facts.infections import Infections
from cards.facts.person import Person, Signs
from cards.facts.platelets import Platelets
from cards.facts.presence import is_present, is_suspected, is_under_way, last_use, reference_time
from cards.frozen import dataclass
from cards.reasons import Fact
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

NO_SETS = frozenset[str]()
DONE = frozenset({"completed", "in-progress"})
_ANSWERED = Answer.ANSWERED
LISTS: Mapping[Kind, Fact] = MappingProxyType(
    {
        Kind.CONDITIONS: Fact.CONDITIONS,
        Kind.OBSERVATIONS: Fact.OBSERVATIONS,
        Kind.MEDICATIONS: Fact.MEDICATIONS,
        Kind.ORDERS: Fact.ORDERS,
        Kind.PROCEDURES: Fact.PROCEDURES,
    }
)
"""What is not known where a list was not read."""


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
    once: dict[object, tuple[Thresholds, Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # what many rules ask and is worked out once (`cards.facts.once`); it ends with the facts
    orders: tuple[Order, ...] = field(init=False, repr=False, compare=False)
    """The selected orders (order-sign: all drafts): the only ones that ORD rules judge."""
    sets_in_use: frozenset[str] = field(init=False, repr=False, compare=False)
    """Every value set of a drug in use."""
    sets_measured: frozenset[str] = field(init=False, repr=False, compare=False)
    """Every value set of a measurement."""
    sets_selected: frozenset[str] = field(init=False, repr=False, compare=False)
    """Every value set of a selected order."""
    _measured: dict[str, tuple[Measurement, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _newest: dict[str, Measurement | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """What most rules look at first."""
        record = self.record
        orders = tuple([o for o in record.orders if o.selected])
        object.__setattr__(self, "orders", orders)
        object.__setattr__(self, "sets_measured", record.measured_sets)
        object.__setattr__(self, "sets_selected", NO_SETS.union(*[o.set_ids for o in orders]))
        object.__setattr__(self, "sets_in_use", NO_SETS.union(*[m.set_ids for m in self.medications_in_use]))

    # -- measurements and tests -------------------------------------------------------------------

    def measured(self, set_id: str) -> tuple[Measurement, ...]:
        """All measurements of a set, in the order of the record."""
        if set_id not in self.sets_measured:
            return ()
        found = self._measured.get(set_id)
        if found is None:
            found = self._measured[set_id] = self.record.measured(set_id)
        return found

    def newest(self, set_id: str, within: timedelta | None = None) -> Measurement | None:
        """The newest dated measurement of a set, at most `within` old (by its longest possible age)."""
        if set_id not in self.sets_measured:
            return None
        known = self._newest
        newest = known[set_id] if set_id in known else self._find_newest(set_id)
        if newest is None or (within is not None and self.as_of - _sampled(newest) > within):
            return None
        return newest

    def _find_newest(self, set_id: str) -> Measurement | None:
        dated = [m for m in self.measured(set_id) if m.time is not None]
        newest = self._newest[set_id] = max(dated, key=_sampled, default=None)
        return newest

    def tests(self, *set_ids: str) -> tuple[TestResult, ...]:
        """Qualitative results of the sets."""
        if self.record.test_sets.isdisjoint(set_ids):
            return ()
        return tuple([t for t in self.record.tests if any(s in set_ids for s in t.set_ids)])

    # -- findings ---------------------------------------------------------------------------------

    def present(self, *set_ids: str) -> tuple[Finding, ...]:
        """Findings of the sets that are present and not merely suspected."""
        if self.record.finding_sets.isdisjoint(set_ids):
            return ()
        return tuple([f for f in self.record.findings if is_present(f, *set_ids)])

    def suspected(self, *set_ids: str) -> tuple[Finding, ...]:
        """Findings of the sets with a suspected verification and a present status."""
        return tuple([f for f in self.findings(*set_ids) if is_suspected(f)])

    def findings(self, *set_ids: str) -> tuple[Finding, ...]:
        """All findings of the sets, present or past."""
        record = self.record
        return () if record.finding_sets.isdisjoint(set_ids) else record.findings_of(*set_ids)

    def is_recent(self, finding: Finding, within: timedelta) -> bool | None:
        """Whether onset or record of a finding lies at most `within` back; None when it has no date."""
        when = reference_time(finding)
        return None if when is None else when.since(self.as_of) <= within

    # -- drugs ------------------------------------------------------------------------------------

    def using(self, *set_ids: str) -> tuple[Medication, ...]:
        """Drugs of the sets in use now."""
        if self.sets_in_use.isdisjoint(set_ids):
            return ()
        return tuple([m for m in self.medications_in_use if not m.set_ids.isdisjoint(set_ids)])

    def used_within(self, within: timedelta, *set_ids: str) -> tuple[Medication, ...]:
        """Drugs of the sets in use now or last used at most `within` ago."""
        if self.record.drug_sets.isdisjoint(set_ids):
            return ()
        of_sets = [m for m in self.record.medications if not m.set_ids.isdisjoint(set_ids)]
        in_use = self.medications_in_use
        return tuple([m for m in of_sets if m in in_use or self._was_used(m, within)])

    def _was_used(self, medication: Medication, within: timedelta) -> bool:
        when = last_use(medication)
        return when is not None and when.earliest <= self.as_of and when.since(self.as_of) <= within

    # -- procedures, plans, orders ----------------------------------------------------------------

    def done_within(self, within: timedelta, *set_ids: str) -> tuple[Performed, ...]:
        """Procedures and transfusions of the sets, done or under way, that ended at most `within` ago."""
        if self.record.performed_sets.isdisjoint(set_ids):
            return ()
        of_sets = [e for e in self.record.performed if not e.set_ids.isdisjoint(set_ids)]
        return tuple([e for e in of_sets if e.status in DONE and self._happened(e, within)])

    def _happened(self, event: Performed, within: timedelta) -> bool:
        if is_under_way(event):
            return True
        when = event.end or event.start
        return when is not None and when.earliest <= self.as_of and when.since(self.as_of) <= within

    def selected(self, *set_ids: str) -> tuple[Order, ...]:
        """The selected orders of the sets."""
        if self.sets_selected.isdisjoint(set_ids):
            return ()
        return tuple([o for o in self.orders if o.is_in(*set_ids)])

    def answered(self, kind: Kind) -> bool:
        """Whether this kind of data was answered, also with nothing."""
        return self.record.answers.get(kind) is _ANSWERED

    def unread(self, *kinds: Kind) -> tuple[Fact, ...]:
        """Those of these lists that were not answered, as what is not known (`LISTS`)."""
        answers = self.record.answers
        return tuple([LISTS[kind] for kind in kinds if answers.get(kind) is not _ANSWERED])

    @property
    def allergies(self) -> tuple[Allergy, ...]:
        return self.record.allergies

    @property
    def given(self) -> tuple[Performed, ...]:
        return self.record.performed

    @property
    def planned(self) -> tuple[Planned, ...]:
        return self.record.planned


def _sampled(measured: Measurement) -> datetime:
    """The earliest time at which it may have been drawn."""
    if measured.time is None:
        raise ValueError("only dated measurements are compared")
    return measured.time.earliest
