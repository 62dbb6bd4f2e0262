"""Real FHIR of many kinds goes through `platelet-hooks call`: never a crash, never a card from what is no count."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from tests.conftest import SHARED_DATA

FILES = sorted((SHARED_DATA / "data").glob("*.json"))

# Not JSON; a hook request of a hook that is not offered here, or without what is required; no FHIR resource.
REFUSED = {
    "hapi-decimal-leading-plus.INVALID.json": (2, "not JSON"),
}

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@cache
def call(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["call", str(file), "--json", *arguments])


def cards(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)["cards"]
    return found


@each_file
def test_no_file_crashes(shared_data: Path, file: Path) -> None:
    result = call(file)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (0, 1, 2)
    assert "Traceback" not in result.stderr
    if result.exit_code == 2:
        assert len(result.stderr.splitlines()) == 1
    if file.name in REFUSED:
        status, words = REFUSED[file.name]
        assert result.exit_code == status
        assert words in result.stderr
