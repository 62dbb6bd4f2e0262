"""What the documents say is so: their commands run, their examples are taken, their links lead somewhere.

Blocks of `sh` and `python` of a document run in its order, in one folder, against a running service; files that they
need are blocks of the same document. JavaScript runs in
a browser (`tests/e2e/test_tutorial_in_a_browser.py`). `console` and `ini` are only shown.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from cds_service.app import create_app
from cds_service.calling import service_of
from cds_service.cli import COMMANDS
from cds_service.settings import PREFIX, TABLES, Settings
from tests.conftest import PROJECT
from tests.service.hook_calls import client

BASE = "http://127.0.0.1:8080"
DOCUMENTS = sorted((PROJECT / "docs").glob("*.md"))
# A client's token and address are made up in these: they are read, not used.
READ_AS_SETTINGS = ("ehr-integrators.md", "operations.md", "site-content.md", "memory.md")
# The first block of a format is the file that the commands read.
FILES = {"site-content.md": {"site.toml": "toml", "laboratory.json": "json"}}
FENCE = re.compile(r"^ *```([a-z]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
FORMATS = ("sh", "python", "js", "json", "toml", "console", "ini", "")


def blocks(path: Path, *formats: str) -> list[tuple[str, str]]:
    """The blocks of a document, each with its format."""
    return [(kind, code) for kind, code in FENCE.findall(path.read_text(encoding="utf-8")) if kind in formats]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service with today's clock."""
    settings = Settings(log_level="error", state_dir=tmp_path_factory.mktemp("state"))
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def run(path: Path, base: str, folder: Path) -> str:
    """What the commands of a document print, each of which has to succeed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder)}
    own[f"{PREFIX}STATE_DIR"] = str(folder / "state")
    printed = ""
    for kind, code in blocks(path, "sh", "python"):
        here = code.replace(BASE, base)
        command = ["bash", "-euo", "pipefail", "-c", here] if kind == "sh" else [sys.executable, "-c", here]
        done = subprocess.run(
            command, cwd=folder, env=own, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{here}\n{done.stdout}\n{done.stderr}"
        printed += done.stdout
    return printed


@pytest.mark.parametrize(
    ("name", "promised"),
    [
        (
            "smart-developers.md",
            (
                "^patient-view itp-patient-view$",
                "^critical Active nosebleed, platelets 22",
                "^(warning|critical) .*NSAID",
                "hookInstance: expected",
            ),
        ),
        ("ehr-integrators.md", ("^ok .*clinical content", "TRF-04")),
        ("site-content.md", ("skin_only_close .*40", "PLT2", "TRF-04 .*silent", "Blood bank")),
        (
            "operations.md",
            ("^platelet-hooks, version|^platelet-hooks [0-9]", "^Added general-hospital", "ready"),
        ),
    ],
)
def test_the_commands_of_a_document_work_as_printed(
    name: str, promised: tuple[str, ...], base: str, tmp_path: Path
) -> None:
    document = PROJECT / "docs" / name
    for file, kind in FILES.get(name, {}).items():
        (tmp_path / file).write_text(blocks(document, kind)[0][1], encoding="utf-8")
    printed = run(document, base, tmp_path)
    assert [one for one in promised if not re.search(one, printed, re.MULTILINE)] == [], printed


def test_every_document_with_commands_is_run() -> None:
    with_commands = {path.name for path in DOCUMENTS if blocks(path, "sh", "python")}
    of_their_own = {"replay.md"}  # a run that takes minutes
    assert with_commands - of_their_own == {
        "site-content.md",
        "ehr-integrators.md",
        "operations.md",
        "smart-developers.md",
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_block_has_a_known_format_and_json_and_toml_can_be_read(path: Path) -> None:
    for kind, code in blocks(path, *FORMATS):
        if kind == "json":
            json.loads(code)
        if kind == "toml":
            tomllib.loads(code)
    assert {kind for kind, _ in FENCE.findall(path.read_text(encoding="utf-8"))} <= set(FORMATS)


def test_a_request_in_a_document_is_answered() -> None:
    bodies = [json.loads(code) for path in DOCUMENTS for _, code in blocks(path, "json")]
    requests = [body for body in bodies if "hook" in body]
    assert requests
    for body in requests:
        answer = client().post(f"/cds-services/{service_of(body['hook'])}", json=body)
        assert answer.status_code == 200
        assert answer.get_json()["cards"]


@pytest.mark.parametrize("name", READ_AS_SETTINGS)
def test_the_tables_of_a_document_are_settings(name: str) -> None:
    for _, code in blocks(PROJECT / "docs" / name, "toml"):
        tables = tomllib.loads(code, parse_float=Decimal)
        assert set(tables) <= set(TABLES)
        tables.get("content", {}).get("local_codes", {}).pop("files", None)
        assert Settings(**tables)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_leads_to_a_file_and_a_named_file_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    linked = [path.parent / one for one in re.findall(r"\]\((?!https?:)([^)#]+)", text)]
    named = [PROJECT / one for one in re.findall(r"`((?:cards|cds_service|tests|fixtures)/[\w./-]*)`", text)]
    assert [str(one) for one in (*linked, *named) if not one.exists()] == []


def test_every_document_is_in_the_list_of_documents() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (PROJECT / "docs/README.md").read_text(encoding="utf-8")))
    assert {path.name for path in DOCUMENTS} - {"README.md"} - listed == set()


def test_operations_names_every_setting_and_every_table() -> None:
    text = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    scalars = [name for name in Settings.model_fields if name not in TABLES]
    assert [name for name in scalars if f"`{PREFIX}{name.upper()}`" not in text] == []
    assert [table for table in TABLES if f"[{table}" not in text] == []


def test_every_command_that_a_document_names_is_there() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    named = set(re.findall(r"platelet-hooks ([a-z][a-z-]*)", text))
    assert named - set(COMMANDS) == set()
    assert {"doctor", "call", "client", "completion"} <= named


def test_every_page_that_a_document_names_is_there() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    pages = set(
        re.findall(
            r"`(?:http://127\.0\.0\.1:8080)?(/(?:rules|playground|api|valuesets|history|schemas/[\w-]+|openapi\.json))`",
            text,
        )
    )
    assert {"/rules", "/playground", "/api"} <= pages
    assert {page: client().get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
