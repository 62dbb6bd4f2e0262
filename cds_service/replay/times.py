"""Since when the Observations of a block are known: the plain forms of times and ids, told for many at once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import gt
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cds_service.fhir.dates import PLAIN_OFFSET, PLAIN_SECOND
from cds_service.fhir.references import LONGEST_ID, is_id

_TIME: Final = rf"^{PLAIN_SECOND}(?:\.\d{{1,6}})?{PLAIN_OFFSET}$"
_IN_IDS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_FORMS: Final = frozenset({b"0000-00-00T00:00:00Z", b"0000-00-00T00:00:00.000Z"})
"""Of most times, of which the calendar alone can say that they are none."""
_MILLENNIA: Final = b"12"
"""First digits of the years 1000 to 2999."""


def usable_ids(ids: list[str]) -> list[str]:
    """The ids, "" for one that is none."""
    written = "".join(ids)
    written_well = written.isascii() and not written.encode().translate(None, _IN_IDS)
    if written_well and all(ids) and max(map(len, ids)) <= LONGEST_ID:
        return ids
    return [one if is_id(one) else "" for one in ids]


def known_times(ids: Sequence[str], times: list[str], issued: list[str | None]) -> array[int]:
    """Since when those are known that may be like others: `issued`, else the time itself; in microseconds since 1970.

    0 where one of them is not exact or the time is after `issued`, or the id is none: such a line is read like any
    other.
    """
    found = _known_by_form(times, issued)
    if found is None:
        found = _numbers(_known_by_grammar(times, issued))
    return (
        found if "" not in ids else array("q", (at if id_ else 0 for at, id_ in zip(found, ids, strict=True)))
    )


def _known_by_form(times: list[str], issued: list[str | None]) -> array[int] | None:
    """The same as by the grammar, in a quarter of its time, where each of the two lists has one form; else None."""
    try:
        known = _of_form("".join(issued), len(issued))  # type: ignore[arg-type]
        begun = _of_form("".join(times), len(times))
    except (TypeError, pa.ArrowInvalid):
        return None
    if known is None or begun is None:
        return None
    if any(map(gt, begun, known)):
        return array("q", [at if start <= at else 0 for start, at in zip(begun, known, strict=True)])
    return known


def _of_form(written: str, many: int) -> array[int] | None:
    """Microseconds of so many times, written one behind the other, if all are of one form."""
    length, left = divmod(len(written), many)
    text = written.encode()
    plain = text.translate(_DIGITS)
    if left or plain[:length] not in _FORMS or plain != plain[:length] * many:
        return None
    if text[::length].translate(None, _MILLENNIA):
        return None
    steps = _steps(length, 1 << many.bit_length())
    return _numbers(_micros(pa.StringArray.from_buffers(many, steps, pa.py_buffer(text))))


def _numbers(micros: pa.Array) -> array[int]:
    return array("q", micros.buffers()[1].to_pybytes())


@lru_cache(maxsize=16)
def _steps(length: int, many: int) -> pa.Buffer:
    """Where at least so many texts of one length begin that stand one behind the other: what Arrow wants of texts."""
    return pa.array(range(0, length * (many + 1), length), pa.int32()).buffers()[1]


def _known_by_grammar(times: Sequence[str], issued: Sequence[str | None]) -> pa.Array:
    begun, told = pa.array(times, pa.string()), pa.array(issued, pa.string())
    exact, exact_told = (pc.match_substring_regex(some, _TIME) for some in (begun, told))
    absent = pa.scalar(None, pa.string())
    known = _micros(pc.coalesce(pc.if_else(exact_told, told, absent), pc.if_else(exact, begun, absent)))
    usable = pc.and_(exact, pc.or_kleene(pc.is_null(told), exact_told))
    ahead = pc.greater(_micros(pc.if_else(exact, begun, absent)), known)
    return pc.if_else(pc.and_not(usable, pc.fill_null(ahead, False)), pc.fill_null(known, 0), 0)


def _micros(texts: pa.Array) -> pa.Array:
    """Microseconds since 1970 of exact times."""
    return pc.cast(texts, pa.timestamp("us", "UTC")).view(pa.int64())
