"""A qualitative G6PD test as the question whether the enzyme is deficient (ORD-29).

Its results have no sign of their own: "positive" can mean that the enzyme is there, or that the test is abnormal. So
only what says normal, abnormal or the deficiency itself is read, by value or interpretation.
"""

from __future__ import annotations

from typing import Final

from cards.record import Result
from cards.valuesets import Code
from cds_service.facts.codes import sets_of
from cds_service.facts.context import Reading
from cds_service.facts.observed import Seen

ENZYME_TEST: Final = "obs-g6pd"
_NORMAL, _DEFICIENT = frozenset({"result-normal"}), frozenset({"result-abnormal", "risk-g6pd-deficiency"})
_NORMAL_LETTERS, _ABNORMAL_LETTERS = frozenset({"N"}), frozenset({"A", "AA", "L", "LL"})


def read_deficiency(one: Seen, codes: list[Code], reading: Reading) -> Result | None:
    """Positive: deficient. Negative: normal. Indeterminate where the two are said at once; None where neither is.

    A number is a measurement and is read there; an interpretation alone says nothing of a test that has one.
    """
    part = one.part
    if part.value_quantity is not None or any(code.scale == "quantitative" for code in codes):
        return None
    value = part.value_codeable_concept
    sets = frozenset() if value is None else sets_of(value, reading.terminology)
    letters = {coding.code for concept in part.interpretation for coding in concept.coding}
    normal = not (_NORMAL.isdisjoint(sets) and _NORMAL_LETTERS.isdisjoint(letters))
    deficient = not (_DEFICIENT.isdisjoint(sets) and _ABNORMAL_LETTERS.isdisjoint(letters))
    if normal and deficient:
        reading.report(one.entry, "a test whose value and interpretation contradict each other")
        return Result.INDETERMINATE
    if deficient:
        return Result.POSITIVE
    return Result.NEGATIVE if normal else None
