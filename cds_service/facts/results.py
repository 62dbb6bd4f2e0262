"""Tests: positive, negative or neither, what they prove, which organism they name, how many copies.

A result is read from a coded value, an interpretation, one of six exact words, or a quantity (contract section
2). No other text is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from msgspec import UnsetType

from cards.frozen import dataclass
from cards.record import Comparator, Result, TestResult
from cards.valuesets import Code
from cds_service.facts.codes import sets_of
from cds_service.facts.context import Reading
from cds_service.facts.enzyme_tests import ENZYME_TEST, read_deficiency
from cds_service.facts.loads import read_load
from cds_service.facts.measurements import HIGH, read_comparator
from cds_service.facts.observed import Seen
from cds_service.facts.specimens import specimen_of
from cds_service.fhir.numbers import read_decimal
from cds_service.fhir.shapes import CodeableConcept, Quantity, ReferenceRange

POSITIVE, NEGATIVE, OPEN = "result-positive", "result-negative", "result-open"
RHD_NEGATIVE: Final = "status-rhd-negative"
NOT_THE_PATIENTS: Final = frozenset({"not-a-patient-specimen", "not-a-result-panel"})
QUALITATIVE: Final = frozenset(
    {"obs-schistocytes", "obs-blasts", "obs-platelet-artefact", "obs-platelet-morphology", "obs-dat"}
    | {"obs-hit", "obs-rhd", "obs-antiphospholipid", "obs-pregnancy-test", ENZYME_TEST}
    | {"obs-adamts13-inhibitor"}
)
_WORDS: Final[Mapping[str, Result]] = {
    "positive": Result.POSITIVE,
    "detected": Result.POSITIVE,
    "reactive": Result.POSITIVE,
    "negative": Result.NEGATIVE,
    "not detected": Result.NEGATIVE,
    "non-reactive": Result.NEGATIVE,
}
_ABNORMAL: Final = frozenset({"A", "AA"})
_NORMAL: Final = "N"
_STRENGTH: Final = ("current", "exposure", "screen")


@dataclass(frozen=True, slots=True)
class _Said:
    """What one place of the record says of the result."""

    result: Result | None = None
    organisms: tuple[str, ...] = ()
    copies: Decimal | None = None


_SILENT: Final = _Said()


def is_test(set_id: str) -> bool:
    """Whether a value set holds tests."""
    return set_id.startswith("lab-") or set_id in QUALITATIVE


def read_results(seen: Iterable[Seen], reading: Reading) -> tuple[TestResult, ...]:
    """Every test that was seen and whose result could be read, or that says that it has none."""
    tests = [one for one in seen if one.status is not None and _tests(one.set_ids)]
    return tuple([one for one in reading.each(_test, tests) if one is not None])


def _test(one: Seen, reading: Reading) -> TestResult | None:
    """None where it has no result, or one that cannot be read."""
    try:
        if one.has_value or one.part.interpretation:
            return _result(one, _tests(one.set_ids), reading)
    except ValueError as error:
        reading.report(one.entry, str(error))
    return None


@lru_cache(maxsize=1024)
def _tests(set_ids: frozenset[str]) -> tuple[str, ...]:
    """Those sets that hold tests; none where the code is not of the patient's own sample."""
    return tuple(sorted(filter(is_test, set_ids))) if set_ids.isdisjoint(NOT_THE_PATIENTS) else ()


def _result(one: Seen, tests: tuple[str, ...], reading: Reading) -> TestResult:
    """ValueError, in our words, where nothing can be read."""
    if one.time_unreadable:
        raise ValueError("a test whose time cannot be read")
    codes = [m.code for m in one.members if m.set_id in tests]
    said = _enzyme(one, codes, reading) if ENZYME_TEST in tests else _weigh(one, codes, reading)
    assert one.status is not None
    return TestResult(
        set_ids=tests,
        reference=one.reference,
        proves=_proves(codes, said),
        result=said.result or Result.INDETERMINATE,
        time=one.time,
        issued=one.issued,
        status=one.status,
        organisms=said.organisms,
        copies=said.copies,
        specimen_reference=specimen_of(one.entry, reading)[1],
    )


def _enzyme(one: Seen, codes: list[Code], reading: Reading) -> _Said:
    """Deficient or normal; what can be read and says neither (positive, a number) leaves it open."""
    found = read_deficiency(one, codes, reading)
    if found is None:
        _weigh(one, codes, reading)
    return _Said(found or Result.INDETERMINATE)


def _proves(codes: list[Code], said: _Said) -> str | None:
    """The strongest claim of the codes. One that asks "which organism" proves nothing until its value names one."""
    if said.result is Result.POSITIVE and not said.organisms and all(c.scale == "nominal" for c in codes):
        return None
    claims = {code.proves for code in codes}
    return next((claim for claim in _STRENGTH if claim in claims), None)


def _weigh(one: Seen, codes: list[Code], reading: Reading) -> _Said:
    """Value and interpretation together; two that contradict each other are no result."""
    part = one.part
    quantity = part.value_quantity
    if part.value_codeable_concept is not None:
        value = _coded(part.value_codeable_concept, reading)
    elif part.value_string is not None:
        value = _Said(_WORDS.get(part.value_string.strip().lower()))
    elif quantity is not None:
        value = _measured(quantity, one, codes, reading)
    else:
        value = _SILENT
    flag = _flagged(part.interpretation, codes, quantity, reading)
    if value.result is None and flag is None:
        raise ValueError(_why_not(one))
    if value.result is None or (value.result is Result.INDETERMINATE and quantity is not None):
        return _Said(flag or value.result, value.organisms, value.copies)
    if flag is not None and flag is not value.result and Result.INDETERMINATE not in (flag, value.result):
        reading.report(one.entry, "a test whose value and interpretation contradict each other")
        return _Said(Result.INDETERMINATE, value.organisms, value.copies)
    return value


def _why_not(one: Seen) -> str:
    if one.part.value_string is not None:
        return "unmapped: a test whose result is only text"
    if one.part.value_codeable_concept is not None:
        return "unmapped: a test whose coded result is in no value set"
    return "a test whose result cannot be read"


def _coded(concept: CodeableConcept, reading: Reading) -> _Said:
    """A coded value: positive, negative, open, or the organism that was found."""
    sets = sets_of(concept, reading.terminology)
    organisms = tuple(sorted(s for s in sets if s.startswith("inf-") or s == "organism"))
    if OPEN in sets or (POSITIVE in sets and NEGATIVE in sets):
        return _Said(Result.INDETERMINATE)
    if NEGATIVE in sets or RHD_NEGATIVE in sets:
        return _Said(Result.NEGATIVE)
    if POSITIVE in sets or organisms:
        return _Said(Result.POSITIVE, organisms)
    return _SILENT


def _flagged(
    interpretations: tuple[CodeableConcept, ...],
    codes: list[Code],
    quantity: Quantity | None,
    reading: Reading,
) -> Result | None:
    """The interpretation: POS, NEG and their kind; A and H only beside a number, N only for a qualitative test."""
    sets = {s for concept in interpretations for s in sets_of(concept, reading.terminology)}
    letters = {coding.code for concept in interpretations for coding in concept.coding}
    if OPEN in sets or (POSITIVE in sets and NEGATIVE in sets):
        return Result.INDETERMINATE
    if POSITIVE in sets:
        return Result.POSITIVE
    if NEGATIVE in sets:
        return Result.NEGATIVE
    if quantity is not None:
        return Result.POSITIVE if letters & (HIGH | _ABNORMAL) and _is_above_zero(quantity) else None
    qualitative = all(code.scale in ("ordinal", "nominal") for code in codes)
    return Result.NEGATIVE if _NORMAL in letters and qualitative else None


def _is_above_zero(quantity: Quantity) -> bool:
    return quantity.comparator not in ("<", "<=") and (_number(quantity) or 0) > 0


# ------------------------------------------------------------------------------------------------- quantities


def _measured(quantity: Quantity, one: Seen, codes: list[Code], reading: Reading) -> _Said:
    """RNA, DNA and antigen: above 0, or above the range; antibodies and the rest: above their own range only."""
    if isinstance(quantity.value, UnsetType):
        return _SILENT
    value, comparator = read_decimal(quantity.value), read_comparator(quantity)
    if "obs-schistocytes" in one.set_ids:
        return _Said(_schistocytes(value, comparator, quantity, reading))
    high, low = _range(one.part.reference_range)
    if any("Signal/Cutoff" in code.display for code in codes):
        return _Said(_beyond(value, comparator, Decimal(1)))
    if not all(_is_molecule(code) for code in codes):
        return _Said(Result.INDETERMINATE if high is None else _beyond(value, comparator, high))
    load = read_load(value, quantity, [code.display for code in codes])
    return _Said(_detected(value, comparator, low, high), copies=load)


def _is_molecule(code: Code) -> bool:
    """RNA, DNA and antigen, by the component that LOINC writes into the code's name."""
    words = code.display.split()
    return any(word in ("RNA", "DNA", "Ag") for word in words) and "Ab" not in words


def _detected(
    value: Decimal, comparator: Comparator | None, low: Decimal | None, high: Decimal | None
) -> Result:
    """`<` is not detected; so is a value at or below the lower limit of the assay, or within its range."""
    if comparator in (Comparator.LESS, Comparator.AT_MOST):
        return Result.NEGATIVE
    if comparator is not None:
        return Result.POSITIVE
    limit = high if high is not None else low
    return Result.POSITIVE if value > (limit or 0) and value > 0 else Result.NEGATIVE


def _beyond(value: Decimal, comparator: Comparator | None, limit: Decimal) -> Result:
    """Above its own limit; a bound that leaves it open is no result."""
    match comparator:
        case Comparator.LESS | Comparator.AT_MOST:
            return Result.NEGATIVE if value <= limit else Result.INDETERMINATE
        case Comparator.GREATER | Comparator.AT_LEAST:
            return Result.POSITIVE if value >= limit else Result.INDETERMINATE
    return Result.POSITIVE if value > limit else Result.NEGATIVE


def _schistocytes(
    value: Decimal, comparator: Comparator | None, quantity: Quantity, reading: Reading
) -> Result | None:
    """At or above 1 % (A.9); a number in another unit is none."""
    if (quantity.code or quantity.unit or "").strip() != "%":
        return None
    limit = reading.limits.schistocytes_percent
    if comparator in (Comparator.LESS, Comparator.AT_MOST):
        return Result.NEGATIVE if value <= limit else Result.INDETERMINATE
    return Result.POSITIVE if value >= limit else Result.NEGATIVE


def _range(ranges: tuple[ReferenceRange, ...]) -> tuple[Decimal | None, Decimal | None]:
    """High and low of the first range that has one, as written (in the unit of the value)."""
    for one in ranges:
        high, low = _number(one.high), _number(one.low)
        if high is not None or low is not None:
            return high, low
    return None, None


def _number(quantity: Quantity | None) -> Decimal | None:
    if quantity is None or isinstance(quantity.value, UnsetType):
        return None
    try:
        return read_decimal(quantity.value)
    except ValueError:
        return None
