"""The Encounter in progress."""

from __future__ import annotations

from typing import Any

import pytest

from cards.record import Stay
from cds_service.facts.stay import read_stay
from tests.service.build import HL7, reading, reasons, resource

ACT = HL7 + "v3-ActCode"
ROLE = HL7 + "v3-RoleCode"
PLACES = frozenset({(ROLE, "ICU"), (ACT, "ICUCLASS")})


def encounter(own_id: str = "e", code: str = "IMP", **members: Any) -> dict[str, Any]:
    base = {"status": "in-progress", "class": {"system": ACT, "code": code}}
    return resource("Encounter", own_id, **(base | members))


def stay(*resources: dict[str, Any], named: str | None = None) -> Stay | None:
    return read_stay(reading(*resources, intensive_locations=PLACES), named)


def test_no_encounter_is_no_stay() -> None:
    assert stay() is None


@pytest.mark.parametrize("code", ["IMP", "ACUTE", "NONAC", "EMER", "OBSENC", "SS"])
def test_inpatients_by_class(code: str) -> None:
    found = stay(encounter(code=code, period={"start": "2026-06-12T08:00:00Z"}))
    assert found is not None
    assert (found.reference, found.inpatient, found.intensive) == ("Encounter/e", True, False)
    assert found.start is not None
    assert found.start.text == "2026-06-12T08:00:00Z"


@pytest.mark.parametrize("code", ["AMB", "HH", "FLD", "VR", "PRENC", "something"])
def test_others_are_outpatients(code: str) -> None:
    assert stay(encounter(code=code)) == Stay("Encounter/e", False, False)


@pytest.mark.parametrize("members", [{"class": {"system": "urn:oid:2.999", "code": "IMP"}}, {"class": None}])
def test_a_class_of_an_unknown_system_says_nothing(members: dict[str, Any]) -> None:
    assert stay(encounter(**members)) == Stay("Encounter/e", False, False)


def test_an_older_name_of_the_class_system() -> None:
    found = stay(encounter(**{"class": {"system": "http://hl7.org/fhir/v3/ActCode", "code": "IMP"}}))
    assert found is not None
    assert found.inpatient


@pytest.mark.parametrize("status", ["arrived", "triaged", "in-progress", "onleave"])
def test_statuses_of_a_stay_in_progress(status: str) -> None:
    assert stay(encounter(status=status)) is not None


@pytest.mark.parametrize("status", ["planned", "finished", "cancelled", "entered-in-error", "unknown", None])
def test_statuses_of_none(status: str | None) -> None:
    assert stay(encounter(status=status)) is None


def test_a_class_as_a_list_is_of_another_release_and_reported() -> None:
    read = reading(encounter(**{"class": [{"coding": [{"system": ACT, "code": "IMP"}]}]}))
    assert read_stay(read) is None
    assert reasons(read) == [("Encounter/e", "not FHIR R4: class")]


def test_the_encounter_of_the_context_decides() -> None:
    found = stay(encounter("a", "IMP"), encounter("b", "AMB"), named="b")
    assert found == Stay("Encounter/b", False, False)


@pytest.mark.parametrize("named", [None, "missing", "b"])
def test_else_the_most_intensive_of_those_in_progress(named: str | None) -> None:
    old = encounter("c", "IMP", period={"start": "2020-01-01"})
    new = encounter("d", "IMP", period={"start": "2026-06-14"})
    found = stay(encounter("a", "AMB"), encounter("b", "EMER", status="finished"), new, old, named=named)
    assert found is not None
    assert found.reference == "Encounter/d"


def test_intensive_care_by_the_site_s_list() -> None:
    by_class = stay(encounter(code="ICUCLASS"))
    by_place = stay(
        encounter(location=[{"location": {"reference": "Location/x"}, "physicalType": of("ICU")}])
    )
    for found in (by_class, by_place):
        assert found == Stay("Encounter/e", True, True)


def of(code: str) -> dict[str, Any]:
    return {"coding": [{"system": ROLE, "code": code}]}


def test_intensive_care_by_the_place_that_it_refers_to() -> None:
    place = resource("Location", "l", type=[of("ICU")])
    there = [{"location": {"reference": "Location/l"}, "status": "active"}]
    found = stay(encounter(location=there), place)
    assert found is not None
    assert found.intensive


@pytest.mark.parametrize("status", ["completed", "planned", "reserved"])
def test_a_place_where_the_patient_is_not(status: str) -> None:
    place = resource("Location", "l", type=[of("ICU")])
    found = stay(encounter(location=[{"location": {"reference": "Location/l"}, "status": status}]), place)
    assert found is not None
    assert not found.intensive


def test_a_place_or_a_stay_that_was_left_is_over() -> None:
    left = [{"physicalType": of("ICU"), "period": {"start": "2026-06-10", "end": "2026-06-14"}}]
    found = stay(encounter(location=left))
    assert found is not None
    assert not found.intensive
    assert stay(encounter(period={"start": "2026-06-10", "end": "2026-06-14"})) is None
    assert stay(encounter(period={"start": "2026-06-10", "end": "2026-06-15"})) is not None


def test_without_the_site_s_list_nothing_is_intensive() -> None:
    read = reading(encounter(code="ICUCLASS", location=[{"physicalType": of("ICU")}]))
    assert read_stay(read) == Stay("Encounter/e", False, False)
