"""Parsing: entry by entry, whose resource it is, which version counts, where references lead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from cards.record import Kind
from cds_service.fhir.bundles import RawEntry, open_bundle
from cds_service.fhir.parse import Parsed, Source, parse
from cds_service.fhir.references import LONGEST_ID, contained_id, is_id, normal_reference
from cds_service.fhir.shapes import Condition, Medication, Observation, Patient, Specimen
from tests.service.build import PATIENT, SERVER, Json, parsed, resource

EVERY = frozenset(Kind)


def observation(own_id: str = "o", **members: Any) -> Json:
    return resource("Observation", own_id, **({"status": "final"} | members))


def rejected(found: Parsed) -> list[tuple[str, str]]:
    return [(one.resource, one.reason) for one in found.rejected]


def source(key: str, *texts: str | bytes | Json, urls: tuple[str | None, ...] = ()) -> Source:
    raws = [
        t if isinstance(t, bytes) else (t if isinstance(t, str) else json.dumps(t)).encode() for t in texts
    ]
    names = (*urls, *([None] * len(raws)))
    return Source(key, EVERY, [RawEntry(Raw(raw), name) for raw, name in zip(raws, names, strict=False)])


# ------------------------------------------------------------------------------------------- one bad entry


@pytest.mark.parametrize(
    ("bad", "where", "reason"),
    [
        (
            '{"resourceType":"Observation","id":"b","specimen":[{"reference":"Specimen/x"}]}',
            "Observation/b",
            "specimen",
        ),
        ('{"resourceType":"Condition","id":"b","clinicalStatus":"active"}', "Condition/b", "clinicalStatus"),
        (
            '{"resourceType":"Observation","id":"b","component":[{"code":{},"valueQuantity":5}]}',
            "Observation/b",
            "component.valueQuantity",
        ),
        ('{"resourceType":"Encounter","id":"b","class":[{"code":"IMP"}]}', "Encounter/b", "class"),
        ('{"resourceType":"MedicationOrder","id":"b"}', "MedicationOrder/b", "another FHIR release"),
        ('{"id":"b"}', "all[0]", "not FHIR R4"),
        ("[]", "all[0]", "not readable"),
        ('"text"', "all[0]", "not readable"),
        (b'{"resourceType":"Observation","id":"b","status":"\xff"}', "Observation/b", "not"),
        (
            '{"resourceType":"Observation","id":"b","extension":' + "[" * 3000 + "]" * 3000 + "}",
            "all[0]",
            "not",
        ),
    ],
)
def test_a_bad_entry_is_set_aside_with_its_place_and_the_rest_is_used(
    bad: str | bytes, where: str, reason: str
) -> None:
    found = parse([source("all", bad, observation())], PATIENT)
    assert [entry.reference for entry in found.of(Observation)] == ["Observation/o"]
    [(place, why)] = rejected(found)
    assert place == where
    assert reason in why


def test_a_reason_never_holds_text_of_the_record() -> None:
    secret = "Doe-Jane-1970"
    texts = [
        f'{{"resourceType":"Observation","id":"b","status":{{"{secret}":1}}}}',
        f'{{"resourceType":"Condition","id":"c","clinicalStatus":"{secret}"}}',
        f'{{"resourceType":"{secret} 1","id":"d"}}',
        f'{{"resourceType":"Observation","id":"{secret} _","code":1}}',
        f'{{"{secret}":',
    ]
    found = parse([source("all", *texts)], PATIENT)
    assert len(found.rejected) >= 4
    assert secret not in repr(found.rejected)


def test_types_that_nobody_reads_are_passed_over_in_silence() -> None:
    found = parse(
        [source("all", '{"resourceType":"Practitioner","id":"a"}', '{"resourceType":"Composition"}')], PATIENT
    )
    assert found.by_type == {}
    assert found.rejected == ()


@pytest.mark.parametrize("own_id", ["a_b", "", "a b", "a" * (LONGEST_ID + 1), None])
def test_an_unusable_id_gives_the_place_instead(own_id: str | None) -> None:
    found = parse([source("counts", observation("fine"), observation() | {"id": own_id})], PATIENT)
    assert [entry.reference for entry in found.of(Observation)] == ["Observation/fine", "counts[1]"]


# --------------------------------------------------------------------------------------------------- whose


@pytest.mark.parametrize(
    "named",
    [
        f"Patient/{PATIENT}",
        f"Patient/{PATIENT}/_history/3",
        f"{SERVER}/Patient/{PATIENT}",
        f"{SERVER}/Patient/{PATIENT}/_history/1",
        "urn:uuid:5f0e",
    ],
)
def test_the_patient_is_known_by_every_form_of_reference(named: str) -> None:
    person = resource("Patient", PATIENT)
    entries = source("all", observation(subject={"reference": named}), person, urls=(None, "urn:uuid:5f0e"))
    assert len(parse([entries], PATIENT, SERVER).of(Observation)) == 1


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ({"reference": "Patient/p2"}, "belongs to another patient"),
        ({"reference": "https://other.example.org/fhir/Patient/p1"}, "names a patient who cannot be told"),
        ({"reference": "Group/p1"}, "belongs to another patient"),
        ({"reference": "urn:uuid:unknown"}, "names a patient who cannot be told"),
        ({"reference": "#inside"}, "names a patient who cannot be told"),
        ({"identifier": {"value": "77"}}, "names no patient"),
        (None, "names no patient"),
    ],
)
def test_another_patients_resource_or_nobodys_is_set_aside(subject: Json | None, reason: str) -> None:
    found = parsed(observation(subject=subject))
    assert found.of(Observation) == ()
    assert rejected(found) == [("Observation/o", reason)]


def test_a_full_url_of_another_bundle_names_nobody() -> None:
    person = source("patient", resource("Patient", PATIENT), urls=("urn:uuid:5f0e",))
    counts = source("counts", observation(subject={"reference": "urn:uuid:5f0e"}))
    assert parse([person, counts], PATIENT).of(Observation) == ()


def test_a_full_url_of_another_patient_names_another_patient() -> None:
    other, count = resource("Patient", "p2"), observation(subject={"reference": "urn:uuid:77-b"})
    found = parse([source("all", other, count, urls=("urn:uuid:77-b",))], PATIENT)
    assert rejected(found)[-1] == ("Observation/o", "belongs to another patient")
    assert found.undecoded == ()


def test_a_transaction_names_its_patient_by_uuid_alone() -> None:
    person = {"resourceType": "Patient", "gender": "female"}
    count = observation(subject={"reference": "urn:uuid:77-a"})
    found = parse([source("all", person, count, urls=("urn:uuid:77-a",))], "77-a")
    assert len(found.of(Patient)) == len(found.of(Observation)) == 1


def test_another_patient_is_no_patient_of_this_call() -> None:
    found = parsed(resource("Patient", "p2"), resource("Patient", PATIENT))
    assert [entry.reference for entry in found.of(Patient)] == ["Patient/p1"]
    assert rejected(found) == [("Patient/p2", "belongs to another patient")]


def test_an_observation_about_a_fetus_is_not_the_mothers() -> None:
    found = parsed(observation(focus=[{"reference": "Patient/fetus"}]))
    assert found.of(Observation) == ()
    assert "other than the patient" in rejected(found)[0][1]


def test_an_appointment_belongs_to_those_who_come() -> None:
    mine = {
        "participant": [{"actor": {"reference": "Practitioner/a"}}, {"actor": {"reference": "Patient/p1"}}]
    }
    found = parsed(resource("Appointment", "a", **mine), resource("Appointment", "b", participant=[]))
    assert [entry.reference for entry in found.by_type["Appointment"]] == ["Appointment/a"]


# ------------------------------------------------------------------------------------------------ versions


@pytest.mark.parametrize("first", [True, False])
def test_the_same_resource_of_two_keys_counts_once_in_its_newest_version(first: bool) -> None:
    old = observation(status="preliminary", meta={"versionId": "9"})
    new = observation(status="final", meta={"versionId": "10"})
    pair = (old, new) if first else (new, old)
    found = parse([source("a", pair[0]), source("b", pair[1])], PATIENT)
    assert [entry.resource.status for entry in found.of(Observation)] == ["final"]


def test_without_versions_the_last_change_decides_and_else_the_first() -> None:
    older, newer = ({"lastUpdated": f"2026-06-{day}T10:00:00Z"} for day in (10, 11))
    both = [source("a", observation(meta=older)), source("b", observation(status="amended", meta=newer))]
    assert [e.resource.status for e in parse(both, PATIENT).of(Observation)] == ["amended"]
    same = [source("a", observation()), source("b", observation(status="amended"))]
    assert [e.resource.status for e in parse(same, PATIENT).of(Observation)] == ["final"]


# ---------------------------------------------------------------------------------------------- references


def test_references_lead_to_contained_relative_absolute_and_by_full_url() -> None:
    drug = {"resourceType": "Medication", "id": "m"}
    tube = {"resourceType": "Specimen", "id": "s1"}
    holder = observation(contained=[{"resourceType": "Nonsense"}, tube])
    found = parse([source("all", holder, drug, urls=(None, "urn:uuid:9"))], PATIENT, SERVER)
    [entry] = found.of(Observation)
    for text in ("Medication/m", f"{SERVER}/Medication/m", "Medication/m/_history/2", "urn:uuid:9"):
        resolved = found.resolve(text, entry)
        assert resolved is not None
        assert isinstance(resolved.resource, Medication)
    inside = found.resolve("#s1", entry)
    assert inside is not None
    assert isinstance(inside.resource, Specimen)
    assert inside.reference == "Observation/o"
    for nowhere in (None, "", "#none", "#", "Medication/other", "https://elsewhere.example.org/Medication/m"):
        assert found.resolve(nowhere, entry) is None


def test_results_that_a_report_contains_are_entries_of_their_own() -> None:
    result = {"resourceType": "Observation", "id": "r", "status": "final", "code": {"text": "x"}}
    found = parsed(resource("DiagnosticReport", "d", status="final", contained=[result]))
    [entry] = found.of(Observation)
    assert (entry.reference, entry.inside) == ("DiagnosticReport/d", "r")


def test_a_bundle_inside_a_bundle_names_its_patient_by_full_url() -> None:
    count = observation(subject={"reference": "urn:uuid:5f0e"})
    inner = [
        {"fullUrl": "urn:uuid:5f0e", "resource": resource("Patient", PATIENT)},
        {"resource": count},
    ]
    found = parsed({"resourceType": "Bundle", "type": "document", "entry": inner})
    assert [entry.reference for entry in found.of(Observation)] == ["Observation/o"]


def test_a_bundle_inside_a_bundle_is_opened() -> None:
    inner = {"resourceType": "Bundle", "type": "document", "entry": [{"resource": observation("deep")}]}
    found = parse([source("all", inner)], PATIENT)
    assert [entry.reference for entry in found.of(Observation)] == ["Observation/deep"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Patient/1", "Patient/1"),
        ("Patient/1/_history/2", "Patient/1"),
        (f"{SERVER}/Patient/1", "Patient/1"),
        ("../Patient/1", None),
        ("Patient/1/..", None),
        ("Patient/", None),
        ("patient/1", None),
        ("Patient/a b", None),
        ("Patient/" + "a" * (LONGEST_ID + 1), None),
        ("Patient/1\n", None),
        (None, None),
    ],
)
def test_a_reference_keeps_its_grammar(text: str | None, named: str | None) -> None:
    assert normal_reference(text, SERVER + "/") == named


def test_ids_are_ascii_and_short() -> None:
    assert is_id("a-1.B")
    assert not any(is_id(text) for text in ("", "a_b", "ä", "a/b", "a" * (LONGEST_ID + 1), None, "a\n"))
    assert contained_id("#x") == "x"
    assert contained_id("x") is None


# --------------------------------------------------------------------------------------------------- Bundles


def test_a_bundle_a_resource_null_and_an_outcome_are_told_apart() -> None:
    one = observation()
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": "urn:uuid:1", "resource": one}, {"fullUrl": "x"}],
    }
    opened = open_bundle(Raw(json.dumps(bundle).encode()))
    assert [entry.full_url for entry in opened.entries] == ["urn:uuid:1"]
    assert opened.is_whole
    assert len(open_bundle(Raw(json.dumps(one).encode())).entries) == 1
    assert open_bundle(Raw(b"null")).entries == ()
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    assert open_bundle(Raw(json.dumps(failed).encode())).outcomes == ("error",)
    assert open_bundle(Raw(b'{"resourceType":"OperationOutcome"}')).outcomes == ("error",)


def test_an_outcome_among_the_entries_is_no_entry_and_a_next_page_is_told() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning"}, {"severity": "information"}],
    }
    bundle = {
        "resourceType": "Bundle",
        "link": [{"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}],
        "entry": [{"resource": outcome}, {"resource": observation()}],
    }
    opened = open_bundle(Raw(json.dumps(bundle).encode()))
    assert len(opened.entries) == 1
    assert opened.outcomes == ("warning",)
    assert opened.next_link == "b"
    assert not opened.is_whole


@pytest.mark.parametrize(
    ("total", "whole"), [(None, True), (1, True), (0, True), (2, False), ("many", True), ("2", True)]
)
@pytest.mark.parametrize("among", [[], [{"resource": {"resourceType": "OperationOutcome"}}]])
def test_fewer_resources_than_the_server_says_to_have_are_no_whole_list(
    total: object, whole: bool, among: list[object]
) -> None:
    bundle = {"resourceType": "Bundle", "total": total, "entry": [{"resource": observation()}, *among]}
    assert open_bundle(Raw(json.dumps(bundle).encode())).is_whole is whole
    empty = {"resourceType": "Bundle", "total": total}
    assert open_bundle(Raw(json.dumps(empty).encode())).is_whole is (not isinstance(total, int) or total == 0)


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "{}", '{"resourceType":5}', "{"])
def test_what_is_no_resource_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        open_bundle(Raw(text.encode()))


def test_conditions_keep_their_text_for_validation() -> None:
    found = parsed(resource("Condition", "c", code={"text": "kept"}))
    [entry] = found.of(Condition)
    assert b"kept" in bytes(found.text_of(entry))
