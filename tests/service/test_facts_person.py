"""The person: birth, sex, recorded ancestry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cards.record import PersonRecord, PregnancyEvidence
from cds_service.facts.person import read_person
from cds_service.fhir.shapes import Patient
from tests.service.build import HL7, reading, reasons, resource

RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
ETHNICITY = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
CDC = "urn:oid:2.16.840.1.113883.6.238"


def person(**members: Any) -> PersonRecord:
    read = reading(resource("Patient", "p1", **members))
    return read_person(read, read.parsed.of(Patient)[0])


def race(*codes: tuple[str, str], url: str = RACE, system: str = CDC) -> list[dict[str, Any]]:
    """The extension with (part, code)."""
    parts = [{"url": part, "valueCoding": {"system": system, "code": code}} for part, code in codes]
    return [{"url": url, "extension": [*parts, {"url": "text", "valueString": "Chinese"}]}]


def test_nothing_recorded_is_unknown() -> None:
    assert person() == PersonRecord("Patient/p1")


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        (
            "2000-02-29",
            datetime(2000, 2, 29, tzinfo=UTC),
            datetime(2000, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
        ),
        ("2000-02", datetime(2000, 2, 1, tzinfo=UTC), datetime(2000, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2000", datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_birth_date_is_as_long_as_it_is_written(text: str, earliest: datetime, latest: datetime) -> None:
    birth = person(birthDate=text).birth
    assert birth is not None
    assert (birth.earliest, birth.latest, birth.text) == (earliest, latest, text)


@pytest.mark.parametrize("text", ["2001-02-29", "01.02.2000", "2000-02-01T00:00:00Z", "", "2000-13"])
def test_an_unreadable_birth_date_is_unknown_and_reported(text: str) -> None:
    read = reading(resource("Patient", "p1", birthDate=text))
    assert read_person(read, read.parsed.of(Patient)[0]).birth is None
    assert reasons(read) == [("Patient/p1", "unreadable birthDate")]


@pytest.mark.parametrize(
    ("gender", "sex"),
    [
        ("female", "female"),
        ("male", "male"),
        ("other", "other"),
        ("unknown", None),
        ("F", None),
        (None, None),
    ],
)
def test_sex(gender: str | None, sex: str | None) -> None:
    assert person(gender=gender).sex == sex


def test_pregnancy_comes_with_its_evidence() -> None:
    read = reading(resource("Patient", "p1"))
    evidence = PregnancyEvidence("Observation/p", True, None)
    assert read_person(read, read.parsed.of(Patient)[0], [evidence]).pregnancy == (evidence,)


# ------------------------------------------------------------------------------------------------ ancestry


@pytest.mark.parametrize("code", ["2034-7", "2039-6", "2040-4", "2047-9", "2036-2", "2035-4"])
def test_east_and_southeast_asian_ancestry_by_its_code(code: str) -> None:
    assert person(extension=race(("ombCategory", "2028-9"), ("detailed", code))).ancestry == {"east-asian"}
    assert person(extension=race(("detailed", code))).ancestry == {"east-asian"}


@pytest.mark.parametrize(
    "system", [HL7 + "v3-Race", "http://hl7.org/fhir/v3/Race", "2.16.840.1.113883.6.238"]
)
def test_other_names_of_the_code_system(system: str) -> None:
    assert person(extension=race(("detailed", "2034-7"), system=system)).ancestry == {"east-asian"}


def test_asian_without_more_is_unknown_also_beside_another() -> None:
    assert person(extension=race(("ombCategory", "2028-9"))).ancestry == frozenset()
    both = race(("ombCategory", "2106-3"), ("ombCategory", "2028-9"))
    assert person(extension=both).ancestry == frozenset()


def test_south_asian_ancestry_says_which() -> None:
    both = race(("ombCategory", "2028-9"), ("detailed", "2029-7"))
    assert person(extension=both).ancestry == {"south-asian"}


@pytest.mark.parametrize("code", ["2106-3", "2054-5", "1002-5", "2076-8"])
def test_another_recorded_ancestry_is_known(code: str) -> None:
    assert person(extension=race(("ombCategory", code))).ancestry == {"other"}


@pytest.mark.parametrize(
    "extension",
    [
        race(("ombCategory", "2131-1")),  # other race: may be any
        race(("ombCategory", "UNK"), system=HL7 + "v3-NullFlavor"),
        race(("text", "2034-7")),
        race(("detailed", "2034-7"), system="urn:oid:2.999"),
        race(("ombCategory", "2186-5"), url=ETHNICITY),
        [{"url": "http://hl7.org/fhir/StructureDefinition/patient-nationality", "extension": []}],
        [{"url": RACE, "valueString": "Chinese"}],
        [{"url": RACE, "extension": [{"url": "detailed"}]}],
    ],
)
def test_what_says_nothing_of_ancestry(extension: list[dict[str, Any]]) -> None:
    assert person(extension=extension).ancestry == frozenset()


def test_a_name_an_address_and_a_language_are_never_read() -> None:
    named = person(
        name=[{"family": "Chen", "given": ["Wei"]}],
        address=[{"country": "CN", "city": "Beijing"}],
        communication=[{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "zh"}]}}],
    )
    assert named.ancestry == frozenset()
