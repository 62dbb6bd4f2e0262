"""The counts that make it fast, never times: what is decoded, read, validated and imported."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bench.bodies import CHARTS, SIZES, body
from cds_service import evaluate as story
from cds_service import validation
from cds_service.app import create_app
from cds_service.content import load_content
from cds_service.evaluate import Evaluation, evaluate, prepare
from cds_service.fhir import bundles, validate
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.wire import encode
from cds_service.settings import Settings
from tests.service.build import NOW, Json
from tests.service.hook_calls import CARD, call, platelets

DECIDING = {"one card": 4, "four cards": 8}
"""Resources that the cards of a standard body rest on, at most."""


@cache
def in_force() -> Evaluation:
    return prepare(load_content(), "http://127.0.0.1:8080", 10_000)


def read(content: bytes) -> HookRequest:
    return read_request(content, "patient-view", 64, in_force().decoder)


def standard(name: str, size: str = "63 kB") -> bytes:
    return body(CHARTS[name], SIZES[size], NOW, in_force().keys)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each step was taken; every step is taken as ever."""
    found: Counter[str] = Counter()
    for module, name in (
        (validation, "invalid_reason"),
        (story, "parse"),
        (story, "settle"),
        (story, "read"),
        (story, "decide"),
        (bundles, "_open_entry_by_entry"),
    ):
        whole = getattr(module, name)

        def step(*args: Any, whole: Any = whole, name: str = name, **more: Any) -> Any:
            found[name] += 1
            return whole(*args, **more)

        monkeypatch.setattr(module, name, step)
    return found


@pytest.mark.parametrize("size", SIZES)
def test_nothing_to_say_is_told_without_reading_the_record(size: str, counted: Counter[str]) -> None:
    answer = evaluate(read(standard("nothing to say", size)), in_force(), NOW)
    assert answer.cards == ()
    assert counted == {}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DECIDING)
def test_only_what_the_cards_rest_on_is_validated_once_each(
    name: str, size: str, counted: Counter[str]
) -> None:
    answer = evaluate(read(standard(name, size)), in_force(), NOW)
    rests_on = {one.reference for card in answer.cards for one in card.extension[CARD].inputs}
    assert counted["invalid_reason"] <= len(rests_on - {None}) <= DECIDING[name]
    assert [counted[step] for step in ("parse", "settle", "read", "decide")] == [1, 1, 1, 1]


@pytest.mark.parametrize("name", CHARTS)
def test_an_ordinary_prefetch_is_decoded_in_one_pass(name: str, counted: Counter[str]) -> None:
    request = read(standard(name))
    assert request.held is not None
    evaluate(request, in_force(), NOW)
    assert counted["_open_entry_by_entry"] == 0


def with_key(name: str, value: bytes) -> bytes:
    """A call with one more prefetch key."""
    whole = json.dumps(call(platelets(200)), separators=(",", ":"))
    return (
        whole.replace('"prefetch":{', f'"prefetch":{{"{name}":', 1)
        .encode()
        .replace(f'"{name}":'.encode(), f'"{name}":'.encode() + value + b",", 1)
    )


@pytest.mark.parametrize("decoder", [True, False])
def test_a_key_that_was_not_asked_for_is_not_decoded(decoder: bool) -> None:
    """A Bundle that is none, and an entry of a wrong shape, trouble nobody where nobody asked for them."""
    poison = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","code":5}},7]}'
    request = read_request(
        with_key("strange", poison), "patient-view", 64, in_force().decoder if decoder else None
    )
    assert (request.held is not None) is decoder
    assert json.loads(encode(evaluate(request, in_force(), NOW)))["cards"] == []


def test_a_resource_that_is_out_of_the_ordinary_costs_its_own_key_only(counted: Counter[str]) -> None:
    found: Json = call(platelets(200))
    found["prefetch"]["conditions"]["entry"] = [{"resource": {"resourceType": "Practitioner", "id": "p"}}]
    evaluate(read(json.dumps(found).encode()), in_force(), NOW)
    assert counted["_open_entry_by_entry"] == 1


def test_codings_are_looked_up_once() -> None:
    evaluation = prepare(load_content(), "http://127.0.0.1:8080", 10_000)
    assert evaluation.codes is not None
    known = evaluation.codes._known
    request = read(standard("nothing to say"))
    evaluate(request, evaluation, NOW)
    first = dict(known)
    assert first
    evaluate(request, evaluation, NOW)
    assert known == first


def test_what_is_remembered_of_codings_is_bounded() -> None:
    evaluation = prepare(load_content(), "http://127.0.0.1:8080", 10_000)
    assert evaluation.codes is not None
    count = platelets(200)
    count["code"]["coding"] += [{"system": "urn:oid:2.999.1", "code": f"c{one}"} for one in range(20_000)]
    count["code"]["coding"].append({"system": "urn:oid:2.999.1", "code": "x" * 1_000})
    evaluate(read(json.dumps(call(count)).encode()), evaluation, NOW)
    known = evaluation.codes._known
    assert len(known) <= 16_384
    assert max(len(system or "") + len(code or "") for system, code in known) <= 160
    assert count["code"]["coding"][0]["code"] not in {
        coding.code for codings in evaluation.codes._together for coding in codings
    }


@pytest.mark.parametrize(
    ("name", "asked", "stored"),
    [
        ("nothing to say", 0, 0),
        ("one card", 1, 1),
        ("four cards", 1, 1),
    ],
)
def test_statements_of_a_call(name: str, asked: int, stored: int, tmp_path: Path) -> None:
    """One question at most, whatever is remembered, and one statement for all cards, after the answer."""
    app = create_app(Settings(state_dir=tmp_path, log_level="error"), lambda: NOW)
    client, memory = app.test_client(), app.extensions["memory"]
    assert memory.database.open()
    engines = memory.database._engines
    assert engines is not None
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement.split()[0])

    for engine in (engines.durable, engines.quick):
        event.listen(engine, "before_cursor_execute", note)
    answer = client.post(
        "/cds-services/itp-patient-view", data=standard(name), content_type="application/json"
    )
    assert answer.status_code == 200
    assert memory.writer.flush(30)
    assert statements.count("SELECT") == asked
    assert statements.count("INSERT") == stored
    memory.close()


STARTED = """
import sys
from cds_service.worker import start
start()
print(*sorted(sys.modules))
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules of a worker that has started beside a store whose tables were made before."""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=120, check=True
        )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "alembic",
        "psycopg",
        "psycopg2",
        "sqlalchemy.dialects.postgresql",
        "pyarrow",
        "duckdb",
        "numpy",
        "hypothesis",
        "IPython",
        "tkinter",
        "cds_service.insights",
        "cds_service.published_plans",
        "cds_service.stories.vignettes",
        "cds_service.openapi",
        "cds_service.timeline.page",
        "cds_service.smart.app",
        "authlib",
        "joserfc",
    ],
)
def test_a_worker_starts_without(module: str, imported: set[str]) -> None:
    assert module not in imported


def test_a_worker_imports_the_models_that_it_needs(imported: set[str]) -> None:
    """Of the 140 and more resources of R4: those that decide cards, and what they are made of."""
    models = {name for name in imported if name.startswith("fhir.resources.R4B.")}
    assert "fhir.resources.R4B.observation" in models
    assert len(models) <= 60


def test_each_model_is_made_once() -> None:
    validate.warm()
    before = validate._model.cache_info().misses
    validate.warm()
    assert validate._model.cache_info().misses == before


def test_a_started_worker_has_its_content_out_of_collections() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED + "import gc\nprint(gc.get_freeze_count(), gc.get_threshold()[0])"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    frozen, threshold = map(int, done.stdout.splitlines()[-1].split())
    assert frozen > 50_000
    assert threshold > gc.get_threshold()[0]
