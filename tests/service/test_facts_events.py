"""What was done, planned and vaccinated."""

from __future__ import annotations

from typing import Any

import pytest

from cards.record import Moment, Performed, Planned
from cds_service.facts.events import read_events
from tests.service.build import ATC, CVX, LOCAL, NOW, SNOMED, coded, concept, reading, reasons, resource

PLATELETS = coded("proc-platelet-transfusion")
PUNCTURE = coded("proc-lumbar-puncture")


def procedure(**members: Any) -> dict[str, Any]:
    base = {"status": "completed", "code": PLATELETS, "performedDateTime": "2026-06-15T08:00:00Z"}
    return resource("Procedure", **(base | members))


def service(**members: Any) -> dict[str, Any]:
    return resource("ServiceRequest", **({"status": "active", "intent": "order", "code": PUNCTURE} | members))


def appointment(**members: Any) -> dict[str, Any]:
    person = [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}]
    base = {"status": "booked", "serviceType": [PUNCTURE], "participant": person}
    times = {"start": "2026-06-17T09:00:00Z", "end": "2026-06-17T10:00:00Z"}
    return resource("Appointment", **(base | times | members))


def vaccine(**members: Any) -> dict[str, Any]:
    base = {"status": "completed", "vaccineCode": concept((CVX, "03")), "occurrenceDateTime": "2026-05-01"}
    return resource("Immunization", **(base | members))


def performed(*resources: dict[str, Any]) -> tuple[Performed, ...]:
    return read_events(reading(*resources))[0]


def planned(*resources: dict[str, Any]) -> tuple[Planned, ...]:
    return read_events(reading(*resources))[1]


def vaccines(*resources: dict[str, Any]) -> tuple[Performed, ...]:
    return read_events(reading(*resources))[2]


def text(moment: Moment | None) -> str | None:
    return None if moment is None else moment.text


# ---------------------------------------------------------------------------------------------------- done


def test_platelets_that_were_given() -> None:
    (one,) = performed(procedure())
    assert one.reference == "Procedure/x"
    assert "proc-platelet-transfusion" in one.set_ids
    assert (one.status, text(one.start), one.end) == ("completed", "2026-06-15T08:00:00Z", None)


def test_a_procedure_over_a_period() -> None:
    over = procedure(
        performedDateTime=None,
        performedPeriod={"start": "2026-06-15T07:00:00Z", "end": "2026-06-15T08:00:00Z"},
    )
    (one,) = performed(over)
    assert (text(one.start), text(one.end)) == ("2026-06-15T07:00:00Z", "2026-06-15T08:00:00Z")


@pytest.mark.parametrize("status", ["not-done", "entered-in-error"])
def test_what_was_not_done_did_not_happen(status: str) -> None:
    assert performed(procedure(status=status)) == ()


@pytest.mark.parametrize("status", ["in-progress", "preparation", "stopped", "on-hold", "unknown"])
def test_other_statuses_are_kept_for_the_rules(status: str) -> None:
    (one,) = performed(procedure(status=status))
    assert one.status == status


def test_red_cells_are_no_platelets() -> None:
    (one,) = performed(procedure(code=coded("proc-red-cell-transfusion")))
    assert "proc-red-cell-transfusion" in one.set_ids
    assert "proc-platelet-transfusion" not in one.set_ids


def test_a_product_that_was_used_does_not_make_a_transfusion() -> None:
    bronchoscopy = procedure(code=concept((SNOMED, "10847001")), usedCode=[coded("product-platelets")])
    (one,) = performed(bronchoscopy)
    assert one.set_ids.isdisjoint({"proc-platelet-transfusion", "product-platelets"})


def test_platelets_that_were_administered_count_as_given_and_an_order_of_the_product_does_not() -> None:
    product = concept((ATC, "B05AX02"))
    given = {"medicationCodeableConcept": product, "effectiveDateTime": "2026-06-15T08:00:00Z"}
    (one,) = performed(resource("MedicationAdministration", status="completed", **given))
    assert one.set_ids == frozenset({"proc-platelet-transfusion"})
    assert text(one.start) == "2026-06-15T08:00:00Z"
    assert performed(resource("MedicationAdministration", status="not-done", **given)) == ()
    ordered = resource(
        "MedicationRequest", status="active", intent="order", medicationCodeableConcept=product
    )
    assert performed(ordered) == ()


@pytest.mark.parametrize("code", [{"text": "platelets given"}, concept((LOCAL, "K920")), None])
def test_a_procedure_in_words_or_local_codes_is_reported(code: Any) -> None:
    read = reading(procedure(code=code))
    assert read_events(read)[0] == ()
    assert reasons(read) == [("Procedure/x", "unmapped procedure")]


def test_a_procedure_in_no_set_is_no_fact_and_no_noise() -> None:
    read = reading(procedure(code=concept((SNOMED, "428191000124101"))))
    assert read_events(read)[0] == ()
    assert reasons(read) == []


def test_a_time_in_words_or_of_another_release_is_reported() -> None:
    words = reading(procedure(performedDateTime=None, performedString="this morning"))
    (one,), _, _ = read_events(words)
    assert (one.start, one.end) == (None, None)
    assert reasons(words) == [("Procedure/x", "time as words, not read")]
    r5 = reading(procedure(performedDateTime=None, occurrenceDateTime="2026-06-15"))
    assert read_events(r5)[0] == ()
    assert reasons(r5) == [("Procedure/x", "not FHIR R4: occurrence[x] of a Procedure")]


# ------------------------------------------------------------------------------------------------- planned


@pytest.mark.parametrize("status", ["active", "draft", "on-hold"])
@pytest.mark.parametrize("intent", ["order", "plan", "proposal", "original-order", None])
def test_an_open_order_is_planned(status: str, intent: str | None) -> None:
    (one,) = planned(service(status=status, intent=intent))
    assert "proc-lumbar-puncture" in one.set_ids
    assert (one.status, one.occurrence, one.authored) == (status, None, None)


@pytest.mark.parametrize("status", ["revoked", "completed", "entered-in-error", "unknown", None])
def test_a_closed_order_is_not(status: str | None) -> None:
    assert planned(service(status=status)) == ()


@pytest.mark.parametrize("members", [{"intent": "option"}, {"intent": "directive"}, {"doNotPerform": True}])
def test_what_is_not_to_be_done_is_not(members: dict[str, Any]) -> None:
    assert planned(service(**members)) == ()


def test_when_it_is_to_be_done() -> None:
    (one,) = planned(service(occurrenceDateTime="2026-06-17", authoredOn="2026-06-14"))
    assert (text(one.occurrence), text(one.authored)) == ("2026-06-17", "2026-06-14")


def test_a_period_is_one_interval() -> None:
    (one,) = planned(
        service(occurrencePeriod={"start": "2026-06-14T08:00:00Z", "end": "2026-06-20T08:00:00Z"})
    )
    assert one.occurrence is not None
    assert one.occurrence.earliest.isoformat() == "2026-06-14T08:00:00+00:00"
    assert one.occurrence.latest.isoformat() == "2026-06-20T08:00:00+00:00"


def test_a_plan_with_one_end_is_open_at_the_other() -> None:
    (until,) = planned(service(occurrencePeriod={"end": "2026-06-20"}))
    assert until.occurrence is not None
    assert (text(until.occurrence), until.occurrence.earliest) == ("2026-06-20", NOW)
    (begun,) = planned(service(occurrencePeriod={"start": "2026-05-01"}))
    assert begun.occurrence is not None
    assert (text(begun.occurrence), begun.occurrence.latest) == ("2026-05-01", NOW)
    (over,) = planned(service(occurrencePeriod={"end": "2026-06-01"}))
    assert over.occurrence is not None
    assert over.occurrence.latest < NOW
    (later,) = planned(service(occurrencePeriod={"start": "2026-06-20"}))
    assert later.occurrence is not None
    assert later.occurrence.earliest > NOW


def test_a_procedure_in_preparation_is_planned() -> None:
    (one,) = planned(procedure(status="preparation", code=PUNCTURE, performedDateTime="2026-06-17"))
    assert (one.reference, one.status, text(one.occurrence)) == ("Procedure/x", "preparation", "2026-06-17")
    period = {"start": "2026-06-16", "end": "2026-06-17"}
    (over,) = planned(
        procedure(status="preparation", code=PUNCTURE, performedDateTime=None, performedPeriod=period)
    )
    assert over.occurrence is not None
    assert over.occurrence.latest.date().isoformat() == "2026-06-17"
    comfort = coded("care-comfort")
    assert planned(procedure(status="preparation", code=comfort)) == ()
    assert planned(procedure(status="in-progress", code=PUNCTURE)) == ()


def test_of_several_times_the_next_one() -> None:
    events = ["2026-06-20", "2026-06-14", "2026-06-16"]
    (one,) = planned(service(occurrenceTiming={"event": events}))
    assert text(one.occurrence) == "2026-06-16"
    (past,) = planned(service(occurrenceTiming={"event": ["2026-06-01", "2026-06-14"]}))
    assert text(past.occurrence) == "2026-06-14"
    bounds = {"repeat": {"boundsPeriod": {"start": "2026-06-18"}}}
    (bound,) = planned(service(occurrenceTiming=bounds))
    assert text(bound.occurrence) == "2026-06-18"


def test_comfort_care_is_ordered_and_not_only_proposed() -> None:
    code = coded("care-comfort")
    (one,) = planned(service(code=code))
    assert "care-comfort" in one.set_ids
    assert planned(service(code=code, intent="proposal")) == ()


def test_an_order_in_words_is_reported() -> None:
    read = reading(service(code={"text": "lumbar puncture"}))
    assert read_events(read)[1] == ()
    assert reasons(read) == [("ServiceRequest/x", "unmapped order")]


def test_a_booked_appointment_by_its_service_or_reason() -> None:
    (one,) = planned(appointment())
    assert (one.status, text(one.occurrence)) == ("booked", "2026-06-17T09:00:00Z")
    (by_reason,) = planned(appointment(serviceType=None, reasonCode=[PUNCTURE]))
    assert "proc-lumbar-puncture" in by_reason.set_ids


@pytest.mark.parametrize("members", [{"status": "cancelled"}, {"status": "proposed"}, {"serviceType": None}])
def test_what_is_no_appointment_for_a_procedure(members: dict[str, Any]) -> None:
    assert planned(appointment(**members)) == ()


# ------------------------------------------------------------------------------------------------ vaccines


def test_a_vaccine_that_was_given() -> None:
    (one,) = vaccines(vaccine())
    assert "vax-live" in one.set_ids
    assert text(one.start) == "2026-05-01"


@pytest.mark.parametrize("status", ["not-done", "entered-in-error"])
def test_a_vaccine_that_was_not(status: str) -> None:
    assert vaccines(vaccine(status=status)) == ()


def test_a_vaccine_in_no_set_is_no_fact_and_one_in_words_is_reported() -> None:
    flu = reading(vaccine(vaccineCode=concept((CVX, "140"))))
    assert (read_events(flu)[2], reasons(flu)) == ((), [])
    words = reading(vaccine(vaccineCode={"text": "measles"}))
    assert read_events(words)[2] == ()
    assert reasons(words) == [("Immunization/x", "unmapped vaccine")]


def test_a_vaccine_at_a_time_in_words() -> None:
    read = reading(vaccine(occurrenceDateTime=None, occurrenceString="as a child"))
    _, _, (one,) = read_events(read)
    assert one.start is None
    assert reasons(read) == [("Immunization/x", "time as words, not read")]
