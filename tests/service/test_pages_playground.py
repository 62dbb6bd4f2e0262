"""What the playground's script asks of the service, and what it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.app import create_app
from cds_service.discovery import SERVICES
from cds_service.examples import list_examples
from cds_service.hooks.wire import encode
from cds_service.settings import Mode, Settings
from cds_service.web.json_places import Place, nearest, places, syntax_fault
from cds_service.web.made_up import choices
from cds_service.web.markdown import renderer
from cds_service.web.pasted import look_at
from cds_service.web.playground_request import CLIENTS, ORDERS
from tests.service.build import observation, resource
from tests.service.hook_calls import client, post
from tests.service.signing import PUBLIC, entry, jwk


def ask(path: str, message: object) -> Any:
    """The answer of one of the script's questions."""
    return client().post(f"/playground/{path}", json=message)


def made_up(key: str) -> dict[str, Any]:
    found: dict[str, Any] = client().get(f"/playground/made-up/{key}").get_json()
    return found


def asked(key: str, **members: object) -> dict[str, Any]:
    """The form with a made-up patient in it."""
    chosen = made_up(key)
    return {"text": chosen["text"], "hook": chosen["hook"], "user": chosen["user"]} | members


# ------------------------------------------------------------------------------------------ what it offers


def test_every_choice_of_the_list_is_there_and_can_be_sent() -> None:
    groups = choices()
    assert {one.name for one in list_examples()} == {one.key for one in groups[0][1]}
    firsts = [some[0].key for _, some in groups]
    assert len(firsts) > 5
    for key in firsts:
        made = ask("request", asked(key)).get_json()
        assert "fault" not in made
        assert made["service"] in {row.id for row in SERVICES}


def test_an_unknown_choice_is_not_found() -> None:
    assert client().get("/playground/made-up/nobody").status_code == 404
    assert client().get("/playground/made-up/story:V-0").status_code == 404


def test_there_is_no_playground_in_production(tmp_path: Any) -> None:
    settings = Settings(
        mode=Mode.PRODUCTION,
        public_url=PUBLIC,
        secret="x" * 40,
        clients=(entry(tmp_path, jwk()),),
        state_dir=tmp_path,
        log_level="error",
    )
    strange = create_app(settings).test_client()
    assert strange.get("/playground").status_code == 404
    assert "/playground" not in strange.get("/").get_data(as_text=True)


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_of_the_list_is_understood(order: str) -> None:
    made = ask("request", asked("dengue", hook="order-select", order=order)).get_json()
    request = json.loads(made["body"])
    (draft,) = request["context"]["draftOrders"]["entry"]
    assert request["context"]["selections"] == [
        f"{draft['resource']['resourceType']}/{draft['resource']['id']}"
    ]
    assert post(request, made["service"]).status_code == 200


@pytest.mark.parametrize("dialect", CLIENTS)
def test_every_client_gets_an_answer(dialect: str) -> None:
    made = ask("request", asked("dengue-platelets-selected", dialect=dialect)).get_json()
    answer = post(json.loads(made["body"]), made["service"])
    assert answer.status_code == 200
    assert answer.get_json()["cards"]


def test_oracle_health_is_played_as_it_is_answered() -> None:
    made = ask("request", asked("ebv-nosebleed", dialect="oracle-health")).get_json()
    details = [card["detail"] for card in post(json.loads(made["body"])).get_json()["cards"]]
    assert details
    assert not any("|---|" in detail for detail in details)


def test_only_the_selected_drafts_are_sent() -> None:
    form = asked("dengue-platelets-selected", order="paracetamol, oral", selected=["ServiceRequest/other"])
    request = json.loads(ask("request", form).get_json()["body"])
    kinds = [one["resource"]["resourceType"] for one in request["context"]["draftOrders"]["entry"]]
    assert kinds == ["MedicationRequest"]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"text": "{"}, "not JSON"),
        ({"text": "[]"}, "neither a hook request nor FHIR resources"),
        ({"patient": "somebody"}, "no patient 'somebody' in the records"),
        ({"hook": "order-select"}, "order-select needs an order"),
        ({"hook": "order-select", "order": "a stone"}, "nothing is known by the name 'a stone'"),
        ({"hook": "appointment-book"}, "no service for appointment-book"),
        ({"dialect": "none"}, "client: expected standard"),
    ],
)
def test_what_cannot_be_sent_is_told_in_one_line(members: dict[str, str], says: str) -> None:
    fault = ask("request", asked("dengue", **members)).get_json()["fault"]
    assert says in fault
    assert "\n" not in fault


def test_a_hook_request_is_sent_as_it_is_written() -> None:
    text = made_up("search-failed")["text"]
    made = ask("request", {"text": text, "hook": "order-select", "dialect": "epic"}).get_json()
    assert made["body"] == text.strip()
    assert made["service"] == "itp-patient-view"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"text": 1}', b"\xff"])
def test_what_the_script_does_not_send_is_refused(body: bytes) -> None:
    for path in ("check", "request", "answer"):
        answer = client().post(f"/playground/{path}", data=body, content_type="application/json")
        assert answer.status_code == 400


# --------------------------------------------------------------------------------------- faults, in place


def check(text: str) -> dict[str, Any]:
    found: dict[str, Any] = ask("check", {"text": text}).get_json()
    return found


def test_a_syntax_fault_has_its_line_and_column() -> None:
    (fault,) = check('{\n "a": 1\n "b": 2}')["faults"]
    assert (fault["line"], fault["column"]) == (3, 2)


def test_a_fault_in_ndjson_has_the_line_of_the_file() -> None:
    person = json.dumps(resource("Patient", "p1"))
    (fault,) = check(f"{person}\n\n{person[:-1]},\n")["faults"]
    assert fault["line"] == 3


def test_a_member_that_is_refused_has_its_line() -> None:
    body = {"hook": "patient-view", "hookInstance": "1", "context": {"userId": "x", "patientId": "1"}}
    (fault,) = check(json.dumps(body, indent=1))["faults"]
    assert (fault["line"], fault["text"].partition(":")[0]) == (5, "context.userId")


def test_a_resource_that_is_no_r4_is_remarked_at_its_line_and_can_be_sent() -> None:
    records = [resource("Patient", "p1"), observation("o1", subject=3)]
    text = json.dumps(records, indent=1)
    found = check(text)
    (remark,) = found["remarks"]
    assert found["faults"] == []
    assert remark["text"].startswith("Observation/o1: not valid FHIR R4")
    assert text.splitlines()[remark["line"] - 1].strip() == "{"
    assert '"Observation"' in text.splitlines()[remark["line"]]


def test_records_of_several_patients_are_told_apart() -> None:
    found = check(json.dumps([resource("Patient", "p1"), resource("Patient", "p2")]))
    assert found["patients"] == ["p1", "p2"]


def test_records_of_nobody_are_a_fault() -> None:
    assert check('{"resourceType": "Location", "id": "a"}')["faults"][0]["text"].startswith("no Patient")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def walk(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], object]]:
    found = [(path, value)]
    if isinstance(value, dict):
        found += [one for name, member in value.items() for one in walk(member, (*path, name))]
    if isinstance(value, list):
        found += [one for number, member in enumerate(value) for one in walk(member, (*path, number))]
    return found


@given(json_values, st.sampled_from([None, 1, 4]))
def test_every_part_of_a_text_is_found_where_it_stands(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    found, lines = places(text), text.split("\n")
    for path, part in walk(value):
        place = found[path]
        rest = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        name = path[-1] if path and isinstance(path[-1], str) else None
        if name is not None:
            assert rest.startswith(json.dumps(name))
        elif not isinstance(part, dict | list):
            assert rest.startswith(json.dumps(part))
        else:
            assert rest[0] in "{["


def test_the_nearest_place_is_that_of_the_part_around_it() -> None:
    assert nearest({(): Place(1, 1), ("a",): Place(2, 2)}, ("a", "b", 0)) == Place(2, 2)


@given(st.text(max_size=200))
def test_no_text_breaks_the_check(text: str) -> None:
    found = look_at(text, 64)
    if syntax_fault(text) is not None and "\n" not in text and text.strip():
        assert found.faults


# -------------------------------------------------------------------------------------------- the answer


def answered(body: object, **members: object) -> str:
    """The fragment that the page shows."""
    told = {"status": 200, "body": encode(body).decode(), "service": "itp-patient-view"} | members
    answer = ask("answer", told)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def test_an_answer_is_shown_whole() -> None:
    made = ask("request", asked("ebv-nosebleed")).get_json()
    body = post(json.loads(made["body"])).get_json()
    html = answered(body, text=asked("ebv-nosebleed")["text"], serverTiming="decide;dur=3.5, render;dur=1.25")
    for card in body["cards"]:
        assert card["uuid"] in html
        for suggestion in card.get("suggestions", ()):
            assert suggestion["uuid"] in html
    assert "Server: decide <b>3.5 ms</b>" in html
    assert html.count('<article class="card') == len(body["cards"])


def test_a_refusal_is_shown_with_its_reasons() -> None:
    made = ask("request", asked("counts-not-sent.expect-412")).get_json()
    refused = post(json.loads(made["body"]))
    html = answered(refused.get_json(force=True), status=refused.status_code)
    assert "Refused with HTTP 412" in html
    assert "platelets" in html


def test_nothing_of_an_answer_becomes_html() -> None:
    evil = "<img src=x onerror=alert(1)>"
    card = {
        "uuid": "1", "summary": evil, "detail": evil, "indicator": "info",
        "source": {"label": evil, "topic": {"display": evil}},
        "suggestions": [{"label": evil, "uuid": evil, "actions": [{"type": "create", "description": evil}]}],
        "links": [{"label": evil, "url": "javascript:alert(1)", "type": "absolute"}],
    }  # fmt: skip
    html = answered({"cards": [card]})
    assert "<img" not in html
    assert 'href="javascript:' not in html


@pytest.mark.parametrize("body", ["", "[]", "1", "no json"])
def test_an_answer_that_is_none_is_refused(body: str) -> None:
    told = {"status": 200, "body": body, "service": "itp-patient-view"}
    assert ask("answer", told).status_code == 400


def test_a_cards_text_is_the_same_with_raw_html_on_and_off() -> None:
    seen = 0
    for one in list_examples():
        if one.expects != 200:
            continue
        made = ask("request", asked(one.name)).get_json()
        for card in post(json.loads(made["body"]), made["service"]).get_json()["cards"]:
            assert renderer(raw_html=True).render(card["detail"]) == renderer().render(card["detail"])
            seen += 1
    assert seen > 20
