"""DATA-05: the count may be an artefact of EDTA; confirm it by film and citrate tube before anything is given."""

from __future__ import annotations

from cards.data_quality.planned_procedures import planned_procedures
from cards.data_quality.repeat import is_asked
from cards.facts import Clumping, PatientFacts
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Order
from cards.rows import UNIT, bleeding_rows, order_row, platelet_rows
from cards.thresholds import Thresholds

PLATELETS = ("proc-platelet-transfusion", "product-platelets")
TREATMENTS = (*PLATELETS, "med-tpo-ra", "med-corticosteroid")
"""Selected, they turn the information into a warning."""

EVIDENCE_ROWS = {
    "flag": ("platelet clumping", "flagged for this sample"),
    "isolated": ("platelet volume", "flagged; other cells normal, normal count in the week before"),
}


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Advises confirmation; a warning below 30, with bleeding, or when platelets, TPO-RA or steroid are selected."""
    clumping, count = p.platelets.clumping, p.platelets.current
    if count is None:
        return CannotTell(Fact.PLATELETS)
    if clumping is None:
        return NoAdvice(Why.NO_CLUMPING)
    selected = p.selected(*TREATMENTS)
    if not selected and not is_asked(p):
        return NoAdvice(Why.NOT_SELECTED)
    serious = count.value < limits.clump_warning or p.bleeding.active or selected
    higher, procedures = clumping.higher, planned_procedures(p, limits)
    return Advise(
        "DATA-05",
        Indicator.WARNING if serious else Indicator.INFO,
        say=("suggestion", *(() if higher is None else ("other-tube",)), *_bleeding_words(p)),
        cautions=("DATA-02/caution.procedure",) if procedures else (),
        unknown=() if clumping.by == "flag" else (Fact.BLOOD_FILM,),
        values={} if higher is None else {"higher": f"{higher:f}"},
        inputs=(
            *platelet_rows(p),
            _row(clumping),
            *bleeding_rows(p.bleeding.active),
            *procedures,
            *(order_row("selected treatment", o) for o in selected),
        ),
        suggestions=_buttons(p, count.reference, clumping, urgent=bool(serious)),
    )


def _bleeding_words(p: PatientFacts) -> tuple[str, ...]:
    return ("bleeding",) if p.bleeding.deep or p.bleeding.patient_reported else ()


def _row(clumping: Clumping) -> Input:
    """What shows the artefact: the flag, or the higher count of the other tube."""
    if clumping.higher is not None:
        fact = "platelet count in a citrate or heparin tube"
        return Input(fact, clumping.higher, UNIT, clumping.time, clumping.reference)
    fact, value = EVIDENCE_ROWS.get(clumping.by, EVIDENCE_ROWS["flag"])
    return Input(fact, value, None, clumping.time, clumping.reference)


def _buttons(p: PatientFacts, count: str, clumping: Clumping, *, urgent: bool) -> tuple[Suggestion, ...]:
    """Film and citrate tube; the selected platelets removed, but never while it bleeds."""
    reasons = (count, clumping.reference)
    confirm = Action(ActionType.CREATE, "citrate-count", "urgent" if urgent else "routine", reasons=reasons)
    buttons = (Suggestion("confirm", (confirm,), recommended=True),)
    platelets: tuple[Order, ...] = p.selected(*PLATELETS)
    if not platelets or _bleeding_words(p):
        return buttons
    removed = tuple(Action(ActionType.DELETE, order=order) for order in platelets)
    return (*buttons, Suggestion("remove", removed))


ADVICE = Advice(
    stem="data_quality/clumping",
    ids=("DATA-05",),
    topic=Topic.DATA_QUALITY,
    decide=decide,
)
