"""Insights: the numbers of a made-up history, counted by hand; the command, its files, and who may read them."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from cards.thresholds import Thresholds
from cds_service.app import create_app
from cds_service.cli import main
from cds_service.insights import Insights, insights, read_since
from cds_service.insights_files import COLUMNS, as_csv, as_parquet
from cds_service.settings import Mode, Settings
from cds_service.store.database import Database
from cds_service.store.statements import put
from cds_service.store.tables import CARDS, FEEDBACK
from tests.service.build import NOW
from tests.service.hook_calls import cause
from tests.service.memory_calls import started

DAY = timedelta(days=1)


def card(number: int, **members: Any) -> dict[str, Any]:
    """A shown card; its patient and facts are its own unless told otherwise."""
    usual = {
        "uuid": str(UUID(int=number)), "at": NOW, "service": "itp-patient-view", "client": "", "tenant": "",
        "instance": "i", "rule": "TRF-02", "rules": "TRF-02", "indicator": "critical", "content_version": "1",
        "shown": True, "silenced_by": "", "patient": f"p{number}", "clinician": "c", "facts": f"f{number}",
        "count": "", "grade": "", "suggestions": "",
    }  # fmt: skip
    return usual | members


def answer(number: int, outcome: str, after: float = 60, **members: Any) -> dict[str, Any]:
    """Feedback so many seconds after now."""
    at = NOW + timedelta(seconds=after)
    usual = {
        "entry": f"{number} {outcome} {after} {members}", "card": str(UUID(int=number)), "service": "itp-patient-view",
        "client": "", "tenant": "", "outcome": outcome, "at": at, "received": at, "reason": "", "accepted": "",
        "comment": None, "matched": True,
    }  # fmt: skip
    return usual | members


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'store.db'}")


def fill(database: Database, cards: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
    database.commit(lambda c: put(c, CARDS, cards))
    if answers:
        database.commit(lambda c: put(c, FEEDBACK, answers))


def count(database: Database, since: Any = None) -> Insights:
    return database.commit(lambda c: insights(c, since, Thresholds()))


def history(database: Database) -> None:
    fill(
        database,
        [
            card(1),
            card(2),
            card(3),
            card(4, patient="p1", facts="f1", at=NOW + DAY),  # the first again
            card(5, shown=False, silenced_by="repeat", patient="p1", facts="f1", at=NOW + 2 * DAY),
            card(6, tenant="north"),
            card(7, service="itp-order-select"),
            card(8, content_version="2"),
            card(9, rule="MON-01"),
        ],
        [
            answer(1, "overridden", 30, reason="already-done"),
            answer(1, "accepted", 90),  # ignored first, acted on later
            answer(2, "overridden", 10, reason="palliative"),
            answer(6, "accepted", 20),
            answer(6, "accepted", 40, client="another"),  # not its card
            answer(77, "accepted", 5),  # of no known card
        ],
    )


def test_the_numbers_of_a_history(database: Database) -> None:
    history(database)
    found = count(database)
    told = {(one.rule, one.service, one.tenant, one.content_version): one for one in found.cards}
    assert len(told) == 5
    main_group = told["TRF-02", "itp-patient-view", "", "1"]
    assert (main_group.shown, main_group.silent) == (4, 1)
    assert (main_group.accepted, main_group.overridden, main_group.no_response) == (1, 1, 2)
    assert main_group.reasons == {"palliative": 1}
    assert (main_group.seconds_to_action, main_group.repeats) == (90.0, 0.25)
    north = told["TRF-02", "itp-patient-view", "north", "1"]
    assert (north.accepted, north.seconds_to_action) == (1, 20.0)
    quiet = told["MON-01", "itp-patient-view", "", "1"]
    assert (quiet.no_response, quiet.seconds_to_action, quiet.repeats, quiet.reasons) == (1, None, 0.0, {})
    assert found.unmatched_feedback == 1
    assert found.review == ()


def test_only_since_a_time(database: Database) -> None:
    history(database)
    found = count(database, NOW + DAY)
    assert [(one.shown, one.silent, one.repeats) for one in found.cards] == [(1, 1, 1.0)]


def test_a_rule_that_is_overridden_too_often_is_named(database: Database) -> None:
    limits = Thresholds()
    shown = int(limits.review_firings)
    most = int(shown * limits.review_overridden / 100)
    fill(
        database,
        [
            card(n, rule=rule)
            for rule, first in (("A-1", 0), ("B-1", 1000))
            for n in range(first, first + shown)
        ]
        + [card(n, rule="C-1") for n in range(2000, 2000 + shown - 1)],
        [answer(n, "overridden") for n in range(most)]  # at the limit, not above
        + [answer(n, "overridden") for n in range(1000, 1000 + most + 1)]
        + [answer(n, "overridden") for n in range(2000, 2000 + shown - 1)],  # C-1: too few to tell
    )
    assert count(database).review == ("B-1",)


def test_a_clock_that_goes_wrong_makes_no_negative_time(database: Database) -> None:
    fill(database, [card(1)], [answer(1, "accepted", -500)])
    assert count(database).cards[0].seconds_to_action == 0.0


def test_csv_and_parquet_hold_the_same(database: Database) -> None:
    history(database)
    found = count(database)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    table = parquet.read_table(io.BytesIO(as_parquet(found))).to_pylist()
    assert list(rows[0]) == list(table[0]) == list(COLUMNS)
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in table] == rows
    assert sum(int(row["overridden:palliative"]) for row in rows) == 1


def test_an_empty_store_gives_headings(database: Database) -> None:
    found = count(database)
    assert as_csv(found) == ",".join(COLUMNS) + "\r\n"
    assert parquet.read_table(io.BytesIO(as_parquet(found))).num_rows == 0


def test_a_text_that_a_spreadsheet_would_compute_is_quoted(database: Database) -> None:
    fill(database, [card(1, tenant="=cmd()")], [])
    (row,) = csv.DictReader(io.StringIO(as_csv(count(database))))
    assert row["tenant"] == "'=cmd()"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", NOW - timedelta(days=30)),
        ("2026-06-14", NOW.replace(day=14, hour=0)),
        ("2026-06-15T14:00:00+02:00", NOW),
        ("2026-06-15T12:00:00", NOW),
    ],
)
def test_since_is_a_date_or_days(text: str, expected: Any) -> None:
    assert read_since(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "30", "-3d", "2026-13-01", "99999999d"])
def test_since_is_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_since(text, NOW)


# ------------------------------------------------------------------------------------------------ command and page


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PLATELET_HOOKS_STATE_DIR", str(tmp_path))
    return lambda *args: CliRunner().invoke(main, list(args))


def test_a_site_may_tell_small_numbers(
    run: Any, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(database)
    (tmp_path / "site.toml").write_text("[memory]\nleast_count = 1\n")
    monkeypatch.setenv("PLATELET_HOOKS_CONFIG", str(tmp_path / "site.toml"))
    assert "Feedback to cards that are not known: 1" in run("insights").output
    assert json.loads(run("insights", "--json").output)["total"]["shown"] == 8


def test_the_command(run: Any, database: Database, tmp_path: Path) -> None:
    assert "No cards are recorded." in run("insights").output
    history(database)
    table = run("insights")
    assert (table.exit_code, "TRF-02" in table.output) == (0, True)
    assert "Feedback to cards that are not known: *" in table.output
    assert json.loads(run("insights", "--json").output)["unmatchedFeedback"] is None
    assert run("insights", "--csv").output.startswith("rule,")
    assert run("insights", "--csv", "--table", "weeks").output.startswith("week,")
    target = tmp_path / "out.parquet"
    assert run("insights", "--parquet", "--output", str(target), "--since", "2026-06-01").exit_code == 0
    assert parquet.read_table(target).num_rows == 5


@pytest.mark.parametrize("args", [("--since", "soon"), ("--output", "x"), ("--csv", "--output", "/proc/x/y")])
def test_a_wrong_call_of_the_command_ends_in_one_line(run: Any, args: tuple[str, ...]) -> None:
    done = run("insights", *args)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_purge(run: Any, database: Database) -> None:
    history(database)
    done = run("purge", "--older-than", "0")
    assert (done.exit_code, done.output) == (0, "Deleted: 9 cards, 6 feedback entries, 0 used tokens\n")
    assert run("purge").output.startswith("Deleted: 0 cards")


def test_a_store_that_cannot_be_reached_is_one_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATELET_HOOKS_DATABASE_URL", "postgresql://user:geheim@127.0.0.1:1/x")
    for command in ("insights", "purge"):
        done = run(command)
        assert done.exit_code == 2
        assert "cannot be reached" in done.output
        assert "geheim" not in done.output


def test_the_page_in_sandbox_mode(tmp_path: Path) -> None:
    service = started(tmp_path)
    history(Database(f"sqlite:///{tmp_path / 'store.db'}"))
    response = service.client.get("/insights.json?since=2026-06-01")
    assert response.status_code == 200
    assert len(response.get_json()["cards"]) == 5
    assert response.headers["Cache-Control"] == "no-store"
    wrong = service.client.get("/insights.json?since=soon")
    assert (wrong.status_code, cause(wrong)) == (400, "bad-request")


def production(folder: Path, **members: Any) -> Any:
    settings = Settings(
        mode=Mode.PRODUCTION,
        public_url="https://cds.example.org",
        secret=SecretStr("s" * 40),
        state_dir=folder,
        log_level="error",
        clients=(
            {"name": "general", "iss": "https://ehr.example.org", "jku": "https://ehr.example.org/keys"},
        ),
        **members,
    )
    return create_app(settings, lambda: NOW).test_client()


@pytest.mark.parametrize("path", ["/insights", "/insights.json", "/insights.csv", "/metrics"])
def test_outside_sandbox_mode_the_admin_token_opens(tmp_path: Path, path: str) -> None:
    client = production(tmp_path, admin_token=SecretStr("right"))
    assert client.get(path, headers={"Authorization": "Bearer right"}).status_code == 200
    assert client.get(path, auth=("anyone", "right")).status_code == 200  # as browsers ask for it
    assert client.get(path, auth=("right", "wrong")).status_code == 401
    for header in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic right"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic gA=="},
    ):
        response = client.get(path, headers=header)
        assert (response.status_code, cause(response)) == (401, "not-authenticated")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/insights", "/insights.json", "/insights.csv", "/metrics"])
def test_without_an_admin_token_they_are_not_there(tmp_path: Path, path: str) -> None:
    assert production(tmp_path).get(path, headers={"Authorization": "Bearer "}).status_code == 404
