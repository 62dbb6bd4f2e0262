"""The common record: normal counts, and nothing that brings a patient into scope (rulebook A.3).

Most charts that are opened are such. They are told by a look at subjects, codes and the counts of the last days; what
no rule will ask is not read. Any doubt leaves the record to be read as a whole, so nothing is decided here that the
whole reading would decide otherwise. What is not this patient's, not R4 or not mapped is reported as ever; how a
mapped value reads (its unit, its date) is not, since it was not read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

from msgspec import UNSET

from cards.facts.presence import GOING_ON
from cards.frozen import dataclass
from cards.thresholds import Thresholds
from cds_service.facts.allergies import read_allergies
from cds_service.facts.code_marks import COUNT, KNOWN, MEMBER, NO_COUNT, OTHER, SCOPE, CodeMarks, Doubt
from cds_service.facts.conditions import read_conditions
from cds_service.facts.context import Reading
from cds_service.facts.events import read_events
from cds_service.facts.medications import NEVER, ORDERED, read_medications
from cds_service.facts.person import read_birth
from cds_service.facts.platelets import NEW
from cds_service.facts.stay import read_stay
from cds_service.facts.units import read_count_unit
from cds_service.fhir.bundles import BundleEntry, DecodedEntry
from cds_service.fhir.dates import is_exact_time, read_moment
from cds_service.fhir.entries import Rejected
from cds_service.fhir.numbers import read_decimal
from cds_service.fhir.parse import Source, parse
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import (
    Condition,
    MedicationRequest,
    Observation,
    Patient,
    Reference,
    Shape,
)

_NO_RESULT: Final = frozenset({"registered", "cancelled", "entered-in-error", "unknown"})
_RESULT: Final = frozenset({"preliminary", "final", "amended", "corrected"})
_FURTHEST_OFFSET: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A record about which there is nothing to say: what is reported of it, and the codes of its new counts."""

    rejected: tuple[Rejected, ...]
    count_codes: frozenset[tuple[str, str]]


@dataclasses.dataclass(slots=True)
class _Look:
    """One record looked over. `rest` are the entries that are read as ever, for they are few."""

    codes: CodeMarks
    patient_id: str
    as_of: datetime
    limits: Thresholds
    own: str = ""
    long_ago: str = ""
    counts: int = 0
    new: frozenset[tuple[str, str]] = frozenset()
    reported: list[Rejected] = field(default_factory=list)
    names: list[tuple[str | None, type[Shape]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.own = f"Patient/{self.patient_id}"
        window = max(self.limits.span("history_only"), self.limits.span("scope_days"))
        self.long_ago = (self.as_of - window - _FURTHEST_OFFSET).date().isoformat()

    def rest_of(self, entries: Sequence[BundleEntry]) -> list[BundleEntry]:
        """Those of one key's entries that are read as ever; the others are done with."""
        rest: list[BundleEntry] = []
        for entry in entries:
            if not isinstance(entry, DecodedEntry):
                raise Doubt
            shape = entry.shape
            self.names.append((shape.id, type(shape)))
            if isinstance(shape, Observation):
                self.observation(shape)
            elif isinstance(shape, Condition):
                self.condition(shape)
            elif not isinstance(shape, MedicationRequest) or not self.drug(shape):
                rest.append(entry)
        return rest

    @property
    def has_versions(self) -> bool:
        """Whether a resource came twice: then the newest counts."""
        return len(set(self.names)) != len(self.names)

    def observation(self, observation: Observation) -> None:
        """A result or measurement of the patient; a count has to be normal."""
        subject = observation.subject
        if subject is None or subject.reference != self.own or observation.contained or observation.focus:
            raise Doubt
        if observation.status in _NO_RESULT:
            return
        coded = observation.value_codeable_concept
        value = 0 if coded is None else self.codes.of(coded)
        marks = self.codes.of(observation.code)
        for part in observation.component:
            marks |= self.codes.of(part.code)
            value |= self.codes.of(part.value_codeable_concept)
        if (marks | value) & SCOPE or marks & OTHER:
            raise Doubt
        if marks & COUNT:
            if marks & NO_COUNT or observation.component:
                raise Doubt
            self.count(observation)
        elif not marks & (MEMBER | KNOWN):  # not mapped, unless it holds nothing
            raise Doubt

    def count(self, observation: Observation) -> None:
        """Surely history; or of the last days, usable as it stands, and normal."""
        text, quantity = observation.effective_date_time, observation.value_quantity
        if text is None or not is_exact_time(text):
            raise Doubt
        if text[:10] < self.long_ago:
            return
        age = self.as_of - read_moment(text).earliest
        if (
            age < timedelta(0)
            or quantity is None
            or quantity.comparator is not None
            or quantity.value is UNSET
            or observation.specimen is not None
            or observation.data_absent_reason is not None
            or observation.status not in _RESULT
        ):
            raise Doubt
        unit = read_count_unit(quantity, self.codes.terminology)
        if unit.disagrees or unit.unit is None or unit.unit.factor != 1:
            raise Doubt
        value = read_decimal(quantity.value)
        if not self.limits.normal <= value <= self.limits.plausible_high:
            raise Doubt
        self.counts += age <= self.limits.span("history_only")
        if age <= NEW:
            self.new |= self.codes.counts(observation.code)

    def condition(self, condition: Condition) -> None:
        """Neither bleeding nor an infection."""
        self.is_own(condition.subject)
        marks = self.codes.of(condition.code)
        if marks & SCOPE or condition.contained or condition.abatement_boolean is not UNSET:
            raise Doubt
        if not marks & (MEMBER | KNOWN):
            self.report(condition, "unmapped condition")

    def drug(self, request: MedicationRequest) -> bool:
        """A drug that brings nobody into scope, by its own code; False where more has to be read."""
        self.is_own(request.subject)
        marks = self.codes.of(request.medication_codeable_concept)
        if marks & SCOPE:
            raise Doubt
        if request.contained or request.medication_reference is not None or request.medication is not UNSET:
            return False
        if marks & MEMBER:
            return True
        if request.intent not in ORDERED or request.do_not_perform or _has_times(request):
            return False
        authored = request.authored_on
        if authored is not None and not is_exact_time(authored):
            return False
        if request.status in GOING_ON:
            self.report(request, "unmapped drug")
            return True
        return request.status in NEVER

    def is_own(self, subject: Reference | None) -> None:
        if subject is None or subject.reference != self.own:
            raise Doubt

    def report(self, resource: Condition | MedicationRequest, reason: str) -> None:
        if not is_id(resource.id):
            raise Doubt
        self.reported.append(Rejected(f"{type(resource).__name__}/{resource.id}", reason))


def _has_times(request: MedicationRequest) -> bool:
    """Whether it may tell an end of its own."""
    dispense = request.dispense_request
    timings = (dosage.timing for dosage in request.dosage_instruction if dosage.timing is not None)
    return (dispense is not None and dispense.validity_period is not None) or any(
        timing.event
        or (
            timing.repeat is not None
            and (timing.repeat.bounds_period is not None or timing.repeat.bounds_duration is not None)
        )
        for timing in timings
    )


def find_quiet(
    sources: Sequence[Source],
    patient_id: str,
    fhir_server: str | None,
    as_of: datetime,
    codes: CodeMarks,
    limits: Thresholds,
) -> Quiet | None:
    """What is told of a record that is surely out of scope; None for any other, and wherever there is a doubt."""
    look = _Look(codes, patient_id, as_of, limits)
    try:
        rest = [(source, look.rest_of(source.entries)) for source in sources]
        if not look.counts or look.has_versions:
            return None
        left = [Source(one.key, one.kinds, entries, one.pages) for one, entries in rest if entries]
        problems = _read_rest(left, look, fhir_server)
    except (Doubt, ValueError):
        return None
    return Quiet((*look.reported, *problems), look.new)


def _is_plain_patient(entry: BundleEntry, look: _Look) -> bool:
    """Whether it is the patient, of whom nothing is reported."""
    if not isinstance(entry, DecodedEntry) or not isinstance(entry.shape, Patient):
        return False
    person = entry.shape
    is_read = person.birth_date is None or read_birth(person) is not None
    return person.id == look.patient_id and not person.contained and is_read


def _read_rest(sources: Sequence[Source], look: _Look, fhir_server: str | None) -> Iterable[Rejected]:
    """The patient, and what is of other types, read as ever."""
    if len(sources) == len(sources[0].entries) == 1 and _is_plain_patient(sources[0].entries[0], look):
        return ()
    parsed = parse(sources, look.patient_id, fhir_server)
    if parsed.undecoded:
        raise Doubt
    patient = next(iter(parsed.of(Patient)), None)
    if patient is None:
        raise Doubt
    birth = read_birth(patient.resource)
    if birth is None and patient.resource.birth_date is not None:
        raise Doubt
    if len(parsed.by_reference) == 1:
        return parsed.rejected
    reading = Reading(parsed, look.codes.terminology, look.as_of, "", look.patient_id, look.limits, birth)
    findings, _ = read_conditions(reading)
    performed, planned, _ = read_events(reading)
    drugs = read_medications(reading)
    read_allergies(reading)
    read_stay(reading)
    named = {member.set_id for finding in findings for member in finding.memberships}
    for sets in (*(p.set_ids for p in performed), *(p.set_ids for p in planned), *(d.set_ids for d in drugs)):
        named |= sets
    if parsed.of(Observation) or not named.isdisjoint(look.codes.scope):
        raise Doubt
    return (*parsed.rejected, *reading.problems)
