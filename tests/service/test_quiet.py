"""The look at common records: it says what the whole reading would say, or nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.bodies import CHARTS, SIZES, body
from cards.valuesets import load
from cds_service.content import load_content
from cds_service.evaluate import Evaluation, evaluate, prepare
from cds_service.facts import quiet
from cds_service.gather import gather
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.wire import encode
from cds_service.stories.request import story_request
from cds_service.stories.vignettes import Vignette
from tests.cards.telling import each_vignette
from tests.service.build import (
    ATC,
    LOCAL,
    LOINC,
    NOW,
    PATIENT,
    RXNORM,
    SNOMED,
    TERMINOLOGY,
    Json,
    concept,
    resource,
)
from tests.service.hook_calls import EVALUATION, call, platelets

ALWAYS_TOLD = ("unmapped condition", "unmapped drug", "unmapped procedure", "unmapped allergy", "belongs to")


@cache
def in_force() -> Evaluation:
    return prepare(load_content(), "http://127.0.0.1:8080", 10_000)


def read(content: bytes, hook: str = "patient-view") -> HookRequest:
    return read_request(content, hook, 64, in_force().decoder)


def is_quiet(request: HookRequest, now: datetime = NOW) -> bool:
    evaluation = in_force()
    assert evaluation.codes is not None
    sources = gather(request, evaluation.keys, evaluation.most_entries).sources
    limits = evaluation.content.limits
    found = quiet.find_quiet(sources, request.context.patient_id, None, now, evaluation.codes, limits)
    return found is not None


def answer(request: HookRequest, evaluation: Evaluation, now: datetime = NOW) -> Any:
    return json.loads(encode(evaluate(request, evaluation, now)))


def check_agreement(request: HookRequest, now: datetime = NOW) -> None:
    """With the look and without it: the same cards and reasons; and nothing reported that is not so."""
    whole = answer(request, replace(in_force(), codes=None), now)
    looked = answer(request, in_force(), now)
    assert [c["summary"] for c in looked["cards"]] == [c["summary"] for c in whole["cards"]]
    told, all_told = looked["extension"][EVALUATION], whole["extension"][EVALUATION]
    assert told.get("degraded") == all_told.get("degraded")
    assert told["evaluated"] == all_told["evaluated"]
    rejected = [(one["resource"], one["reason"]) for one in told.get("rejected", ())]
    all_rejected = [(one["resource"], one["reason"]) for one in all_told.get("rejected", ())]
    assert set(rejected) <= set(all_rejected)
    missed = set(all_rejected) - set(rejected)
    assert not any(reason.startswith((*ALWAYS_TOLD, "not ", "unmapped:")) for _, reason in missed), missed


@pytest.mark.parametrize("size", SIZES)
def test_the_standard_record_is_quiet_and_the_others_are_not(size: str) -> None:
    quiet_ones = {
        name: is_quiet(read(body(chart, SIZES[size], NOW, in_force().keys))) for name, chart in CHARTS.items()
    }
    assert quiet_ones == {"nothing to say": True, "one card": False, "four cards": False}


@pytest.mark.parametrize("name", CHARTS)
def test_the_standard_records_are_answered_alike(name: str) -> None:
    check_agreement(read(body(CHARTS[name], 1, NOW, in_force().keys)))


@each_vignette
def test_a_quiet_story_is_answered_alike(vignette: Vignette) -> None:
    request = story_request(vignette.story, "case", NOW, in_force().keys)
    found = read(encode(request), vignette.story.hook)
    if found.context.draft_orders is None and is_quiet(found):
        check_agreement(found)


LIMITS = load_content().limits
TIMES = st.sampled_from([timedelta(days=days) for days in (-0.04, 0.1, 3, 29.8, 30, 30.1, 31, 400)])
STATUSES = st.sampled_from(
    ["final", "final", "preliminary", "amended", "cancelled", "entered-in-error", "odd"]
)
SETS = sorted(TERMINOLOGY)
CODES = st.builds(
    lambda set_id, number: codes[number % len(codes)] if (codes := exact(set_id)) else (LOCAL, "x"),
    st.sampled_from(SETS),
    st.integers(0, 200),
)
OTHERS = st.sampled_from(
    [
        (SNOMED, "38341003"),
        (LOINC, "9279-1"),
        (RXNORM, "860975"),
        (ATC, "A10BA02"),
        (LOCAL, "b"),
        (SNOMED, "1"),
    ]
)
CONCEPTS = st.lists(CODES | OTHERS, min_size=0, max_size=2).map(lambda some: concept(*some))


def exact(set_id: str) -> list[tuple[str, str]]:
    return [(code.system, code.code) for code in TERMINOLOGY[set_id].codes if code.match == "exact"]


def text(ago: timedelta) -> str:
    return f"{NOW - ago:%Y-%m-%dT%H:%M:%SZ}"


@st.composite
def resources(draw: st.DrawFn) -> Json:
    """Something that a record holds; most of it brings nobody into scope."""
    at, own_id = text(draw(TIMES)), draw(st.sampled_from("abcdefgh"))
    subject = {"reference": draw(st.sampled_from([f"Patient/{PATIENT}"] * 9 + ["Patient/other"]))}
    kind = draw(
        st.sampled_from(["count", "count", "Observation", "Condition", "Condition", "drug", "drug", "other"])
    )
    if kind == "count":
        value = draw(st.sampled_from([149, 150, 151, 210, 400, 2500, 2501, 0]))
        return platelets(value, own_id, at, status=draw(STATUSES), subject=subject)
    if kind == "Observation":
        value = {
            "value": draw(st.sampled_from([1, 40, 98, 250])),
            "unit": draw(st.sampled_from(["Cel", "10*9/L", "g/dL"])),
        }
        held = draw(st.sampled_from([{"valueQuantity": value}, {"valueCodeableConcept": draw(CONCEPTS)}, {}]))
        part = [{"code": draw(CONCEPTS), "valueQuantity": value}]
        more = draw(st.sampled_from([{}, {}, {"component": part}]))
        return resource(
            "Observation",
            own_id,
            status=draw(STATUSES),
            code=draw(CONCEPTS),
            effectiveDateTime=at,
            subject=subject,
            **held,
            **more,
        )
    if kind == "Condition":
        return resource("Condition", own_id, code=draw(CONCEPTS), onsetDateTime=at, subject=subject)
    if kind == "drug":
        status = draw(
            st.sampled_from(
                ["active", "active", "completed", "stopped", "draft", "on-hold", "cancelled", "x"]
            )
        )
        intent = draw(st.sampled_from(["order", "order", "plan", "proposal"]))
        repeat = {"repeat": {"boundsPeriod": {"start": at, "end": at}}}
        more = draw(
            st.sampled_from([{}, {}, {"dosageInstruction": [{"timing": repeat}]}, {"doNotPerform": True}])
        )
        return resource(
            "MedicationRequest",
            own_id,
            status=status,
            intent=intent,
            medicationCodeableConcept=draw(CONCEPTS),
            authoredOn=at,
            subject=subject,
            **more,
        )
    kind = draw(st.sampled_from(["Procedure", "ServiceRequest", "AllergyIntolerance", "Encounter"]))
    if kind == "AllergyIntolerance":
        return resource(kind, own_id, code=draw(CONCEPTS))
    if kind == "Encounter":
        return resource(kind, own_id, status="in-progress", subject=subject, **{"class": {"code": "AMB"}})
    status = "active" if kind == "ServiceRequest" else "completed"
    times = {} if kind == "ServiceRequest" else {"performedDateTime": at}
    return resource(kind, own_id, status=status, code=draw(CONCEPTS), subject=subject, **times)


@given(st.lists(resources(), max_size=6), st.sampled_from([150, 210, 149, 2500]))
def test_any_record_is_answered_alike(some: list[Json], newest: int) -> None:
    check_agreement(read(json.dumps(call(platelets(newest, "newest"), *some)).encode()))


def test_two_versions_of_a_drug_are_one() -> None:
    """Found by `make fuzz`: one of them was looked over, the other read as ever."""
    some = [
        resource("MedicationRequest", "a", status=status, intent="order", medicationCodeableConcept={})
        for status in ("draft", "completed")
    ]
    check_agreement(read(json.dumps(call(platelets(210), *some)).encode()))


@given(st.lists(resources(), max_size=4))
def test_a_look_is_not_always_in_doubt(some: list[Json]) -> None:
    """So that the agreement is one of two ways: a record of what nobody asks about is quiet."""
    kept = [one for one in some if one["resourceType"] == "Encounter"]
    assert is_quiet(read(json.dumps(call(platelets(210), *kept[:1])).encode()))


@pytest.mark.parametrize(
    ("value", "quiet_one"),
    [
        (LIMITS.normal, True),
        (LIMITS.normal - 1, False),
        (LIMITS.plausible_high, True),
        (LIMITS.plausible_high + 1, False),
    ],
)
def test_a_normal_count_is_one_between_the_limits(value: Any, quiet_one: bool) -> None:
    request = read(json.dumps(call(platelets(float(value)))).encode())
    assert is_quiet(request) is quiet_one
    check_agreement(request)


@pytest.mark.parametrize(
    ("ago", "quiet_one"),
    [
        (LIMITS.span("history_only") - timedelta(seconds=1), True),
        (LIMITS.span("history_only"), True),
        (LIMITS.span("history_only") + timedelta(seconds=1), False),
    ],
)
def test_a_count_of_long_ago_tells_nothing(ago: timedelta, quiet_one: bool) -> None:
    request = read(json.dumps(call(platelets(210, at=text(ago)))).encode())
    assert is_quiet(request) is quiet_one
    check_agreement(request)


def test_every_name_of_a_bleed_or_an_infection_is_a_doubt() -> None:
    terminology = load()
    evaluation = in_force()
    assert evaluation.codes is not None
    for set_id in sorted(evaluation.codes.scope):
        for system, code in exact(set_id)[:1]:
            assert code in {one.code for one in terminology[set_id].codes}
            request = read(
                json.dumps(
                    call(platelets(210), resource("Condition", "c", code=concept((system, code))))
                ).encode()
            )
            assert not is_quiet(request), set_id
