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


# What a file leads to on the day of its newest result: the rule of each card, and words that have to be in it.
CARDS = {
    # 25 x10*9/L, drawn on a date without a time
    "be-macsys-815333049": ("2021-12-01", [("TRF-05", "25 x10^9/L")]),
    # platelet count registered, without a value; the newest by date
    "be-mips-uzg4-registered-novalue": ("2022-03-25", []),
    # hasMember trees, 301 and 180
    "be-macsys-815333046": ("2021-11-19", []),
    # the unit's display name as its text
    "ch-epreg-platelets": ("2025-02-05", [("MON-01", "130 x10^9/L")]),
    # MPV of 9 to 12 fL and distribution width are no counts
    "synthea-r4-schinner-bleeding": ("2020-11-30", []),
    "ahrq-exec-Adolfo777_Braun514": ("2020-02-24", []),
    "ahrq-exec-Cher186_Crooks415": ("2020-03-11", []),
    # INR and PT "in platelet poor plasma" are no counts
    "clinosim-us-cirrhosis-1": ("2024-06-23", []),
    # dates of the year 2192
    "mimic-demo-high_risk_bundle": ("2192-05-12", []),
}


@pytest.mark.parametrize("name", CARDS)
def test_real_records_lead_to_the_right_cards(shared_data: Path, name: str) -> None:
    as_of, expected = CARDS[name]
    result = call(shared_data / "data" / f"{name}.json", "--as-of", as_of)
    assert result.exit_code == 0, result.stderr
    found = cards(result)
    rules = [card["extension"]["org.platelet-hooks.card"]["rules"][0] for card in found]
    assert rules == [rule for rule, _ in expected]
    for card, (_, words) in zip(found, expected, strict=True):
        assert words in card["summary"]


def test_an_impossible_unit_never_becomes_a_count(shared_data: Path, tmp_path: Path) -> None:
    """20 "10^12/L" with a range of 150000 to 450000 "10^12/L": no reading of it is safe."""
    resource = json.loads((shared_data / "data/phenomics-thrombocytopenia-wrong-unit.json").read_bytes())
    file = tmp_path / "wrong-unit.json"
    file.write_text(json.dumps(resource | {"subject": {"reference": "Patient/p"}}), encoding="utf-8")
    result = call(file, "--as-of", "2018-03-06")
    found = cards(result)
    assert [card["extension"]["org.platelet-hooks.card"]["rules"][0] for card in found] == ["DATA-04"]
    assert "20 x10^9/L" not in result.stdout
