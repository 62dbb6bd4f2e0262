"""What an audit tells: a package without an answer is not audited, whatever the reason."""

from __future__ import annotations

import json

import pytest

from tests.house.audit import locked_names, read_report

LOCK = (
    "# made by\nalpha==1.0 \\\n    --hash=sha256:00\n"
    "beta-two==2.1 ; python_version < '3.12' \\\n    --hash=sha256:01\n"
)
NAMES = ("alpha", "beta-two")


def test_the_names_of_a_lock() -> None:
    assert locked_names(LOCK) == NAMES


@pytest.mark.parametrize("said", ["", "[]", "no network", '{"fixes": []}'])
def test_without_an_answer_nothing_was_audited(said: str) -> None:
    found = read_report(said, NAMES)
    assert (found.audited, found.not_audited, found.vulnerable) == ((), NAMES, {})
    assert "0 packages audited, 2 could not be audited" in found.told()


def test_skipped_packages_are_not_audited_and_advisories_are_named() -> None:
    said = {
        "dependencies": [
            {"name": "alpha", "version": "1.0", "vulns": [{"id": "MADE-UP-1"}, {"id": "MADE-UP-2"}]},
            {"name": "beta-two", "skip_reason": "not found"},
        ]
    }
    found = read_report(json.dumps(said), NAMES)
    assert (found.audited, found.not_audited) == (("alpha",), ("beta-two",))
    assert "alpha: MADE-UP-1, MADE-UP-2" in found.told()
