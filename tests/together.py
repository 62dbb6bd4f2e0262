"""Many like checks as one test, for a test costs more than such a check. All that fail are told by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def check_all(check: Callable[[T], None], things: Mapping[str, T]) -> None:
    """An ExceptionGroup of all that fail, each with its name as a note."""
    failed = []
    for name, thing in things.items():
        try:
            check(thing)
        except Exception as error:
            error.add_note(name)
            failed.append(error)
    if failed:
        raise ExceptionGroup(f"{len(failed)} of {len(things)}", failed)


def together(things: Mapping[str, T]) -> Callable[[Callable[[T], None]], Callable[[], None]]:
    """Makes one test of the check of a thing."""

    def made(check: Callable[[T], None]) -> Callable[[], None]:
        def test() -> None:
            assert things, "nothing to check"
            check_all(check, things)

        return named_as(check, test)

    return made


def named_as(check: Callable[[T], None], test: Callable[..., None]) -> Callable[..., None]:
    """The test under the check's name; its arguments stay its own."""
    test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
    return test
