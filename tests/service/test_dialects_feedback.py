"""Feedback as Epic documents it: another member, and reasons of the site's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.dialects.epic_feedback import CATEGORY
from cds_service.errors import Refused
from cds_service.feedback.entries import Entry, read_feedback

CARD = "0c4d3f6e-6f0e-4c8e-9a3e-1b6a7d2f9c11"
REASON = {
    "code": "contraindicated",
    "display": "bad",
    "system": "http://example.org/CodeSystem/override-reasons",
}
TOLD = {
    CATEGORY: "45",
    "com.epic.cdshooks.feedback.overrideReason.reasonDisplay": "Does not meet criteria",
    "com.epic.cdshooks.feedback.overrideReason.reasonTitle": "Does not meet criteria",
}


def read(**members: Any) -> Entry:
    usual = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2022-05-19T19:44:04Z"}
    (entry,) = read_feedback(json.dumps({"feedback": [usual | members]}).encode(), 64)
    return entry


@pytest.mark.parametrize("member", ["overrideReason", "overrideReasons"])
def test_a_reason_under_either_name(member: str) -> None:
    entry = read(**{member: {"reason": REASON, "userComment": "User Entered Free Text"}})
    assert entry.reason == (REASON["system"], REASON["code"])
    assert entry.comment == "User Entered Free Text"


def test_a_reason_of_the_sites_own_is_kept_by_its_number() -> None:
    for members in ({"extension": TOLD}, {"extension": TOLD, "userComment": "User Entered Free Text"}):
        entry = read(overrideReasons=members)
        assert entry.reason == (CATEGORY, "45")
        assert "criteria" not in repr(entry)


def test_a_coding_goes_before_the_sites_own() -> None:
    assert read(overrideReasons={"reason": REASON, "extension": TOLD}).reason == (
        REASON["system"],
        REASON["code"],
    )


@pytest.mark.parametrize(
    "value", [{}, [], "x", {"extension": {}}, {"extension": []}, {"extension": {CATEGORY: 45}}]
)
def test_an_override_that_says_nothing_is_still_refused(value: Any) -> None:
    for member in ("overrideReason", "overrideReasons"):
        with pytest.raises(Refused):
            read(**{member: value})
