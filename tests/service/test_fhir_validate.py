"""Full validation: reasons name the member and the kind of fault, never a value; nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir import validate
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


# ------------------------------------------------------------------------------- members that are written again

CONCEPT = {
    "coding": [{"system": "http://loinc.org", "code": "777-3", "display": "Platelets"}],
    "text": "Platelets",
}
WHOLE: dict[str, Any] = {
    **COUNT,
    "category": [CONCEPT],
    "code": CONCEPT,
    "interpretation": [CONCEPT],
    "performer": [{"reference": "Organization/laboratory"}],
    "valueQuantity": {"value": 22, "unit": "10*9/L"},
    "referenceRange": [{"low": {"value": 150}, "high": {"value": 400}}],
}
VALUES = st.sampled_from(
    [
        *(value for name, value in WHOLE.items() if name != "id"),
        None,
        [],
        {},
        [None],
        {"text": 5},
        [{"text": "x"}],
        {"DoeJane": 1},
        "x",
        5,
    ]
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "valueString", "component"]), VALUES, max_size=4))
def test_what_is_remembered_changes_no_reason(members: dict[str, Any]) -> None:
    """Members that were found valid before, in another resource, or under another name."""
    raw = json.dumps({**WHOLE, **members}).encode()
    validate._valid.clear()
    fresh = invalid_reason(raw)
    assert invalid_reason(json.dumps(WHOLE).encode()) is None
    assert validate._valid
    assert invalid_reason(raw) == fresh


def test_a_member_that_is_null_is_not_taken_for_a_value() -> None:
    assert reason(valueQuantity=None) is None
    assert reason(valueQuantity=None, valueString="x") is None
    assert reason(valueQuantity={"value": 22}, valueString="x") is not None


def test_what_is_remembered_is_bounded_and_holds_no_text() -> None:
    for number in range(validate._REMEMBERED + 10):
        validate._valid.add(("Observation", "code", number.to_bytes(16, "big")))
    assert reason(code={"text": "a word of the record"}) is None
    assert len(validate._valid) <= validate._REMEMBERED
    assert all(len(digest) == 16 for _, _, digest in validate._valid)


def test_known_members_are_not_validated_again() -> None:
    raw = json.dumps(WHOLE).encode()
    assert invalid_reason(raw) is None
    members, new = validate._told_apart("Observation", validate._MEMBERS.decode(raw))
    assert new == []
    assert all(
        members[name] == validate._stand_in(kind) for name, kind in validate._AGAIN["Observation"].items()
    )
