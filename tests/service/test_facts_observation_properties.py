"""Properties of reading Observations: nothing raises, no count is lost, order and unit change nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cards.record import Answer, Kind, Record
from cds_service.facts import Settled, settle
from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.parse import Source, parse
from cds_service.hooks.context import Context
from cds_service.hooks.request import HookRequest
from tests.service.build import (
    LOINC,
    NOW,
    PATIENT,
    SERVER,
    TERMINOLOGY,
    Json,
    concept,
    observation,
    quantity,
    resource,
)

CONTEXT = Context(
    user_id="Practitioner/a", patient_id=PATIENT, encounter_id=None, selections=(), draft_orders=None
)
REQUEST = HookRequest("patient-view", "x", CONTEXT)
EVERY = frozenset(Kind)

SEEDS: Sequence[Json] = (
    observation(valueQuantity=quantity(22), referenceRange=[{"low": {"value": 150}, "high": {"value": 400}}]),
    observation("hb", concept((LOINC, "718-7")), valueQuantity=quantity(80, "g/L")),
    observation(
        "ns1",
        concept((LOINC, "75377-2")),
        valueString="positive",
        interpretation=[{"coding": [{"code": "POS"}]}],
    ),
    observation("rna", concept((LOINC, "38180-6")), valueQuantity=quantity(4.7, "log")),
    observation(
        "panel",
        concept((LOINC, "58410-2")),
        component=[{"code": concept((LOINC, "777-3")), "valueQuantity": quantity(80_000, "/uL")}],
        hasMember=[{"reference": "Observation/o"}],
        effectivePeriod={"start": "2026-06-14", "end": "2026-06-15"},
        specimen={"reference": "#s"},
        contained=[{"resourceType": "Specimen", "id": "s", "type": {"coding": [{"code": "x"}]}}],
    ),
    resource(
        "DiagnosticReport",
        "r",
        status="final",
        effectiveDateTime="2026-06-14",
        result=[{"reference": "Observation/o"}],
    ),
    resource("Patient", PATIENT, birthDate="1980-02-29", gender="male"),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "2026-06-15",
            "9999-12-31",
            "0000",
            "<",
            "final",
            "1E999999",
            "Patient/p1",
            "#s",
            "http://loinc.org",
            "777-3",
            "10*9/L",
        ]
    )
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def settle_all(texts: Sequence[bytes], kinds: frozenset[Kind] = EVERY) -> Settled:
    entries = [RawEntry(Raw(text)) for text in texts]
    parsed = parse([Source("all", kinds, entries)], PATIENT, SERVER)
    return settle(parsed, REQUEST, dict.fromkeys(Kind, Answer.ANSWERED), TERMINOLOGY, NOW)


def record_of(*resources: Json) -> Record:
    return settle_all([json.dumps(one).encode() for one in resources]).record


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A resource of the seeds, with members anywhere inside it replaced, removed or added."""
    whole: Json = json.loads(json.dumps(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(1, 4))):
        place: Any = whole
        while isinstance(place, dict) and place:
            name = draw(st.sampled_from(sorted(place)))
            inner = place[name]
            if isinstance(inner, list) and inner:
                inner = draw(st.sampled_from(inner))
            if isinstance(inner, dict) and inner and draw(st.booleans()):
                place = inner
                continue
            if draw(st.booleans()):
                place[name] = draw(ANYTHING)
            elif draw(st.booleans()):
                del place[name]
            else:
                place[draw(st.text(max_size=6))] = draw(ANYTHING)
            break
    return whole


@given(st.lists(mutated(), min_size=1, max_size=4))
def test_no_mutation_of_a_resource_raises_and_reasons_are_short(resources: list[Json]) -> None:
    settled = settle_all([json.dumps(one).encode() for one in (*resources, *SEEDS)])
    assert all(len(one.reason) < 120 for one in settled.rejected)


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_no_bytes_raise(texts: list[bytes]) -> None:
    settle_all(texts)
    settle_all(texts, frozenset({Kind.PLATELETS}))


@given(mutated())
def test_a_good_count_beside_a_bad_resource_is_not_lost(bad: Json) -> None:
    bad["id"] = "bad"
    good = observation("good", valueQuantity=quantity(22))
    record = record_of(bad, good)
    assert any(one.reference == "Observation/good" and one.value == 22 for one in record.platelets)


@given(
    st.sampled_from(
        ["valueQuantity", "status", "effectiveDateTime", "interpretation", "issued", "component"]
    ),
    ANYTHING,
)
def test_a_platelet_observation_is_a_result_or_unread_and_never_gone(name: str, value: Any) -> None:
    count = observation(valueQuantity=quantity(22)) | {name: value}
    record = record_of(count)
    known = [one.reference for one in (*record.platelets, *record.unread_platelets)]
    if value in ("registered", "cancelled", "entered-in-error", "unknown") and name == "status":
        assert known == []
    else:
        assert known[:1] == ["Observation/o"]


@given(st.permutations(SEEDS))
def test_the_order_of_resources_changes_nothing(resources: list[Json]) -> None:
    def facts(record: Record) -> tuple[object, ...]:
        return (
            sorted(map(repr, record.platelets)),
            {name: sorted(map(repr, some)) for name, some in record.measurements.items()},
            sorted(map(repr, record.tests)),
        )

    assert facts(record_of(*resources)) == facts(record_of(*SEEDS))


@given(
    st.integers(1, 2500),
    st.sampled_from([("10*9/L", 1), ("10*3/uL", 1), ("K/uL", 1), ("/uL", 1000), ("G/L", 1), ("/mm3", 1000)]),
)
def test_the_same_count_in_another_unit_is_the_same(count: int, unit: tuple[str, int]) -> None:
    name, factor = unit
    [result] = record_of(observation(valueQuantity=quantity(count * factor, name))).platelets
    assert result.value == Decimal(count)
    assert result.problem is None
