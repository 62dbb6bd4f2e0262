"""The service as the container files demand it: their user, their read-only folders, their environment.

What is shown without a container engine: the wheel is built from the files that the image is built from, and started in
namespaces of its own as compose and as Kubernetes start it. Not shown: the image's base, the engines, the network.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cds_service.settings import Settings
from cds_service.store.opening import connect
from tests.conftest import PROJECT
from tests.deploy.container import Running, require_namespaces, started
from tests.deploy.files import DEPLOY, Contained, compose, contained_by_compose, contained_by_kubernetes
from tests.deploy.proxy import NAME, proxy_before
from tests.service import memory_calls
from tests.service.hook_calls import call, nosebleed, platelets
from tests.service.postgres import Server, programs, running
from tests.service.serving import free_port, workers_that_answered
from tests.service.signing import ISS, SERVICE, Signer, bearer, jwk, jwks

READY_SECONDS = 60
ADMIN = "the admin token of the tests, long enough"
KINDS = ("compose", "kubernetes")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, built of what `.dockerignore` lets into the image and nothing else."""
    require_namespaces()
    folder = tmp_path_factory.mktemp("context")
    admitted = [line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for name in admitted:
        (folder / name).symlink_to(PROJECT / name)
    wheels = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = wheels.glob("*.whl")
    content = tmp_path_factory.mktemp("content")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(content)
    (content / ".venv").mkdir()  # the tests' own environment is laid there
    content.chmod(0o755)
    return content


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with running() as server:
        server.folder.chmod(0o711)
        yield server


def contained(kind: str, database: str, folder: Path) -> Contained:
    """The container as the files describe it, with the values that a site fills in."""
    if kind == "compose":
        values = {"PUBLIC_URL": "https://cds.example.org", "SECRET": "s" * 48, "ADMIN_TOKEN": ADMIN}
        what = contained_by_compose("service", values | {"DATABASE_PASSWORD": "p" * 48})
    else:
        secrets = {"database-url": "", "secret": "s" * 48, "admin-token": ADMIN}
        what = contained_by_kubernetes("service", secrets)
    (site,) = what.files
    folder.chmod(0o755)
    text = (DEPLOY / "site.toml").read_text(encoding="utf-8")
    keys = 'jku = "https://ehr.example.org/jwks.json"'
    assert what.files[site].read_text(encoding="utf-8") == text
    assert keys in text
    (folder / "site.toml").write_text(text.replace(keys, 'jwks_file = "keys.json"'))
    (folder / "keys.json").write_bytes(jwks(jwk()))
    files = {site: folder / "site.toml", f"{Path(site).parent}/keys.json": folder / "keys.json"}
    env = what.env | {"PLATELET_HOOKS_DATABASE_URL": database}
    return replace(what, env=env, files=files)


@contextmanager
def serving(what: Contained, postgres: Server, packages: Path, root: Path) -> Iterator[tuple[Running, str]]:
    """The service in its container, once it is ready, and its address."""
    port = str(free_port())
    assert what.argv.count("8080") == 1
    root.mkdir()
    argv = [port if one == "8080" else one for one in what.argv]
    with started(replace(what, argv=argv), root, packages, postgres.folder) as container:
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + READY_SECONDS
        while status(f"{address}/health/ready") != 200:
            assert container.process.poll() is None, container.process.communicate()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield container, address


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def signed_request() -> tuple[str, bytes]:
    """The head and the body of a call that the EHR of the configuration signed."""

    def at(hours: int) -> str:
        return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")

    seconds = int(time.time())
    token = Signer(header={"jku": None}).token(SERVICE, iss=ISS, iat=seconds, exp=seconds + 300)
    body = json.dumps(call(platelets(22, at=at(3)), nosebleed(onsetDateTime=at(2)))).encode()
    lines = ["POST /cds-services/itp-patient-view HTTP/1.1", f"Host: {NAME}", "Connection: close"]
    lines += [
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Authorization: Bearer {token}",
    ]
    return "\n".join(lines), body


def signed_call(address: str) -> Any:
    """The cards of such a call, sent to the service itself."""
    head, body = signed_request()
    fields = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    asked = urllib.request.Request(f"{address}/cds-services/itp-patient-view", body, fields)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)["cards"]


def test_compose_and_kubernetes_demand_the_same(tmp_path: Path) -> None:
    one, other = (contained(kind, "sqlite://", tmp_path) for kind in KINDS)
    assert (one.uid, one.gid, one.argv, one.env) == (other.uid, other.gid, other.argv, other.env)
    assert (one.read_only, other.read_only) == (True, True)
    assert set(one.writable) == set(other.writable) == {one.env["PLATELET_HOOKS_STATE_DIR"]}
    assert set(one.files) == set(other.files)


def test_the_service_runs_as_its_files_demand(postgres: Server, packages: Path, tmp_path: Path) -> None:
    what = contained("compose", postgres.url, tmp_path)
    with serving(what, postgres, packages, tmp_path / "root") as (container, address):
        told = container.status()
        assert told["Uid"].split() == [str(what.uid)] * 4
        assert told["Gid"].split() == [str(what.gid)] * 4
        assert (told["Groups"], told["NoNewPrivs"]) == ("", "1")
        assert {int(told[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        cards = signed_call(address)
        assert cards[0]["indicator"] == "critical"
        assert cards[0]["links"][0]["url"].startswith("https://cds.example.org/rules/")
        with proxy_before(int(address.rpartition(":")[2])) as proxy:
            head, body = signed_request()
            code, headers, told_outside = proxy.ask(head, body)
        assert (code, json.loads(told_outside)["cards"][0]["indicator"]) == (200, "critical")
        assert headers["strict-transport-security"]
        with urllib.request.urlopen(
            urllib.request.Request(f"{address}/metrics", headers=bearer(ADMIN)), timeout=10
        ) as answer:
            numbers = answer.read().decode()
        assert "platelet_hooks_store_up 1.0" in numbers
        assert 'platelet_hooks_calls_total{service="itp-patient-view"} 2.0' in numbers
        state = container.inside("/var/lib/platelet-hooks")
        until = time.monotonic() + READY_SECONDS
        while workers_that_answered(state) < 2 and time.monotonic() < until:
            assert status(f"{address}/health/live") == 200
        written = {one.name.partition("-")[0] for one in state.iterdir()}
        assert written == {"metrics"}  # of all workers; everything else is in PostgreSQL
        ended, said = container.stop(seconds=int(compose()["services"]["service"]["stop_grace_period"][:-1]))
        assert (ended, "Traceback" in said) == (0, False), said


LOOK = """
import os, pathlib
refused = []
for place in ("/", "/etc", "/usr", "/opt/platelet-hooks", "/tmp", "/var/lib", "/etc/platelet-hooks"):
    try:
        pathlib.Path(place, "written").write_text("x")
    except OSError as error:
        refused.append((place, error.strerror))
pathlib.Path("/var/lib/platelet-hooks/written").write_text("x")
print(os.getuid(), len(refused), sum(words == "Read-only file system" for _, words in refused))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_the_state_folder_can_be_written(kind: str, packages: Path, tmp_path: Path) -> None:
    what = replace(contained(kind, "sqlite://", tmp_path), argv=["python", "-c", LOOK])
    (tmp_path / "root").mkdir()
    with started(what, tmp_path / "root", packages) as container:
        printed, said = container.process.communicate(timeout=30)
    assert said == ""
    assert printed.split() == [str(what.uid), "7", "7"]


def test_a_backup_of_the_guide_brings_back_what_was_kept(postgres: Server, tmp_path: Path) -> None:
    guide = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    commands = re.findall(r"^pg_(?:dump|restore) .*$", guide, re.MULTILINE)
    assert len(commands) == 2
    programs_folder = programs()
    assert programs_folder is not None
    env = {"PATH": f"{programs_folder}:{os.environ['PATH']}", "PLATELET_HOOKS_DATABASE_URL": postgres.url}
    settings = Settings(log_level="error", state_dir=tmp_path, database_url=SecretStr(postgres.url))
    service = memory_calls.Running(settings)
    card = service.call(call(platelets(22), nosebleed()))[0]
    assert service.send(memory_calls.overridden(card["uuid"])).status_code == 200
    kept = service.rows("feedback")
    subprocess.run(["bash", "-euc", commands[0]], cwd=tmp_path, env=env, check=True, timeout=60)
    engine = connect(postgres.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM feedback")
    assert service.rows("feedback") == []
    service.memory.close()
    engine.dispose()
    subprocess.run(["bash", "-euc", commands[1]], cwd=tmp_path, env=env, check=True, timeout=60)
    again = memory_calls.Running(settings)
    assert again.rows("feedback") == kept
    again.memory.close()
