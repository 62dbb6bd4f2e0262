"""Absent, null, failed, paged, single: what the client sent for each key, told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec import Raw

from cards.record import Answer, Kind
from cds_service.errors import Refused
from cds_service.fhir.bundles import open_bundle
from cds_service.fhir_client import Fetched, Problem, Wanted
from cds_service.gather import Gathered, gather
from cds_service.hooks.request import HookRequest
from tests.service.build import PATIENT, Json, resource
from tests.service.hook_calls import KEYS, bundle, call, hook_request, nosebleed, platelets

FAILURE: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
REMARK: Json = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "informational"}],
}
NEXT = {"link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]}


def gathered(most_entries: int = 100, **keys: Any) -> Gathered:
    """A call with these keys replaced; ... leaves one out."""
    body = call(platelets(22), nosebleed())
    body["prefetch"] = {name: value for name, value in (body["prefetch"] | keys).items() if value is not ...}
    return gather(hook_request(body), KEYS, most_entries)


def entries(found: Gathered, key: str) -> int:
    return sum(len(source.entries) for source in found.sources if source.key == key)


def test_everything_answered() -> None:
    found = gathered()
    assert found.degraded == ()
    assert set(found.answers) == set(Kind)
    assert set(found.answers.values()) == {Answer.ANSWERED}
    assert entries(found, "platelets") == entries(found, "conditions") == entries(found, "patient") == 1


def test_null_is_known_to_be_none() -> None:
    found = gathered(allergies=None, platelets=None)
    assert found.answers[Kind.ALLERGIES] is Answer.ANSWERED
    assert found.answers[Kind.PLATELETS] is Answer.ANSWERED
    assert found.degraded == ()
    assert entries(found, "platelets") == 0


@pytest.mark.parametrize("nothing", [bundle(), bundle() | {"entry": []}, {"resourceType": "Bundle"}])
def test_an_empty_searchset_is_known_to_be_none(nothing: Json) -> None:
    found = gathered(allergies=nothing)
    assert (found.answers[Kind.ALLERGIES], found.degraded) == (Answer.ANSWERED, ())


def test_an_absent_key_is_unknown() -> None:
    found = gathered(allergies=...)
    assert (found.answers[Kind.ALLERGIES], found.degraded) == (Answer.ABSENT, ("allergies",))


@pytest.mark.parametrize(
    "value",
    [
        FAILURE,
        bundle(FAILURE),
        {"resourceType": "OperationOutcome"},
        5,
        "x",
        [],
        {},
        True,
        {"resourceType": 5},
    ],
)
@pytest.mark.parametrize(("key", "kind"), [("allergies", Kind.ALLERGIES), ("platelets", Kind.PLATELETS)])
def test_a_failure_is_no_answer(key: str, kind: Kind, value: object) -> None:
    found = gathered(**{key: value})
    assert (found.answers[kind], found.degraded) == (Answer.FAILED, (key,))


def test_a_list_that_says_to_have_more_than_came_was_not_read_whole() -> None:
    found = gathered(conditions=bundle(nosebleed()) | {"total": 2})
    assert (found.answers[Kind.CONDITIONS], found.degraded) == (Answer.FAILED, ("conditions",))
    assert entries(found, "conditions") == 1


def test_a_remark_beside_the_results_is_no_failure() -> None:
    found = gathered(conditions=bundle(nosebleed(), REMARK))
    assert (found.answers[Kind.CONDITIONS], found.degraded) == (Answer.ANSWERED, ())
    assert entries(found, "conditions") == 1


def test_an_error_beside_some_results_keeps_the_results_and_what_is_missing_unknown() -> None:
    found = gathered(conditions=bundle(nosebleed(), FAILURE))
    assert (found.answers[Kind.CONDITIONS], found.degraded) == (Answer.FAILED, ("conditions",))
    assert entries(found, "conditions") == 1


def test_a_single_resource_stands_for_its_bundle() -> None:
    found = gathered(platelets=platelets(22))
    assert (found.answers[Kind.PLATELETS], entries(found, "platelets")) == (Answer.ANSWERED, 1)


def test_further_pages_are_never_passed_over_in_silence() -> None:
    found = gathered(allergies=bundle() | NEXT, platelets=bundle(platelets(22)) | NEXT)
    assert found.degraded == ("platelets", "allergies")
    assert found.answers[Kind.ALLERGIES] is Answer.FAILED  # what stands on the next page is not known
    assert found.answers[Kind.PLATELETS] is Answer.ANSWERED  # the newest counts come first
    assert entries(found, "platelets") == 1


def test_a_kind_is_known_only_when_all_its_keys_are() -> None:
    assert gathered(medicationStatements=...).answers[Kind.MEDICATIONS] is Answer.ABSENT
    assert gathered(results2=FAILURE).answers[Kind.OBSERVATIONS] is Answer.FAILED


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        ({"platelets": ...}, ["platelets"]),
        ({"patient": ...}, ["patient"]),
        ({"patient": None}, ["patient"]),
        ({"patient": FAILURE}, ["patient"]),
        ({"patient": 5}, ["patient"]),
        ({"patient": resource("Patient", "somebody-else")}, ["patient"]),
        ({"patient": ..., "platelets": ...}, ["patient", "platelets"]),
    ],
)
def test_required_data_that_is_missing_is_named(keys: Json, missing: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        gathered(**keys)
    assert refused.value.status == 412
    assert [line.partition(":")[0] for line in refused.value.details] == [
        f"prefetch.{key}" for key in missing
    ]


def test_the_patient_may_come_in_a_bundle() -> None:
    assert gathered(patient=bundle(resource("Patient", PATIENT))).degraded == ()


def test_a_bundle_of_too_many_entries_is_refused_never_cut() -> None:
    three = bundle(*(platelets(22, f"p{number}") for number in range(3)))
    assert entries(gathered(3, platelets=three), "platelets") == 3
    with pytest.raises(Refused) as refused:
        gathered(2, platelets=three)
    assert (refused.value.status, refused.value.code) == (413, "too-many-entries")


def test_keys_that_were_not_asked_for_are_never_opened() -> None:
    body = call(platelets(22))
    body["prefetch"]["notMine"] = "poison"
    text = json.dumps(body).replace('"poison"', '{"resourceType": "Bundle", "entry": 1e999}')
    found = gather(hook_request(json.loads(text.replace("1e999", "1"))), KEYS, 100)
    assert "notMine" not in {source.key for source in found.sources}
    assert found.degraded == ()


def test_what_the_client_left_out_is_fetched() -> None:
    asked: list[str] = []

    def fetch(wanted: Sequence[Wanted], request: HookRequest) -> Mapping[str, Fetched]:
        asked.extend(one.key.name for one in wanted)
        assert request.context.patient_id == PATIENT
        page = open_bundle(Raw(json.dumps(bundle(platelets(22))).encode()))
        return {"platelets": Fetched((page,)), "allergies": Fetched(problem=Problem.NOT_FOUND)}

    body = call(nosebleed())
    del body["prefetch"]["platelets"], body["prefetch"]["allergies"]
    found = gather(hook_request(body), KEYS, 100, fetch)
    assert asked == ["platelets", "allergies"]
    assert entries(found, "platelets") == 1
    assert found.answers[Kind.ALLERGIES] is Answer.FAILED
    assert found.degraded == ("allergies",)


def test_what_the_client_tried_in_vain_is_not_fetched_again() -> None:
    def fetch(wanted: Sequence[Wanted], request: HookRequest) -> Mapping[str, Fetched]:
        raise AssertionError("nothing was left out")

    body = call(nosebleed())
    body["prefetch"] |= {"platelets": FAILURE, "allergies": None}
    found = gather(hook_request(body), KEYS, 100, fetch)
    assert found.answers[Kind.PLATELETS] is Answer.FAILED
