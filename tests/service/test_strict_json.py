"""What counts as JSON, and how deep it may be."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import Refused
from cds_service.hooks.request import read_request
from cds_service.hooks.strict_json import check_depth

GOOD = b'{"hook":"patient-view","hookInstance":"x","context":{"userId":"Practitioner/1","patientId":"1"}}'
LIMIT = 64


def code(body: bytes) -> str | None:
    try:
        read_request(body, "patient-view", LIMIT)
    except Refused as refused:
        return refused.code
    return None


def with_member(text: bytes) -> bytes:
    return GOOD[:-1] + b',"zzz":' + text + b"}"


def test_a_good_body_is_read() -> None:
    assert code(GOOD) is None
    assert code(b"  " + GOOD + b"\r\n") is None
    assert code(with_member(b'"[[[\\"{"')) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        b"hook=patient-view",
        GOOD[:-1],
        GOOD + b"x",
        GOOD + GOOD,
        with_member(b'"\xff"'),
        with_member(b"NaN"),
        with_member(b"Infinity"),
        with_member(b"+3.0"),
        with_member(b"01"),
        with_member(b"[1,]"),
        with_member(b"'a'"),
        with_member(b'"\x01"'),
        with_member(b"/* a */ 1"),
        b"[]",
        b'"x"',
        b"null",
        b"5",
        b'[{"hook":"patient-view"}]',
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert code(body) == "not-json"


@pytest.mark.parametrize("number", [b"1e999", b"1" + b"0" * 400, b"-0.0", b"1E1000000"])
def test_huge_numbers_in_members_that_are_not_read_do_no_harm(number: bytes) -> None:
    assert code(with_member(number)) is None


@pytest.mark.parametrize(
    ("body", "doubled"),
    [
        (GOOD.replace(b'"hook":', b'"hook":"x","hook":'), "hook: stands twice"),
        (
            GOOD.replace(b'"patientId":"1"', b'"patientId":"1","patientId":"2"'),
            "context.patientId: stands twice",
        ),
        (GOOD.replace(b'"context":', b'"context":{},"context":'), "context: stands twice"),
    ],
)
def test_a_member_that_stands_twice_is_refused(body: bytes, doubled: str) -> None:
    with pytest.raises(Refused) as refused:
        read_request(body, "patient-view", LIMIT)
    assert (refused.value.code, refused.value.details) == ("doubled-member", (doubled,))


def test_names_that_recur_in_resources_are_no_doubles() -> None:
    assert code(with_member(b'[{"context":1,"hook":2},{"context":3,"hook":4}]')) is None


def nested(levels: int, brackets: bytes = b"[]") -> bytes:
    return brackets[:1] * levels + brackets[1:] * levels


@pytest.mark.parametrize("levels", [LIMIT - 1, LIMIT, LIMIT + 1, 500, 5_000, 1_000_000])
def test_depth_is_bounded(levels: int) -> None:
    # The body's own object is the first level.
    assert code(with_member(nested(levels))) == ("too-deep" if levels > LIMIT - 1 else None)


def test_brackets_in_texts_are_no_levels() -> None:
    assert code(with_member(b'"' + b"[" * 500 + b'"')) is None
    assert code(with_member(b'["' + b'\\\\\\"[{' * 500 + b'"]')) is None


def test_a_flood_of_quotes_costs_little() -> None:
    flood = b'{"a":"' + b'\\"' * 400_000 + b"[" * 100
    began = time.perf_counter()
    assert code(flood) in ("too-deep", "not-json")
    assert time.perf_counter() - began < 2


TREES = st.recursive(
    st.none() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=20
)


def levels_of(tree: object) -> int:
    return 1 + max(map(levels_of, tree), default=0) if isinstance(tree, list) else 0


@given(TREES, st.integers(0, 8))
def test_depth_is_what_the_tree_has(tree: object, limit: int) -> None:
    text = json.dumps(tree).encode()
    hides = any(closing in character for closing in "]}" for character in json.dumps(tree).split('"')[1::2])
    try:
        check_depth(text, limit)
    except Refused:
        assert levels_of(tree) > limit
    else:
        assert hides or levels_of(tree) <= limit


def test_an_opening_bracket_in_a_text_hides_no_level() -> None:
    """Found by `make fuzz`: the bracket of the text was paired with one of the tree."""
    tree = [[[[], "["]]]
    assert levels_of(tree) == 4
    with pytest.raises(Refused, match="too-deep"):
        check_depth(json.dumps(tree).encode(), 3)
    check_depth(json.dumps(tree).encode(), 4)
