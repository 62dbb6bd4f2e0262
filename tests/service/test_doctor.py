"""The commands for operators: doctor, client add and completion, as they are run."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service import checkup
from cds_service.checkup import SKEW_SECONDS, Finding, Level, check_up
from cds_service.cli import COMMANDS, main
from cds_service.client_entry import guess_dialect
from cds_service.config_file import Client
from cds_service.settings import PREFIX, Settings
from cds_service.store.database import Database
from tests.service.fhir_server import Answer, FhirServer, answering, fhir_server
from tests.service.key_server import KeyServer, key_server
from tests.service.signing import jwk, jwks

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ISS = "https://ehr.example.org/fhir"


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    """A server with a key set that can be used."""
    with key_server() as server:
        server.body = jwks(jwk())
        yield server


@pytest.fixture
def ehr() -> Iterator[FhirServer]:
    """A FHIR R4 server."""
    with fhir_server() as server:
        server.answers = answering(
            metadata=Answer({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"})
        )
        yield server


def looked_at(settings: Settings, asks: bool = True) -> list[Finding]:
    return list(check_up(settings, lambda: NOW, asks))


def about(words: str, findings: list[Finding]) -> Finding:
    """The one finding that says these words."""
    (found,) = [one for one in findings if words in one.what]
    return found


def sandbox(folder: Path, *clients: Client, **members: object) -> Settings:
    return Settings(state_dir=folder, clients=clients, **members)


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), env=env or {})


# ------------------------------------------------------------------------------------------------ doctor


def test_a_sandbox_has_nothing_wrong_and_is_told_that_it_answers_everyone(tmp_path: Path) -> None:
    findings = looked_at(sandbox(tmp_path), asks=False)
    assert [one for one in findings if one.level is Level.WRONG] == []
    mode = about("sandbox mode", findings)
    assert (mode.level, "MODE=production" in mode.remedy) == (Level.NOTE, True)


def test_what_the_start_refuses_in_an_entry_is_wrong(tmp_path: Path, keys: KeyServer) -> None:
    client = Client(name="a", iss=ISS, jku=keys.jku, order_codes={"no-such-draft": "X"})
    found = about("no-such-draft", looked_at(sandbox(tmp_path, client), asks=False))
    assert found.level is Level.WRONG


def test_every_note_and_fault_says_what_to_do(tmp_path: Path) -> None:
    wrong = Client(name="a", iss=ISS, jwks_file="missing.json")
    findings = looked_at(sandbox(tmp_path, wrong, admin_token="short"), asks=False)
    assert {one.level for one in findings} == set(Level)
    assert [one.what for one in findings if one.level is not Level.FINE and not one.remedy] == []


def test_a_key_set_that_can_be_used_and_one_that_cannot(tmp_path: Path, keys: KeyServer) -> None:
    client = Client(name="hospital", iss=ISS, jku=keys.jku)
    assert about("client hospital", looked_at(sandbox(tmp_path, client))).level is Level.FINE
    keys.body = b"{}"
    assert about("client hospital", looked_at(sandbox(tmp_path, client))).level is Level.WRONG


def test_offline_asks_nobody(tmp_path: Path, keys: KeyServer, ehr: FhirServer) -> None:
    client = Client(name="hospital", iss=ISS, jku=keys.jku, fhir_servers=(ehr.base,))
    findings = looked_at(sandbox(tmp_path, client), asks=False)
    assert (keys.asked, ehr.asked) == ([], [])
    assert about("client hospital", findings).level is Level.NOTE


@pytest.mark.parametrize(
    ("answer", "level", "says"),
    [
        (Answer({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}), Level.FINE, "FHIR 4.0.1"),
        (Answer({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"}), Level.WRONG, "FHIR 3.0.2"),
        (Answer({}, status=401), Level.FINE, "wants a token"),
        (Answer(b"<html>", status=200), Level.WRONG, "no CapabilityStatement"),
        (Answer({"fhirVersion": "a text that is not a version"}), Level.WRONG, "no CapabilityStatement"),
    ],
)
def test_a_fhir_server(
    tmp_path: Path, keys: KeyServer, ehr: FhirServer, answer: Answer, level: Level, says: str
) -> None:
    ehr.answers = answering(metadata=answer)
    client = Client(name="hospital", iss=ISS, jku=keys.jku, fhir_servers=(ehr.base,))
    found = about("FHIR server", looked_at(sandbox(tmp_path, client)))
    assert (found.level, says in found.what) == (level, True), found


def test_a_fhir_server_that_is_away(tmp_path: Path, keys: KeyServer) -> None:
    client = Client(name="hospital", iss=ISS, jku=keys.jku, fhir_servers=("http://127.0.0.1:9/fhir",))
    found = about("FHIR server", looked_at(sandbox(tmp_path, client)))
    assert (found.level, "no answer" in found.what) == (Level.WRONG, True)


def test_the_database_before_its_first_start_and_after(tmp_path: Path) -> None:
    settings = sandbox(tmp_path)
    assert about("not made yet", looked_at(settings, asks=False)).level is Level.NOTE
    assert Database(f"sqlite:///{tmp_path / 'store.db'}").open()
    assert about("tables are this release's", looked_at(settings, asks=False)).level is Level.FINE


def test_a_database_that_does_not_answer_and_whose_address_stays_secret(tmp_path: Path) -> None:
    address = "postgresql://someone:a-password@127.0.0.1:9/nothing"
    found = about("does not answer", looked_at(sandbox(tmp_path, database_url=address), asks=False))
    assert found.level is Level.WRONG
    assert "a-password" not in f"{found}"


def test_a_short_secret(tmp_path: Path) -> None:
    at = "x" * checkup.LEAST_SECRET
    assert about("SECRET", looked_at(sandbox(tmp_path, secret=at[1:]), asks=False)).level is Level.WRONG
    assert [one for one in looked_at(sandbox(tmp_path, secret=at), asks=False) if "SECRET" in one.what] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert (
        about("cannot be written to", looked_at(sandbox(tmp_path / "state"), asks=False)).level is Level.WRONG
    )


@pytest.mark.parametrize(("seconds", "level"), [(SKEW_SECONDS, Level.FINE), (SKEW_SECONDS + 1, Level.WRONG)])
def test_a_clock_that_is_off(seconds: int, level: Level) -> None:
    times = [("http://127.0.0.1/x", NOW - timedelta(days=1)), ("https://ehr.example.org/x", NOW)]
    found = checkup._clock(times, lambda: NOW + timedelta(seconds=seconds))
    assert (found.level, "ehr.example.org" in found.what) == (level, True)


def test_the_command_ends_with_the_status_that_it_promises(tmp_path: Path) -> None:
    fine = run("doctor", "--offline", env={f"{PREFIX}STATE_DIR": str(tmp_path)})
    assert (fine.exit_code, "ok " in fine.output, "wrong" in fine.output) == (0, True, False)
    bad = {f"{PREFIX}STATE_DIR": str(tmp_path), f"{PREFIX}ADMIN_TOKEN": "short"}
    assert run("doctor", "--offline", env=bad).exit_code == 1
    unreadable = run("doctor", env={f"{PREFIX}MODE": "neither"})
    assert (unreadable.exit_code, "Traceback" in unreadable.output) == (2, False)
    assert f"{PREFIX}MODE" in unreadable.output


# -------------------------------------------------------------------------------------------- client add


def add(path: Path, *more: str) -> Result:
    return run("client", "add", "hospital", "--iss", ISS, "--config", str(path), *more)


def test_an_entry_is_written_after_its_key_set_was_read(tmp_path: Path, keys: KeyServer) -> None:
    path = tmp_path / "site.toml"
    done = add(path, "--jku", keys.jku, "--fhir-server", "https://ehr.example.org/fhir", "--tenant", "north")
    assert done.exit_code == 0, done.output
    assert keys.asked == ["/jwks.json"]
    (entry,) = tomllib.loads(path.read_text(encoding="utf-8"))["clients"]
    read = Client.model_validate(entry)
    assert (read.name, read.iss, read.tenants) == ("hospital", ISS, ("north",))
    assert Settings(clients=(read,)).clients == (read,)


def test_what_stood_in_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("# ours\n[limits]\ndepth = 32", encoding="utf-8")
    assert add(path, "--jku", "https://ehr.example.org/jwks.json", "--offline").exit_code == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ours\n[limits]\ndepth = 32\n\n[[clients]]\n")
    assert [file.name for file in tmp_path.iterdir()] == ["site.toml"]


def test_a_key_set_that_cannot_be_used_is_not_written(tmp_path: Path, keys: KeyServer) -> None:
    keys.body = b"<html>"
    done = add(tmp_path / "site.toml", "--jku", keys.jku)
    assert (done.exit_code, (tmp_path / "site.toml").exists()) == (1, False)
    assert "no usable key set" in done.output


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "expected either jku or jwks_file"),
        (("--jku", "http://ehr.example.org/jwks.json"), "jku: expected an https address"),
        (("--jku", "https://a.example.org/k", "--fhir-server", "no address"), "fhir_servers"),
        (("--jku", "https://a.example.org/k", "--origin", "https://a.example.org/path"), "origins"),
    ],
)
def test_an_entry_that_the_settings_would_refuse_is_refused(
    tmp_path: Path, more: tuple[str, ...], says: str
) -> None:
    done = add(tmp_path / "site.toml", "--offline", *more)
    assert (done.exit_code, says in done.output) == (2, True), done.output
    assert not (tmp_path / "site.toml").exists()


def test_a_name_stands_once(tmp_path: Path) -> None:
    arguments = ("--jku", "https://ehr.example.org/jwks.json", "--offline")
    path = tmp_path / "site.toml"
    assert add(path, *arguments).exit_code == 0
    before = path.read_bytes()
    again = add(path, *arguments)
    assert (again.exit_code, "each name once" in again.output) == (2, True)
    assert path.read_bytes() == before


def test_print_writes_nothing(tmp_path: Path) -> None:
    done = run("client", "add", "h", "--iss", ISS, "--jku", "https://a.example.org/k", "--offline", "--print")
    assert tomllib.loads(done.stdout)["clients"][0]["name"] == "h"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "dialect"),
    [
        ("https://epic.example.org/interconnect-prd/api/FHIR/R4", "epic"),
        ("https://fhir-ehr.cerner.com/r4/1", "oracle-health"),
        ("https://ehr.example.org/fhir", "standard"),
    ],
)
def test_the_dialect_is_guessed_by_the_addresses(address: str, dialect: str) -> None:
    assert guess_dialect(None, address) == dialect


# --------------------------------------------------------------------------------------------- the others


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes(shell: str) -> None:
    done = run("completion", shell)
    assert (done.exit_code, "_PLATELET_HOOKS_COMPLETE" in done.stdout) == (0, True)


def test_completion_knows_every_command() -> None:
    asked = {"_PLATELET_HOOKS_COMPLETE": "bash_complete", "COMP_WORDS": "platelet-hooks ", "COMP_CWORD": "1"}
    done = CliRunner().invoke(main, [], prog_name="platelet-hooks", env=asked)
    assert set(re.findall(r"plain,([\w-]+)", done.output)) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = run(name, "--help")
    assert (done.exit_code, done.output.startswith("Usage: ")) == (0, True)
