"""The limits that matter to this patient: a table of when each one does, its number from the thresholds in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from cards.citations import CITATIONS
from cards.facts import Known, PatientFacts
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.procedures.limits import PROCEDURES
from cards.thresholds import Thresholds, described
from cards.transfusion.bleeding_risk import high_bleeding_risk, is_coming


@dataclass(frozen=True, slots=True)
class Limit:
    """A line of the drawing: its number in 10*9/L, why it matters here, the rules that ask it, and its source."""

    number: Decimal
    short: str
    words: str
    rules: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """When a threshold matters: `short` is written at the line, `words` tell it."""

    threshold: str
    short: str
    words: str
    rules: tuple[str, ...]
    matters: Callable[[PatientFacts, Thresholds], bool]


def _always(p: PatientFacts, limits: Thresholds) -> bool:
    return True


def _not_newborn(p: PatientFacts, limits: Thresholds) -> bool:
    return not is_newborn(p, limits)


def _is_at_risk(p: PatientFacts, limits: Thresholds) -> bool:
    if is_newborn(p, limits):
        return False
    return bool(p.sepsis_recorded or p.signs.fever or high_bleeding_risk(p, limits))


def _bleeds(p: PatientFacts, limits: Thresholds) -> bool:
    return bool(p.bleeding.serious) and not is_newborn(p, limits)


def _bleeds_in_brain(p: PatientFacts, limits: Thresholds) -> bool:
    return bool(p.bleeding.cns) and not is_newborn(p, limits)


def _only_skin(p: PatientFacts, limits: Thresholds) -> bool:
    return p.bleeding.only_skin and not is_newborn(p, limits)


def _may_recover(p: PatientFacts, limits: Thresholds) -> bool:
    return bool(p.infections.found) or p.platelets.low_since is not None


def _lasts(p: PatientFacts, limits: Thresholds) -> bool:
    itp = p.present("cond-thrombocytopenia-immune", "cond-thrombocytopenia-secondary")
    return bool(itp) and not _uses_tpo_ra(p, limits) and not is_newborn(p, limits)


def _uses_tpo_ra(p: PatientFacts, limits: Thresholds) -> bool:
    return bool(p.using("med-tpo-ra"))


def _anticoagulated(p: PatientFacts, limits: Thresholds) -> bool:
    return bool(p.using("med-anticoagulant", "med-heparin", "med-lmwh", "med-doac"))


def _on_antiplatelet(p: PatientFacts, limits: Thresholds) -> bool:
    return bool(p.using("med-antiplatelet"))


def _is_pregnant(p: PatientFacts, limits: Thresholds) -> bool:
    return p.person.pregnancy is Known.YES


ROWS: Final = (
    Row("normal", "normal from here", "Lower limit of normal", (), _always),
    Row("recovered_count", "recovered", "Recovered, where two counts reach it", ("MON-04",), _may_recover),
    Row(
        "very_low",
        "very low",
        "Below, platelets are usually advised without bleeding",
        ("TRF-06",),
        _not_newborn,
    ),
    Row(
        "low_high_risk",
        "higher bleeding risk",
        "Below, with a higher bleeding risk in this record, platelets may be advised without bleeding",
        ("TRF-07", "TRF-12"),
        _is_at_risk,
    ),
    Row(
        "skin_only_defer",
        "only skin bleeding",
        "From here, with only skin bleeding, platelets can usually wait",
        ("TRF-04",),
        _only_skin,
    ),
    Row(
        "bleeding_transfuse",
        "bleeding",
        "Below, with the bleeding of this record, platelets are usually advised",
        ("TRF-01", "TRF-02"),
        _bleeds,
    ),
    Row(
        "cns_transfuse",
        "bleeding of the brain",
        "Below, with bleeding of the brain or spine, platelets are usually advised",
        ("TRF-01",),
        _bleeds_in_brain,
    ),
    Row(
        "neonate_platelets",
        "newborn",
        "Below, in a newborn, platelets are usually advised without bleeding",
        ("TRF-13",),
        is_newborn,
    ),
    Row(
        "neonate_bleeding",
        "newborn, bleeding",
        "Below, in a newborn with bleeding or before a procedure, platelets may be advised",
        ("TRF-13",),
        is_newborn,
    ),
    Row(
        "tpo_low",
        "TPO-RA to be discussed",
        "Below, over time, a TPO receptor agonist may be discussed",
        ("TPO-01", "TPO-02"),
        _lasts,
    ),
    Row(
        "tpo_not_needed",
        "aim of TPO-RA",
        "A TPO receptor agonist aims at counts from here",
        ("TPO-04",),
        _uses_tpo_ra,
    ),
    Row(
        "tpo_reduce",
        "TPO-RA: reduce",
        "From here a lower dose of the TPO receptor agonist is to be considered",
        ("TPO-14",),
        _uses_tpo_ra,
    ),
    Row(
        "tpo_withhold",
        "TPO-RA: pause",
        "Above, a pause of the TPO receptor agonist is to be considered",
        ("TPO-14",),
        _uses_tpo_ra,
    ),
    Row(
        "anticoagulant_warning",
        "anticoagulant",
        "Below, the dose of the anticoagulant in use is to be reviewed",
        ("ORD-03",),
        _anticoagulated,
    ),
    Row(
        "antiplatelet_warning",
        "antiplatelet drug",
        "Below, the antiplatelet drug in use is to be reviewed",
        ("ORD-01",),
        _on_antiplatelet,
    ),
    Row("proc_delivery", "delivery", "Usual limit for a delivery", ("PROC-08",), _is_pregnant),
    Row(
        "proc_neuraxial_obstetric",
        "epidural in labour",
        "From here an epidural in labour is usually reasonable",
        ("PROC-07",),
        _is_pregnant,
    ),
)


def limits_of(p: PatientFacts, limits: Thresholds) -> tuple[Limit, ...]:
    """The limits of this patient, the highest first; of one number and words only one."""
    found = [_limit(row, limits) for row in ROWS if row.matters(p, limits)]
    found += _of_procedures(p, limits)
    once = {(one.number, one.words): one for one in found}
    return tuple(sorted(once.values(), key=lambda one: -one.number))


def _limit(row: Row, limits: Thresholds) -> Limit:
    return Limit(getattr(limits, row.threshold), row.short, row.words, row.rules, source_of(row.threshold))


def source_of(threshold: str) -> str:
    """Who says the number; "design" is a choice of ours that a site signs."""
    key = described()[threshold].source
    return CITATIONS[key].label if key in CITATIONS else "set by this service, to be signed off locally"


def _of_procedures(p: PatientFacts, limits: Thresholds) -> Iterator[Limit]:
    """The usual limit of each procedure that is planned within the next days."""
    if is_newborn(p, limits):
        return
    within = limits.span("procedure_days")
    plans = [plan for plan in p.planned if is_coming(p, plan, within)]
    for row in PROCEDURES:
        if any(row.set_id in plan.set_ids for plan in plans):
            threshold = row.steps[-1].below
            name = row.name[:1].lower() + row.name[1:]
            yield Limit(
                getattr(limits, threshold),
                name,
                f"Usual limit for the planned {name}",
                (row.rule,),
                source_of(threshold),
            )
