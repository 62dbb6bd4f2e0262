"""Full validation: reasons name the member and the kind of fault, never a value; nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.validate import invalid_reason, warm

COUNT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
    "subject": {"reference": "Patient/p1"},
    "valueQuantity": {"value": 22},
}


def reason(**members: Any) -> str | None:
    return invalid_reason(json.dumps({**COUNT, **members}).encode())


def test_a_valid_resource_has_no_reason_and_the_samples_are_valid() -> None:
    warm()
    assert reason() is None


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"referenceRange": [{"low": 5}]}, "referenceRange.low"),
        ({"effectiveDateTime": "2026-06-15T10:00:00"}, "effectiveDateTime"),
        ({"subject": {"reference": 5}}, "subject.reference"),
        ({"interpretation": {"text": "x"}}, "interpretation"),
        ({"valueString": "x"}, "the resource"),
        ({"id": "a_b"}, "id"),
        ({"DoeJane": 1}, "a member that R4 does not know"),
        ({"subject": {"DoeJane": 1}}, "subject has a member that R4 does not know"),
        ({"context": {"reference": "Encounter/1"}}, "a member that R4 does not know"),
        ({"contained": [{"resourceType": "DoeJane"}]}, "not valid FHIR R4"),
    ],
)
def test_a_fault_is_named_by_its_member(members: dict[str, Any], named: str) -> None:
    why = reason(**members)
    assert why is not None
    assert named in why
    assert "DoeJane" not in why


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{",
        '{"resourceType":["Observation"]}',
        '{"resourceType":"Nonsense"}',
        json.dumps(COUNT).replace("22", "1E1000000"),
        json.dumps(COUNT).replace("22", "NaN"),
        json.dumps(COUNT).replace("22", "-Infinity"),
        json.dumps(COUNT).replace("22", "9" * 5000),
        json.dumps(COUNT)[:-1] + ',"extension":' + '[{"url":"a","extension":' * 300 + "[]" + "}]" * 300 + "}",
    ],
)
def test_what_is_hostile_or_no_resource_is_invalid_and_never_an_error(text: str) -> None:
    assert invalid_reason(text.encode()) is not None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(COUNT)), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_no_json_raises(value: Any) -> None:
    body = {**COUNT, **value} if isinstance(value, dict) else value
    invalid_reason(json.dumps(body).encode())
