"""Mimics that are over or too old: they gate nothing, and the transfusion cards name them (rulebook A.9)."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Input
from cards.safety.recorded import RECORDED, history_rows
from cards.thresholds import Thresholds

TTP = "SAFE-01"


@dataclass(frozen=True, slots=True)
class Earlier:
    """Cautions, rows, and our names for what fills `{earlier}`, joined by commas."""

    cautions: tuple[str, ...]
    rows: tuple[Input, ...]
    names: str


def earlier_mimics(p: PatientFacts, limits: Thresholds) -> Earlier:
    """What the record holds of them; a thrombotic microangiopathy has words of its own, for it comes back."""
    found = {rule: rows for rule in RECORDED if (rows := history_rows(p, rule, limits))}
    others = [RECORDED[rule].name for rule in found if rule != TTP]
    cautions = (("SAFE-01/caution.history", TTP in found), ("TRF-16/caution.history", bool(others)))
    return Earlier(
        tuple(key for key, applies in cautions if applies),
        tuple(row for rows in found.values() for row in rows),
        ", ".join(others),
    )
