"""What must come out of every file of the shared test data: records of other people's making, oddities and all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec import Raw

from cards.record import Answer, Kind, UnitProblem
from cds_service.facts import Settled, settle
from cds_service.fhir.bundles import RawEntry, open_bundle
from cds_service.fhir.parse import Parsed, Source, parse
from cds_service.hooks.context import Context
from cds_service.hooks.request import HookRequest
from tests.service.build import NOW, TERMINOLOGY


class Expected(NamedTuple):
    """Usable counts, their lowest and highest (cut to whole numbers), findings, and measurements by set."""

    counts: int
    lowest: int | None = None
    highest: int | None = None
    findings: int = 0
    haemoglobin: int = 0


FILES = {
    "synthea-r4-schinner-bleeding": Expected(9, 227, 441, 1, 9),
    "synthea-r4-botsford-pneumonia": Expected(2, 181, 331, 5, 2),
    "synthea-r4-macejkovic-pneumonia": Expected(2, 263, 386, 5, 2),
    "smart-stu3-patient-665677": Expected(0),
    "smart-stu3-patient-2347217": Expected(0),
    "smart-dstu2-hca-pat-64": Expected(1, 313, 313),
    "smart-dstu2-hca-pat-67": Expected(1, 361, 361),
    "mimic-demo-moderate_risk_bundle": Expected(0),
    "mimic-demo-high_risk_bundle": Expected(0),
    "be-macsys-815333049": Expected(1, 25, 25, haemoglobin=1),
    "be-macsys-815333046": Expected(1, 301, 301, haemoglobin=1),
    "be-molis-1A": Expected(1, 180, 180, haemoglobin=1),
    "be-mips-uzg4-registered-novalue": Expected(0),
    "be-macsys-815333056-micro": Expected(0),
    "tw-nhi-demo-bundle": Expected(4, 115, 151, haemoglobin=6),
    "hl7-r4-diagnosticreport-example": Expected(1, 444, 444, haemoglobin=1),
    "ms-SmartPatientA": Expected(0),
    "ms-medicationrequest0302-contained": Expected(0),
    "uscore-observation-cbc-platelets": Expected(1, 200, 200),
    "uscore-diagnosticreport-cbc": Expected(0),
    "uscore-observation-cbc-hemoglobin": Expected(0, haemoglobin=1),
    "uscore-condition-duodenal-ulcer": Expected(0, findings=1),
    "uscore-medicationrequest-contained-oral-axid": Expected(0),
    "uscore-medicationrequest-referenced-oral-axid": Expected(0),
    "uscore-medicationrequest-self-tylenol": Expected(0),
    "uscore-servicerequest-cbc": Expected(0),
    "clinosim-us-sepsis-1": Expected(21, 135, 251, 3, 1),
    "clinosim-us-sepsis-2": Expected(12, 130, 281, 4, 1),
    "clinosim-jp-sepsis-1": Expected(22, 70, 262, 4, 1),
    "clinosim-jp-sepsis-3": Expected(58, 41, 271, 4, 1),
    "clinosim-us-gibleed-1": Expected(1, 253, 253, 3, 6),
    "clinosim-us-cirrhosis-1": Expected(1, 151, 151, 1, 1),
    "clinosim-us-influenza-1": Expected(1, 257, 257, 2, 1),
    "clinosim-us-pneumonia-1": Expected(1, 246, 246, 2, 1),
    "carebundle-anaemia-42-0001": Expected(1, 288, 288, 0, 1),
    "phenomics-thrombocytopenia-wrong-unit": Expected(0),
    "ch-epreg-platelets": Expected(1, 130, 130),
    "hl7-r4-condition-f203-sepsis": Expected(0, findings=1),
}
MANY = {
    "ahrq-exec-Cher186_Crooks415": 2,
    "ahrq-exec-Debora709_Mayer370": 2,
    "ahrq-exec-Adolfo777_Braun514": 1,
}
NO_RESOURCES = frozenset(
    {"ahrq-hooks-Cher186_Crooks415", "ahrq-hooks-missing_prefetch_keys", "ahrq-hooks-active_person"}
    | {"mimic-demo-high_risk_patient", "REF-mimic-platelet-infection-bleeding-codes"}
    | {"hapi-decimal-leading-plus.INVALID"}
)


def read_file(path: Path) -> tuple[RawEntry, ...]:
    """The resources of a file: a Bundle, one resource, or a list of them."""
    text = path.read_bytes()
    if path.stem in MANY:  # a list of resources inside a request, whose ids are those of their urn:uuid
        listed = json.loads(text)["data"]
        return tuple(RawEntry(Raw(json.dumps(one).encode()), f"urn:uuid:{one['id']}") for one in listed)
    opened = open_bundle(Raw(text))
    if all(isinstance(one, RawEntry) for one in opened.entries):
        return opened.entries
    return tuple(
        RawEntry(text, one.full_url) for text, one in zip(opened.read_texts(), opened.entries, strict=True)
    )


def patient_of(entries: tuple[RawEntry, ...]) -> str:
    """The id of the file's Patient, or the one that most resources name."""
    decoded = [(json.loads(bytes(entry.resource)), entry.full_url or "") for entry in entries]
    for one, url in decoded:
        if one.get("resourceType") == "Patient":
            return str(one.get("id") or url.removeprefix("urn:uuid:"))
    named = Counter(_subject(one) for one, _ in decoded)
    return named.most_common(1)[0][0].rpartition("/")[2] or "nobody"


def _subject(one: dict[str, Any]) -> str:
    subject = one.get("subject") or one.get("patient") or {}
    return str(subject.get("reference", ""))


def read(path: Path) -> tuple[Parsed, Settled]:
    entries = read_file(path)
    patient = patient_of(entries)
    parsed = parse([Source("file", frozenset(Kind), entries)], patient)
    context = Context(
        user_id="Practitioner/a", patient_id=patient, encounter_id=None, selections=(), draft_orders=None
    )
    request = HookRequest("patient-view", "x", context)
    return parsed, settle(parsed, request, dict.fromkeys(Kind, Answer.ANSWERED), TERMINOLOGY, NOW)


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "data"


@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_its_counts_findings_and_measurements(folder: Path, name: str) -> None:
    expected = FILES[name]
    _, settled = read(folder / f"{name}.json")
    record = settled.record
    values = sorted(result.value for result in record.platelets if result.value is not None)
    assert len(values) == len(record.platelets) == expected.counts
    assert (int(values[0]) if values else None) == expected.lowest
    assert (int(values[-1]) if values else None) == expected.highest
    assert len(record.findings) == expected.findings
    assert len(record.measurements.get("obs-hemoglobin", ())) == expected.haemoglobin
    assert [m.unit for m in record.measurements.get("obs-hemoglobin", ()) if m.unit != "g/dL"] == []


def test_every_file_has_its_expectation(folder: Path) -> None:
    assert {path.stem for path in folder.glob("*.json")} == FILES.keys() | MANY.keys() | NO_RESOURCES


@pytest.mark.parametrize("name", MANY)
def test_a_list_of_resources_is_read_too(folder: Path, name: str) -> None:
    record = read(folder / f"{name}.json")[1].record
    assert [result.problem for result in record.platelets] == [None] * MANY[name]
    assert all(result.value is not None and 150 < result.value < 450 for result in record.platelets)


def test_volume_and_width_of_platelets_are_no_counts(folder: Path) -> None:
    record = read(folder / "synthea-r4-schinner-bleeding.json")[1].record
    indices = record.measurements["obs-platelet-indices"]
    assert len(indices) == 18
    assert {one.unit for one in indices} == {"fL"}
    assert {one.reference for one in indices}.isdisjoint(one.reference for one in record.platelets)


def test_decimals_keep_all_their_digits(folder: Path) -> None:
    text = (folder / "synthea-r4-schinner-bleeding.json").read_text(encoding="utf-8")
    record = read(folder / "synthea-r4-schinner-bleeding.json")[1].record
    assert all(str(one.value) in text for one in record.platelets)


def test_an_impossible_unit_is_no_count_even_with_its_range(folder: Path) -> None:
    measured = json.loads((folder / "phenomics-thrombocytopenia-wrong-unit.json").read_text(encoding="utf-8"))
    measured["subject"] = {"reference": "Patient/a"}
    parsed = parse([Source("file", frozenset(Kind), [RawEntry(Raw(json.dumps(measured).encode()))])], "a")
    context = Context(
        user_id="Practitioner/a", patient_id="a", encounter_id=None, selections=(), draft_orders=None
    )
    record = settle(parsed, HookRequest("patient-view", "x", context), {}, TERMINOLOGY, NOW).record
    [result] = record.platelets
    assert (result.value, result.problem, result.likely) == (None, UnitProblem.IMPLAUSIBLE, None)
    assert (result.shown, result.shown_unit) == (Decimal(20), "10*12/L")


def test_a_count_that_names_nobody_is_unread(folder: Path) -> None:
    record = read(folder / "phenomics-thrombocytopenia-wrong-unit.json")[1].record
    assert [one.reason for one in record.unread_platelets] == ["names no patient"]


def test_the_report_dates_a_count_of_a_panel(folder: Path) -> None:
    for name in ("be-molis-1A", "hl7-r4-diagnosticreport-example"):
        [result] = read(folder / f"{name}.json")[1].record.platelets
        assert result.time is not None
        assert result.dated_by_report


def test_a_day_without_time_is_a_whole_day(folder: Path) -> None:
    [result] = read(folder / "uscore-observation-cbc-platelets.json")[1].record.platelets
    assert result.time is not None
    assert not result.time.is_exact


def test_other_releases_are_reported_by_the_member_that_differs(folder: Path) -> None:
    for name in ("smart-stu3-patient-665677", "smart-dstu2-hca-pat-64"):
        parsed, _ = read(folder / f"{name}.json")
        reasons = {one.reason for one in parsed.rejected}
        assert "not FHIR R4: clinicalStatus" in reasons
    assert "a resource of another FHIR release than R4" in reasons


@pytest.mark.parametrize("name", sorted(NO_RESOURCES))
def test_what_holds_no_resources_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        read_file(folder / f"{name}.json")


def _texts(value: Any) -> Iterator[str]:
    """Every display, name and text of a file."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("text", "display", "family", "div") and isinstance(inner, str) and len(inner) > 3:
                yield inner
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


@pytest.mark.parametrize("name", FILES)
def test_no_word_of_a_record_gets_into_a_reason(folder: Path, name: str) -> None:
    path = folder / f"{name}.json"
    parsed, settled = read(path)
    said = " | ".join(one.reason for one in (*parsed.rejected, *settled.rejected))
    assert [text for text in set(_texts(json.loads(path.read_bytes()))) if text in said] == []
