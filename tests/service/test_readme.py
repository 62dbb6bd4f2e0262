"""What the README prints is what happens: its command is run as printed, and its output compared."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from cds_service.app import create_app
from cds_service.cli import main
from cds_service.settings import Settings
from tests.conftest import PROJECT

TIME = re.compile(r"\(\d{1,2} [A-Z][a-z]{2}(?: \d{4})?, \d\d:\d\d\)")
BASE = "http://127.0.0.1:8080"
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "cards/README.md", "fixtures/README.md")


def blocks(language: str, after: str) -> list[str]:
    """The code blocks of a language in the section of the README with this heading."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    section = text.partition(f"## {after}\n")[2].partition("\n## ")[0]
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    return [code for named, code in fences if named == language]


@pytest.fixture
def base() -> Iterator[str]:
    """The address of a running service with today's clock."""
    server = make_server("127.0.0.1", 0, create_app(Settings(log_level="error")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_command_prints_what_the_readme_says(base: str) -> None:
    (command,) = blocks("sh", "Ask it something")
    (printed,) = blocks("", "Ask it something")
    assert BASE in command
    here = command.replace(BASE, base).replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    done = subprocess.run(
        ["bash", "-c", here], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert TIME.sub("(then)", done.stdout) == TIME.sub("(then)", printed), done.stderr
    assert TIME.search(printed)


def test_the_readme_names_every_option_of_call() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    help_ = CliRunner().invoke(main, ["call", "--help"]).stdout
    options = set(re.findall(r"^ +(--[a-z-]+)", help_, flags=re.MULTILINE)) - {"--help"}
    assert options
    assert {option for option in options if option not in text} == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_points_at_what_is_there(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    named = re.findall(r"`((?:cards|cds_service|tests|fixtures)/[\w./-]*)`", text)
    missing = [
        path
        for path in (*linked, *named)
        if not ((PROJECT / path).exists() or ((PROJECT / name).parent / path).exists())
    ]
    assert missing == []
