"""Values that never change behave as frozen data classes of the standard library do."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from cards import frozen


@frozen.dataclass(frozen=True, slots=True)
class Sample:
    code: str
    value: int = 0
    kept: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    secret: str = dataclasses.field(default="s", repr=False)


@frozen.dataclass(frozen=True, slots=True)
class Other:
    code: str
    value: int = 0


@frozen.dataclass(frozen=True)
class Own:
    token: str

    def __repr__(self) -> str:
        return "Own(...)"


@frozen.dataclass(frozen=True, slots=True)
class Empty:
    pass


def test_equal_and_hashed_by_what_is_compared() -> None:
    one, like = Sample("a", 1, ("x",)), Sample("a", 1, ("y",))
    assert one == like
    assert hash(one) == hash(like)
    assert len({one, like}) == 1
    for other in (Sample("b", 1), Sample("a", 2), Sample("a", 1, secret="t"), Other("a", 1), ("a", 1)):
        assert one != other
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())


def test_shown_as_it_is_made_without_what_is_not_shown() -> None:
    assert repr(Sample("a", 1)) == "Sample(code='a', value=1, kept=())"
    assert repr(Own("secret")) == "Own(...)"
    assert Own("a") == Own("a")
    assert repr(Empty()) == "Empty()"


def test_replaced_copied_and_without_members_of_its_own() -> None:
    one = Sample("a", 1)
    assert dataclasses.replace(one, value=2) == Sample("a", 2)
    assert pickle.loads(pickle.dumps(one)) == one
    assert not hasattr(one, "__dict__")
    with pytest.raises(AttributeError):
        one.further = 1  # type: ignore[attr-defined]


def test_what_changes_is_no_such_value() -> None:
    made: Any = frozen.dataclass
    with pytest.raises(AssertionError):
        made(frozen=False)


@frozen.dataclass(frozen=True, slots=True)
class Derived:
    code: str
    length: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.code))


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (Sample("a", 1, ("x",), "t"), {"value": 2, "kept": ()}),
        (Sample("a", 1, ("x",), "t"), {}),
        (Own("a"), {"token": "b"}),
        (Own("a"), {}),
        (Empty(), {}),
        (Derived("abc"), {"code": "a"}),
    ],
)
def test_replaced_as_the_standard_library_replaces(value: Any, changes: dict[str, Any]) -> None:
    mine, theirs = frozen.replace(value, **changes), dataclasses.replace(value, **changes)
    assert [getattr(mine, one.name) for one in dataclasses.fields(mine)] == [
        getattr(theirs, one.name) for one in dataclasses.fields(theirs)
    ]


@pytest.mark.parametrize("name", ["length", "cods"])
def test_only_that_is_replaced_of_which_a_value_is_made(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        frozen.replace(Derived("abc"), **{name: 3})
