"""Mimics that somebody recorded: which Conditions are current (rulebook A.9), which are history.

Suspected ones count, for a safety card and a gate ask for no proof (rulebook A.1). A Condition without a date is
current, for nothing says that it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cards.facts import Known, PatientFacts, has_past_code
from cards.frozen import dataclass
from cards.outcome import Input
from cards.record import Finding
from cards.rows import finding_row
from cards.safety.counts import is_below
from cards.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Recorded:
    """A mimic: its name, its value sets, the window in which it is current; without one the count decides (TTP)."""

    name: str
    sets: tuple[str, ...]
    window: str | None


RECORDED: Mapping[str, Recorded] = MappingProxyType(
    {
        "SAFE-01": Recorded("thrombotic microangiopathy", ("mimic-tma", "mimic-tma-other"), None),
        "SAFE-02": Recorded("heparin-induced thrombocytopenia", ("mimic-hit",), "hit_days"),
        "SAFE-03": Recorded("haemolytic uraemic syndrome", ("mimic-hus",), "mimic_days"),
        "SAFE-04": Recorded("anti-PF4 disorder (VITT)", ("mimic-vitt",), "mimic_days"),
        "SAFE-05": Recorded("haemophagocytic lymphohistiocytosis", ("mimic-hlh",), "mimic_days"),
        "SAFE-07": Recorded("disseminated intravascular coagulation", ("mimic-dic",), "dic_days"),
    }
)
"""By the rule that reads them."""


def current(p: PatientFacts, rule: str, limits: Thresholds) -> tuple[Finding, ...]:
    """The recorded Conditions of the rule that hold now, confirmed ones before suspected ones."""
    row = RECORDED[rule]
    if p.record.finding_sets.isdisjoint(row.sets):
        return ()
    found = (*p.present(*row.sets), *p.suspected(*row.sets))
    return tuple(
        f for f in found if not has_past_code(f, *row.sets) and _is_current(p, f, row.window, limits)
    )


def current_rows(p: PatientFacts, rule: str, limits: Thresholds) -> tuple[Input, ...]:
    """Their rows."""
    return tuple([finding_row(RECORDED[rule].name, f) for f in current(p, rule, limits)])


def history_rows(p: PatientFacts, rule: str, limits: Thresholds) -> tuple[Input, ...]:
    """Rows of those that are over or too old: named in a card, they gate nothing."""
    row = RECORDED[rule]
    found = p.findings(*row.sets)
    if not found:
        return ()
    now = current(p, rule, limits)
    return tuple([finding_row(f"history: {row.name}", f) for f in found if f not in now])


def _is_current(p: PatientFacts, finding: Finding, window: str | None, limits: Thresholds) -> bool:
    """Of a finding that is present or suspected: not over, and young enough."""
    if window is None:
        return is_below(p, limits.normal) is not Known.NO
    when = finding.onset or finding.recorded
    return when is None or when.since(p.as_of) <= limits.span(window)
