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
from cds_service.content import load_content
from cds_service.errors import Refused
from cds_service.evaluate import prepare
from cds_service.examples import list_examples
from cds_service.hooks.wire import encode
from cds_service.stories.notation import read_story
from cds_service.stories.resources import write
from cds_service.timeline.drawing import WIDTH
from cds_service.timeline.limits import ROWS, source_of
from cds_service.timeline.page import AtCard, timeline_page
from cds_service.timeline.reading import see
from cds_service.timeline.scale import MOST_TICKS, TimeAxis, count_axis
from cds_service.timeline.sources import made_up_request
from cds_service.web.made_up import bundle, choices
from tests.service.build import NOW, PATIENT
from tests.service.hook_calls import KEYS, client

LIMITS = Thresholds()
CONTENT = load_content()
EVALUATION = prepare(CONTENT, "http://127.0.0.1:8080", 10_000)


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


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("dengue-ibuprofen-selected", "ORD-02"),
        ("dengue-orders-signed", "ORD-02"),
        ("dengue-discharge", "MON-03"),
    ],
)
def test_a_request_of_any_hook_opens_at_its_card(name: str, rule: str) -> None:
    """As the playground sends what it asked: the card of an order is there with its order."""
    chosen = client().get(f"/playground/made-up/{name}").get_json()
    made = (
        client().post("/playground/request", json={"text": chosen["text"], "hook": chosen["hook"]}).get_json()
    )
    data = {"text": made["body"], "rule": rule}
    html = client().post("/timeline", data=data, content_type="multipart/form-data").get_data(as_text=True)
    assert f">{rule}</a>" in html.split('id="card"')[1].split("</article>")[0]


@pytest.mark.parametrize("text", ["", "{", '{"resourceType": "Observation", "id": "1"}', "[1]"])
def test_a_text_that_is_no_record_is_told_in_a_line(text: str) -> None:
    response = client().post("/timeline", data={"text": text}, content_type="multipart/form-data")
    assert response.status_code == 200
    assert "There is nothing to draw" in response.get_data(as_text=True)


# ------------------------------------------------------------------------------------------- what is told


def drawn(**story: Any) -> str:
    """The page of a story, in the notation of the vignettes."""
    told_story = read_story({"person": "woman 40", **story})
    resources = list(write(told_story, PATIENT, NOW))
    data = {"text": encode(bundle(resources)).decode()}
    response = client().post("/timeline", data=data, content_type="multipart/form-data")
    assert response.status_code == 200
    return str(response.get_data(as_text=True))


def limits_told(html: str) -> dict[str, str]:
    """What is said of each limit, by its number."""
    return {str(one.split()[1]): one for one in told(html, "limit")}


def test_transfusions_and_the_counts_after_them() -> None:
    html = drawn(
        platelets=["9, 2 days ago", "28, 40 h ago", "24"],
        done=["platelet transfusion, 42 h ago", "red cell transfusion, 30 h ago"],
    )
    said = told(html, "transfusion")
    assert [one.split(",")[0] for one in said] == ["Transfusions: Platelets", "Transfusions: Red cells"]
    after = [one for one in told(html, "count") if "within a day after platelets" in one]
    assert [one.split()[1] for one in after] == ["28"]
    assert html.split('id="view-all"')[1].count('class="dot excluded"') == 1


def test_courses_of_drugs_are_named_by_our_words() -> None:
    html = drawn(
        platelets="60",
        findings=["immune thrombocytopenia, 8 months ago"],
        drugs=[
            "eltrombopag, started 3 months ago, oral",
            "doxycycline, started 10 days ago, oral",
            "simvastatin, started 2 years ago, oral",
        ],
    )
    (tpo,) = told(html, "tpo-ra")
    assert tpo.lower().startswith("tpo receptor agonists: eltrombopag, since ")
    assert "in use" in tpo
    (drug,) = told(html, "anti-infective")
    assert "doxycycline" in drug.lower()
    assert {"50", "200", "400"} <= set(limits_told(html)), "the limits of the drug in use"
    assert "simvastatin" not in html.split("<svg")[1].lower()


def test_a_count_that_cannot_be_drawn_is_told_with_its_reason() -> None:
    html = drawn(platelets="40, no unit")
    assert told(html, "count") == []
    part = html.split("Without a place in the drawing</h3>")[1].split("</table>")[0]
    assert "no unit" in part


@pytest.mark.parametrize(
    ("story", "number", "words"),
    [
        ({"findings": ["nosebleed, 2 h ago"]}, "50", "with the bleeding of this record"),
        ({"findings": ["petechiae, 1 day ago"]}, "30", "only skin bleeding"),
        ({"findings": ["immune thrombocytopenia, 8 months ago"]}, "30", "may be discussed"),
        ({"findings": ["sepsis, 1 day ago"]}, "20", "higher bleeding risk"),
        ({"planned": ["lumbar puncture, in 1 day"]}, "40", "planned lumbar puncture"),
        ({"drugs": ["enoxaparin, 40 mg, daily, SC"]}, "50", "anticoagulant in use"),
        ({"person": "woman 30, pregnant 30 weeks"}, "70", "epidural in labour"),
        ({"person": "newborn girl 3 days"}, "25", "in a newborn"),
    ],
)
def test_the_limits_that_matter_to_this_patient(story: dict[str, Any], number: str, words: str) -> None:
    assert words in limits_told(drawn(platelets="24", **story)).get(number, "")


def test_a_newborn_has_no_limits_of_adults() -> None:
    assert "10" not in limits_told(drawn(person="newborn girl 3 days", platelets="24"))


def test_every_limit_has_a_source_and_is_in_force() -> None:
    for row in ROWS:
        assert isinstance(getattr(LIMITS, row.threshold), Decimal)
        assert source_of(row.threshold)
        assert set(row.rules) <= set(CONTENT.words.sections)


@pytest.mark.parametrize("part", range(4))
def test_every_story_can_be_drawn_and_told(part: int) -> None:
    """Whatever a record holds: all counts are drawn or told with a reason, and nothing raises."""
    for key in list(stories())[part * 7 :: 28]:
        asked = made_up_request(key, NOW, KEYS, 64)
        try:
            seen = see(asked, EVALUATION, NOW)
        except Refused:
            continue
        page = timeline_page(seen, CONTENT, AtCard(("TRF-02",)), key)
        every = {one.reference for one in seen.facts.record.platelets}
        shown = {line.source for line in (*page.lines, *page.not_drawn)}
        assert every <= shown, key
        for drawing in page.drawings:
            assert all(value.x >= 0 and value.x + value.width <= WIDTH for value in drawing.values), key
            assert all(
                value.y >= 0 and value.y + value.height <= drawing.height for value in drawing.values
            ), key


def stories() -> list[str]:
    return [one.key for _, some in choices() for one in some if one.key.startswith("story:")]


def test_the_view_holds_what_matters() -> None:
    """The shortest that does; for a course that ended long ago the time up to its last count."""
    for story, view in (
        ({"platelets": ["40, 5 days ago", "24"]}, "all"),
        ({"platelets": ["200, 300 days ago", "40, 5 days ago", "24"]}, "weeks"),
        ({"platelets": ["200, 900 days ago", "40, 100 days ago", "24"]}, "year"),
        ({"platelets": ["200, 900 days ago", "40, 820 days ago", "24, 800 days ago"]}, "episode"),
    ):
        html = drawn(**story)
        chosen = re.search(r'value="(\w+)" checked', html)
        assert (chosen[1] if chosen is not None else "all") == view
        assert len(told(html, "count", view)) >= 2
    assert 'class="now"' not in html.split('id="view-episode"')[1].split("</svg>")[0]


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
