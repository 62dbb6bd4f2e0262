"""What the record holds for one pathogen: Conditions and tests, sorted by what they can show (rulebook A.1,
A.9).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cards.facts import Person, is_past
from cards.facts.presence import PAST_CODES, reference_time
from cards.frozen import dataclass
from cards.reading.windows import is_after, is_recent, is_within_months
from cards.record import Finding, Moment, Record, Result, TestResult, Verification
from cards.thresholds import Thresholds

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen

DOUBTFUL_CODES = frozenset({"suspected", "parent"})
"""Codes that only suspect: "virus not identified", and groups of which a finer record or a test decides."""
LASTING_CODES = frozenset({"undated", "cause", "finding"})
"""Codes without an end of their own, which stay on lists: a newer negative test decides."""
CONGENITAL = {"congenital"}
FIRST_YEAR = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that speaks for or against one pathogen.

    A positive test stands unless a later negative one or the later end of a Condition overrules it. `proof`
    is the newest that stands and lies in its time; `older_positive` one that stands, but is older than that.
    """

    sets: frozenset[str]
    chronic: bool
    present: tuple[Finding, ...] = ()
    past: tuple[Finding, ...] = ()
    positives: tuple[TestResult, ...] = ()  # dated and standing, newest first
    first_positive: TestResult | None = None  # of the illness that the newest one belongs to
    proof: TestResult | None = None
    older_positive: TestResult | None = None
    undated_positive: TestResult | None = None
    overruled_positive: TestResult | None = None  # by a later negative one
    newest_negative: TestResult | None = None  # None where no test can speak for all agents

    def is_doubtful(self, finding: Finding) -> bool:
        """Suspected by its verification or by every code of it."""
        return finding.verification is Verification.SUSPECTED or self._all_codes(finding, DOUBTFUL_CODES)

    def yields(self, finding: Finding) -> bool:
        """Gives way to a newer negative test."""
        return self.is_doubtful(finding) or self._all_codes(finding, LASTING_CODES)

    def _all_codes(self, finding: Finding, statuses: frozenset[str]) -> bool:
        sets = self.sets
        return not [m for m in finding.memberships if m.set_id in sets and m.status not in statuses]


def moment_of(test: TestResult) -> Moment | None:
    """The sample time; the time of issue stands in for an unknown one."""
    if test.time is not None:
        return test.time
    return None if test.issued is None else Moment.instant(test.issued)


def is_newer(test: TestResult, than: Moment) -> bool:
    """Surely newer; two whole days that are the same are not."""
    return is_after(moment_of(test), than)


def gather_evidence(pathogen: Pathogen, record: Record, person: Person, limits: Thresholds) -> Evidence:
    """The Conditions and organism-specific tests of one pathogen."""
    sets = pathogen.recorded_sets
    conditions = [f for f in record.findings_of(*sets) if _counts(f, sets, person)]
    past = tuple([f for f in conditions if is_past(f)])
    present = tuple([f for f in conditions if not is_past(f)])
    tests = [t for t in record.tests if t.proves == "current" and _is_about(t, pathogen)]
    if not tests:
        return Evidence(sets, pathogen.chronic, present, past)
    positives = [t for t in tests if t.result is Result.POSITIVE]
    negative = max(
        (t for t in tests if t.result is Result.NEGATIVE and moment_of(t)), key=_time, default=None
    )
    dated = sorted((t for t in positives if moment_of(t) is not None), key=_time, reverse=True)
    not_negated = [t for t in dated if negative is None or not _time(negative) > _time(t)]
    standing = [t for t in not_negated if not _is_settled(t, past)]
    in_time = [t for t in standing if _proves(t, pathogen, record.as_of, limits)]
    return Evidence(
        sets=sets,
        chronic=pathogen.chronic,
        present=present,
        past=past,
        positives=tuple(standing),
        first_positive=_first(standing, limits) if standing else None,
        proof=in_time[0] if in_time else None,
        older_positive=standing[0] if standing and not in_time else None,
        undated_positive=next((t for t in positives if moment_of(t) is None), None),
        overruled_positive=dated[0] if dated and not not_negated else None,
        newest_negative=None if pathogen.many_agents else negative,
    )


def _is_settled(test: TestResult, past: Sequence[Finding]) -> bool:
    """The Condition ended after this positive test: the test belongs to what is over."""
    ends = (f.ended or reference_time(f) for f in past if f.verification is not Verification.SUSPECTED)
    return any(end is not None and not is_newer(test, end) for end in ends)


def _first(standing: Sequence[TestResult], limits: Thresholds) -> TestResult:
    """The oldest positive test of the 30 days before the newest: the beginning of the same illness."""
    within = limits.span("proven_acute_days")
    newest = _time(standing[0])
    return [t for t in standing if newest - _time(t) <= within][-1]


def _time(test: TestResult) -> datetime:
    when = moment_of(test)
    if when is None:
        raise ValueError("only dated tests are ordered")
    return when.earliest


def _counts(finding: Finding, sets: frozenset[str], person: Person) -> bool:
    """Not history by its code; a congenital infection in the first year only (unknown age: it may be)."""
    codes = {m.status for m in finding.memberships if m.set_id in sets}
    if codes <= PAST_CODES:
        return False
    return codes != CONGENITAL or person.age_years is None or person.age_years < FIRST_YEAR


def _is_about(test: TestResult, pathogen: Pathogen) -> bool:
    """By the organism that its value names; by the test itself where the value names none."""
    if test.organisms and pathogen.organism_sets:
        return not set(test.organisms).isdisjoint(pathogen.organism_sets)
    return not set(test.set_ids).isdisjoint(pathogen.test_sets)


def _proves(test: TestResult, pathogen: Pathogen, as_of: datetime, limits: Thresholds) -> bool:
    """In its time: 30 days for an acute infection, 12 months for a chronic one."""
    when = moment_of(test)
    if pathogen.chronic:
        return is_within_months(when, as_of, int(limits.proven_chronic_months))
    return is_recent(when, as_of, limits.span("proven_acute_days"))
