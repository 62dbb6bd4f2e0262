"""What is offered, and the data that is asked for."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest

from cards.code_systems import LOINC, SNOMED
from cards.record import Kind
from cards.valueset_files import FACTS
from cards.valuesets import load
from cds_service.discovery import (
    FINDINGS,
    LONGEST_QUERY,
    MOST_KEYS,
    RESULTS,
    SERVICES,
    PrefetchKey,
    discovery,
    encoded_length,
    keys_of,
    prefetch_keys,
)
from tests.service.build import TERMINOLOGY

KEYS = prefetch_keys(TERMINOLOGY)
BY_NAME = {key.name: key for key in KEYS}
SEARCHES = [key for key in KEYS if "?" in key.template]


def parameters(key: PrefetchKey) -> list[tuple[str, str]]:
    return parse_qsl(key.template.partition("?")[2])


def codes(*names: str) -> set[str]:
    """The codes that keys ask for."""
    return {code for name in names for code in dict(parameters(BY_NAME[name]))["code"].split(",")}


RESULT_KEYS = [key.name for key in KEYS if key.name.startswith("results")]
FINDING_KEYS = [key.name for key in KEYS if key.name.startswith("findings")]


def observation_codes() -> set[str]:
    return codes(*(key.name for key in KEYS if key.template.startswith("Observation?")))


def test_each_hook_has_a_service_of_its_own() -> None:
    assert [(row.id, row.hook) for row in SERVICES] == [
        ("itp-patient-view", "patient-view"),
        ("itp-order-select", "order-select"),
        ("itp-order-sign", "order-sign"),
        ("itp-encounter-discharge", "encounter-discharge"),
    ]
    services = discovery(KEYS).services
    assert {one.version for one in services} == {"3.0.0"}
    assert {one.hook_version for one in services} == {"1.0"}
    assert all(one.title and one.description and one.usage_requirements for one in services)


def test_every_service_asks_for_what_gathering_reads() -> None:
    for service in discovery(KEYS).services:
        assert service.prefetch == {key.name: key.template for key in keys_of(service.hook, KEYS)}


def test_on_discharge_the_stay_is_read_by_its_id() -> None:
    usual, discharge = set(keys_of("patient-view", KEYS)), set(keys_of("encounter-discharge", KEYS))
    assert [key.name for key in usual - discharge] == ["encounters"]
    assert [key.template for key in discharge - usual] == ["Encounter/{{context.encounterId}}"]
    assert {kind for key in discharge for kind in key.kinds} == set(Kind)


def test_at_most_sixteen_keys_are_asked_for() -> None:
    assert len(KEYS) <= MOST_KEYS
    assert len({key.name for key in KEYS}) == len(KEYS)


def test_every_kind_of_data_is_asked_for() -> None:
    assert {kind for key in KEYS for kind in key.kinds} == set(Kind)


def test_only_the_patient_and_the_counts_are_required() -> None:
    assert [key.name for key in KEYS if key.is_required] == ["patient", "platelets"]


@pytest.mark.parametrize("name", ["patient", "platelets"])
def test_required_keys_use_nothing_that_a_client_may_lack(name: str) -> None:
    tokens = re.findall(r"\{\{(.*?)\}\}", BY_NAME[name].template)
    assert tokens == ["context.patientId"]


@pytest.mark.parametrize("key", SEARCHES, ids=lambda key: key.name)
def test_searches_use_what_is_widely_supported(key: PrefetchKey) -> None:
    names = [name for name, _ in parameters(key)]
    assert len(names) == len(set(names))  # the public sandbox joins what is repeated
    assert names[0] == "patient"
    assert set(names) <= {"patient", "code", "category", "status", "date", "_sort", "_count"}
    assert ("code" in names) == key.template.startswith("Observation?")
    assert "today()" not in key.template
    assert "encounterId" not in key.template


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_addresses_stay_short(key: PrefetchKey) -> None:
    assert encoded_length(key.template) <= LONGEST_QUERY


def test_every_observation_that_a_fact_reads_is_asked_for() -> None:
    wanted = {
        code.code
        for one in map(TERMINOLOGY.__getitem__, TERMINOLOGY)
        if one.id.startswith(RESULTS) and not FACTS.isdisjoint(one.feeds)
        for code in one.codes
        if code.system in (LOINC, SNOMED)
    }
    assert wanted
    assert wanted - observation_codes() == set()


def test_findings_that_travel_as_observations_are_asked_for() -> None:
    wanted = {
        code.code
        for one in map(TERMINOLOGY.__getitem__, TERMINOLOGY)
        if one.id.startswith(FINDINGS)
        for code in one.codes
        if code.system == SNOMED
    }
    assert "249366005" in wanted  # nosebleed
    assert wanted == codes(*FINDING_KEYS)


def test_counts_are_asked_for_once_and_with_the_panels_that_hold_them() -> None:
    counts = codes("platelets")
    assert {"777-3", "26515-7", "58410-2"} <= counts
    assert "85354-9" in observation_codes()  # blood pressure, whose components are read
    assert counts.isdisjoint(codes(*RESULT_KEYS))


def test_codes_that_mean_no_fact_are_not_asked_for() -> None:
    assert "13056-7" not in observation_codes()  # platelets in plasma
    assert codes(*FINDING_KEYS).isdisjoint(codes(*RESULT_KEYS))


def test_local_codes_of_a_site_are_asked_for() -> None:
    site = load(
        {"obs-platelet-count": [("urn:oid:2.999.1", "PLT,1|$")], "bleed-mucosal": [("urn:x", "NB&1")]}
    )
    keys = {key.name: key.template for key in prefetch_keys(site)}
    assert r"PLT\,1\|\$" in keys["platelets"]
    assert "NB%261" in keys["findings1"]


def test_many_local_codes_take_the_place_of_appointments() -> None:
    room = MOST_KEYS - len([key for key in KEYS if key.name != "appointments"])
    site = load({"obs-hemoglobin": [("urn:oid:2.999.1", f"HB-{number:04}") for number in range(130 * room)]})
    names = [key.name for key in prefetch_keys(site)]
    assert len([name for name in names if name.startswith("results")]) == len(RESULT_KEYS) + room
    assert "appointments" not in names
    assert len(names) == MOST_KEYS


def test_more_local_codes_than_there_is_room_for_stop_the_start() -> None:
    site = load({"obs-hemoglobin": [("urn:oid:2.999.1", f"HB-{number:04}") for number in range(900)]})
    with pytest.raises(ValueError, match=r"\[content.local_codes\]: .* expected 16 at most"):
        prefetch_keys(site)


def test_what_the_newest_page_answers_is_told_apart() -> None:
    assert BY_NAME["platelets"].newest_first
    assert BY_NAME["results1"].newest_first
    assert not BY_NAME["allergies"].newest_first
    assert not BY_NAME["conditions"].newest_first
