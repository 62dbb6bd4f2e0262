"""What was done, what is planned, which vaccines were given (rulebook A.1, contract section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from msgspec import UNSET

from cards.frozen import replace
from cards.record import Moment, Performed, Planned
from cds_service.facts.codes import is_known, sets_of
from cds_service.facts.context import Reading
from cds_service.facts.courses import in_order
from cds_service.facts.medications import ORDERED, drug_codes
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import (
    Appointment,
    CodeableConcept,
    Immunization,
    MedicationAdministration,
    Period,
    Procedure,
    ServiceRequest,
    Shape,
    Timing,
)

E = TypeVar("E", Performed, Planned)

PLATELETS_GIVEN, PLATELET_PRODUCT, COMFORT = (
    "proc-platelet-transfusion",
    "product-platelets",
    "care-comfort",
)
_NOT_DONE: Final = frozenset({"not-done", "entered-in-error"})
_OPEN: Final = frozenset({"active", "draft", "on-hold"})
_BOOKED: Final = frozenset({"booked", "arrived", "checked-in"})
_INTENDED: Final = ORDERED | {"plan", "proposal"}


def read_events(
    reading: Reading,
) -> tuple[tuple[Performed, ...], tuple[Planned, ...], tuple[Performed, ...]]:
    """What was performed, what is planned, the vaccines given: of the sets alone.

    Performed are Procedures that were not left undone and platelets that were administered; planned are orders that are
    active, draft or on hold, booked appointments, and Procedures in preparation (rulebook A.1).
    """
    done = [
        *reading.each(_procedure, reading.of(Procedure)),
        *reading.each(_platelets, reading.of(MedicationAdministration)),
    ]
    plans = [
        *reading.each(_service, reading.of(ServiceRequest)),
        *reading.each(_appointment, reading.of(Appointment)),
        *reading.each(_prepared, reading.of(Procedure)),
    ]
    vaccines = reading.each(_vaccine, reading.of(Immunization))
    return _known(done), _known(plans), _known(vaccines)


def _known(found: Iterable[E | None]) -> tuple[E, ...]:
    return tuple([one for one in found if one is not None])


# ------------------------------------------------------------------------------------------------------ done


def _procedure(entry: Entry[Procedure], reading: Reading) -> Performed | None:
    procedure = entry.resource
    if procedure.status in _NOT_DONE:
        return None
    set_ids = _meaning(entry, procedure.code, reading, "unmapped procedure")
    if not set_ids:
        return None
    if procedure.occurrence_date_time is not UNSET or procedure.occurrence_period is not UNSET:
        reading.report(entry, "not FHIR R4: occurrence[x] of a Procedure")
        return None
    if procedure.performed_string is not None:
        reading.report(entry, "time as words, not read")
    at = reading.moment(procedure.performed_date_time, entry)
    start, end = in_order(reading.ends(procedure.performed_period, entry), entry, reading)
    return Performed(entry.reference, set_ids, procedure.status or "unknown", at or start, end)


def _platelets(entry: Entry[MedicationAdministration], reading: Reading) -> Performed | None:
    """TRF-11 counts platelets that were administered as a transfusion; their product on an order never does."""
    given = entry.resource
    if given.status in _NOT_DONE or given.medication is not UNSET:
        return None
    codes = drug_codes(given.medication_codeable_concept, given.medication_reference, entry, reading)
    sets = {member.set_id for pair in codes for member in reading.terminology.sets_of(*pair)}
    if PLATELET_PRODUCT not in sets:
        return None
    at = reading.moment(given.effective_date_time, entry)
    start, end = in_order(reading.ends(given.effective_period, entry), entry, reading)
    return Performed(
        entry.reference, frozenset({PLATELETS_GIVEN}), given.status or "unknown", at or start, end
    )


def _vaccine(entry: Entry[Immunization], reading: Reading) -> Performed | None:
    vaccine = entry.resource
    if vaccine.status in _NOT_DONE:
        return None
    set_ids = _meaning(entry, vaccine.vaccine_code, reading, "unmapped vaccine")
    if not set_ids:
        return None
    if vaccine.occurrence_string is not None:
        reading.report(entry, "time as words, not read")
    at = reading.moment(vaccine.occurrence_date_time, entry)
    return Performed(entry.reference, set_ids, vaccine.status or "unknown", at)


# --------------------------------------------------------------------------------------------------- planned


def _service(entry: Entry[ServiceRequest], reading: Reading) -> Planned | None:
    """An order; a mere proposal of comfort care is no limit of care yet."""
    request = entry.resource
    if request.do_not_perform or request.status not in _OPEN or request.intent not in (_INTENDED | {None}):
        return None
    set_ids = _meaning(entry, request.code, reading, "unmapped order")
    if request.intent in ("plan", "proposal"):
        set_ids -= {COMFORT}
    if not set_ids:
        return None
    return Planned(
        entry.reference,
        set_ids,
        request.status or "unknown",
        occurrence=_occurrence(entry, reading),
        authored=reading.moment(request.authored_on, entry, "unreadable authoredOn"),
    )


def _occurrence(entry: Entry[ServiceRequest], reading: Reading) -> Moment | None:
    request = entry.resource
    if request.occurrence_date_time is not None:
        return reading.moment(request.occurrence_date_time, entry)
    if request.occurrence_period is not None:
        return _open_period(request.occurrence_period, entry, reading)
    return (
        None if request.occurrence_timing is None else _next_event(request.occurrence_timing, entry, reading)
    )


def whole_period(period: Period, entry: Entry[Shape], reading: Reading) -> Moment | None:
    """Some time between start and end, as one interval; an open one is known by the end that it has."""
    start, end = in_order(reading.ends(period, entry), entry, reading)
    if start is None or end is None:
        return start or end
    return replace(start, latest=end.latest)


def _next_event(timing: Timing, entry: Entry[Shape], reading: Reading) -> Moment | None:
    """The next of its times that is not over, else the last; without times the bounds."""
    times = [m for m in (reading.moment(text, entry) for text in timing.event) if m is not None]
    if times:
        coming = [m for m in times if m.latest >= reading.as_of]
        return min(coming, key=lambda m: m.earliest) if coming else max(times, key=lambda m: m.latest)
    if timing.repeat is None or timing.repeat.bounds_period is None:
        return None
    return _open_period(timing.repeat.bounds_period, entry, reading)


def _open_period(period: Period, entry: Entry[Shape], reading: Reading) -> Moment | None:
    """A plan that has begun and has no end goes on now; one that has an end alone may be carried out from now on."""
    when = whole_period(period, entry, reading)
    if when is None or (period.start is not None and period.end is not None):
        return when
    if period.end is None:
        return replace(when, latest=max(when.latest, reading.as_of))
    return replace(when, earliest=min(when.earliest, reading.as_of))


def _appointment(entry: Entry[Appointment], reading: Reading) -> Planned | None:
    appointment = entry.resource
    if appointment.status not in _BOOKED:
        return None
    concepts = (*appointment.service_type, *appointment.reason_code)
    set_ids = frozenset(s for concept in concepts for s in sets_of(concept, reading.terminology))
    if not set_ids:
        return None
    return Planned(
        entry.reference,
        set_ids,
        appointment.status or "unknown",
        occurrence=whole_period(Period(appointment.start, appointment.end), entry, reading),
        authored=reading.moment(appointment.created, entry),
    )


def _prepared(entry: Entry[Procedure], reading: Reading) -> Planned | None:
    """A Procedure that is being prepared; its code and time were reported as what was done."""
    procedure = entry.resource
    if procedure.status != "preparation":
        return None
    set_ids = sets_of(procedure.code, reading.terminology) - {COMFORT}
    if not set_ids:
        return None
    at = reading.moment(procedure.performed_date_time, entry)
    period = procedure.performed_period
    when = at if period is None else _open_period(period, entry, reading)
    return Planned(entry.reference, set_ids, procedure.status, occurrence=when)


def _meaning(
    entry: Entry[Shape], concept: CodeableConcept | None, reading: Reading, otherwise: str
) -> frozenset[str]:
    """The sets of the code. Words alone, or codes of systems that no set speaks, are reported as unmapped."""
    set_ids = sets_of(concept, reading.terminology)
    if not set_ids and not is_known(concept, reading.terminology):
        reading.report(entry, otherwise)
    return set_ids
