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


def test_space_around_a_resource_is_no_fault() -> None:
    assert afresh(b" \n" + json.dumps(COUNT).encode() + b"\n") is None


@pytest.mark.parametrize(
    "doubled", ['"status":"final","status":"final"', '"status":"final","note":[{"text":"a","text":"b"}]']
)
def test_a_member_that_stands_twice_is_no_value(doubled: str) -> None:
    """Which of the two was meant cannot be told."""
    text = json.dumps(COUNT).replace('"status": "final"', doubled)
    assert invalid_reason(text.encode()) == "not valid FHIR R4: a member stands twice in the same object"


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


def afresh(raw: bytes) -> str | None:
    """The reason where nothing is remembered."""
    validate._valid.clear()
    validate._valid_outlines.clear()
    return invalid_reason(raw)


@given(st.dictionaries(st.sampled_from([*WHOLE, "valueString", "component"]), VALUES, max_size=4))
def test_what_is_remembered_changes_no_reason(members: dict[str, Any]) -> None:
    """Members that were found valid before, in another resource, or under another name."""
    raw = json.dumps({**WHOLE, **members}).encode()
    fresh = afresh(raw)
    assert afresh(json.dumps(WHOLE).encode()) is None
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
    assert afresh(raw) is None
    members, new = validate._told_apart(WHOLE, validate._MEMBERS.decode(raw))
    assert new == []
    assert all(
        members[name] == validate._stand_in(kind) for name, kind in validate._AGAIN["Observation"].items()
    )


# ---------------------------------------------------------------------------------------- resources that are alike

DATED = json.dumps(
    {
        **WHOLE,
        "id": "HERE",
        "meta": {"versionId": "HERE", "lastUpdated": "HERE"},
        "identifier": [{"value": "HERE"}],
        "subject": {"reference": "HERE"},
        "effectiveDateTime": "HERE",
        "issued": "HERE",
        "valueQuantity": {"value": "HERE"},
        "note": [{"id": "HERE", "time": "HERE", "text": "HERE"}],
        "contained": [{"resourceType": "Patient", "birthDate": "HERE", "id": "HERE"}],
    }
)
"""A resource with a place for each kind of what resources have of their own."""
PLAIN = (
    '"o-1.A"',
    f'"{"a" * 64}"',
    '"Patient/p-1"',
    '"Observation/p-1"',
    '"2026-06-15T10:00:00Z"',
    '"1931-01-28T23:59:59.123456+13:45"',
    '"2026-06-15"',
    "22",
    "-0.5",
    "0",
)
ODD = (
    f'"{"a" * 65}"',
    '"a_b"',
    '"\\u0000"',
    '"Patient/a_b"',
    '"http://ehr.test/Patient/p1"',
    '"2026-02-30T10:00:00Z"',
    '"2026-06-15T10:00:00"',
    '"2026-02-29"',
    '"2026"',
    "22.0e1",
    "1E999",
    '"22"',
    "null",
    "{}",
)


def written(values: list[str]) -> bytes:
    text = DATED
    for value in values:
        text = text.replace('"HERE"', value, 1)
    return text.encode()


TEXTS = st.lists(st.sampled_from(PLAIN + ODD), min_size=13, max_size=13).map(written)
LIKELY = (0, 2, 7, 0, 4, 0, 4, 4, 0, 4, 0, 6, 0)


def mostly_valid(other: str, places: list[int]) -> bytes:
    """Each place has what belongs there, but those of `places`."""
    values = [PLAIN[number] for number in LIKELY]
    for place in places:
        values[place] = other
    return written(values)


NEARLY = st.builds(
    mostly_valid,
    st.sampled_from(PLAIN + ODD),
    st.lists(st.integers(0, len(LIKELY) - 1), max_size=2),
)


@given(NEARLY | TEXTS, NEARLY)
def test_a_resource_that_is_like_a_valid_one_is_judged_as_by_itself(one: bytes, other: bytes) -> None:
    """Whatever stands in the place of an id, a time or a quantity."""
    expected = afresh(other)
    afresh(one)
    assert invalid_reason(other) == expected


def test_one_that_differs_in_what_is_its_own_is_not_validated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [PLAIN[number] for number in LIKELY]
    assert afresh(written(values)) is None
    monkeypatch.delattr(validate, "_model")
    values[0], values[1], values[2], values[6] = '"o-2"', '"Patient/p2"', "7.25", '"2025-12-31T00:00:00Z"'
    assert invalid_reason(written(values)) is None


def test_outlines_are_bounded_and_hold_no_text() -> None:
    for number in range(validate._REMEMBERED + 10):
        validate._valid_outlines.add(number.to_bytes(16, "big"))
    assert reason(note=[{"text": "a word of the record"}]) is None
    assert {len(one) for one in validate._valid_outlines} == {16}
    assert len(validate._valid_outlines) <= validate._REMEMBERED
