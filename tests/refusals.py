"""What a refusal says: the whole text, for whoever made the mistake reads nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def refusal(call: Callable[[], object]) -> str:
    """The text of the ValueError in which the call ends."""
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole text is compared
        call()
    return str(raised.value)


def with_mistake(whole: str, old: str, new: str) -> str:
    """The text with the first `old`, which is in it, made `new`."""
    assert old in whole
    return whole.replace(old, new, 1)
