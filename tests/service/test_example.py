"""`platelet-hooks example` and the made-up patients: valid FHIR, fresh on any day, all three kinds of advice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cards.valuesets import load
from cds_service.cli import main
from cds_service.discovery import SERVICES, prefetch_keys
from cds_service.examples import example_patient, example_request, list_examples
from cds_service.fhir.validate import invalid_reason
from cds_service.fixture_files import fixtures_folder
from cds_service.hooks.wire import encode
from tests.service.posting import answer_at

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
LATER = datetime(2028, 2, 29, 18, 0, tzinfo=UTC)
EXAMPLES = list_examples()
PATIENTS = sorted(path.stem for path in (fixtures_folder() / "patients").glob("*.json"))

each_example = pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: one.name)

# The five that are the heart of the product, and the first rule of the card that each is there for.
HEART = {
    "ebv-supportive": "INF-EBV",
    "h-pylori-untreated": "INF-HP-02",
    "ebv-nosebleed": "TRF-02",
    "ebv-purpura": "TRF-04",
    "tpo-ra-candidate": "TPO-01",
    "recovery": "PLT-06",
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["example", *arguments])


def cards(name: str, now: datetime) -> list[dict[str, Any]]:
    request = example_request(name, now, prefetch_keys(load()))
    _, body = answer_at(now, request)
    found: list[dict[str, Any]] = body.get("cards", [])
    return found


def rules(card: dict[str, Any]) -> list[str]:
    found: list[str] = card["extension"]["org.platelet-hooks.card"]["rules"]
    return found


def test_there_are_a_dozen_patients_and_each_is_used() -> None:
    used = {
        json.loads(path.read_text(encoding="utf-8"))["patient"]
        for path in (fixtures_folder() / "requests").glob("*.json")
    }
    assert len(PATIENTS) >= 12
    assert used == set(PATIENTS)


@pytest.mark.parametrize("name", PATIENTS)
def test_a_patient_is_valid_fhir_with_every_time_filled(name: str) -> None:
    for resource in example_patient(name, NOW):
        text = encode(resource)
        assert b"{{" not in text
        assert invalid_reason(text) is None, resource["id"]


@each_example
def test_an_example_is_answered_as_its_name_says(one: Any) -> None:
    status, _ = answer_at(NOW, example_request(one.name, NOW, prefetch_keys(load())))
    assert status == one.expects


@each_example
def test_an_example_gives_the_same_cards_on_any_day(one: Any) -> None:
    def shown(now: datetime) -> list[tuple[list[str], str]]:
        return [(rules(card), card["indicator"]) for card in cards(one.name, now)]

    assert shown(NOW) == shown(LATER)


@pytest.mark.parametrize(("name", "rule"), HEART.items())
def test_the_heart_of_the_product(name: str, rule: str) -> None:
    assert rule in [rules(card)[0] for card in cards(name, NOW)]


def test_the_examples_hold_all_kinds_of_advice() -> None:
    topics = {card["source"]["topic"]["code"] for one in EXAMPLES for card in cards(one.name, NOW)}
    assert {"transfusion", "antiinfective", "tpora", "safety", "ordersafety", "monitoring"} <= topics


def test_without_a_name_the_examples_are_listed() -> None:
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == len(EXAMPLES)
    assert all(one.name in line and one.about in line for one, line in zip(EXAMPLES, lines, strict=True))


def test_a_name_prints_one_request_under_the_keys_of_discovery() -> None:
    result = run("ebv-nosebleed")
    assert result.exit_code == 0
    request = json.loads(result.stdout)
    assert request["hook"] == "patient-view"
    assert list(request["prefetch"]) == [key.name for key in prefetch_keys(load())]


def test_its_dates_are_fresh() -> None:
    request = json.loads(run("ebv-nosebleed").stdout)
    times = [e["resource"]["effectiveDateTime"] for e in request["prefetch"]["platelets"]["entry"]]
    age = datetime.now(UTC) - datetime.fromisoformat(max(times))
    assert 2.9 < age.total_seconds() / 3600 < 3.1


def test_an_unknown_name_is_one_line_and_status_2() -> None:
    result = run("nobody")
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1


def test_all_are_written_for_the_checker_and_for_curl(tmp_path: Path) -> None:
    result = run("--all", str(tmp_path / "new" / "folder"))
    assert result.exit_code == 0
    files = list((tmp_path / "new" / "folder").glob("*.json"))
    assert {file.stem for file in files} == {one.name for one in EXAMPLES}
    hooks = {json.loads(file.read_bytes())["hook"] for file in files}
    assert hooks == {row.hook for row in SERVICES}


def test_a_folder_that_cannot_be_written_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("--all", str(tmp_path / "file" / "below"))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_name_and_all_exclude_each_other(tmp_path: Path) -> None:
    assert run("recovery", "--all", str(tmp_path)).exit_code == 2
