"""The report: numbers of the tables and no small ones, the review read back, two configurations compared."""

from __future__ import annotations

import csv
import re
import shutil
import stat
from collections import Counter
from math import isclose
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.replay.compare import compare_table
from cds_service.replay.lines import READ_TYPES
from cds_service.replay.rates import FEW, SMALLEST_CELL, hidden, number_needed, rate, share
from cds_service.replay.report_tables import Table, all_tables, open_tables, summary
from cds_service.replay.review import ReviewError, Verdict, read_form
from cds_service.replay.run import KEY, run
from tests.replay.conftest import Replayed
from tests.replay.exports import asked, hash_in_tests, replay, silent

DOCS = Path(__file__).parents[2] / "docs/replay.md"

# -------------------------------------------------------------------------------------------------------- rates


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (score interval without correction)
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_wilsons_interval(part: int, whole: int, low: float, high: float) -> None:
    found = share(part, whole)
    assert found is not None
    assert isclose(found.value, part / whole)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0.0, 3.69), (10, 4.80, 18.39), (100, 81.36, 121.63)])
def test_a_rate_has_the_poisson_interval(events: int, low: float, high: float) -> None:
    """Exact limits of a Poisson count, to one part in a hundred."""
    found = rate(events, 1)
    assert found is not None
    assert isclose(found.low, low, rel_tol=0.01)
    assert isclose(found.high, high, rel_tol=0.02)


def test_of_nothing_there_is_neither_share_nor_rate() -> None:
    assert (share(0, 0), rate(3, 0)) == (None, None)


def test_the_number_needed_is_one_by_the_predictive_value() -> None:
    value = share(8, 10)
    needed = number_needed(value) if value else None
    assert value is not None
    assert needed is not None
    assert (needed.value, needed.low, needed.high) == (1.25, 1 / value.high, 1 / value.low)


def test_a_small_cell_is_hidden_and_cannot_be_had_by_subtraction() -> None:
    small, enough = SMALLEST_CELL - 1, SMALLEST_CELL
    assert hidden([enough, 90, 0]) == frozenset()
    assert hidden([small, enough, 90]) == {0, 1}
    assert hidden([small, small, 90]) == {0, 1}
    assert hidden([small]) == {0}


# ------------------------------------------------------------------------------------------------------- report


def table_of(out: Path, title: str) -> Table:
    with open_tables(out) as database:
        return next(one for one in all_tables(database) if one.title == title)


def test_the_cards_of_the_report_are_those_that_were_planted(demo: Replayed) -> None:
    rows = {row[0]: row for row in table_of(demo.out, "Cards by rule").rows}
    patients: dict[str, set[str]] = {}
    for row in demo.tables["cards"]:
        if row["state"] == "shown":
            patients.setdefault(row["rule"], set()).add(row["evaluation"].partition("-")[0])
    large = {rule for rule, some in patients.items() if len(some) >= SMALLEST_CELL}
    assert {"INF-DEN", "TRF-08"} <= large
    for rule, row in rows.items():
        if row[2] != FEW:
            assert rule in large
            assert (int(row[1]), int(row[2])) == (demo.planted["cards"][rule], len(patients[rule]))
    assert rows["INF-DEN"][1] == str(demo.planted["cards"]["INF-DEN"])
    assert rows["TRF-06"][1:] == ("not shown", FEW, "", "")


def test_the_summary_counts_encounters_patients_and_moments(demo: Replayed) -> None:
    rows = dict(table_of(demo.out, "Summary").rows)
    shown = Counter(
        row["evaluation"].partition("-")[0] for row in demo.tables["cards"] if row["state"] == "shown"
    )
    assert rows["patients with a moment or an encounter"] == "100"
    assert rows["encounters"] == str(demo.planted["encounters"])
    assert rows["moments evaluated"] == str(sum(demo.planted["evaluations"].values()))
    assert rows["cards shown"] == str(sum(shown.values()))
    assert rows["patients with any card"] == str(len(shown))
    # one encounter a patient, and every card falls into it but those that came after its end
    assert rows["encounters with any card, %"].startswith(f"{100 * len(shown) / 100:.1f} (")


def test_a_summary_that_rests_on_few_patients_tells_their_number_nowhere(demo: Replayed) -> None:
    """The cards of two patients only: their encounters are more than five, and are theirs all the same."""
    database = open_tables(demo.out)
    two = "SELECT DISTINCT patient_hash FROM alerts ORDER BY 1 LIMIT 2"
    database.execute(f"CREATE TEMP TABLE few AS SELECT * FROM alerts WHERE patient_hash IN ({two})")
    database.execute("CREATE TEMP VIEW alerts AS SELECT * FROM few")
    rows = {row[0]: row[1] for row in summary(database).rows}
    of_cards = (
        "cards shown",
        "cards per 100 encounters",
        "cards per 1,000 patient-days",
        "patients with any card",
    )
    assert {rows[name] for name in of_cards} == {FEW}


def test_every_type_that_is_asked_for_and_has_no_file_is_named(demo: Replayed) -> None:
    held = {file.stem for file in demo.export.glob("*.ndjson")}
    page = (demo.out / "report.html").read_text(encoding="utf-8")
    told = re.search(r"types of which the export says nothing</th><td>(.*?)</td>", page)
    assert told is not None
    assert set(told[1].split(", ")) == READ_TYPES - held
    asked_for = re.search(r"Ask for these types:\n\n(.*?)\.\n\n", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert asked_for is not None
    assert set(asked_for[1].replace("\n", " ").split(", ")) == READ_TYPES


def test_every_group_of_patients_is_in_the_tables_of_fairness(demo: Replayed) -> None:
    for title in ("sex", "age band", "recorded ancestry"):
        rows = table_of(demo.out, f"Patients with any card, by {title}").rows
        assert sum(int(row[1]) for row in rows if row[1].isdigit()) <= 100
        assert len(rows) >= 2
        assert all(FEW in row or int(row[2]) >= SMALLEST_CELL or row[2] == "0" for row in rows)


def test_the_list_for_the_integration_names_local_codes(demo: Replayed) -> None:
    rows = table_of(demo.out, "What could not be used").rows
    assert ("urn:oid:1.3.6.1.4.1.99999.7|PLT-AUTO", FEW) in {row[2:] for row in rows}  # of two patients
    bad = Counter(row["reason"] for row in demo.tables["rejected"] if row["patient_hash"] is None)
    assert {("line", why, "", str(many)) for why, many in bad.items()} <= set(rows)  # lines are no patients


@pytest.mark.parametrize("column", ["sex", "age_band", "unit"])
def test_the_cards_of_a_group_are_divided_by_its_own_encounters(demo: Replayed, column: str) -> None:
    group = {row["evaluation"]: row[column] for row in demo.tables["evaluations"]}
    cards = Counter(group[row["evaluation"]] for row in demo.tables["cards"] if row["state"] == "shown")
    stays = Counter(row[column] for row in demo.tables["encounters"])
    days: Counter[str] = Counter()
    for row in demo.tables["encounters"]:
        days[row[column]] += row["minutes"] / 1440
    rows = [row for row in table_of(demo.out, f"Cards by {column.replace('_', ' ')}").rows if row[2] != FEW]
    assert rows
    for name, shown, _, per_100, per_1000 in rows:
        if name != "no encounter":
            assert int(shown) == cards[name]
            assert float(per_100.split()[0]) == pytest.approx(100 * cards[name] / stays[name], abs=0.005)
            assert float(per_1000.split()[0]) == pytest.approx(1000 * cards[name] / days[name], abs=0.005)


def test_the_page_needs_nothing_else_and_names_nobody(demo: Replayed) -> None:
    page = (demo.out / "report.html").read_text(encoding="utf-8")
    assert page.count("<h2>") == page.count("<section>") >= 14
    assert page.count("<svg") >= 8
    assert not re.search(r"<script|<link|<img|src=|url\(|http", page)
    assert "demo-0" not in page
    assert not re.search(r"[0-9a-f]{20}", page)


def test_a_bar_stands_for_a_number_of_the_table_beside_it(demo: Replayed) -> None:
    page = (demo.out / "report.html").read_text(encoding="utf-8")
    section = next(one for one in page.split("<section>") if "<h2>Cards by indicator</h2>" in one)
    drawn = re.findall(r'font-size="12">([\d.]+)</text>', section)
    assert drawn == re.findall(r"<td>(\d+)</td><td>\d+</td>", section)


# ------------------------------------------------------------------------------------------------------- review


def filled(demo: Replayed, folder: Path, verdicts: list[str]) -> Path:
    """A copy of the results whose form is filled in from the top."""
    out = folder / "out"
    shutil.copytree(demo.out, out)
    with (out / "review.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, verdict in zip(rows, verdicts, strict=False):
        row["appropriate"] = verdict
    with (out / "review.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return out


def test_a_filled_in_form_gives_predictive_value_and_number_needed(demo: Replayed, tmp_path: Path) -> None:
    out = filled(demo, tmp_path, ["yes"] * 8 + ["no"] * 2 + ["Unclear"])
    run(asked(demo.export, out), silent)
    page = (out / "report.html").read_text(encoding="utf-8")
    row = re.search(r'<th scope="row">all</th>(.*?)</tr>', page)
    assert row is not None
    cells = re.findall(r"<td>(.*?)</td>", row[1])
    assert cells == ["8", "2", "1", "80.0 (49.0 to 94.3)", "1.2 (1.1 to 2.0)"]


def test_a_form_that_was_written_with_semicolons_is_read(tmp_path: Path) -> None:
    file = tmp_path / "review.csv"
    file.write_text(
        "case;rule;indicator;appropriate;comment\n1;TRF-05;info;Yes;good, but late\n", encoding="utf-8-sig"
    )
    assert read_form(file) == [Verdict("TRF-05", "info", "yes")]


def test_the_rules_of_the_report_stand_in_words(demo: Replayed) -> None:
    page = (demo.out / "report.html").read_text(encoding="utf-8")
    section = next(one for one in page.split("<section>") if "The rules in words" in one)
    rules = re.findall(r'<th scope="row">(.*?)</th>', section)
    assert rules == sorted({row["rule"] for row in demo.tables["cards"]})
    assert '<th scope="row">INF-DEN</th><td>Dengue</td>' in section


def test_the_form_holds_shown_cards_and_its_patients_are_told_to_this_user_only(demo: Replayed) -> None:
    shown = {
        (row["evaluation"].partition("-")[0], row["rule"])
        for row in demo.tables["cards"]
        if row["state"] == "shown"
    }
    with (demo.out / "review.csv").open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    assert len(cases) == 50
    assert {(case["patient_hash"], case["rule"]) for case in cases} <= shown
    with (demo.out / "review-patients.csv").open(encoding="utf-8", newline="") as file:
        named = list(csv.DictReader(file))
    assert {one["patient_hash"] for one in named} == {case["patient_hash"] for case in cases}
    assert all(hash_in_tests(one["patient"]) == one["patient_hash"] for one in named)
    assert stat.S_IMODE((demo.out / "review-patients.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("case,rule,indicator\n1,TRF-05,info\n", "column appropriate is missing"),
        (
            "rule,indicator,appropriate\nTRF-05,info,perhaps\n",
            "line 2: appropriate: expected yes, no, unclear",
        ),
    ],
)
def test_a_form_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "review.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ReviewError, match=words) as caught:
        read_form(tmp_path / "review.csv")
    assert "\n" not in str(caught.value)


def test_restart_keeps_the_form_of_the_reviewers(demo: Replayed, tmp_path: Path) -> None:
    from cds_service.commands.replay import forget

    out = filled(demo, tmp_path, ["yes"])
    before = (out / "review.csv").read_bytes()
    forget(out)
    assert {one.name for one in out.iterdir()} <= {"earlier-review.csv", KEY}
    assert (out / "earlier-review.csv").read_bytes() == before
    (out / "review.csv").write_text("another form", encoding="utf-8")
    forget(out)
    assert (out / "earlier-review.csv").read_bytes() == before
    assert (out / "earlier-review-2.csv").read_text(encoding="utf-8") == "another form"


# ------------------------------------------------------------------------------------------------------ compare


def test_two_configurations_are_compared_rule_by_rule(demo: Replayed, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[content.rules]\nINF-DEN = "off"\n', encoding="utf-8")
    out = tmp_path / "out"
    found = replay(demo.export, out, triggers=("count",), compare=site)
    dengue = [row for row in found["cards"] if row["rule"] == "INF-DEN" and row["state"] == "shown"]
    assert len(dengue) == demo.planted["cards"]["INF-DEN"]
    assert not [
        row for row in found["cards_compared"] if row["rule"] == "INF-DEN" and row["state"] == "shown"
    ]
    page = (out / "report.html").read_text(encoding="utf-8")
    section = next(one for one in page.split("<section>") if "First and second configuration" in one)
    row = re.search(r'<th scope="row">INF-DEN</th>(.*?)</tr>', section)
    assert row is not None
    first, second, lost, gained, other, moved = map(int, re.findall(r"<td>(\d+)</td>", row[1]))
    assert (first, second, lost, gained, other, moved) == (len(dengue), 0, len(dengue), 0, 0, 5)
    with (out / "moved.csv").open(encoding="utf-8", newline="") as file:
        lines = [one for one in csv.DictReader(file) if one["rule"] == "INF-DEN"]
    assert [(one["first"], one["second"]) for one in lines] == [("info", "")] * len(dengue)


def test_the_comparison_shows_no_number_that_rests_on_few_patients(tmp_path: Path) -> None:
    """Each rule by the patients of whom the first and the second configuration show a card."""
    first = {"A": range(9), "B": range(3), "C": range(6), "D": range(9), "E": range(8)}
    second = {"A": range(9), "B": range(3), "C": range(6), "D": range(2, 9), "E": range(1)}
    database = duckdb.connect()
    for name, some in (("cards", first), ("cards_compared", second)):
        database.execute(
            f"CREATE TABLE {name} (evaluation VARCHAR, rule VARCHAR, indicator VARCHAR, state VARCHAR)"
        )
        rows = [(f"{patient}-1", rule, "info", "shown") for rule, those in some.items() for patient in those]
        database.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", rows)
    few = (FEW, "", "", "", "", "")
    assert compare_table(database).rows == (
        ("E", *few),  # one is left with one
        ("D", *few),  # two lost theirs
        ("A", "9", "9", "0", "0", "0", "0"),
        ("B", *few),
        ("C", *few),  # "Cards by rule" hides it: B could be had from it and the total
    )


def test_a_configuration_that_is_wrong_is_refused_in_one_line(demo: Replayed, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[content.rules]\nTRF-99 = "off"\n', encoding="utf-8")
    arguments = ["replay", str(demo.export), "--out", str(tmp_path / "out"), "--config", str(site)]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert not (tmp_path / "out").exists()
