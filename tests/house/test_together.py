"""Checks that are one test: none is left out, and all that fail are told by name."""

from __future__ import annotations

import pytest

from tests.together import together


def test_all_that_fail_are_told_and_none_keeps_the_others_from_being_checked() -> None:
    seen = []

    @together({"one": 1, "two": 2, "three": 3})
    def check(number: int) -> None:
        seen.append(number)
        assert number != 1
        if number == 3:
            raise KeyError(number)

    with pytest.raises(ExceptionGroup, match="2 of 3") as caught:
        check()
    assert seen == [1, 2, 3]
    assert [error.__notes__[-1] for error in caught.value.exceptions] == ["one", "three"]


def test_nothing_to_check_is_a_failure() -> None:
    @together({})
    def check(_: object) -> None:
        """Has nothing to look at."""

    with pytest.raises(AssertionError, match="nothing to check"):
        check()
