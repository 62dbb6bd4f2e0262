"""Threats of `docs/security.md` that no other file is about: texts of records and callers, secrets, headers, replay."""

from __future__ import annotations

import ast
import copy
import http.client
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr, ValidationError

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.web.markdown import renderer
from tests.conftest import PROJECT
from tests.service.hook_calls import call, clock, platelets
from tests.service.serving import Served, production_variables, served
from tests.service.signing import PUBLIC, SERVICE, Signer, bearer, entry
from tests.service.test_no_input_fails import BODIES, PLACES

MARK = "zqx"
EVIL = (
    f"<img src=x onerror={MARK}()>",
    f"[{MARK}](javascript:{MARK}) ![{MARK}](https://evil.example/{MARK})\n\n# {MARK} | **{MARK}**",
)


def app_client(**settings: Any) -> FlaskClient:
    return create_app(Settings(log_level="error", **settings), clock).test_client()


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return app_client()


# --------------------------------------------------------------------------------- text of a record in an answer


def texts(body: Any) -> list[tuple[Any, ...]]:
    """The places of a call that hold a text."""
    found = []
    for path in PLACES[body]:
        inside: Any = BODIES[body]
        for step in path:
            inside = inside[step]
        if isinstance(inside, str):
            found.append(path)
    return found


def with_text(hook: str, paths: list[tuple[Any, ...]], text: str, keep: bool) -> dict[str, Any]:
    """The call with this text in some places, alone or after what stood there."""
    whole: dict[str, Any] = copy.deepcopy(BODIES[hook])
    for path in paths:
        inside: Any = whole
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = inside[path[-1]] + text if keep else text
    return whole


def said(answer: Any) -> str:
    """All of an answer but the drafts that a client sent itself and gets back."""
    body = json.loads(answer.get_data())
    for card in body.get("cards", ()):
        for suggestion in card.get("suggestions", ()):
            for action in suggestion.get("actions", ()):
                action.pop("resource", None)
    return json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("hook", ["patient-view", "order-select"])
def test_no_text_of_any_field_of_a_record_is_in_an_answer(hook: str, keep: bool, client: FlaskClient) -> None:
    """Every field in turn, and all of them together but those without which there is no card."""
    every = texts(hook)[:: 2 if keep else 1]
    wanted = every if hook == "patient-view" else [path for path in every if path[0] == "context"]
    assert len(wanted) > 5
    carded = 0
    for number, path in enumerate(wanted):
        answer = client.post(
            f"/cds-services/itp-{hook}", json=with_text(hook, [path], EVIL[number % 2], keep)
        )
        assert MARK not in said(answer), path
        carded += '"indicator"' in answer.get_data(as_text=True)
    assert carded > len(wanted) / 5
    named = [path for path in every if path[-1] in ("display", "text", "div", "unit", "family", "title")]
    answer = client.post(f"/cds-services/itp-{hook}", json=with_text(hook, named, EVIL[0], keep))
    assert answer.status_code == 200
    assert MARK not in said(answer)


def test_no_field_of_a_record_changes_what_a_card_is_as_html(client: FlaskClient) -> None:
    paths = [path for path in texts("patient-view") if path[-1] in ("display", "text", "unit")]
    for evil in EVIL:
        body = with_text("patient-view", paths, evil, keep=True)
        for card in client.post("/cds-services/itp-patient-view", json=body).get_json()["cards"]:
            html = renderer().render(card["detail"])
            assert renderer(raw_html=True).render(card["detail"]) == html
            assert not re.search(r"<(?:img|script|iframe)|javascript:", html)


# ------------------------------------------------------------------------------------------- text of a caller


FORGED = '\r\n{"event":"request","status":200,"zqx":1}\nzqx\u2028zqx\x1b[31mzqx\x00'
HEADERS = ("User-Agent", "X-Request-Id", "X-Forwarded-For", "Referer", "Origin", "Authorization", "Cookie")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_caller_writes_into_the_log(log_format: Any, capfd: pytest.CaptureFixture[str]) -> None:
    service = create_app(Settings(log_format=log_format, log_level="debug"), clock).test_client()
    plain = re.sub(r"[\x00-\x1f\u2028]", "", FORGED)
    asked = 0
    for path in (
        f"/{FORGED}",
        f"/cds-services/{FORGED}",
        f"/rules?q={FORGED}",
        f"/insights.json?since={FORGED}",
    ):
        service.get(path, headers=dict.fromkeys(HEADERS, plain))
        asked += 1
    for body in (FORGED, json.dumps(call(platelets(22)) | {"hookInstance": FORGED, "zqx": FORGED})):
        service.post("/cds-services/itp-patient-view", data=body, content_type="application/json")
        asked += 1
    service.post("/cds-services/itp-patient-view", data="x", content_type="zqx/zqx")
    service.open("/", method="ZQX")
    asked += 2
    log = capfd.readouterr().err
    assert MARK not in log.lower()
    lines = log.splitlines()
    assert len(lines) == asked
    if log_format == "json":
        assert {json.loads(line)["event"] for line in lines} == {"request"}


# ------------------------------------------------------------------------------------------------- secrets

SECRETS = {
    "secret": "zqx-secret",
    "admin_token": "zqx-admin",
    "database_url": "postgresql://u:zqx@h.invalid/x",
}


def test_settings_tell_no_secret() -> None:
    settings = Settings(**{name: SecretStr(value) for name, value in SECRETS.items()})
    for told in (repr(settings), str(settings), repr(settings.model_dump()), settings.model_dump_json()):
        assert MARK not in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"database_url": "zqx"},
        {"database_url": "mysql://u:zqx@h/x"},
        {"database_url": "postgresql://u:p@h:zqx@h.invalid/x"},
        {"secret": ["zqx"]},
        {"admin_token": {"zqx": 1}},
    ],
)
def test_a_wrong_secret_is_not_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(**SECRETS | wrong)
    assert MARK not in str([one["msg"] for one in error.value.errors()])


def processes_of(pid: int) -> Iterator[int]:
    """A process and those that it started."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from processes_of(int(child))


def test_secrets_are_in_no_argument_and_in_no_output(tmp_path: Path) -> None:
    """They come by the environment or a file, so the process list of the machine does not show them."""
    secret = SECRETS | {"database_url": f"sqlite:///{tmp_path}/{MARK}.db"}
    variables = {f"PLATELET_HOOKS_{name.upper()}": value for name, value in secret.items()}
    with served(
        PLATELET_HOOKS_STATE_DIR=str(tmp_path), PLATELET_HOOKS_LOG_LEVEL="debug", **variables
    ) as service:
        arguments = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(service.process.pid)]
        assert len(arguments) >= 2
        told = b"".join(arguments).decode()
        for path in ("/health/ready", "/metrics", "/insights.json", "/", "/openapi.json"):
            told += get(service, path, {"Authorization": "Bearer wrong"})
        told += service.stop()
    assert "granian" in told
    assert MARK not in told


def get(service: Served, path: str, headers: dict[str, str]) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return f"{answer.headers} {answer.read().decode()}"
    finally:
        connection.close()


SECRET_WORDS = re.compile(r"secret|token|digest|signature|verifier|hmac", re.IGNORECASE)
COMPARED_OPENLY = {
    # a name or a kind of token, not a token
    "token_type",
}


def openly_compared(file: Path) -> list[str]:
    """Comparisons by == of something that is called like a secret: what they take tells how much was right."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Compare) or not any(
            isinstance(op, ast.Eq | ast.NotEq) for op in node.ops
        ):
            continue
        for side in (node.left, *node.comparators):
            name = (
                side.attr
                if isinstance(side, ast.Attribute)
                else side.id
                if isinstance(side, ast.Name)
                else ""
            )
            called = isinstance(side, ast.Call) and "get_secret_value" in ast.unparse(side)
            if called or (SECRET_WORDS.search(name) and name not in COMPARED_OPENLY):
                found.append(f"{file.name}:{node.lineno} {ast.unparse(node)}")
    return found


def test_secrets_are_compared_in_constant_time() -> None:
    files = sorted((PROJECT / "cds_service").rglob("*.py"))
    assert [one for file in files for one in openly_compared(file)] == []
    admin = (PROJECT / "cds_service/routes/admin.py").read_text(encoding="utf-8")
    assert "hmac.compare_digest(" in admin


# --------------------------------------------------------------------------------------------- browsers


def test_every_answer_is_marked_for_browsers(client: FlaskClient) -> None:
    answers = [
        client.get(path)
        for path in ("/", "/rules", "/cds-services", "/nothing", "/fhir/metadata", "/metrics", "/health/live")
    ]
    answers.append(client.post("/cds-services/itp-patient-view", json=call(platelets(22))))
    answers.append(client.post("/cds-services/itp-patient-view", data=b"x", content_type="application/json"))
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers
    for answer in answers[-2:]:
        assert answer.headers["Cache-Control"] == "no-store"


def test_an_answer_without_a_body_has_no_type(client: FlaskClient) -> None:
    asked = {"Origin": "https://ehr.example.org", "Access-Control-Request-Method": "POST"}
    assert "Content-Type" not in client.options("/cds-services/itp-patient-view", headers=asked).headers
    assert client.head("/cds-services").content_type == "application/json"


# What a form of a foreign page can send without asking the browser's leave.
FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
CHANGING = (
    "/cds-services/itp-patient-view",
    "/cds-services/itp-patient-view/feedback",
    "/playground/request",
    "/playground/check",
    "/playground/answer",
)


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("path", CHANGING)
def test_a_form_of_a_foreign_page_does_nothing(path: str, kind: str, client: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    body = json.dumps(call(platelets(22)))
    answer = client.post(path, data=body, content_type=kind, headers=headers)
    assert answer.status_code in (404, 415)


# ------------------------------------------------------------------------------------ one token, many workers


def test_of_many_workers_one_takes_a_token(tmp_path: Path) -> None:
    """A token that is sent to all workers at once is good for one call."""
    client = entry(tmp_path)
    config = tmp_path / "site.toml"
    config.write_text(
        f'[[clients]]\nname = "{client.name}"\niss = "{client.iss}"\njwks_file = "{client.jwks_file}"\n',
        encoding="utf-8",
    )
    variables = production_variables(config, PUBLIC, tmp_path)
    body = json.dumps(call(platelets(22))).encode()
    with served("--workers", "2", **variables) as service:
        for _ in range(
            8
        ):  # a worker's first call opens the database, for which nobody waits longer than for any call
            assert _post(service, body, _new_token()) == 200
        for _ in range(4):
            statuses = _post_at_once(service, body, _new_token())
            assert sorted(statuses) == [200] + [401] * 7


def _new_token() -> str:
    now = int(datetime.now(UTC).timestamp())
    return Signer().token(SERVICE, iat=now, exp=now + 300)


def _post_at_once(service: Served, body: bytes, token: str) -> list[int]:
    """Eight calls with one token."""
    statuses: list[int] = []
    senders = [
        threading.Thread(target=lambda: statuses.append(_post(service, body, token))) for _ in range(8)
    ]
    for one in senders:
        one.start()
    for one in senders:
        one.join(60)
    return statuses


def _post(service: Served, body: bytes, token: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    try:
        headers = {"Content-Type": "application/json", **bearer(token)}
        connection.request("POST", "/cds-services/itp-patient-view", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


# --------------------------------------------------------------------------------------- the document itself


def test_every_threat_of_the_document_has_its_test() -> None:
    """Each row names a file, or a test of it, that exists."""
    document = (PROJECT / "docs/security.md").read_text(encoding="utf-8")
    table = document.partition("## Threats")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
    assert len(rows) > 30
    missing = []
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)
        if not named:
            missing.append(f"no test: {row}")
        for file, name in named:
            path = PROJECT / file
            if not path.is_file() or (name and f"def {name}(" not in path.read_text(encoding="utf-8")):
                missing.append(f"{file}::{name}")
    assert missing == []
