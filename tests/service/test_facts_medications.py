"""Drugs from requests, statements and administrations: which drug, in use or not, from when to when, by which route."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cards.facts.presence import in_use
from cards.record import Medication, MedicationSource, Moment, Route
from cds_service.facts.medications import read_medications
from tests.service.build import ATC, LOCAL, NOW, RXNORM, SNOMED, coded, concept, reading, reasons, resource

HEPARIN = coded("med-heparin")
IBUPROFEN = concept((RXNORM, "5640"))


def request(own_id: str = "x", **members: Any) -> dict[str, Any]:
    drug = {} if "medicationReference" in members else {"medicationCodeableConcept": HEPARIN}
    base = {"status": "active", "intent": "order", "authoredOn": "2026-06-01"}
    return resource("MedicationRequest", own_id, **(base | drug | members))


def statement(**members: Any) -> dict[str, Any]:
    return resource(
        "MedicationStatement", **({"status": "active", "medicationCodeableConcept": HEPARIN} | members)
    )


def administration(**members: Any) -> dict[str, Any]:
    base = {"status": "completed", "medicationCodeableConcept": HEPARIN}
    return resource(
        "MedicationAdministration", **(base | {"effectiveDateTime": "2026-06-15T10:00:00Z"} | members)
    )


def drug(*resources: dict[str, Any], **how: Any) -> Medication:
    (found,) = read_medications(reading(*resources, **how))
    return found


def text(moment: Moment | None) -> str | None:
    return None if moment is None else moment.text


def during(**bounds: Any) -> list[dict[str, Any]]:
    return [{"timing": {"repeat": bounds}}]


# ------------------------------------------------------------------------------------------------ which drug


def test_a_request_for_a_coded_drug() -> None:
    found = drug(request())
    assert found.reference == "MedicationRequest/x"
    assert "med-heparin" in found.set_ids
    assert found.source is MedicationSource.REQUEST
    assert (found.status, text(found.start), found.end, found.route) == ("active", "2026-06-01", None, None)
    assert found.codes == ((RXNORM, "5224"),)


def test_only_mapped_codes_tell_drugs_apart_and_in_their_normal_form() -> None:
    both = concept((LOCAL, "AMX"), ("urn:oid:2.16.840.1.113883.6.73", "j01ca04"), (RXNORM, "999999999"))
    found = drug(request(medicationCodeableConcept=both))
    assert "med-aminopenicillin" in found.set_ids
    assert found.codes == ((ATC, "J01CA04"),)


@pytest.mark.parametrize(
    "code", [{"text": "Heparin"}, concept((LOCAL, "4711"), text="Heparin"), concept((RXNORM, "197361")), None]
)
def test_a_drug_in_no_set_stays_without_a_meaning_and_is_reported(code: Any) -> None:
    read = reading(request(medicationCodeableConcept=code))
    (found,) = read_medications(read)
    assert not found.set_ids
    assert found.codes == ()
    assert reasons(read) == [("MedicationRequest/x", "unmapped drug")]


def test_a_drug_that_is_known_as_an_allergen_alone_is_reported() -> None:
    read = reading(request(medicationCodeableConcept=concept((SNOMED, "387207008"))))
    assert drug(request(medicationCodeableConcept=concept((SNOMED, "387207008")))).set_ids == {
        "allergy-nsaid"
    }
    assert len(read_medications(read)) == 1
    assert reasons(read) == [("MedicationRequest/x", "unmapped drug")]


@pytest.mark.parametrize(
    ("members", "is_told"),
    [
        ({"status": "completed", "authoredOn": "2025-06-15"}, True),
        ({"status": "completed", "authoredOn": "2025-06-14"}, False),
        ({"status": "completed", "authoredOn": "2025-06-15T12:00:00Z"}, True),
        ({"status": "completed", "authoredOn": "2025-06-15T11:59:59Z"}, False),
        ({"status": "completed", "authoredOn": None}, True),
        ({"status": "active", "authoredOn": "2020-01-01"}, True),
        ({"authoredOn": "2025-01-01", "dispenseRequest": {"validityPeriod": {"end": "2025-06-14"}}}, False),
        ({"status": "completed", "authoredOn": "9999-06-30"}, True),
    ],
)
def test_an_unmapped_drug_of_long_ago_is_not_reported(members: dict[str, Any], is_told: bool) -> None:
    read = reading(request(medicationCodeableConcept={"text": "x"}, **members))
    assert len(read_medications(read)) == 1
    assert [reason for _, reason in reasons(read)] == ["unmapped drug"] * is_told


@pytest.mark.parametrize("status", ["cancelled", "draft"])
def test_what_was_never_taken_is_not_reported(status: str) -> None:
    read = reading(request(status=status, medicationCodeableConcept={"text": "tablets"}))
    assert len(read_medications(read)) == 1
    assert reasons(read) == []


def test_a_contained_medication() -> None:
    inside = [{"resourceType": "Medication", "id": "m", "code": HEPARIN}]
    found = drug(request(medicationReference={"reference": "#m"}, contained=inside))
    assert "med-heparin" in found.set_ids


@pytest.mark.parametrize(
    "reference",
    ["Medication/m", "Medication/m/_history/3", "https://ehr.example.org/fhir/Medication/m", "urn:uuid:77"],
)
def test_a_medication_among_the_resources(reference: str) -> None:
    medication = resource("Medication", "m", code=HEPARIN)
    ordered = request(medicationReference={"reference": reference})
    assert "med-heparin" in drug(ordered, medication, urls={"m": "urn:uuid:77"}).set_ids


@pytest.mark.parametrize(
    "reference", ["Medication/other", "#m", "Patient/p1", "https://elsewhere.example.org/fhir/Medication/m"]
)
def test_a_medication_that_is_not_at_hand_is_reported(reference: str) -> None:
    patient = resource("Patient", "p1")
    read = reading(
        patient,
        resource("Medication", "m", code=HEPARIN),
        request(medicationReference={"reference": reference}),
    )
    (found,) = read_medications(read)
    assert not found.set_ids
    assert reasons(read) == [
        ("MedicationRequest/x", "drug referred to is not at hand"),
        ("MedicationRequest/x", "unmapped drug"),
    ]


def test_active_ingredients_count_also_those_inside_the_same_resource() -> None:
    inner = {"resourceType": "Medication", "id": "i", "code": IBUPROFEN}
    ingredients = [
        {"itemReference": {"reference": "#i"}},
        {"itemCodeableConcept": HEPARIN, "isActive": False},
        {"itemCodeableConcept": concept((ATC, "J01CA04"))},
    ]
    pack = {"resourceType": "Medication", "id": "m", "code": {"text": "pack"}, "ingredient": ingredients}
    found = drug(request(medicationReference={"reference": "#m"}, contained=[pack, inner]))
    assert {"med-nsaid", "med-aminopenicillin"} <= found.set_ids
    assert "med-heparin" not in found.set_ids


def test_an_ingredient_that_refers_to_itself_comes_to_an_end() -> None:
    own = resource("Medication", "m", ingredient=[{"itemReference": {"reference": "Medication/m"}}] * 2)
    read = reading(own, request(medicationReference={"reference": "Medication/m"}))
    assert len(read_medications(read)) == 1


def test_a_medication_entered_in_error_tells_nothing() -> None:
    wrong = resource("Medication", "m", code=HEPARIN, status="entered-in-error")
    assert not drug(request(medicationReference={"reference": "Medication/m"}), wrong).set_ids


def test_a_drug_of_another_release_is_reported() -> None:
    r5 = request(medicationCodeableConcept=None, medication={"concept": HEPARIN})
    read = reading(r5)
    assert read_medications(read) == ()
    assert reasons(read) == [("MedicationRequest/x", "not FHIR R4: medication")]


# -------------------------------------------------------------------------------------------------- in use


@pytest.mark.parametrize("intent", ["proposal", "plan", "option", "directive"])
def test_what_is_only_meant_is_no_drug(intent: str) -> None:
    assert read_medications(reading(request(intent=intent))) == ()


@pytest.mark.parametrize(
    "intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order", None]
)
def test_what_is_ordered_is_one(intent: str | None) -> None:
    assert in_use(drug(request(intent=intent)), NOW)


@pytest.mark.parametrize(
    ("members", "used"),
    [
        ({"reportedBoolean": True}, True),
        ({"reportedReference": {"reference": "Patient/p1"}}, True),
        ({"reportedBoolean": False}, False),
    ],
)
def test_a_plan_that_reports_what_the_patient_takes_is_in_use(members: dict[str, Any], used: bool) -> None:
    assert bool(read_medications(reading(request(intent="plan", **members)))) is used
    assert read_medications(reading(request(intent="proposal", **members))) == ()


def test_a_drug_that_must_not_be_given_is_none() -> None:
    assert read_medications(reading(request(doNotPerform=True))) == ()
    assert len(read_medications(reading(request(doNotPerform=False)))) == 1


@pytest.mark.parametrize("make", [request, statement, administration])
def test_entered_in_error_never_was(make: Any) -> None:
    assert read_medications(reading(make(status="entered-in-error"))) == ()


@pytest.mark.parametrize(
    ("status", "used"),
    [
        ("active", True),
        ("unknown", True),
        (None, True),
        ("on-hold", False),
        ("stopped", False),
        ("draft", False),
    ],
)
def test_requests_in_use_by_status(status: str | None, used: bool) -> None:
    assert in_use(drug(request(status=status)), NOW) is used


def test_a_completed_request_is_in_use_while_its_treatment_lasts() -> None:
    lasting = during(boundsPeriod={"start": "2026-06-10", "end": "2026-06-15"})
    over = during(boundsPeriod={"start": "2026-06-01", "end": "2026-06-14"})
    assert in_use(drug(request(status="completed", dosageInstruction=lasting)), NOW)
    assert not in_use(drug(request(status="completed", dosageInstruction=over)), NOW)
    assert not in_use(drug(request(status="completed")), NOW)


# --------------------------------------------------------------------------------------------------- times


def test_the_bounds_of_all_dosages_make_the_treatment() -> None:
    dosages = [
        *during(boundsPeriod={"start": "2026-06-04", "end": "2026-06-08"}),
        {"text": "as needed"},
        *during(boundsPeriod={"start": "2026-06-02", "end": "2026-06-12"}),
    ]
    found = drug(request(dosageInstruction=dosages))
    assert (text(found.start), text(found.end)) == ("2026-06-02", "2026-06-12")
    open_end = [*dosages, *during(boundsPeriod={"start": "2026-06-08"})]
    assert drug(request(dosageInstruction=open_end)).end is None


@pytest.mark.parametrize(
    ("value", "code", "end"),
    [
        (14, "d", datetime(2026, 6, 15, tzinfo=UTC)),
        (2, "wk", datetime(2026, 6, 15, tzinfo=UTC)),
        (48, "h", datetime(2026, 6, 3, tzinfo=UTC)),
        (1, "mo", datetime(2026, 7, 1, tzinfo=UTC)),
    ],
)
def test_a_duration_counts_from_the_order(value: int, code: str, end: datetime) -> None:
    found = drug(request(dosageInstruction=during(boundsDuration={"value": value, "code": code})))
    assert text(found.start) == "2026-06-01"
    assert found.end is not None
    assert found.end.earliest == end


@pytest.mark.parametrize(
    "duration", [{"value": 14}, {"value": 14, "code": "mg"}, {"value": "14", "code": "d"}]
)
def test_a_duration_that_cannot_be_read_gives_no_end(duration: dict[str, Any]) -> None:
    found = drug(request(dosageInstruction=during(boundsDuration=duration)))
    assert (text(found.start), found.end) == ("2026-06-01", None)


def test_single_events_begin_and_end_it() -> None:
    found = drug(request(dosageInstruction=[{"timing": {"event": ["2026-06-09", "2026-06-03", "soon"]}}]))
    assert (text(found.start), text(found.end)) == ("2026-06-03", "2026-06-09")


def test_the_validity_of_a_prescription_stands_in_for_missing_bounds() -> None:
    valid = {"validityPeriod": {"start": "2026-06-02", "end": "2026-06-20"}}
    found = drug(request(dispenseRequest=valid))
    assert (text(found.start), text(found.end)) == ("2026-06-02", "2026-06-20")
    bound = during(boundsPeriod={"start": "2026-06-03", "end": "2026-06-09"})
    found = drug(request(dispenseRequest=valid, dosageInstruction=bound))
    assert (text(found.start), text(found.end)) == ("2026-06-03", "2026-06-09")


def test_a_period_that_ends_before_it_starts_has_no_end_and_is_reported() -> None:
    read = reading(statement(effectivePeriod={"start": "2026-06-10", "end": "2026-06-01"}))
    (found,) = read_medications(read)
    assert (text(found.start), found.end) == ("2026-06-10", None)
    assert reasons(read) == [("MedicationStatement/x", "period ends before it starts")]


def test_a_period_of_one_moment_is_one() -> None:
    moment = "2026-06-10T08:00:00Z"
    read = reading(statement(effectivePeriod={"start": moment, "end": moment}))
    (found,) = read_medications(read)
    assert (text(found.start), text(found.end)) == (moment, moment)
    assert reasons(read) == []


def test_unreadable_dates_are_reported_and_the_drug_stays() -> None:
    read = reading(request(authoredOn="1 June"))
    (found,) = read_medications(read)
    assert found.start is None
    assert reasons(read) == [("MedicationRequest/x", "unreadable authoredOn")]


def test_a_statement_with_a_period() -> None:
    found = drug(statement(effectivePeriod={"start": "2026-05-01"}))
    assert found.source is MedicationSource.STATEMENT
    assert (text(found.start), found.end) == ("2026-05-01", None)
    assert in_use(found, NOW)


@pytest.mark.parametrize(
    ("status", "end"), [("active", None), ("completed", "2026-05-01"), ("stopped", "2026-05-01")]
)
def test_a_statement_with_a_single_time(status: str, end: str | None) -> None:
    found = drug(statement(status=status, effectiveDateTime="2026-05-01"))
    assert (text(found.start), text(found.end)) == ("2026-05-01", end)


def test_a_statement_without_a_time_takes_the_bounds_of_its_dosage() -> None:
    found = drug(statement(dosage=during(boundsPeriod={"start": "2026-05-01", "end": "2026-05-09"})))
    assert (text(found.start), text(found.end)) == ("2026-05-01", "2026-05-09")


def test_an_administration_counts_for_a_while() -> None:
    found = drug(administration())
    assert found.source is MedicationSource.ADMINISTRATION
    assert (text(found.start), found.end) == ("2026-06-15T10:00:00Z", None)
    assert in_use(found, NOW, timedelta(hours=2))
    assert not in_use(found, NOW, timedelta(hours=1))


def test_an_administration_over_a_period() -> None:
    found = drug(
        administration(
            status="in-progress", effectiveDateTime=None, effectivePeriod={"start": "2026-06-15T08:00:00Z"}
        )
    )
    assert in_use(found, NOW)


# --------------------------------------------------------------------------------------------------- routes


@pytest.mark.parametrize(
    ("set_id", "route"),
    [
        ("route-oral", Route.ORAL),
        ("route-intravenous", Route.INTRAVENOUS),
        ("route-intramuscular", Route.INTRAMUSCULAR),
        ("route-subcutaneous", Route.SUBCUTANEOUS),
    ],
)
def test_the_route_of_each_kind(set_id: str, route: Route) -> None:
    code = coded(set_id)
    assert drug(request(dosageInstruction=[{"route": code}])).route is route
    assert drug(statement(dosage=[{"route": code}])).route is route
    assert drug(administration(dosage={"route": code})).route is route


def test_a_coded_route_that_no_set_knows_is_another_one_and_words_are_none() -> None:
    topical = concept((SNOMED, "6064005"))
    assert drug(request(dosageInstruction=[{"route": topical}])).route is Route.OTHER
    assert drug(request(dosageInstruction=[{"route": {"text": "oral"}}])).route is None


def test_of_two_routes_the_one_that_rules_ask_for() -> None:
    both = [{"route": coded("route-oral")}, {"route": coded("route-intravenous")}]
    assert drug(request(dosageInstruction=both)).route is Route.INTRAVENOUS


# ------------------------------------------------------------------------------------------ doses of steroids

PREDNISONE, TABLET_20, SOLUTION = "8640", "312615", "315187"


def prednisone(*instructions: Any, code: str = PREDNISONE, kind: str = "MedicationRequest") -> Any:
    """The dose of a day of an order of prednisone as it was read: value, unit, times a day."""
    member = "dosageInstruction" if kind == "MedicationRequest" else "dosage"
    one = resource(
        kind,
        "pred",
        status="active",
        intent="order" if kind == "MedicationRequest" else None,
        medicationCodeableConcept=concept((RXNORM, code)),
        **{member: list(instructions)},
    )
    (drug,) = read_medications(reading(one))
    return None if drug.dose is None else (drug.dose.value, drug.dose.unit, drug.per_day)


def taken(value: Any, unit: str, sequence: int | None = None, **repeat: Any) -> dict[str, Any]:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"} | repeat
    whole: dict[str, Any] = {
        "timing": {"repeat": repeat},
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}],
    }
    return whole | ({} if sequence is None else {"sequence": sequence})


@pytest.mark.parametrize(
    ("code", "value", "unit", "read"),
    [
        (PREDNISONE, 20, "mg", (20, "mg", 1)),
        (PREDNISONE, 0.02, "g", (20, "mg", 1)),
        (TABLET_20, 1.5, "tablet", (30, "mg", 1)),
        (SOLUTION, 19, "mL", (19, "mg", 1)),
        (TABLET_20, 5, "mL", (5, "mL", 1)),
        (PREDNISONE, 2, "tablet", (2, "tablet", 1)),
        (PREDNISONE, 1, "mg/kg", (1, "mg/kg", 1)),
    ],
)
def test_a_dose_in_mg_by_the_strength_of_the_product(code: str, value: Any, unit: str, read: Any) -> None:
    assert prednisone(taken(value, unit), code=code) == read
    assert prednisone(taken(value, unit), code=code, kind="MedicationStatement") == read


def test_of_a_taper_the_highest_step() -> None:
    assert prednisone(taken(10, "mg", 1), taken(30, "mg", 2), taken(5, "mg", 3)) == (30, "mg", 1)
    assert prednisone(taken(10, "mg", 1), taken(30, "mg", 2, frequency=2)) == (30, "mg", 2)
    assert prednisone(taken(10, "mg", 1), taken(1, "tablet", 2)) is None


def test_steps_without_numbers_that_may_follow_each_other_are_not_added_up() -> None:
    week = {"boundsDuration": {"value": 1, "unit": "wk"}}
    assert prednisone(taken(15, "mg", **week), taken(10, "mg", **week)) is None
    assert prednisone(taken(15, "mg"), taken(10, "mg")) == (25, "mg", 1), "morning and evening"
