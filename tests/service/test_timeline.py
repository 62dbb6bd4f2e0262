"""The timeline of a record: which counts, bars and limits there are, and that nothing is left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from itertools import pairwise
from typing import Any

import pytest

from cards.thresholds import Thresholds
from cds_service.examples import list_examples
from cds_service.timeline.scale import MOST_TICKS, TimeAxis, count_axis
from tests.service.build import NOW
from tests.service.hook_calls import client

LIMITS = Thresholds()


def html_of(address: str) -> str:
    response = client().get(address)
    assert response.status_code == 200, address
    return str(response.get_data(as_text=True))


def told(html: str, kind: str, view: str = "all") -> list[str]:
    """What is said of the values of a kind in one view."""
    part = html.split(f'id="view-{view}"')[1].split("</svg>")[0]
    found = re.findall(rf'<g class="value {kind}" tabindex="0" role="img" aria-label="([^"]*)"', part)
    return [unescape(one) for one in found]


def rows(html: str) -> str:
    return unescape(
        re.sub(r"<[^>]+>", " ", html.split("The same as a table")[1].split("Limits that matter")[0])
    )


PATIENTS = {
    # made-up patient: counts, spans by kind, limits
    "ebv-supportive": (["186", "72"], {"infection": 1, "window": 1}, {"10", "100", "150"}),
    "h-pylori-untreated": (
        ["212", "27", "24", "26"],
        {"infection": 1, "window": 0},
        {"10", "30", "100", "150"},
    ),
    "ebv-nosebleed": (
        ["234", "31", "22"],
        {"infection": 1, "window": 1, "bleeding": 1},
        {"10", "50", "100", "150"},
    ),
    "ebv-purpura": (
        ["58", "45"],
        {"infection": 1, "window": 1, "bleeding": 1},
        {"10", "30", "100", "150"},
    ),
    "tpo-ra-candidate": (["198", "22", "28", "26", "24"], {"infection": 1}, {"10", "30", "100", "150"}),
    "recovery": (["48", "62", "96", "131"], {"infection": 1, "window": 1}, {"10", "100", "150"}),
}


@pytest.mark.parametrize("name", PATIENTS)
def test_the_counts_bars_and_limits_of_the_heart_piece(name: str) -> None:
    counts, spans, limits = PATIENTS[name]
    html = html_of(f"/timeline?example={name}")
    said = told(html, "count")
    assert [re.match(r"Platelets (\S+) ×10⁹/L, \d", one)[1] for one in said] == counts  # type: ignore[index]
    assert all("Source: Observation/platelets-" in one for one in said)
    for kind, number in spans.items():
        assert len(told(html, kind)) == number, kind
    assert {re.match(r"Limit (\S+) ", one)[1] for one in told(html, "limit")} == limits  # type: ignore[index]


@pytest.mark.parametrize("name", PATIENTS)
def test_the_table_holds_the_same_facts(name: str) -> None:
    html = html_of(f"/timeline?example={name}")
    table = " ".join(rows(html).split())
    for kind in ("count", "transfusion", "bleeding", "infection", "window", "anti-infective", "tpo-ra"):
        for said in told(html, kind):
            source = re.search(r"Source: ([^;]+)", said)
            assert source is not None
            assert source[1] in table
            for note in said.partition(source[0])[2].strip("; ").split("; "):
                assert note in table
    assert len(re.findall(r"Platelet count", table)) == len(PATIENTS[name][0])


@pytest.mark.parametrize("example", list_examples(), ids=lambda one: one.name)
def test_every_made_up_patient_has_a_timeline(example: Any) -> None:
    html = html_of(f"/timeline?example={example.name}")
    refused = "There is nothing to draw" in html
    assert refused is (example.expects != 200)


def test_a_record_without_any_count_says_so() -> None:
    html = html_of("/timeline?example=search-failed")
    assert "No platelet count with a value, a unit and a date is known." in html
    assert "Not everything could be read" in html
    assert told(html, "count") == []
    assert told(html, "limit") != []


def test_it_opens_at_the_card_of_a_rule() -> None:
    html = html_of("/timeline?example=ebv-nosebleed&rule=TRF-02")
    opened = html.split('id="card"')[1].split("</article>")[0]
    assert "immediate platelet transfusion" in opened
    assert [one.endswith("the card rests on it") for one in told(html, "count")] == [False, True, True]
    assert "the card rests on it" not in html_of("/timeline?example=ebv-nosebleed").split("<svg")[1]


def test_a_card_that_is_not_there_now_is_said_to_be_gone() -> None:
    html = html_of("/timeline?example=ebv-supportive&rule=ORD-02")
    assert "is not among the cards" in html


def test_what_is_no_rule_is_written_nowhere() -> None:
    html = html_of("/timeline?example=ebv-supportive&rule=<b>x</b>")
    assert "x</b>" not in html
    assert "is not among the cards" not in html


def test_an_unknown_patient_is_not_found() -> None:
    assert client().get("/timeline?example=nobody").status_code == 404


def test_a_text_of_the_playground_is_drawn() -> None:
    body = client().get("/playground/made-up/recovery").get_json()["text"]
    response = client().post("/timeline", data={"text": body}, content_type="multipart/form-data")
    assert len(told(response.get_data(as_text=True), "count")) == 4


@pytest.mark.parametrize("text", ["", "{", '{"resourceType": "Observation", "id": "1"}', "[1]"])
def test_a_text_that_is_no_record_is_told_in_a_line(text: str) -> None:
    response = client().post("/timeline", data={"text": text}, content_type="multipart/form-data")
    assert response.status_code == 200
    assert "There is nothing to draw" in response.get_data(as_text=True)


# ---------------------------------------------------------------------------------------------------- axes


def test_the_axis_of_counts_is_logarithmic() -> None:
    axis = count_axis([Decimal(10)], 0, 300)
    steps = [axis.y(Decimal(one)) - axis.y(Decimal(2 * one)) for one in (5, 10, 20, 50, 100)]
    assert max(steps) - min(steps) <= 1
    assert axis.ticks == tuple(map(Decimal, (5, 10, 20, 50, 100, 200)))


@pytest.mark.parametrize("number", ["0.9", "3", "640", "2500.5"])
def test_the_axis_holds_every_count(number: str) -> None:
    axis = count_axis([Decimal(number)], 0, 300)
    assert axis.low <= Decimal(number) <= axis.high
    assert 0 <= axis.y(Decimal(number)) <= 300


@pytest.mark.parametrize("days", [0.2, 1, 3, 10, 42, 120, 365, 1000, 4000, 30000])
def test_there_are_some_ticks_and_never_many(days: float) -> None:
    axis = TimeAxis(NOW - timedelta(days=days), NOW, 0, 900)
    ticks = axis.ticks
    assert 1 <= len(ticks) <= MOST_TICKS + 2
    assert all(axis.start <= at <= axis.end for at, _ in ticks)
    assert all(one[1] != two[1] for one, two in pairwise(ticks))
    assert re.match(r"(\d+ )?[A-Z][a-z]{2}", ticks[0][1]), "the first one tells the day"


def test_what_lies_outside_is_drawn_at_the_edge() -> None:
    axis = TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), 10, 110)
    assert axis.x(datetime(2025, 1, 1, tzinfo=UTC)) == 10
    assert axis.x(datetime(2027, 1, 1, tzinfo=UTC)) == 110
