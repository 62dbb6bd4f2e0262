"""Every advice, in the order in which a reader meets it: data, safety, bleeding, transfusion, orders and so on.

It stands here and not in the package's `__init__`, so that a module that needs the record alone does not load the
rules.
"""

from __future__ import annotations

from cards import (
    anti_infective,
    bleeding,
    data_quality,
    monitoring,
    orders,
    procedures,
    safety,
    tpo_ra,
    transfusion,
)
from cards.outcome import Advice

ALL_ADVICE: tuple[Advice, ...] = (
    *data_quality.ADVICE,
    *safety.ADVICE,
    *bleeding.ADVICE,
    *transfusion.ADVICE,
    *orders.ADVICE,
    *procedures.ADVICE,
    *anti_infective.ADVICE,
    *tpo_ra.ADVICE,
    *monitoring.ADVICE,
)
