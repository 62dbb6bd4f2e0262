"""D: discovery, and P1 to P8: the templates."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conformance.clauses import good, strict
from tests.service.hook_calls import client, post

KNOWN = {
    "hook",
    "title",
    "description",
    "id",
    "prefetch",
    "usageRequirements",
    "version",
    "hookVersion",
    "extension",
}


def discovered() -> list[dict[str, Any]]:
    response = client().get("/cds-services", headers={"Accept": "application/json"})
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    found: list[dict[str, Any]] = strict(response.get_data())["services"]
    return found


def test_d1_d2_discovery_is_there_and_has_services() -> None:
    assert len(discovered()) == 4


def test_d1_a_trailing_slash_is_the_same_place() -> None:
    assert client().get("/cds-services/").get_data() == client().get("/cds-services").get_data()


@pytest.mark.parametrize("member", ["hook", "description", "id", "title", "usageRequirements"])
def test_d3_to_d9_texts(member: str) -> None:
    assert all(isinstance(one[member], str) and one[member].strip() for one in discovered())


def test_d5_the_id_is_the_last_part_of_the_address() -> None:
    for one in discovered():
        assert re.fullmatch(r"[a-z-]+", one["id"])
        assert post(good(one["id"]), one["id"]).status_code == 200


def test_d7_d8_versions_of_the_specification_and_of_the_hook() -> None:
    assert {(one["version"], one["hookVersion"]) for one in discovered()} == {("3.0.0", "1.0")}


def test_d10_prefetch_is_texts_by_key() -> None:
    for one in discovered():
        assert one["prefetch"]
        assert all(isinstance(template, str) and template for template in one["prefetch"].values())


def test_d11_ids_and_hooks_are_unique() -> None:
    assert len({one["id"] for one in discovered()}) == len({one["hook"] for one in discovered()}) == 4


def test_d13_discovery_is_stable_and_holds_nothing_else() -> None:
    assert discovered() == discovered()
    assert all(set(one) <= KNOWN for one in discovered())


def test_d14_hooks_are_published_ones() -> None:
    assert {one["hook"] for one in discovered()} == {
        "patient-view",
        "order-select",
        "order-sign",
        "encounter-discharge",
    }


def test_p1_to_p6_tokens_are_fields_that_every_client_resolves() -> None:
    for one in discovered():
        for template in one["prefetch"].values():
            is_stay = template.startswith("Encounter/")  # of encounter-discharge, which requires encounterId
            token = "context.encounterId" if is_stay else "context.patientId"
            assert re.findall(r"\{\{(.*?)\}\}", template) == [token]
            assert one["hook"] == "encounter-discharge" or not is_stay
            assert not re.search(r"[{}]", re.sub(r"\{\{.*?\}\}", "", template))


def test_p7_p8_reads_and_searches_of_the_recommended_kind() -> None:
    for one in discovered():
        for template in one["prefetch"].values():
            path, _, query = template.partition("?")
            assert re.fullmatch(r"[A-Z][A-Za-z]+(/\{\{context\.(patient|encounter)Id\}\})?", path)
            names = [part.partition("=")[0] for part in query.split("&")] if query else []
            assert len(names) == len(set(names))
            assert all(re.fullmatch(r"[a-z]+|_sort|_count", name) for name in names)
