"""`platelet-hooks call`: what it accepts, what it prints, how it ends."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from werkzeug.serving import make_server

from cards.valuesets import load
from cds_service.app import create_app
from cds_service.card_print import COLOURS, print_answer
from cds_service.cli import main
from cds_service.discovery import prefetch_keys
from cds_service.examples import example_patient, example_request
from cds_service.hooks.wire import encode
from cds_service.settings import Settings

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
AS_OF = "2026-06-15T10:00:00Z"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["call", *map(str, arguments)])


def fails_in_one_line(result: Result, status: int = 2) -> str:
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def write(path: Path, content: object) -> Path:
    path.write_bytes(encode(content))
    return path


def patient(name: str = "ebv-nosebleed") -> list[dict[str, Any]]:
    return example_patient(name, NOW)


def bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A Bundle of one patient."""
    return write(tmp_path / "patient.json", bundle(patient()))


def rules(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    cards = json.loads(result.stdout)["cards"]
    return [card["extension"]["org.platelet-hooks.card"]["rules"][0] for card in cards]


# ------------------------------------------------------------------------------------------- what is accepted


def test_a_bundle(records: Path) -> None:
    assert rules(run(records, "--as-of", AS_OF, "--json")) == ["TRF-02", "INF-EBV"]


def test_a_hook_request(tmp_path: Path) -> None:
    request = example_request("ebv-nosebleed", NOW, prefetch_keys(load()))
    file = write(tmp_path / "request.json", request)
    assert rules(run(file, "--as-of", AS_OF, "--json")) == ["TRF-02", "INF-EBV"]


def test_a_folder_of_resources(tmp_path: Path) -> None:
    for resource in patient():
        folder = tmp_path / resource["resourceType"]
        folder.mkdir(exist_ok=True)
        write(folder / f"{resource['id']}.json", resource)
    assert rules(run(tmp_path, "--as-of", AS_OF, "--json")) == ["TRF-02", "INF-EBV"]


def test_ndjson(tmp_path: Path) -> None:
    file = tmp_path / "patient.ndjson"
    file.write_bytes(b"\n\n".join(encode(resource) for resource in patient()) + b"\n")
    assert rules(run(file, "--as-of", AS_OF, "--json")) == ["TRF-02", "INF-EBV"]


def test_a_bundle_within_a_bundle(tmp_path: Path) -> None:
    file = write(tmp_path / "nested.json", bundle([bundle(patient()[:3]), bundle(patient()[3:])]))
    assert rules(run(file, "--as-of", AS_OF, "--json")) == ["TRF-02", "INF-EBV"]


def test_an_array_and_a_prefetch(tmp_path: Path) -> None:
    array = write(tmp_path / "array.json", patient())
    request = example_request("ebv-nosebleed", NOW, prefetch_keys(load()))
    prefetch = write(tmp_path / "prefetch.json", request["prefetch"])
    for file in (array, prefetch):
        assert rules(run(file, "--as-of", AS_OF, "--json")) == ["TRF-02", "INF-EBV"]


def test_references_by_full_url_are_settled_as_a_server_would(tmp_path: Path) -> None:
    entries = []
    for number, resource in enumerate(patient()):
        moved = json.loads(encode(resource).replace(b"Patient/ebv-nosebleed", b"urn:uuid:0"))
        if resource["resourceType"] == "Observation":
            del moved["id"]
        entries.append({"fullUrl": f"urn:uuid:{number}", "resource": moved})
    file = write(tmp_path / "moved.json", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert rules(run(file, "--as-of", AS_OF, "--json")) == ["TRF-02", "INF-EBV"]


def test_a_single_resource_without_its_patient(tmp_path: Path) -> None:
    count = next(r for r in patient() if r["id"] == "platelets-3")
    file = write(tmp_path / "count.json", count)
    result = run(file, "--as-of", AS_OF, "--json")
    assert "no Patient in the records" in result.stderr
    assert rules(result) == ["TRF-05"]


def test_draft_orders_are_selected_on_the_order_hook(tmp_path: Path) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "draft",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/ebv-nosebleed"},
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}]
        },
    }
    file = write(tmp_path / "orders.json", bundle([*patient(), order]))
    assert "ORD-02" in rules(run(file, "--hook", "order-select", "--as-of", AS_OF, "--json"))


def test_one_of_several_patients_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "two.json", bundle([*patient(), *patient("recovery")]))
    line = fails_in_one_line(run(file, "--as-of", AS_OF))
    assert "--patient (ebv-nosebleed, recovery)" in line
    assert rules(run(file, "--patient", "recovery", "--as-of", AS_OF, "--json")) == ["PLT-06"]
    assert "nobody" in fails_in_one_line(run(file, "--patient", "nobody"))


def test_as_of_moves_the_clock(records: Path) -> None:
    assert "TRF-02" not in rules(run(records, "--as-of", "2026-06-25", "--json"))
    assert rules(run(records, "--as-of", "2026-06-15", "--json")) == ["TRF-02", "INF-EBV"]  # its end


# ------------------------------------------------------------------------------------------- what is printed


def test_cards_are_printed_for_people(records: Path) -> None:
    result = run(records, "--as-of", AS_OF)
    assert result.exit_code == 0
    assert "CRITICAL" in result.stdout
    assert "Active nosebleed, platelets 22 x10^9/L" in result.stdout
    assert "create: Draft order: transfusion of platelets, one adult dose, urgent" in result.stdout
    assert "(Observation/platelets-3)" in result.stdout
    assert "**" not in result.stdout
    assert "| |" not in result.stdout


def test_values_are_printed_as_they_are_meant() -> None:
    printed = io.StringIO()
    detail = "| | |\n|---|---|\n| Count | \\<5 \\[x\\] a\\|b \\*c\\* |"
    print_answer({"cards": [{"summary": "s", "detail": detail}]}, Console(file=printed, width=80))
    assert "<5 [x] a|b *c*" in printed.getvalue()


def test_no_colour_outside_a_terminal(records: Path) -> None:
    assert COLOURS
    assert "\x1b" not in run(records, "--as-of", AS_OF, "--explain").output


def test_explain_prints_every_rule_with_its_reason(records: Path) -> None:
    words = " ".join(run(records, "--as-of", AS_OF, "--explain").stdout.split())
    assert "TRF-02 advise" in words
    assert "DATA-01 no-advice a platelet count is present" in words
    assert "Content 1." in words


def test_explain_tells_what_was_set_aside_and_what_nobody_asked_for(tmp_path: Path) -> None:
    broken = {"resourceType": "Condition", "id": "broken", "code": "EBV"}
    unasked = {"resourceType": "CarePlan", "id": "plan"}
    file = write(tmp_path / "odd.json", bundle([*patient(), broken, unasked]))
    result = run(file, "--as-of", AS_OF, "--explain")
    assert result.exit_code == 0
    assert "Condition/broken:" in result.stdout
    assert "1 CarePlan" in result.stderr


def test_no_card_says_why(tmp_path: Path) -> None:
    file = write(tmp_path / "normal.json", bundle(patient("normal-count")))
    assert run(file, "--as-of", AS_OF).stdout.startswith("No card: no low platelet count")


# ------------------------------------------------------------------------------------------- how it ends


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plus.json", b'{"resourceType": "Observation", "valueQuantity": {"value": +3.0}}'),
        ("empty.json", b""),
        ("text.json", b"platelets 22"),
        ("array.json", b"[]"),
        ("number.json", b"22"),
        ("nothing.json", b"{}"),
        ("untyped.json", b'{"resourceType": 7}'),
        ("bundle.json", b'{"resourceType": "Bundle", "entry": 7}'),
        ("hook.json", b'{"hook": 7}'),
        ("other.json", b'{"hook": "medication-prescribe"}'),
        ("deep.json", b"[" * 100_000),
        ("latin.json", '{"resourceType": "Patient", "id": "ü"}'.encode("latin-1")),
        ("lines.ndjson", b'{"resourceType": "Patient", "id": "a"}\n{"resourceType": \n'),
    ],
)
def test_what_cannot_be_read_is_one_line_and_status_2(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert fails_in_one_line(run(file))


def test_a_file_that_is_not_there_and_a_folder_without_json(tmp_path: Path) -> None:
    assert "No such file" in fails_in_one_line(run(tmp_path / "nothing.json"))
    assert "no JSON files" in fails_in_one_line(run(tmp_path))


def test_an_order_hook_without_drafts_is_refused_here(records: Path) -> None:
    assert "no draft orders" in fails_in_one_line(run(records, "--hook", "order-select"))


def test_a_hook_request_keeps_its_hook_and_patient(tmp_path: Path) -> None:
    file = write(tmp_path / "request.json", example_request("recovery", NOW, prefetch_keys(load())))
    assert "patient-view" in fails_in_one_line(run(file, "--hook", "order-select"))
    assert "--patient" in fails_in_one_line(run(file, "--patient", "recovery"))


def test_what_the_service_refuses_is_status_1(tmp_path: Path) -> None:
    request = example_request("counts-not-sent.expect-412", NOW, prefetch_keys(load()))
    line = fails_in_one_line(run(write(tmp_path / "request.json", request)), 1)
    assert "HTTP 412" in line
    assert "prefetch.platelets" in line


@pytest.mark.parametrize("when", ["yesterday", "2026-13-01", "9999-99-99", ""])
def test_a_wrong_time_is_a_usage_error(records: Path, when: str) -> None:
    result = run(records, "--as-of", when)
    assert result.exit_code == 2
    assert "no date or dateTime" in result.stderr


def test_wrong_settings_are_one_line(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATELET_HOOKS_MODE", "nonsense")
    assert "PLATELET_HOOKS_MODE" in fails_in_one_line(run(records))


# ------------------------------------------------------------------------------------------- a running service


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The address of a running service."""
    server = make_server("127.0.0.1", 0, create_app(Settings(log_level="error"), clock=lambda: NOW))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("path", ["", "/", "/cds-services"])
def test_a_running_service_answers_the_same(records: Path, base: str, path: str) -> None:
    assert rules(run(records, "--url", base + path, "--json")) == ["TRF-02", "INF-EBV"]


def test_a_service_that_does_not_answer_is_one_line(records: Path) -> None:
    assert "no answer" in fails_in_one_line(run(records, "--url", "http://127.0.0.1:1"))
    assert "no answer" in fails_in_one_line(run(records, "--url", "nonsense"))


def test_an_address_without_discovery_is_one_line(records: Path, base: str) -> None:
    assert fails_in_one_line(run(records, "--url", f"{base}/rules"))


def test_a_running_service_has_its_own_clock(records: Path, base: str) -> None:
    result = run(records, "--url", base, "--as-of", AS_OF)
    assert result.exit_code == 2
    assert "--as-of" in result.stderr
