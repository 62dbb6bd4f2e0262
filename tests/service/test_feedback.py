"""`POST /cds-services/{id}/feedback` (contract section 4): what is read, what is kept, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from cds_service.discovery import SERVICES
from cds_service.feedback.entries import Entry, read_feedback
from cds_service.feedback.keeping import NO_REASON, OTHER, keep_feedback, reason_key
from cds_service.memory import CalledBy
from cds_service.published_codes import OVERRIDE_REASONS, reason_coding
from tests.service.build import NOW, Json
from tests.service.hook_calls import call, cause, nosebleed, platelets, said
from tests.service.memory_calls import HL7, Running, accepted, overridden, started

BODY = call(platelets(22), nosebleed())
COMMENT = "Discussed with the family of room nine"


@pytest.fixture
def service(tmp_path: Path) -> Running:
    return started(tmp_path)


def test_every_service_takes_feedback(service: Running) -> None:
    for row in SERVICES:
        assert service.send(overridden(str(uuid4())), service=row.id).status_code == 200
    assert [entry["service"] for entry in service.rows("feedback")] == [row.id for row in SERVICES]


@pytest.mark.parametrize("path", ["{}/feedback/", "/{}/feedback", "{}//feedback"])
def test_doubled_and_trailing_slashes(service: Running, path: str) -> None:
    url = "/cds-services/" + path.format("itp-patient-view")
    response = service.client.post(url, json={"feedback": [overridden(str(uuid4()))]})
    assert response.status_code == 200


def test_an_accepted_suggestion_is_kept_by_its_number(service: Running) -> None:
    card = service.call(BODY)[0]
    last = card["suggestions"][-1]["uuid"]
    assert service.send(accepted(card["uuid"], last.upper())).status_code == 200
    (kept,) = service.rows("feedback")
    assert (kept["outcome"], kept["accepted"], bool(kept["matched"]), kept["reason"]) == (
        "accepted", str(len(card["suggestions"]) - 1), True, "",
    )  # fmt: skip
    assert last not in str(kept)


def test_a_suggestion_that_the_card_does_not_have_is_no_reason_to_refuse(service: Running) -> None:
    card = service.call(BODY)[0]
    assert service.send(accepted(card["uuid"])).status_code == 200
    assert service.rows("feedback")[0]["accepted"] == ""


def test_what_was_answered_with_200_is_on_disk(service: Running, tmp_path: Path) -> None:
    card = service.call(BODY)[0]["uuid"]
    assert service.send(overridden(card)).status_code == 200
    # Another process, nothing flushed or closed here.
    assert [entry["card"] for entry in started(tmp_path).rows("feedback")] == [card]


def test_the_same_entry_again_is_stored_once(service: Running) -> None:
    card = service.call(BODY)[0]["uuid"]
    entry = overridden(card, reason="action-completed")
    assert service.send(entry, entry).status_code == 200
    assert service.send(entry).status_code == 200
    assert len(service.rows("feedback")) == 1
    offset = entry | {"outcomeTimestamp": "2026-06-15T14:00:00+02:00"}  # the same moment
    assert service.send(offset).status_code == 200
    assert len(service.rows("feedback")) == 1


def test_several_outcomes_of_a_card_over_time(service: Running) -> None:
    card = service.call(BODY)[0]["uuid"]
    later = datetime(2026, 6, 15, 13, tzinfo=UTC)
    assert service.send(overridden(card)).status_code == 200
    assert service.send(overridden(card, later), accepted(card, at=later)).status_code == 200
    assert len(service.rows("feedback")) == 3


def test_an_unknown_card_is_kept_unmatched(service: Running) -> None:
    card = str(uuid4())
    assert service.send(overridden(card)).status_code == 200
    (kept,) = service.rows("feedback")
    assert (kept["card"], bool(kept["matched"])) == (card, False)


@pytest.mark.parametrize("reason", OVERRIDE_REASONS)
def test_a_reason_that_cards_offer_is_kept_by_our_key(reason: str) -> None:
    coding = reason_coding(reason, "https://cds.example.org")
    entry = Entry("c", "overridden", NOW, reason=(coding.system, coding.code))
    assert reason_key(entry) == reason


def test_other_reasons_are_not_kept_by_their_text() -> None:
    assert reason_key(Entry("c", "overridden", NOW, reason=("urn:x", "Mrs Doe declined"))) == OTHER
    assert reason_key(Entry("c", "overridden", NOW, reason=("urn:x", "action-completed"))) == OTHER
    assert reason_key(Entry("c", "overridden", NOW, comment="x")) == OTHER
    assert reason_key(Entry("c", "overridden", NOW)) == NO_REASON
    assert reason_key(Entry("c", "accepted", NOW)) == ""


@pytest.mark.parametrize(("comments", "kept"), [(False, None), (True, COMMENT)])
def test_a_comment_is_kept_only_where_the_client_entry_allows_it(
    service: Running, comments: bool, kept: str | None
) -> None:
    caller = CalledBy("itp-patient-view", "general", comments=comments)
    entry = Entry(str(uuid4()), "overridden", NOW, comment=COMMENT)
    keep_feedback([entry], service.memory, caller, NOW)
    (row,) = service.rows("feedback")
    assert (row["comment"], row["reason"]) == (kept, OTHER)
    if not comments:
        assert COMMENT not in str(row)


def test_a_comment_of_a_caller_without_an_entry_is_not_kept(service: Running) -> None:
    entry = overridden(str(uuid4())) | {"overrideReason": {"userComment": COMMENT}}
    assert service.send(entry).status_code == 200
    assert service.rows("feedback")[0]["comment"] is None


def test_the_card_of_another_service_is_refused(service: Running) -> None:
    card = service.call(BODY)[0]["uuid"]
    response = service.send(overridden(str(uuid4())), overridden(card), service="itp-order-select")
    assert response.status_code == 400
    assert said(response) == ["Entry 2 (feedback[1]): card: not a card of this service and client"]
    assert service.rows("feedback") == []


def test_the_card_of_another_client_is_refused(service: Running) -> None:
    from cds_service.errors import Refused

    card = service.call(BODY)[0]["uuid"]
    other = CalledBy("itp-patient-view", "another-hospital")
    with pytest.raises(Refused) as refused:
        keep_feedback([Entry(card, "overridden", NOW)], service.memory, other, NOW)
    assert refused.value.status == 400
    assert service.rows("feedback") == []


GOOD = overridden("0c4f7c1e-8f0d-4a8e-9d4c-6d4b4f0f6a11")
WRONG: list[tuple[str, Json | list[Any] | str, str]] = [
    ("not an object", "x", "expected an object"),
    ("no card", {"card": None}, "card is required"),
    ("card no uuid", {"card": "Jane Doe"}, "card: expected the uuid of a card"),
    ("card a number", {"card": 5}, "card: expected the uuid of a card"),
    ("no outcome", {"outcome": None}, "outcome is required"),
    ("other outcome", {"outcome": "ignored"}, "outcome: expected accepted or overridden"),
    ("no time", {"outcomeTimestamp": None}, "outcomeTimestamp is required"),
    ("a day", {"outcomeTimestamp": "2026-06-15"}, "outcomeTimestamp: expected a time"),
    ("no time at all", {"outcomeTimestamp": "yesterday"}, "outcomeTimestamp: expected a time"),
    ("no such day", {"outcomeTimestamp": "2026-02-30T10:00:00Z"}, "outcomeTimestamp: expected a time"),
    ("end of time", {"outcomeTimestamp": "9999-12-31T23:59:59-14:00"}, "outcomeTimestamp: expected a time"),
    ("accepted nothing", {"outcome": "accepted"}, "acceptedSuggestions: expected the id"),
    ("empty list", {"outcome": "accepted", "acceptedSuggestions": []}, "acceptedSuggestions: expected"),
    ("bare ids", {"outcome": "accepted", "acceptedSuggestions": ["a"]}, "acceptedSuggestions: expected"),
    ("empty reason", {"overrideReason": {}}, "overrideReason: expected reason, userComment or both"),
    ("reason a text", {"overrideReason": "busy"}, "overrideReason: expected reason"),
    ("no code", {"overrideReason": {"reason": {"system": HL7}}}, "overrideReason.reason: expected a coding"),
    ("long comment", {"overrideReason": {"userComment": "x" * 4001}}, "overrideReason.userComment: expected"),
]


@pytest.mark.parametrize(("change", "expected"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wrong_entry_is_named_by_its_number_and_nothing_is_stored(
    service: Running, change: Any, expected: str
) -> None:
    bad = change if isinstance(change, str) else {k: v for k, v in (GOOD | change).items() if v is not None}
    response = service.send(GOOD, GOOD, bad)
    assert response.status_code == 400
    (line,) = said(response)
    assert line.startswith(f"Entry 3 (feedback[2]): {expected}")
    assert "Jane" not in line
    assert service.rows("feedback") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "not-json"),
        (b"[]", "not-json"),
        (b"", "not-json"),
        (b"\xff", "not-json"),
        (b"{}", "missing-member"),
        (b'{"feedback": null}', "missing-member"),
        (b'{"feedback": {}}', "invalid-member"),
        (b'{"feedback": []}', "invalid-member"),
        (b'{"card": "x", "outcome": "accepted"}', "missing-member"),  # as in CDS Hooks 1.1
        (b'{"feedback": ' + b"[" * 70 + b"]" * 70 + b"}", "too-deep"),
        (b'{"feedback": [' + b"{}," * 1000 + b"{}]}", "invalid-member"),
    ],
)
def test_a_body_that_is_no_feedback(service: Running, body: bytes, code: str) -> None:
    response = service.client.post(
        "/cds-services/itp-patient-view/feedback", data=body, content_type="application/json"
    )
    assert (response.status_code, cause(response)) == (400, code)


def test_other_refusals(service: Running) -> None:
    url = "/cds-services/itp-patient-view/feedback"
    assert service.send(GOOD, service="no-such-service").status_code == 404
    assert service.client.post(url, data=b"{}", content_type="text/plain").status_code == 415
    response = service.client.get(url)
    assert (response.status_code, set(response.headers["Allow"].split(", "))) == (405, {"POST", "OPTIONS"})


def test_without_a_store_the_client_is_told_to_come_again() -> None:
    service = started(Path("/proc/nowhere"), database_url=SecretStr("postgresql://127.0.0.1:1/x"))
    response = service.send(GOOD)
    assert (response.status_code, cause(response)) == (503, "store-unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_times_are_read_as_moments() -> None:
    def read(text: str) -> datetime:
        body = b'{"feedback": [{"card": "0c4f7c1e-8f0d-4a8e-9d4c-6d4b4f0f6a11", "outcome": "overridden", '
        return read_feedback(body + b'"outcomeTimestamp": "%s"}]}' % text.encode(), 64)[0].at

    noon = datetime(2026, 6, 15, 12, tzinfo=UTC)
    for text in ("2026-06-15T12:00:00Z", "2026-06-15t12:00:00z", "2026-06-15T12:00:00.000Z", "2026-06-15T12:00Z",
                 "2026-06-15T14:00:00+02:00", "2026-06-15T12:00:00"):  # fmt: skip
        assert read(text) == noon, text
