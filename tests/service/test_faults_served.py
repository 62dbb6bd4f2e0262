"""Faults that are put into the running service: its database, its disk, its memory, its keys, its clock.

Whatever happens, a call gets its cards in time, feedback is acknowledged only once it is kept, and all is well again
afterwards.
"""

from __future__ import annotations

import http.client
import json
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.bodies import CHARTS, body
from bench.resources import PATIENT
from cds_service.app import create_app
from cds_service.config_file import Security
from cds_service.settings import Client, Settings
from tests.service.build import NOW
from tests.service.hook_calls import KEYS, call, platelets
from tests.service.key_server import key_server
from tests.service.serving import Served, production_variables, served
from tests.service.signing import ISS, PUBLIC, SERVICE, Signer, ask, bearer, jwk, jwks, production

PATH = "/cds-services/itp-patient-view"
IN_TIME = 5.0
"""Seconds within which a call is answered whatever the store does, on a busy machine."""
BACK_SECONDS = 30


def post(service: Served, path: str, content: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and body; 0 where the connection broke."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    try:
        connection.request("POST", path, data, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said else None
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        connection.close()


def card(service: Served, patient: str) -> str:
    """A call that shows a card, in time; the card's uuid."""
    content = body(CHARTS["one card"], 1, datetime.now(UTC), KEYS).replace(PATIENT.encode(), patient.encode())
    began = time.monotonic()
    status, said = post(service, PATH, content)
    assert status == 200
    assert time.monotonic() - began < IN_TIME
    uuid: str = said["cards"][0]["uuid"]
    return uuid


def respond(service: Served, uuid: str) -> int:
    """The status of feedback for a card."""
    entry = {"card": uuid, "outcome": "overridden", "outcomeTimestamp": datetime.now(UTC).isoformat()}
    return post(service, f"{PATH}/feedback", {"feedback": [entry]})[0]


def wait_for(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + BACK_SECONDS
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def kept(store: Path, uuid: str) -> tuple[int, int]:
    """How often a card, and feedback for it, is in the store."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as found:
        cards = found.execute("select count(*) from cards where uuid = ?", (uuid,)).fetchone()[0]
        feedback = found.execute("select count(*) from feedback where card = ?", (uuid,)).fetchone()[0]
    return cards, feedback


def is_well(service: Served, store: Path, uuid: str) -> None:
    """Feedback is taken again, and it and the card that waited are in the store."""
    wait_for(lambda: respond(service, uuid) == 200, "feedback is not taken again")
    wait_for(lambda: min(kept(store, uuid)) == 1, "what waited is not stored")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A service with one worker, and its store."""
    folder = tmp_path_factory.mktemp("state")
    with served(PLATELET_HOOKS_STATE_DIR=str(folder), PLATELET_HOOKS_LOG_LEVEL="error") as service:
        is_well(service, folder / "store.db", card(service, "before"))
        yield service, folder / "store.db"
        assert "Traceback" not in service.stop()


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Another process writes and does not end."""
    with closing(sqlite3.connect(store, timeout=20, isolation_level=None)) as other:
        other.execute("begin exclusive")
        yield
        other.execute("rollback")


def test_a_database_that_is_locked(running: tuple[Served, Path]) -> None:
    service, store = running
    with locked(store):
        uuid = card(service, "locked")
        assert respond(service, uuid) == 503
        assert card(service, "locked")
    is_well(service, store, uuid)


def test_a_database_that_is_slow(running: tuple[Served, Path]) -> None:
    """Every write waits for another one; what is acknowledged is kept."""
    service, store = running
    acknowledged = []
    for number in range(3):
        with locked(store):
            uuid = card(service, f"slow-{number}")
            time.sleep(0.3)
        if respond(service, uuid) == 200:
            acknowledged.append(uuid)
    is_well(service, store, uuid)
    for uuid in acknowledged:
        assert kept(store, uuid)[1] >= 1


def test_a_disk_that_is_full(running: tuple[Served, Path]) -> None:
    """No file of the worker can grow; then there is room again."""
    service, store = running
    [worker] = service.workers()
    whole = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, whole[1]))
    try:
        uuid = card(service, "full")
        assert respond(service, uuid) == 503
        assert card(service, "full-too")
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, whole)
    is_well(service, store, uuid)
    assert service.workers() == [worker]


def test_a_database_that_is_gone_is_made_again(running: tuple[Served, Path]) -> None:
    """Its files are taken away under the running service: nothing is acknowledged into a file that nobody has."""
    service, store = running
    card(service, "gone")
    for file in store.parent.glob("store.db*"):
        file.unlink()
    uuid = card(service, "gone-too")
    if respond(service, uuid) == 200:
        assert kept(store, uuid)[1] == 1
    is_well(service, store, uuid)


def test_memory_that_is_short(running: tuple[Served, Path]) -> None:
    """Bodies that unpack to far more than there is: they fail as a fault of ours, the next call does not."""
    service, store = running
    [worker] = service.workers()
    pages = int(Path(f"/proc/{worker}/statm").read_text().split()[0])
    whole = resource.prlimit(worker, resource.RLIMIT_AS)
    room = 6 * 2**20
    resource.prlimit(worker, resource.RLIMIT_AS, (pages * resource.getpagesize() + room, whole[1]))
    many = b",".join(b'"%x":[]' % number for number in range(350_000))
    hungry = json.dumps(call(platelets(22))).encode()[:-1] + b', "extension": {' + many + b"}}"
    assert len(hungry) < 4 * 2**20
    try:
        for _ in range(3):
            assert post(service, PATH, hungry)[0] in (0, 200, 500, 503)
    finally:
        for one in service.workers():
            resource.prlimit(one, resource.RLIMIT_AS, whole)
    wait_for(lambda: post(service, PATH, call(platelets(22)))[0] == 200, "not answered again")
    is_well(service, store, card(service, "memory"))


def test_a_disk_that_takes_nothing_from_the_start(tmp_path: Path) -> None:
    """The state directory cannot be made: cards come, feedback is refused, readiness says so."""
    (tmp_path / "file").touch()
    app = create_app(Settings(state_dir=tmp_path / "file/state", log_level="error"))
    client = app.test_client()
    content = body(CHARTS["one card"], 1, datetime.now(UTC), KEYS)
    answer = client.post(PATH, data=content, content_type="application/json")
    assert answer.status_code == 200
    uuid = answer.get_json()["cards"][0]["uuid"]
    entry = {"card": uuid, "outcome": "overridden", "outcomeTimestamp": datetime.now(UTC).isoformat()}
    refused = client.post(f"{PATH}/feedback", json={"feedback": [entry]})
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    app.extensions["memory"].database.close()


def test_a_key_server_that_goes_and_comes(tmp_path: Path) -> None:
    """Known keys serve on; who was never known waits for the server, and is then let in."""
    with key_server() as keys:
        keys.body = jwks(jwk())
        config = tmp_path / "site.toml"
        config.write_text(
            f'[security]\nallow_http_loopback = true\n[[clients]]\nname = "a"\niss = "{ISS}"\njku = "{keys.jku}"\n',
            encoding="utf-8",
        )
        variables = production_variables(config, PUBLIC, tmp_path)

        def called(service: Served) -> int:
            now = int(datetime.now(UTC).timestamp())
            signer = Signer(header={"jku": keys.jku})
            token = signer.token(SERVICE, iat=now, exp=now + 300)
            return post(service, PATH, call(platelets(22)), bearer(token))[0]

        with served(**variables) as service:
            assert called(service) == 200
            keys.status = 500
            assert [called(service) for _ in range(3)] == [200] * 3
            keys.status = 200
            assert called(service) == 200
            assert "Traceback" not in service.stop()


def test_a_clock_that_jumps(tmp_path: Path) -> None:
    """Forward and back by hours and years: calls are answered, and no token is good twice."""
    moment = [NOW]
    keys = tmp_path / "keys.json"
    keys.write_bytes(jwks(jwk()))
    service = production(
        Client(name="a", iss=ISS, jwks_file=str(keys)),
        now=lambda: moment[0],
        security=Security(),
        state_dir=tmp_path,
    )
    token = Signer().token(SERVICE)
    assert ask(service, token).status_code == 200
    for jump in (timedelta(hours=1), timedelta(0), timedelta(days=-400), timedelta(days=800), timedelta(0)):
        moment[0] = NOW + jump
        assert ask(service, token).status_code == 401
        seconds = int(moment[0].timestamp())
        fresh = Signer().token(SERVICE, iat=seconds, exp=seconds + 300)
        assert ask(service, fresh).status_code == 200
        assert ask(service, fresh).status_code == 401
