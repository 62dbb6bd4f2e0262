"""F: feedback (CDS Hooks 3.0)."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.conformance.clauses import good
from tests.service.build import Json
from tests.service.memory_calls import Running, accepted, overridden, started

SERVICE = "itp-patient-view"


@pytest.fixture
def service(tmp_path: Path) -> Running:
    return started(tmp_path)


@pytest.fixture
def card(service: Running) -> Json:
    return service.call(good(SERVICE))[0]


def test_f1_an_array_of_entries_below_the_service(service: Running) -> None:
    assert service.send(overridden(str(uuid4()))).status_code == 200
    bare = service.client.post(f"/cds-services/{SERVICE}/feedback", json=overridden(str(uuid4())))
    assert bare.status_code == 400


def test_f2_accepted_with_its_suggestions(service: Running, card: Json) -> None:
    assert service.send(accepted(card["uuid"], card["suggestions"][0]["uuid"])).status_code == 200
    without = {name: one for name, one in accepted(card["uuid"]).items() if name != "acceptedSuggestions"}
    assert service.send(without).status_code == 400


def test_f3_a_reason_a_comment_or_both(service: Running, card: Json) -> None:
    offered = {name: card["overrideReasons"][0][name] for name in ("code", "system")}  # display is optional
    reason, comment = {"reason": offered}, {"userComment": "Nicht nötig — 患者 stable"}
    for given in (None, reason, comment, reason | comment):
        entry = overridden(card["uuid"]) | ({} if given is None else {"overrideReason": given})
        assert service.send(entry).status_code == 200
    assert service.send(overridden(card["uuid"]) | {"overrideReason": {}}).status_code == 400


def test_f4_several_entries_and_the_same_card_again(service: Running, card: Json) -> None:
    first, then = overridden(card["uuid"]), accepted(card["uuid"])
    assert service.send(first, then, overridden(str(uuid4()))).status_code == 200
    assert service.send(first).status_code == 200
