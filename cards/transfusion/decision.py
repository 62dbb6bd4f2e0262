"""TRF-01 to TRF-10, TRF-12, TRF-14, TRF-15: whether platelets are advised. Exactly one of them speaks.

The matrix is rulebook A.6: the bleeding's row, the count's column. A few cells ask more (dengue, marrow, DIC, sepsis,
antiplatelet drugs); without a usable count only bleeding speaks. What mimics suppress is decided later, by precedence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from cards.facts import Blocker, PatientFacts, PlateletCount
from cards.facts.once import once
from cards.host import is_newborn
from cards.outcome import Advice, Advise, Answers, CannotTell, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.thresholds import Thresholds
from cards.transfusion import bleeding_cards, count_cards, emergency_cards
from cards.transfusion.case import Case, Row, read_case, to_be_located

MATRIX: Mapping[Row, tuple[str, ...]] = MappingProxyType(
    {
        #                  <10       10-19.9   20-29.9   30-49.9    50-99.9   100-149.9    >=150
        Row.NONE:        ("TRF-06", "TRF-05", "TRF-05", "",        "",       "",          ""),
        Row.SKIN:        ("TRF-06", "TRF-05", "TRF-05", "TRF-04",  "",       "",          ""),
        Row.SKIN_SEPTIC: ("TRF-06", "TRF-05", "TRF-05", "SAFE-12", "SAFE-12", "SAFE-12",  "SAFE-12"),
        Row.MINOR:       ("TRF-06", "TRF-03", "TRF-03", "TRF-03",  "",       "",          ""),
        Row.MUCOSAL:     ("TRF-02", "TRF-02", "TRF-02", "TRF-02",  "TRF-10", "TRF-10",    ""),
        Row.SEVERE:      ("TRF-01", "TRF-01", "TRF-01", "TRF-01",  "TRF-10", "TRF-10",    ""),
        Row.CNS:         ("TRF-01", "TRF-01", "TRF-01", "TRF-01",  "TRF-01", "TRF-14/10", "TRF-14"),
    }
)  # fmt: skip
"""Rulebook A.6. Empty: no transfusion card. SAFE-12 speaks in its cells. CNS counts its 100 by `cns_transfuse`."""

BLEEDING_ROWS = frozenset({Row.MUCOSAL, Row.SEVERE, Row.CNS})
BELOW_TRANSFUSE = 3
"""Column 30-49.9: from here to the left below 50."""

BUILDERS: Mapping[str, Callable[[Case], Advise]] = MappingProxyType(
    {
        "TRF-01": emergency_cards.life_threatening,
        "TRF-02": bleeding_cards.mucosal,
        "TRF-03": bleeding_cards.minor,
        "TRF-04": count_cards.skin_only,
        "TRF-05": count_cards.without_serious_bleeding,
        "TRF-06": count_cards.very_low,
        "TRF-07": count_cards.septic,
        "TRF-08": count_cards.dengue,
        "TRF-09": count_cards.coagulopathy,
        "TRF-10": bleeding_cards.out_of_proportion,
        "TRF-12": count_cards.marrow,
        "TRF-14": bleeding_cards.on_antiplatelet,
        "TRF-15": emergency_cards.count_unknown,
    }
)


@once
def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One advice at most; for newborns none, for they have limits of their own (TRF-13)."""
    if is_newborn(p, limits):
        return dict.fromkeys(ADVICE.ids, NoAdvice(Why.NOT_FOR_THIS_PERSON))
    case = read_case(p, limits)
    rule = rule_by_count(case, case.count) if case.count is not None else rule_without_count(case)
    answers = _silent(case)
    if rule in BUILDERS:
        answers[rule] = BUILDERS[rule](case)
    return answers


def _silent(case: Case) -> dict[str, Outcome]:
    """Why the others say nothing; what the record does not tell is never taken for "no"."""
    p = case.p
    if case.count is None:
        answers: dict[str, Outcome] = dict.fromkeys(ADVICE.ids, CannotTell(Fact.PLATELETS))
        answers |= dict.fromkeys(("TRF-01", "TRF-15"), NoAdvice(Why.NO_BLEEDING))
    elif case.count.value < case.limits.bleeding_transfuse or case.bleeds:
        answers = {**ADVICE.silent}
    else:
        answers = dict.fromkeys(ADVICE.ids, NoAdvice(Why.COUNT_NOT_LOW))
    asks_for_bleeding = ("TRF-01", "TRF-02", "TRF-03", "TRF-04", "TRF-10", "TRF-15")
    if case.row is Row.CNS and case.count is not None and not p.answered(Kind.MEDICATIONS):
        answers["TRF-14"] = CannotTell(Fact.MEDICATIONS)
    if case.row is Row.NONE or case.row is Row.SKIN:
        if not p.answered(Kind.CONDITIONS):
            answers |= dict.fromkeys(asks_for_bleeding, CannotTell(Fact.CONDITIONS))
        elif p.bleeding.withholds_reassurance:
            answers |= dict.fromkeys(asks_for_bleeding, CannotTell(Fact.BLEEDING_ACTIVITY))
    return answers


# ---------------------------------------------------------------------------------------------- by number


def rule_by_count(case: Case, count: PlateletCount) -> str:
    """The rule of the cell; one of the others where the cell asks more. In the order of rulebook A.2."""
    column = column_of(count.value, case.row, case.limits)
    cell = MATRIX[case.row][column]
    if cell.startswith("TRF-14"):
        return _brain_at_100(case, cell)
    if case.dengue:
        return "TRF-08" if _gives_way_to_dengue(case, cell, column) else cell
    if cell in ("TRF-01", "TRF-02", "TRF-06"):
        return cell
    if count.value >= case.limits.bleeding_transfuse:
        return cell
    return _with_a_cause(case, count) or _reassuring(case, cell)


def column_of(value: Decimal, row: Row, limits: Thresholds) -> int:
    """0 to 6. Where a site has moved a limit over another one, the limit of the decision in question holds."""
    deferring, high_risk = limits.skin_only_defer, limits.low_high_risk
    if row in BLEEDING_ROWS or row is Row.MINOR:
        deferring = min(deferring, limits.bleeding_transfuse)
    borders = (
        limits.very_low,
        min(high_risk, deferring),
        deferring,
        limits.bleeding_transfuse,
        limits.cns_transfuse if row is Row.CNS else limits.mild,
        limits.normal,
    )
    for column, border in enumerate(borders):
        if value < border:
            return column
    return len(borders)


def _gives_way_to_dengue(case: Case, cell: str, column: int) -> bool:
    """A.6, last lines: every filled cell below 50 and the WHO 2 cells to 149.9, but not WHO 3-4 and CNS."""
    if case.row in (Row.SEVERE, Row.CNS) or not cell:
        return False
    if case.is_dengue_only_suspected and cell == "TRF-02":
        return False
    return column <= BELOW_TRANSFUSE or case.row is Row.MUCOSAL


def _brain_at_100(case: Case, cell: str) -> str:
    """Bleeding of the brain on an antiplatelet drug, no neurosurgery: TRF-14; else TRF-10 below 150."""
    if bleeding_cards.is_on_antiplatelet(case):
        return "TRF-14"
    return "TRF-10" if cell == "TRF-14/10" else ""


def _with_a_cause(case: Case, count: PlateletCount) -> str | None:
    """TRF-12, TRF-09, TRF-07: a marrow that makes none, consumption, sepsis; the first that applies."""
    limits = case.limits
    high = count.value < limits.low_high_risk
    if high and case.marrow and (case.p.signs.fever or case.p.sepsis_recorded or case.risks):
        return "TRF-12"
    if case.has_dic and (count.value < limits.skin_only_defer or case.risks or case.procedures):
        return "TRF-09"
    return "TRF-07" if high and case.is_septic_or_critical and case.risks else None


def _reassuring(case: Case, cell: str) -> str:
    """TRF-04 reassures: not while it is unknown whether anything bleeds."""
    return "" if cell == "TRF-04" and not case.p.answered(Kind.CONDITIONS) else cell


# ---------------------------------------------------------------------------------------------- without a number


def rule_without_count(case: Case) -> str:
    """Only bleeding speaks; and the lower of two conflicting counts, where it is below 10 (DATA-06)."""
    if case.row in (Row.SEVERE, Row.CNS):
        return "TRF-01"
    if case.row is Row.MUCOSAL or to_be_located(case.p, case.limits):
        return "TRF-15"
    if case.p.bleeding.deep and case.blocker is not Blocker.CLUMPING:
        return "TRF-15"
    conflict = case.p.platelets.conflict
    if case.blocker is Blocker.CONFLICT and conflict and conflict.lower.value < case.limits.very_low:
        return "TRF-08" if case.dengue else "TRF-06"
    return ""


ADVICE = Advice(
    stem="transfusion/decision",
    ids=tuple(BUILDERS),
    topic=Topic.TRANSFUSION,
    decide=decide,
)
