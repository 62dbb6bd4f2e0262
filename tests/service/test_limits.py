"""What a request may cost: every limit below, at and above itself."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.config_file import Limits
from cds_service.errors import Refused
from cds_service.fhir.references import LONGEST_ID
from cds_service.routes import bodies
from cds_service.routes.bodies import LARGE_BYTES, LargeBodies
from cds_service.settings import Settings
from tests.service.build import Json
from tests.service.hook_calls import CARD, bundle, call, cause, clock, nosebleed, platelets

PATH = "/cds-services/itp-patient-view"


def client(**limits: int) -> FlaskClient:
    """A service with these limits."""
    return create_app(Settings(limits=Limits(**limits), log_level="error"), clock).test_client()


def nested(levels: int) -> Any:
    """An array in an array and so on."""
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


def in_a_resource(levels: int) -> Json:
    """A member that nobody reads, in the deepest place of a prefetch."""
    around = ("the body", "prefetch", "the Bundle", "its entries", "an entry", "the resource")
    return call(platelets(200, unread=nested(levels - len(around))))


def in_an_extension(levels: int) -> Json:
    """The same outside of the prefetch."""
    return {"extension": {"com.example": nested(levels - 2)}} | call(platelets(200))


@pytest.mark.parametrize("make", [in_a_resource, in_an_extension])
@pytest.mark.parametrize(("beyond", "status"), [(-1, 200), (0, 200), (1, 400), (60, 400)])
def test_depth(make: Any, beyond: int, status: int) -> None:
    body = make(20 + beyond)
    assert depth_of(body) == 20 + beyond
    answer = client(depth=20).post(PATH, json=body)
    assert answer.status_code == status
    if status == 400:
        assert cause(answer) == "too-deep"


def test_brackets_in_texts_are_no_depth() -> None:
    body = call(platelets(200, note=[{"text": "[{" * 5_000}]))
    assert client(depth=20).post(PATH, json=body).status_code == 200


@pytest.mark.parametrize(("number", "status"), [(4, 200), (5, 200), (6, 413)])
@pytest.mark.parametrize("ordinary", [True, False])
def test_entries(number: int, status: int, ordinary: bool) -> None:
    some = [platelets(200, f"p{one}") for one in range(number)]
    if not ordinary:  # a type that nobody reads is opened entry by entry, and counts
        some[-1] = {"resourceType": "Practitioner", "id": "x"}
    answer = client(entries=5).post(
        PATH, json=call() | {"prefetch": call()["prefetch"] | {"platelets": bundle(*some)}}
    )
    assert answer.status_code == status
    if status == 413:
        assert cause(answer) == "too-many-entries"


@pytest.mark.parametrize("of", ["draftOrders", "selections"])
@pytest.mark.parametrize(("number", "status"), [(20, 200), (21, 413)])
def test_entries_of_an_order_hook(of: str, number: int, status: int) -> None:
    drafts = {"entry": [{}] * number} if of == "draftOrders" else {}
    selections = ["MedicationRequest/a"] * number if of == "selections" else []
    asked = call()
    asked |= {
        "hook": "order-select",
        "context": asked["context"] | {"draftOrders": drafts, "selections": selections},
    }
    answer = client(entries=20).post("/cds-services/itp-order-select", json=asked)
    assert answer.status_code == status
    if status == 413:
        assert cause(answer) == "too-many-entries"
        told = json.loads(answer.data)["issue"][0]["details"]["text"]
        assert told == f"context.{of}: expected 20 entries at most"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("beyond", "status"), [(-1, 200), (0, 200), (1, 413), (100_000, 413)])
def test_body_bytes(beyond: int, status: int, chunked: bool) -> None:
    content = json.dumps(call(platelets(200))).encode()
    limit = len(content) + 500
    content += b" " * (limit + beyond - len(content))
    options: dict[str, Any] = {"data": content, "content_type": "application/json"}
    if chunked:  # as servers hand over a body without Content-Length
        options |= {"environ_overrides": {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}}
    answer = client(body_bytes=limit).post(PATH, **options)
    assert answer.status_code == status
    if status == 413:
        assert cause(answer) == "too-large"


def deciding() -> tuple[Json, int]:
    """A call, and the number of resources that its cards rest on."""
    body = call(platelets(22), platelets(30, "older", "2026-06-14T08:00:00Z"), nosebleed())
    answer = client().post(PATH, json=body).get_json()
    inputs = (one for card in answer["cards"] for one in card["extension"][CARD]["inputs"])
    return body, len({one["reference"] for one in inputs if "reference" in one})


@pytest.mark.parametrize(("beyond", "status"), [(8, 200), (0, 200), (-1, 413)])
def test_validated_resources(beyond: int, status: int) -> None:
    body, number = deciding()
    settings = Settings(log_level="error")
    limits = settings.limits.model_copy(update={"validated": number + beyond})
    answer = (
        create_app(settings.model_copy(update={"limits": limits}), clock).test_client().post(PATH, json=body)
    )
    assert answer.status_code == status
    if status == 413:
        assert cause(answer) == "too-many-deciding"


@pytest.mark.parametrize(
    ("written", "is_read"),
    [
        ("22", True),
        ("22.0", True),
        ("2.2e1", True),
        ("22." + "0" * 29, True),
        ("22." + "0" * 31, False),
        ("22e30", False),
        ("1E1000000", False),
        ("1E-1000000", False),
        ("-1E1000000", False),
        ("9" * 400, False),
        ("1e" + "9" * 40, False),
    ],
)
def test_numbers_are_exact_or_not_read_and_never_dear(written: str, is_read: bool) -> None:
    content = json.dumps(call(platelets(424242), nosebleed())).encode()
    answer = client().post(
        PATH, data=content.replace(b"424242", written.encode()), content_type="application/json"
    )
    assert answer.status_code == 200
    rules = [card["extension"][CARD]["rules"] for card in answer.get_json()["cards"]]
    assert ("TRF-02" in rules[0]) is is_read
    if not is_read:  # never passed over in silence
        assert any("DATA-08" in one or "DATA-04" in one for one in rules)


@pytest.mark.parametrize(("length", "status"), [(511, 200), (512, 200), (513, 400)])
@pytest.mark.parametrize("member", ["hookInstance"])
def test_texts_of_a_call(member: str, length: int, status: int) -> None:
    answer = client().post(PATH, json=call(platelets(200), **{member: "x" * length}))
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("length", "is_read"), [(LONGEST_ID - 1, True), (LONGEST_ID, True), (LONGEST_ID + 1, False)]
)
def test_ids(length: int, is_read: bool) -> None:
    """An id that is longer is no name: its resource is told by its place."""
    body = call(platelets(200, "x" * length, subject={"reference": "Patient/other"}), platelets(210))
    [told] = (
        client().post(PATH, json=body).get_json()["extension"]["org.platelet-hooks.evaluation"]["rejected"]
    )
    assert (told["resource"] == f"Observation/{'x' * length}") is is_read


def test_a_megabyte_of_text_in_every_place_costs_nothing() -> None:
    long = "x" * 300_000
    count = platelets(
        22, note=[{"text": long}], code={"coding": [{"system": long, "code": long}], "text": long}
    )
    body = call(count, platelets(22, "usual"), nosebleed(code={"text": long}))
    answer = client().post(PATH, json=body)
    assert answer.status_code == 200
    assert len(answer.data) < 100_000


# ------------------------------------------------------------------------------------------ large bodies at a time


def large(beyond: int) -> bytes:
    return b" " * (LARGE_BYTES + beyond)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_large_bodies_at_a_time(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WAIT_SECONDS", 0.05)
    rooms, release, inside = LargeBodies(most), threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        with rooms.room_for(large(1)):
            inside.release()
            release.wait(10)

    holders = [threading.Thread(target=hold) for _ in range(most)]
    for one in holders:
        one.start()
        inside.acquire()
    with pytest.raises(Refused) as refused, rooms.room_for(large(1)):
        pass
    assert refused.value.code == "busy"
    assert refused.value.headers["Retry-After"]
    with rooms.room_for(large(0)):  # what is not large needs no room
        pass
    release.set()
    for one in holders:
        one.join()
    with rooms.room_for(large(1)):
        pass


def test_a_large_body_that_is_refused_gives_its_room_back() -> None:
    service = client(large_bodies=1, body_bytes=4 * LARGE_BYTES)
    for _ in range(3):
        answer = service.post(PATH, data=large(10) + b"{", content_type="application/json")
        assert (answer.status_code, cause(answer)) == (400, "not-json")
