"""Draft orders: lenient reading, selections, doses, routes, reasons."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.json import Encoder

from cards.record import Amount, Order, Route
from cds_service.facts.conditions import read_conditions
from cds_service.facts.context import Reading
from cds_service.facts.orders import read_orders
from tests.service.build import (
    ATC,
    CVX,
    HL7,
    LOCAL,
    RXNORM,
    SERVER,
    SNOMED,
    coded,
    concept,
    reading,
    reasons,
    resource,
)

IBUPROFEN = concept((RXNORM, "5640"))
UCUM = {"system": "http://unitsofmeasure.org"}


def draft(own_id: str | None = "d", kind: str = "MedicationRequest", **members: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"status": "draft", "intent": "order"}
    if (
        kind == "MedicationRequest"
        and not {"medicationReference", "medicationCodeableConcept"} & members.keys()
    ):
        base["medicationCodeableConcept"] = IBUPROFEN
    return resource(kind, own_id or "", **(base | members | ({} if own_id else {"id": None})))


def service(own_id: str = "s", **members: Any) -> dict[str, Any]:
    return draft(own_id, "ServiceRequest", **({"code": coded("proc-platelet-transfusion")} | members))


def bundle(*drafts: Any, **members: Any) -> bytes:
    whole = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": d} for d in drafts]}
    return json.dumps(
        {name: value for name, value in (whole | members).items() if value is not None}
    ).encode()


def orders(
    *drafts: Any, selections: tuple[str, ...] = (), read: Reading | None = None, **members: Any
) -> tuple[Order, ...]:
    return read_orders(bundle(*drafts, **members), selections, read or reading(hook="order-select"))[0]


def order(**members: Any) -> Order:
    (one,) = orders(draft(**members))
    return one


def dosed(*dosages: dict[str, Any], **members: Any) -> Order:
    return order(dosageInstruction=list(dosages), **members)


def repeated(**repeat: Any) -> Order:
    return dosed({"timing": {"repeat": repeat}})


# ------------------------------------------------------------------------------------------------ what is ordered


def test_no_drafts_are_no_orders() -> None:
    assert read_orders(None, (), reading()) == ((), ())
    assert orders() == ()


def test_a_draft_prescription() -> None:
    one = order()
    assert (one.reference, one.resource_type) == ("MedicationRequest/d", "MedicationRequest")
    assert "med-nsaid" in one.set_ids
    assert one.codes == ((RXNORM, "5640"),)
    assert (one.route, one.dose, one.per_day, one.amount, one.duration) == (None, None, None, None, None)
    assert (one.occurrence, one.reasons, one.unread_reason) == (None, (), False)


def test_the_client_s_own_draft_is_kept_with_exact_numbers() -> None:
    text = (
        b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MedicationRequest", "id": "d", '
    )
    text += b'"x": [1.50, 1E400, 12345678901234567890.123, {"deep": null}], "y": 7}}]}'
    (one,), _ = read_orders(Raw(text), (), reading())
    written = Encoder(decimal_format="number").encode(one.resource)
    assert b'"x":[1.50,1E400,12345678901234567890.123,{"deep":null}],"y":7' in written


def test_what_the_reference_client_sends_first_has_no_drug_and_no_bundle_type() -> None:
    first = {"resourceType": "MedicationRequest", "id": "request-123", "status": "draft"}
    first |= {"subject": {"reference": "Patient/p1"}, "authoredOn": "2026-06-15"}
    read = reading(hook="order-select")
    (one,), unresolved = read_orders(bundle(first, type=None), ("MedicationRequest/request-123",), read)
    assert one.selected
    assert one.set_ids == frozenset()
    assert unresolved == ()
    assert reasons(read) == []


def test_what_the_reference_client_sends_then() -> None:
    dose = {"doseQuantity": {"value": 2, "code": "{pill}"} | UCUM}
    dose["timing"] = {
        "repeat": {
            "frequency": 3,
            "period": 1,
            "periodUnit": "d",
            "boundsPeriod": {"start": "2026-06-15", "end": "2026-06-21"},
        }
    }
    one = dosed(dose, category={"coding": [{"code": "inpatient"}]}, intent=None)
    assert "med-nsaid" in one.set_ids
    assert (one.dose, one.per_day, one.duration) == (
        Amount(Decimal(2), "tablet"),
        Decimal(3),
        timedelta(days=7),
    )


def test_a_contained_medication_and_its_ingredients() -> None:
    pack = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": IBUPROFEN}]}
    one = order(medicationReference={"reference": "#m"}, contained=[{"resourceType": "Organization"}, pack])
    assert "med-nsaid" in one.set_ids


def test_a_medication_beside_the_draft_or_among_the_resources() -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": IBUPROFEN}
    drafts = (draft(medicationReference={"reference": "Medication/m"}), medication)
    (beside,) = orders(*drafts)
    (among,) = orders(drafts[0], read=reading(medication, hook="order-select"))
    by_url = {"fullUrl": "urn:uuid:5", "resource": medication}
    named = draft(medicationReference={"reference": "urn:uuid:5"})
    (full,) = orders(entry=[{"resource": named}, by_url])
    assert all("med-nsaid" in one.set_ids for one in (beside, among, full))


@pytest.mark.parametrize("reference", ["#m", "Medication/m", "urn:uuid:5"])
def test_a_medication_that_is_nowhere_is_reported_and_the_order_stays(reference: str) -> None:
    read = reading(hook="order-select")
    (one,) = orders(draft(medicationReference={"reference": reference}), read=read)
    assert one.set_ids == frozenset()
    assert reasons(read) == [
        ("MedicationRequest/d", "drug referred to is not at hand"),
        ("MedicationRequest/d", "unmapped drug"),
    ]


@pytest.mark.parametrize(
    "code", [{"text": "ibuprofen"}, concept((LOCAL, "4711")), concept((RXNORM, "1187314"))]
)
def test_an_unmapped_drug_stays_an_order_and_is_reported(code: dict[str, Any]) -> None:
    read = reading(hook="order-select")
    (one,) = orders(draft(medicationCodeableConcept=code), read=read)
    assert one.set_ids == frozenset()
    assert reasons(read) == [("MedicationRequest/d", "unmapped drug")]


def test_an_order_that_is_known_as_an_allergen_alone_is_reported() -> None:
    read = reading(hook="order-select")
    (one,) = orders(draft(medicationCodeableConcept=concept((SNOMED, "387207008"))), read=read)
    assert one.set_ids == {"allergy-nsaid"}
    assert reasons(read) == [("MedicationRequest/d", "unmapped drug")]


@pytest.mark.parametrize(
    "drug", [{"medication": {"concept": IBUPROFEN}}, {"medicationCodeableConcept": "ibuprofen"}]
)
def test_a_drug_in_another_shape_than_that_of_r4_is_reported(drug: dict[str, Any]) -> None:
    read = reading(hook="order-select")
    without = {name: value for name, value in draft().items() if name != "medicationCodeableConcept"}
    (one,) = orders(without | drug, read=read)
    assert one.set_ids == frozenset()
    assert reasons(read) == [("MedicationRequest/d", "unmapped drug")]


@pytest.mark.parametrize(
    ("kind", "today"), [("MedicationOrder", "MedicationRequest"), ("ProcedureRequest", "ServiceRequest")]
)
def test_an_order_of_another_release_is_one_of_which_nothing_is_known(kind: str, today: str) -> None:
    read = reading(hook="order-select")
    (one,) = orders(draft("d", kind), selections=(f"{kind}/d",), read=read)
    assert (one.resource_type, one.set_ids, one.selected) == (today, frozenset(), True)
    assert reasons(read) == [(f"{kind}/d", "a resource of another FHIR release than R4")]


def test_codes_of_no_set_are_kept_for_the_same_substance() -> None:
    assert order(medicationCodeableConcept=concept((RXNORM, "1187314"))).codes == ((RXNORM, "1187314"),)


def test_a_service_with_its_amount_and_time() -> None:
    quantity = {"value": 2, "unit": "adult dose"}
    (one,) = orders(service(quantityQuantity=quantity, occurrenceDateTime="2026-06-16"))
    assert "proc-platelet-transfusion" in one.set_ids
    assert one.amount == Amount(Decimal(2), "adult-dose")
    assert one.occurrence is not None
    assert one.occurrence.text == "2026-06-16"


def test_a_service_in_a_known_system_is_no_noise_and_one_in_words_is_reported() -> None:
    read = reading(hook="order-select")
    assert (
        len(
            orders(
                service(code=concept((SNOMED, "77343006"))),
                service("t", code={"text": "angiography"}),
                read=read,
            )
        )
        == 2
    )
    assert reasons(read) == [("ServiceRequest/t", "unmapped order")]


def test_a_service_over_a_period() -> None:
    (one,) = orders(service(occurrencePeriod={"start": "2026-06-16", "end": "2026-06-18"}))
    assert one.occurrence is not None
    assert (one.occurrence.text, one.occurrence.latest.day) == ("2026-06-16", 18)


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ({"start": "2026-06-16"}, "2026-06-16"),
        ({"end": "2026-06-18"}, "2026-06-18"),
        ({"start": "2026-06-18", "end": "2026-06-16"}, "2026-06-18"),
        ({"start": "2026-06-16", "end": "2026-06-16"}, "2026-06-16"),
        ({}, None),
    ],
)
def test_a_period_with_half_its_ends(period: dict[str, str], text: str | None) -> None:
    (one,) = orders(service(occurrencePeriod=period))
    assert (None if one.occurrence is None else one.occurrence.text) == text
    assert one.occurrence is None or one.occurrence.latest - one.occurrence.earliest < timedelta(days=1)


def test_a_vaccine() -> None:
    recommendation = [{"vaccineCode": [concept((CVX, "03"))], "forecastStatus": {"text": "due"}}]
    vaccine = {"resourceType": "ImmunizationRecommendation", "id": "v", "recommendation": recommendation}
    (one,) = orders(vaccine | {"patient": {"reference": "Patient/p1"}})
    assert "vax-live" in one.set_ids
    (by_prescription,) = orders(draft(medicationCodeableConcept=concept((CVX, "03"))))
    assert "vax-live" in by_prescription.set_ids


@pytest.mark.parametrize("kind", ["NutritionOrder", "DeviceRequest", "Medication", "Something"])
def test_other_types_are_passed_over_and_can_be_selected(kind: str) -> None:
    read = reading(hook="order-select")
    found, unresolved = read_orders(bundle(draft("n", kind)), (f"{kind}/n",), read)
    assert (found, unresolved, reasons(read)) == ((), (), [])


@pytest.mark.parametrize(
    "members",
    [{"doNotPerform": True}, {"status": "cancelled"}, {"status": "stopped"}, {"status": "on-hold"}],
)
def test_what_takes_an_order_away_is_none(members: dict[str, Any]) -> None:
    assert orders(draft(**members)) == ()


@pytest.mark.parametrize("status", [[], {}, 7, None])
def test_a_status_of_another_shape_takes_nothing_away(status: Any) -> None:
    assert len(orders(draft(status=status))) == 1


def test_another_patient_s_draft_is_set_aside() -> None:
    read = reading(hook="order-select")
    for other in ("Patient/p2", f"{SERVER}/Patient/p2", "Patient/p2/_history/1"):
        assert orders(draft(subject={"reference": other}), read=read) == ()
    assert reasons(read) == [("MedicationRequest/d", "belongs to another patient")]
    for own in ("Patient/p1", f"{SERVER}/Patient/p1", "urn:uuid:1"):
        assert len(orders(draft(subject={"reference": own}))) == 1
    assert len(orders(draft(subject=None))) == 1


# ----------------------------------------------------------------------------------------------------- selections


@pytest.mark.parametrize(
    "selection",
    [
        "MedicationRequest/d",
        f"{SERVER}/MedicationRequest/d",
        "https://elsewhere.example.org/MedicationRequest/d/_history/2",
        "d",
        "MedicationRequest/d/_history/1",
    ],
)
def test_a_selection_names_its_draft(selection: str) -> None:
    found = orders(draft(), draft("other"), selections=(selection,))
    assert [one.selected for one in found] == [True, False]


def test_a_selection_by_full_url() -> None:
    entry = [{"fullUrl": "urn:uuid:9", "resource": draft(None)}, {"resource": draft("d")}]
    found, unresolved = read_orders(bundle(entry=entry), ("urn:uuid:9",), reading(hook="order-select"))
    assert [(one.reference, one.selected) for one in found] == [
        ("draftOrders[0]", True),
        ("MedicationRequest/d", False),
    ]
    assert unresolved == ()


def test_nothing_is_selected_without_selections_and_everything_is_signed() -> None:
    assert [one.selected for one in orders(draft(), service())] == [False, False]
    assert [one.selected for one in orders(draft(), service(), read=reading(hook="order-sign"))] == [
        True,
        True,
    ]


def test_a_selection_without_a_draft_is_told() -> None:
    read = reading(hook="order-select")
    _, unresolved = read_orders(bundle(draft()), ("MedicationRequest/gone", "<script>"), read)
    assert unresolved == ("MedicationRequest/gone", "selections[1]")
    assert reasons(read) == [
        ("MedicationRequest/gone", "selected order is not among the draft orders"),
        ("selections[1]", "selected order is not among the draft orders"),
    ]


@pytest.mark.parametrize("entry", [[None], [7], ["x"], [{}], [{"resource": None}], [{"resource": []}]])
def test_an_entry_that_is_none_loses_nothing_beside_it(entry: list[Any]) -> None:
    read = reading(hook="order-select")
    (one,) = orders(entry=[*entry, {"resource": draft()}], read=read)
    assert one.reference == "MedicationRequest/d"
    assert reasons(read) == [("draftOrders[0]", "not readable as a FHIR resource")]


@pytest.mark.parametrize("body", [b"[]", b"7", b"{}", b'{"resourceType":"Bundle","entry":{}}'])
def test_a_bundle_that_holds_nothing(body: bytes) -> None:
    assert read_orders(body, ("MedicationRequest/d",), reading(hook="order-select")) == (
        (),
        ("MedicationRequest/d",),
    )


def test_an_unreadable_bundle_is_reported() -> None:
    read = reading(hook="order-select")
    assert read_orders(b'{"entry": [', (), read) == ((), ())
    assert reasons(read) == [("draftOrders", "not readable as a Bundle")]


# ---------------------------------------------------------------------------------------------------------- doses


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        ({"value": 400, "unit": "mg", "code": "mg"}, Amount(Decimal(400), "mg")),
        ({"value": 0.5, "unit": "MG"}, Amount(Decimal("0.5"), "mg")),
        ({"value": 1, "unit": "gram"}, Amount(Decimal(1), "g")),
        ({"value": 250, "unit": "mcg"}, Amount(Decimal(250), "ug")),
        ({"value": 250, "unit": "µg"}, Amount(Decimal(250), "ug")),
        ({"value": 300, "code": "mL"}, Amount(Decimal(300), "mL")),
        ({"value": 5000, "code": "[IU]"}, Amount(Decimal(5000), "unit")),
        ({"value": 5000, "unit": "units"}, Amount(Decimal(5000), "unit")),
        ({"value": 1, "unit": "TABLET"}, Amount(Decimal(1), "tablet")),
        ({"value": 10, "unit": "mg/kg"}, Amount(Decimal(10), "mg/kg")),
        ({"value": 3, "unit": "spoons"}, Amount(Decimal(3), None)),
        ({"value": 3, "unit": "spoons", "code": "mg"}, Amount(Decimal(3), "mg")),
        ({"value": 3}, Amount(Decimal(3), None)),
        ({"value": "400", "unit": "mg"}, None),
        ({"value": True, "unit": "mg"}, None),
        ({"value": 400, "comparator": "<", "unit": "mg"}, None),
        ({"unit": "mg"}, None),
        ("400 mg", None),
    ],
)
def test_an_amount_has_our_name_for_its_unit(quantity: Any, amount: Amount | None) -> None:
    assert dosed({"doseAndRate": [{"doseQuantity": quantity}]}).dose == amount


def test_a_dose_wherever_it_stands() -> None:
    mg = {"value": 50, "unit": "mg"}
    fifty = Amount(Decimal(50), "mg")
    assert dosed({"doseAndRate": {"doseQuantity": mg}}).dose == fifty
    assert dosed({"doseQuantity": mg}).dose == fifty
    assert (
        dosed({"doseAndRate": [{"doseRange": {"low": {"value": 25, "unit": "mg"}, "high": mg}}]}).dose
        == fifty
    )
    assert order(dosageInstruction={"doseQuantity": mg}).dose == fifty
    assert dosed({"text": "50 mg"}).dose is None


def test_a_dose_beyond_any_measurement_is_none() -> None:
    text = bundle(draft(dosageInstruction=[{"doseQuantity": {"value": 77, "unit": "mg"}}]))
    (one,), _ = read_orders(text.replace(b"77", b"1E1000000"), (), reading())
    assert one.dose is None


@pytest.mark.parametrize(
    ("repeat", "per_day"),
    [
        ({"frequency": 1, "period": 1, "periodUnit": "d"}, "1"),
        ({"frequency": 3, "period": 1, "periodUnit": "d"}, "3"),
        ({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}, "2"),
        ({"frequency": 1, "period": 12, "periodUnit": "h"}, "2"),
        ({"period": 8, "periodUnit": "h"}, "3"),
        ({"frequency": 1, "period": 2, "periodUnit": "d"}, "0.5"),
        ({"frequency": 7, "period": 1, "periodUnit": "wk"}, "1"),
        ({"timeOfDay": ["08:00:00", "20:00:00"]}, "2"),
        ({"when": ["MORN"]}, "1"),
        ({"frequency": 2}, None),
        ({"frequency": 2, "period": 0, "periodUnit": "d"}, None),
        ({"frequency": 2, "period": 1, "periodUnit": "fortnight"}, None),
        ({}, None),
    ],
)
def test_times_a_day(repeat: dict[str, Any], per_day: str | None) -> None:
    assert repeated(**repeat).per_day == (None if per_day is None else Decimal(per_day))


@pytest.mark.parametrize(
    ("code", "per_day"), [("QD", 1), ("BID", 2), ("TID", 3), ("QID", 4), ("Q8H", 3), ("WK", None)]
)
def test_times_a_day_by_code(code: str, per_day: int | None) -> None:
    timing = {"code": concept((HL7 + "v3-GTSAbbreviation", code))}
    assert dosed({"timing": timing}).per_day == per_day
    assert dosed({"timing": {"code": concept((LOCAL, code))}}).per_day is None


DAILY = {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}


def test_doses_that_are_given_together_are_a_day_s_total() -> None:
    morning = {"doseQuantity": {"value": 50, "unit": "mg"}, **DAILY}
    evening = {"doseQuantity": {"value": 25, "unit": "mg"}, **DAILY}
    one = dosed(morning, evening)
    assert (one.dose, one.per_day) == (Amount(Decimal(75), "mg"), Decimal(1))
    other_unit = {"doseQuantity": {"value": 1, "unit": "tablet"}, **DAILY}
    unknown = {"doseQuantity": {"value": 25, "unit": "mg"}}
    for second in (other_unit, unknown, {"text": "half"}):
        assert (dosed(morning, second).dose, dosed(morning, second).per_day) == (None, None)


def test_of_a_sequence_the_first_step_is_the_dose_and_all_are_the_length() -> None:
    steps = [
        {
            "sequence": number,
            "doseQuantity": {"value": dose, "unit": "mg"},
            "timing": {"repeat": {"boundsDuration": {"value": 7, "code": "d"}}},
        }
        for number, dose in ((2, 20), (1, 40), (3, 10))
    ]
    one = dosed(*steps)
    assert (one.dose, one.duration) == (Amount(Decimal(40), "mg"), timedelta(days=21))
    assert dosed(*steps, {"sequence": 4, "text": "then 5 mg"}).duration is None


@pytest.mark.parametrize(
    ("bounds", "days"),
    [
        ({"boundsDuration": {"value": 2, "unit": "weeks"}}, 14),
        ({"boundsDuration": {"value": 1, "code": "mo"}}, 30),
        ({"boundsRange": {"low": {"value": 5, "code": "d"}, "high": {"value": 7, "code": "d"}}}, 7),
        ({"boundsPeriod": {"start": "2026-06-01", "end": "2026-06-14"}}, 14),
        ({"boundsPeriod": {"start": "2026-06-01T08:00:00Z", "end": "2026-06-03T08:00:00Z"}}, 2),
        ({"boundsPeriod": {"start": "2026-06-01"}}, None),
        ({"boundsPeriod": {"start": "2026-06-10", "end": "2026-06-01"}}, None),
        ({"boundsPeriod": {"start": "June", "end": "2026-06-14"}}, None),
        ({"boundsDuration": {"value": 14}}, None),
        ({"boundsDuration": {"value": -14, "code": "d"}}, None),
        ({"count": 3}, None),
    ],
)
def test_the_length_of_a_treatment(bounds: dict[str, Any], days: int | None) -> None:
    assert repeated(**bounds).duration == (None if days is None else timedelta(days=days))


def test_the_supply_stands_in_for_a_length_that_is_not_said() -> None:
    supply = {"expectedSupplyDuration": {"value": 10, "unit": "days"}}
    assert order(dispenseRequest=supply, dosageInstruction=[{}]).duration == timedelta(days=10)
    assert order(dispenseRequest=supply).duration == timedelta(days=10)
    said = {"timing": {"repeat": {"boundsDuration": {"value": 3, "code": "d"}}}}
    assert dosed(said, dispenseRequest=supply).duration == timedelta(days=3)


def test_the_route_is_told_also_where_the_drug_is_not_mapped() -> None:
    muscle = [{"route": coded("route-oral")}, {"route": coded("route-intramuscular")}]
    assert (
        order(dosageInstruction=muscle, medicationCodeableConcept={"text": "x"}).route is Route.INTRAMUSCULAR
    )
    assert dosed({"route": {"text": "IM"}}).route is None


# -------------------------------------------------------------------------------------------------------- reasons


def test_coded_reasons() -> None:
    one = order(reasonCode=[coded("inf-ebv"), {"text": "fever"}, concept((SNOMED, "38341003"))])
    (reason,) = one.reasons
    assert reason.is_in("inf-ebv")
    assert reason.reference == "MedicationRequest/d"
    assert one.unread_reason
    assert not order(reasonCode=[coded("inf-ebv")]).unread_reason


def test_reasons_that_refer_to_the_record() -> None:
    condition = resource("Condition", "c", code=coded("inf-ebv"))
    read = reading(condition, hook="order-select")
    findings, _ = read_conditions(read)
    refer = draft(reasonReference=[{"reference": f"{SERVER}/Condition/c"}, {"reference": "Condition/gone"}])
    ((one,), _) = read_orders(bundle(refer), (), read, findings)
    assert one.reasons == findings
    assert one.unread_reason


def test_a_reason_inside_the_draft() -> None:
    inside = {"resourceType": "Condition", "id": "r", "code": coded("inf-ebv")}
    one = order(reasonReference=[{"reference": "#r"}], contained=[inside])
    (reason,) = one.reasons
    assert reason.is_in("inf-ebv")
    another = inside | {"resourceType": "Observation"}
    assert order(reasonReference=[{"reference": "#r"}], contained=[another]).reasons == ()


@pytest.mark.parametrize(
    ("members", "unread"),
    [
        ({"reasonCode": [{"text": "headache"}]}, True),
        ({"reasonCode": {"text": "headache"}}, True),
        ({"reasonReference": [{"display": "headache"}]}, True),
        ({"reasonCode": [{}]}, False),
        ({"reasonCode": []}, False),
        ({"reasonCode": "headache"}, False),
    ],
)
def test_whether_a_reason_is_there_that_cannot_be_read(members: dict[str, Any], unread: bool) -> None:
    one = order(**members)
    assert one.reasons == ()
    assert one.unread_reason is unread


# ----------------------------------------------------------------------------------------------- nothing raises


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
WHOLE = draft(
    medicationReference={"reference": "#m"},
    contained=[
        {
            "resourceType": "Medication",
            "id": "m",
            "code": IBUPROFEN,
            "ingredient": [{"itemCodeableConcept": concept((ATC, "J01CA04"))}],
        }
    ],
    dosageInstruction=[
        {
            "sequence": 1,
            "route": coded("route-oral"),
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}],
            **DAILY,
        }
    ],
    dispenseRequest={"expectedSupplyDuration": {"value": 10, "unit": "days"}},
    reasonCode=[coded("inf-ebv")],
    reasonReference=[{"reference": "#m"}],
    occurrencePeriod={"start": "2026-06-16", "end": "2026-06-18"},
    recommendation=[{"vaccineCode": [concept((CVX, "03"))]}],
    quantityQuantity={"value": 1, "unit": "dose"},
    code=coded("proc-platelet-transfusion"),
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for name, member in inner for path in paths(member, (*here, name)))]


def with_member(value: Any, path: tuple[Any, ...], member: Any) -> Any:
    if not path:
        return member
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_member(value[path[0]], path[1:], member)
    return copy


@given(
    path=st.sampled_from(paths(WHOLE)),
    member=JSON,
    kind=st.sampled_from(["MedicationRequest", "ServiceRequest", "ImmunizationRecommendation"]),
)
def test_no_member_of_a_draft_breaks_the_reading(path: tuple[Any, ...], member: Any, kind: str) -> None:
    body = bundle(with_member(WHOLE | {"resourceType": kind}, path, member), draft("sound"))
    read = reading(hook="order-sign")
    found, unresolved = read_orders(body, (), read)
    assert unresolved == ()
    assert found[-1].reference == "MedicationRequest/sound"
    assert "med-nsaid" in found[-1].set_ids
