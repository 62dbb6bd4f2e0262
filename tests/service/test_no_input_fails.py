"""No input whatever gives a 5xx: calls and resources are bent out of shape, and every answer stays in the protocol."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.service.build import HL7, Json, concept, resource
from tests.service.hook_calls import SERVICES, bundle, call, draft, nosebleed, platelets, post

NAMES = st.sampled_from(
    [
        "resourceType",
        "id",
        "code",
        "coding",
        "system",
        "status",
        "subject",
        "reference",
        "entry",
        "resource",
        "value",
    ]
)
ODD = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        1e308,
        10**40,
        "",
        " ",
        "x",
        "Patient/p1",
        "urn:uuid:1",
        "#m1",
        "9999-12-31",
        "2026-02-30",
        "2026-06-15T08:00:00",
        "0001-01-01T00:00:00Z",
        "<script>",
        "\x00",
        "\ud7ff",
        "10*9/L",
        [],
        {},
        [None],
        [[]],
        {"": None},
    ]
)
JSON = st.recursive(
    ODD | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def whole_call(hook: str) -> Json:
    """A call with something of everything."""
    active = concept((HL7 + "condition-clinical", "active"))
    drug = concept(("http://www.nlm.nih.gov/research/umls/rxnorm", "5640"))
    body = call(
        platelets(
            22,
            referenceRange=[{"low": {"value": 150}}],
            interpretation=[concept((HL7 + "v3-ObservationInterpretation", "L"))],
        ),
        platelets(31, "older", "2026-06-12"),
        nosebleed(severity=concept(("http://snomed.info/sct", "24484000"))),
        resource(
            "Condition",
            "ebv",
            clinicalStatus=active,
            code=concept(("http://hl7.org/fhir/sid/icd-10-cm", "B27.00")),
        ),
        resource(
            "AllergyIntolerance",
            "al",
            clinicalStatus=concept((HL7 + "allergyintolerance-clinical", "active")),
            code=drug,
        ),
        resource(
            "MedicationRequest",
            "mr",
            status="active",
            intent="order",
            medicationCodeableConcept=drug,
            authoredOn="2026-06-14",
            dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "2026-06-14"}}}}],
        ),
        resource(
            "Encounter",
            "enc",
            status="in-progress",
            **{"class": {"code": "IMP"}},
            period={"start": "2026-06-14"},
        ),
        resource(
            "Procedure",
            "pr",
            status="completed",
            code=concept(("http://snomed.info/sct", "12719002")),
            performedDateTime="2026-06-14",
        ),
        resource(
            "ServiceRequest",
            "sr",
            status="active",
            intent="order",
            code=concept(("http://loinc.org", "58410-2")),
        ),
        hook=hook,
    )
    if "draftOrders" in body["context"]:
        body["context"]["draftOrders"] = bundle(
            draft(dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": 400}}]}])
        )
    return body


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a tree, the root left out."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [place for key, one in inside for place in ((*path, key), *places(one, (*path, key)))]


BODIES = {hook: whole_call(hook) for hook in SERVICES}
PLACES = {hook: places(body) for hook, body in BODIES.items()}


def bent(body: Json, changes: list[tuple[tuple[Any, ...], Any]]) -> Json:
    """The body with other values in some places; a place that an earlier change took away is passed over."""
    whole = copy.deepcopy(body)
    for path, value in changes:
        inside: Any = whole
        try:
            for step in path[:-1]:
                inside = inside[step]
            inside[path[-1]] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue
    return whole


def check(response: Any) -> None:
    assert response.status_code in (200, 400, 412, 413)
    body = json.loads(response.get_data())
    if response.status_code == 200:
        assert isinstance(body["cards"], list)
        for card in body["cards"]:
            assert 0 < len(card["summary"]) < 140
            assert "Traceback" not in card["detail"]
    else:
        assert body["resourceType"] == "OperationOutcome"


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, Json]:
    hook = draw(st.sampled_from(sorted(BODIES)))
    some = draw(st.lists(st.tuples(st.sampled_from(PLACES[hook]), JSON), min_size=1, max_size=4))
    return hook, bent(BODIES[hook], some)


def test_the_calls_are_good_before_they_are_bent() -> None:
    for hook, body in BODIES.items():
        response = post(body, f"itp-{hook}")
        assert response.status_code == 200
        assert response.get_json()["cards"]


@given(changed())
def test_bent_calls_and_resources(case: tuple[str, Json]) -> None:
    hook, body = case
    check(post(json.dumps(body).encode("utf-8", "surrogatepass"), f"itp-{hook}"))


@given(JSON)
def test_any_json_for_a_body(body: Any) -> None:
    response = post(json.dumps(body).encode())
    assert response.status_code == 400


@given(st.binary(max_size=60))
def test_any_bytes_for_a_body(body: bytes) -> None:
    assert post(body).status_code == 400


@given(st.lists(JSON, max_size=4))
def test_any_entries_in_a_bundle(entries: list[Any]) -> None:
    body = copy.deepcopy(BODIES["patient-view"])
    for key in body["prefetch"]:
        if key != "patient":
            body["prefetch"][key]["entry"] = [{"resource": one} for one in entries] + entries
    check(post(body))
