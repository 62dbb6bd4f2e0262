"""J: JSON and transport."""

from __future__ import annotations

import pytest

from tests.conformance.clauses import SERVICES, answer, empties, good, strict
from tests.service.hook_calls import call, client, platelets, post


def test_j1_everything_is_strict_json() -> None:
    for response in (client().get("/cds-services"), post(good("itp-patient-view")), post(b"{")):
        strict(response.get_data())


def test_j2_addresses_are_built_from_the_public_one() -> None:
    card = answer("itp-patient-view")["cards"][0]
    assert card["links"][0]["url"].startswith("http://127.0.0.1:8080/")


@pytest.mark.parametrize("service", SERVICES)
def test_j3_j4_no_member_is_empty(service: str) -> None:
    assert list(empties(answer(service))) == []
    assert list(empties(strict(client().get("/cds-services").get_data()))) == []


def test_j3_only_cards_may_be_empty() -> None:
    assert list(empties(answer("itp-patient-view", call(platelets(250))))) == [".cards"]


@pytest.mark.parametrize("body", [b'{"a":1,}', b"{/* c */}", b'{"a":1 // c\n}'])
def test_j5_comments_and_trailing_commas_are_refused(body: bytes) -> None:
    assert post(body).status_code == 400


def test_j6_extensions_are_objects_with_reversed_domain_names() -> None:
    found = answer("itp-patient-view")
    for one in (found, *found["cards"]):
        assert isinstance(one["extension"], dict)
        assert all(name.startswith("org.platelet-hooks.") for name in one["extension"])


@pytest.mark.parametrize("service", SERVICES)
def test_j7_extensions_and_unknown_members_do_no_harm(service: str) -> None:
    body = good(service) | {"extension": {"com.example.x": {"a": [1]}}, "somethingNew": {"a": 1}}
    body["context"] |= {"extension": {"a": 1}, "new": [1]}
    assert len(answer(service, body)["cards"]) == len(answer(service)["cards"]) > 0
