"""TPO-12 to TPO-14: a TPO receptor agonist in use. Too high first, then no response, then checks that are overdue.

What is not recorded stays open: a dose that is not stated cannot be called the maximum, a search that was not answered
cannot show that a test is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from cards.anti_infective.ordering import is_ordered, order
from cards.facts import PatientFacts, PlateletCount
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Amount, Kind, Measurement, Medication
from cards.rows import count_row, measurement_row, medication_row, platelet_row
from cards.thresholds import Thresholds
from cards.tpo_ra.contraindicated import TPO_RA

ELTROMBOPAG, ROMIPLOSTIM, AVATROMBOPAG = "med-eltrombopag", "med-romiplostim", "med-avatrombopag"
NAMES: Mapping[str, str] = {s: s.removeprefix("med-") for s in (ELTROMBOPAG, ROMIPLOSTIM, AVATROMBOPAG)}
ENZYMES, BILIRUBIN = ("obs-alt", "obs-ast"), ("obs-bilirubin",)


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one of the three speaks: what is too high is neither without response nor overdue."""
    if TPO_RA not in p.record.drug_sets:
        return dict.fromkeys(ADVICE.ids, _no_drug(p))
    drugs = p.using(TPO_RA)
    too_high = _too_high(p, drugs, limits)
    no_response = _no_response(p, drugs, limits)
    overdue = _overdue(p, drugs, limits)
    answers: dict[str, Outcome] = {"TPO-14": too_high, "TPO-13": no_response, "TPO-12": overdue}
    speaking = [rule for rule, outcome in answers.items() if isinstance(outcome, Advise)]
    return answers | {rule: NoAdvice(Why.OTHER_ROW) for rule in speaking[1:]}


def name_of(drugs: tuple[Medication, ...]) -> str:
    """The drug by our word where one is known, else the class."""
    names = {NAMES[s] for m in drugs for s in m.set_ids if s in NAMES}
    return names.pop() if len(names) == 1 else "a TPO receptor agonist"


# ---------------------------------------------------------------------------------------------- TPO-14


def _too_high(p: PatientFacts, drugs: tuple[Medication, ...], limits: Thresholds) -> Outcome:
    """Above 400 stop or withhold; from 200 reduce, on romiplostim only when two counts a week apart are above."""
    if not drugs:
        return _no_drug(p)
    count = p.platelets.decisive
    if count is None:
        return CannotTell(Fact.PLATELETS)
    stop = count.value > limits.tpo_withhold
    earlier = None if stop or not _is_only(drugs, ROMIPLOSTIM) else _earlier_high(p, limits)
    if not stop:
        if count.value < limits.tpo_reduce:
            return NoAdvice(Why.COUNT_NOT_HIGH)
        if _is_only(drugs, ROMIPLOSTIM) and earlier is None:
            return NoAdvice(Why.COUNT_NOT_HIGH)
    indicator = Indicator.CRITICAL if stop else Indicator.WARNING
    rows = (*platelet_row(p), *((count_row(earlier, "earlier high platelet count"),) if earlier else ()))
    reasons = (count.reference,)
    key = "stop" if stop else "reduce"
    asked = ("haematology", "medication-review", "cbc")
    return Advise(
        "TPO-14",
        indicator,
        title=f"title.{key}",
        say=(key, *(f"{key}.{drug}" for drug in _known(drugs)), "rebound" if stop else "goal"),
        values={"drug": name_of(drugs)},
        inputs=(*rows, *(medication_row("TPO receptor agonist", m) for m in drugs)),
        suggestions=order(p, key, asked, reasons, "stat" if stop else "urgent"),
        also=("PLT-08",),
    )


def _earlier_high(p: PatientFacts, limits: Thresholds) -> PlateletCount | None:
    """The newest count above the limit that lies a week or more before the one in use, and the one in use above."""
    current = p.platelets.decisive
    if current is None or current.value <= limits.tpo_reduce:
        return None
    apart = limits.span("tpo_reduce_apart")
    before = [c for c in p.platelets.series if current.time.earliest - c.time.latest >= apart]
    recent = [c for c in before if p.as_of - c.time.latest <= limits.span("scope_days")]
    return recent[-1] if recent and recent[-1].value > limits.tpo_reduce else None


def _is_only(drugs: tuple[Medication, ...], set_id: str) -> bool:
    return all(set_id in m.set_ids for m in drugs)


def _known(drugs: tuple[Medication, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(NAMES[s] for m in drugs for s in sorted(m.set_ids) if s in NAMES))


# ---------------------------------------------------------------------------------------------- TPO-13


def _no_response(p: PatientFacts, drugs: tuple[Medication, ...], limits: Thresholds) -> Outcome:
    """Four weeks at the maximum dose and no response (IWG09: below 30, or not twice the count before)."""
    if not drugs:
        return _no_drug(p)
    count = p.platelets.decisive
    if count is None:
        return CannotTell(Fact.PLATELETS)
    weeks = limits.span("tpo_trial_weeks")
    lasting = tuple(m for m in drugs if m.start is not None and p.as_of - m.start.latest >= weeks)
    if not lasting:
        return CannotTell(Fact.THERAPY) if any(m.start is None for m in drugs) else NoAdvice(Why.TOO_EARLY)
    if _has_responded(p, count.value, lasting, limits):
        return NoAdvice(Why.RESPONDED)
    known = {m: _is_at_maximum(p, m, limits) for m in lasting}
    if not any(known.values()):
        return CannotTell(Fact.TPO_RA_DOSE) if None in known.values() else NoAdvice(Why.DOSE_NOT_MAXIMUM)
    at_maximum = tuple(m for m, is_it in known.items() if is_it)
    return Advise(
        "TPO-13",
        Indicator.WARNING,
        values={"drug": name_of(at_maximum)},
        inputs=(
            *platelet_row(p),
            *(medication_row("TPO receptor agonist at its maximum dose", m) for m in at_maximum),
        ),
        suggestions=order(p, "review", ("haematology", "medication-review"), (count.reference,), "urgent"),
    )


def _has_responded(
    p: PatientFacts, value: Decimal, drugs: tuple[Medication, ...], limits: Thresholds
) -> bool:
    """Response by IWG09: at least 30 and at least twice the last count before the drug, where one is known."""
    if value < limits.tpo_low:
        return False
    start = min(m.start.earliest for m in drugs if m.start is not None)
    before = [c for c in p.platelets.series if c.time.latest <= start]
    return not before or value >= 2 * before[-1].value


def _is_at_maximum(p: PatientFacts, m: Medication, limits: Thresholds) -> bool | None:
    """By the stated dose; None where dose, frequency or (romiplostim) weight is not known."""
    if m.dose is None:
        return None
    if ROMIPLOSTIM in m.set_ids:
        return _is_weekly_maximum(p, m.dose, limits)
    maximum = {ELTROMBOPAG: limits.eltrombopag_maximum, AVATROMBOPAG: limits.avatrombopag_maximum}
    limit = next((maximum[s] for s in m.set_ids if s in maximum), None)
    if limit is None or m.per_day is None or m.dose.unit != "mg":
        return None
    return m.dose.value * m.per_day >= limit


def _is_weekly_maximum(p: PatientFacts, dose: Amount, limits: Thresholds) -> bool | None:
    weight = p.person.weight
    if dose.unit == "ug/kg":
        return dose.value >= limits.romiplostim_maximum
    micrograms = {"ug": dose.value, "mg": dose.value * 1000}.get(dose.unit or "")
    if micrograms is None or weight is None:
        return None
    return micrograms >= limits.romiplostim_maximum * weight.value


# ---------------------------------------------------------------------------------------------- TPO-12


def _overdue(p: PatientFacts, drugs: tuple[Medication, ...], limits: Thresholds) -> Outcome:
    """A count, or liver tests on eltrombopag, not within the interval of the label; counts after the stop."""
    watched = drugs or _stopped(p, limits)
    if not watched:
        return _no_drug(p)
    if not p.answered(Kind.PLATELETS):
        return CannotTell(Fact.PLATELETS)
    count = _count_is_overdue(p, drugs, limits)
    liver = _liver_is_overdue(p, drugs, limits)
    count = count and not is_ordered(p, "cbc")
    if not count and not liver:
        return CannotTell(Fact.LIVER_TESTS) if liver is None else NoAdvice(Why.COUNT_FRESH)
    key = "both" if count and liver else "count" if count else "liver"
    tests = (*(("cbc",) if count else ()), *(("liver-tests",) if liver else ()))
    last = p.platelets.series[-1] if p.platelets.series else None
    measured = _newest_liver(p) if liver else None
    return Advise(
        "TPO-12",
        Indicator.WARNING,
        title=f"title.{key}" if drugs else "title.stopped",
        say=("suggestion" if drugs else "stopped", *(("liver",) if liver else ())),
        values={"drug": name_of(watched)},
        inputs=(
            *((count_row(last, "last platelet count"),) if last is not None else ()),
            *((measurement_row("last liver test", measured),) if measured is not None else ()),
            *(medication_row("TPO receptor agonist", m) for m in watched),
        ),
        suggestions=order(p, "tests", tests, (), "urgent"),
    )


def _stopped(p: PatientFacts, limits: Thresholds) -> tuple[Medication, ...]:
    """Drugs of the class that ended within the time in which the count may fall below where it began."""

    def window(m: Medication) -> timedelta:
        return limits.span("tpo_rebound_romiplostim" if ROMIPLOSTIM in m.set_ids else "tpo_rebound_weeks")

    return tuple(
        m
        for m in p.used_within(limits.span("tpo_rebound_weeks"), TPO_RA)
        if m.end is not None and m.end.since(p.as_of) <= window(m)
    )


def _is_finding(drugs: tuple[Medication, ...], p: PatientFacts, limits: Thresholds) -> bool:
    """The first dose is known and at most four weeks ago; unknown counts as stable, the milder reading of a warning."""
    weeks = limits.span("tpo_finding_weeks")
    return any(m.start is not None and p.as_of - m.start.latest <= weeks for m in drugs)


def _count_is_overdue(p: PatientFacts, drugs: tuple[Medication, ...], limits: Thresholds) -> bool:
    often = not drugs or _is_finding(drugs, p, limits)
    within = limits.span("tpo_count_finding" if often else "tpo_count_stable")
    return not p.platelets.series or p.platelets.series[-1].time.since(p.as_of) > within


def _liver_is_overdue(p: PatientFacts, drugs: tuple[Medication, ...], limits: Thresholds) -> bool | None:
    """Enzymes and bilirubin on eltrombopag; None where results were not answered for."""
    if not any(ELTROMBOPAG in m.set_ids for m in drugs):
        return False
    within = limits.span("tpo_liver_finding" if _is_finding(drugs, p, limits) else "tpo_liver_stable")
    if all(_is_recent(p, sets, within) for sets in (ENZYMES, BILIRUBIN)):
        return False
    return True if p.answered(Kind.OBSERVATIONS) else None


def _is_recent(p: PatientFacts, sets: tuple[str, ...], within: timedelta) -> bool:
    newest = (p.newest(set_id) for set_id in sets)
    return any(m is not None and m.time is not None and m.time.since(p.as_of) <= within for m in newest)


def _newest_liver(p: PatientFacts) -> Measurement | None:
    found = [m for m in (p.newest(s) for s in (*ENZYMES, *BILIRUBIN)) if m is not None and m.time is not None]
    return max(found, key=lambda m: m.time.earliest if m.time else p.as_of, default=None)


def _no_drug(p: PatientFacts) -> Outcome:
    if not p.answered(Kind.MEDICATIONS):
        return CannotTell(Fact.MEDICATIONS)
    return NoAdvice(Why.NO_TPO_RA)


ADVICE = Advice(
    stem="tpo_ra/in_use",
    ids=("TPO-12", "TPO-13", "TPO-14"),
    topic=Topic.TPO_RA,
    decide=decide,
    otherwise=Why.NO_TPO_RA,
)
