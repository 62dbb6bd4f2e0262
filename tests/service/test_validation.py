"""What the cards rest on is valid FHIR, or is set aside and the decision made again."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir import validate
from tests.service.build import Json
from tests.service.hook_calls import CARD, EVALUATION, call, cards, nosebleed, platelets, post, rules

INVALID = {"interpretation": [{"bogus": "x"}]}
"""A member that R4 does not have, in a part that is decoded by its known members only."""


def explained(body: Json) -> Any:
    return post(body).get_json()["extension"][EVALUATION]


def rejected(body: Json) -> dict[str, str]:
    return {one["resource"]: one["reason"] for one in explained(body).get("rejected", [])}


def references(body: Json) -> set[str]:
    return {
        i["reference"] for card in cards(body) for i in card["extension"][CARD]["inputs"] if "reference" in i
    }


def test_valid_resources_stand() -> None:
    body = call(platelets(22), nosebleed())
    assert {"Observation/plt", "Condition/nose"} <= references(body)
    assert rejected(body) == {}


def test_an_invalid_finding_is_set_aside_and_the_rest_decides() -> None:
    body = call(platelets(22), nosebleed(severity={"bogus": 1}))
    assert rejected(body).keys() == {"Condition/nose"}
    assert "Condition/nose" not in references(body)
    assert "TRF-02" not in [ids[0] for ids in rules(body)]


def test_a_reason_names_the_member_never_the_value() -> None:
    [reason] = rejected(call(platelets(22), nosebleed(recordedDate="Jane Doe was here"))).values()
    assert reason
    assert "Jane" not in reason


def test_an_invalid_newest_count_is_never_passed_over_in_silence() -> None:
    older = platelets(60, "older", "2026-06-15T06:00:00Z")
    newest = platelets(22, "newest", "2026-06-15T08:00:00Z", **INVALID)
    body = call(older, newest, nosebleed())
    assert "Observation/newest" in rejected(body)
    assert any("DATA-08" in ids for ids in rules(body))
    assert not any(
        ids[0] in ("TRF-02", "TRF-10") for ids in rules(body)
    )  # nothing is decided by the older number


def test_an_invalid_older_count_does_not_stop_the_newest() -> None:
    older = platelets(60, "older", "2026-06-10T06:00:00Z", **INVALID)
    body = call(older, platelets(22), nosebleed())
    assert "TRF-02" in [ids[0] for ids in rules(body)]


def test_many_invalid_resources_are_all_set_aside() -> None:
    names = [f"p{number}" for number in range(60)]
    counts = [
        platelets(20 + number, name, f"2026-06-{14 - number // 20:02}T{number % 20:02}:00:00Z", **INVALID)
        for number, name in enumerate(names)
    ]
    body = call(*counts, platelets(22), nosebleed())
    invalid = {f"Observation/{name}" for name in names}
    reported = set(rejected(body)) & invalid
    assert reported
    assert references(body) & invalid <= reported  # named as one that could not be read, never by number


def test_only_what_cards_rest_on_is_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    real = validate.invalid_reason

    def counted(raw: Any) -> str | None:
        seen.append(bytes(raw))
        return real(raw)

    monkeypatch.setattr("cds_service.validation.invalid_reason", counted)
    many = [platelets(200, f"old{n}", f"2026-01-01T{n % 24:02}:00:00Z") for n in range(30)]
    body = call(*many, platelets(22), nosebleed())
    used = references(body)
    assert 0 < len(seen) <= len(used)
    assert len(seen) == len(set(seen))
