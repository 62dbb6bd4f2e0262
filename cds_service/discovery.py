"""What is offered and what is asked for: the services, and the prefetch keys with the kinds of data that they answer.

One table of keys for all: discovery prints the templates, gathering reads the same keys. The codes of Observations
are taken from the value sets that the facts read, the site's local codes included; there is no second list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Final
from urllib.parse import quote

from cards.code_systems import LOINC, SNOMED, SYSTEMS
from cards.frozen import dataclass
from cards.precedence import DISCHARGE
from cards.record import Kind
from cards.valueset_files import FACTS
from cards.valuesets import Terminology, ValueSet
from cds_service.hooks.discovery import Discovery, Service

CDS_HOOKS_VERSION: Final = "3.0.0"
HOOK_VERSION: Final = "1.0"

MOST_KEYS: Final = 16
LONGEST_QUERY: Final = 2000
"""Characters of a template, percent-encoded: longer addresses are cut by proxies and servers."""

PATIENT: Final = "{{context.patientId}}"
ENCOUNTER: Final = "{{context.encounterId}}"
_ID_LENGTH: Final = 64
_NEWEST_FIRST: Final = "&_sort=-date&_count=200"
_ALL: Final = "&_count=200"
_SAFE: Final = "\\,|$:/@ "


@dataclass(frozen=True, slots=True)
class HookService:
    """A row of what is offered."""

    id: str
    hook: str
    title: str
    description: str


SERVICES: Final = (
    HookService(
        "itp-patient-view",
        "patient-view",
        "Low platelets in infection",
        "When a chart is opened: cards on platelet transfusion, treatment of the infection, thrombopoietin receptor "
        "agonists, mimics that must not be missed and follow-up, for a patient with low platelets and an infection.",
    ),
    HookService(
        "itp-order-select",
        "order-select",
        "Low platelets in infection: selected orders",
        "When orders are selected: cards on what low platelets, bleeding, infection and allergies in the record mean "
        "for drugs, blood products and procedures.",
    ),
    HookService(
        "itp-order-sign",
        "order-sign",
        "Low platelets in infection: orders to be signed",
        "Before orders are signed: every draft is judged as a selected one is when it is selected.",
    ),
    HookService(
        "itp-encounter-discharge",
        DISCHARGE,
        "Low platelets in infection: what follows discharge",
        "When a stay ends: cards on the next blood count, tests of cure, dangers and limits of thrombopoietin receptor "
        "agonists, when to return, and what must not leave unseen, for a patient with low platelets and an infection.",
    ),
)

USAGE: Final = (
    "For evaluation only: not a medical device, not cleared for clinical use. Reads FHIR R4 from prefetch, and what it "
    "lacks from the FHIR server of the call; the Patient "
    "and the platelet counts are required. Unknown data is said to be unknown in the cards."
)


@dataclass(frozen=True, slots=True)
class PrefetchKey:
    """A key, its template, and the kinds of data that are known only when it was answered.

    `newest_first`: a first page without the others holds what matters.
    """

    name: str
    template: str
    kinds: frozenset[Kind] = frozenset()
    is_required: bool = field(init=False)
    """Contract section 4: without the Patient and the platelet counts there is no answer."""
    is_patient: bool = field(init=False)

    def __post_init__(self) -> None:
        """Worked out here, for every call asks it of every key."""
        object.__setattr__(self, "is_patient", Kind.PATIENT in self.kinds)
        object.__setattr__(self, "is_required", self.is_patient or Kind.PLATELETS in self.kinds)

    @property
    def newest_first(self) -> bool:
        return "_sort=-" in self.template


def _by_patient(name: str, resource: str, kind: Kind | None, parameters: str = _ALL) -> PrefetchKey:
    kinds = frozenset({kind}) if kind is not None else frozenset[Kind]()
    return PrefetchKey(name, f"{resource}?patient={PATIENT}{parameters}", kinds)


PATIENT_KEY: Final = PrefetchKey("patient", f"Patient/{PATIENT}", frozenset({Kind.PATIENT}))

BY_PATIENT: Final = (
    _by_patient("conditions", "Condition", Kind.CONDITIONS),
    _by_patient("allergies", "AllergyIntolerance", Kind.ALLERGIES),
    _by_patient("medicationRequests", "MedicationRequest", Kind.MEDICATIONS),
    _by_patient("medicationStatements", "MedicationStatement", Kind.MEDICATIONS),
    _by_patient(
        "medicationAdministrations",
        "MedicationAdministration",
        Kind.MEDICATIONS,
        "&_sort=-effective-time&_count=200",
    ),
    _by_patient("procedures", "Procedure", Kind.PROCEDURES, _NEWEST_FIRST),
    _by_patient("serviceRequests", "ServiceRequest", Kind.ORDERS, f"&status=active,draft,on-hold{_ALL}"),
    _by_patient("immunizations", "Immunization", Kind.IMMUNIZATIONS, _NEWEST_FIRST),
    _by_patient(
        "encounters", "Encounter", Kind.ENCOUNTERS, f"&status=arrived,triaged,in-progress,onleave{_ALL}"
    ),
    _by_patient("laboratoryReports", "DiagnosticReport", None, f"&category=LAB{_NEWEST_FIRST}"),
)

ENCOUNTER_KEY: Final = PrefetchKey("encounter", f"Encounter/{ENCOUNTER}", frozenset({Kind.ENCOUNTERS}))
"""On discharge in the place of `encounters`: the stay that ends may be recorded as finished already."""

WHERE_THERE_IS_ROOM: Final = (_by_patient("appointments", "Appointment", None, f"&status=booked{_ALL}"),)
"""Asked for unless a site's local codes need the last key for Observations."""


def prefetch_keys(terminology: Terminology) -> tuple[PrefetchKey, ...]:
    """What the services ask for (`keys_of`). ValueError when a site's local codes need more keys than there may be."""
    asked = (PATIENT_KEY, *_observations(terminology), *BY_PATIENT)
    if len(asked) > MOST_KEYS:
        raise ValueError(
            f"[content.local_codes]: {len(asked)} prefetch keys would be needed for so many codes of Observations, "
            f"expected {MOST_KEYS} at most"
        )
    return asked + WHERE_THERE_IS_ROOM[: MOST_KEYS - len(asked)]


def keys_of(hook: str, keys: Iterable[PrefetchKey]) -> tuple[PrefetchKey, ...]:
    """The keys of one service: on discharge the stay is read by its id."""
    if hook != DISCHARGE:
        return tuple(keys)
    return tuple(ENCOUNTER_KEY if key.name == "encounters" else key for key in keys)


def discovery(keys: Sequence[PrefetchKey]) -> Discovery:
    """The body of `GET /cds-services`."""
    return Discovery(
        services=tuple(
            Service(
                hook=row.hook,
                title=row.title,
                description=row.description,
                id=row.id,
                prefetch={key.name: key.template for key in keys_of(row.hook, keys)},
                usage_requirements=USAGE,
                version=CDS_HOOKS_VERSION,
                hook_version=HOOK_VERSION,
            )
            for row in SERVICES
        )
    )


# --------------------------------------------------------------------------------- codes of Observations

COUNT_SETS: Final = (
    "obs-platelet-count",
    "obs-platelet-count-cord",
    "obs-platelet-count-citrate",
    "order-cbc",
)
"""Counts, and the panels (`order-cbc`) whose components may be counts."""

VITAL_SIGNS: Final = "obs-vitals"
"""The union for searches: it holds the panel of blood pressure, whose components are read."""

RESULTS: Final = ("obs-", "lab-")
FINDINGS: Final = ("bleed-", "sign-", "exposure-", "refusal-of-blood")
"""Value sets of findings that an Observation may carry as its code."""


def _observations(terminology: Terminology) -> Iterator[PrefetchKey]:
    """Platelet counts; all other results over as many keys as their codes need; findings coded in SNOMED CT."""
    counts = _codes((terminology[one] for one in COUNT_SETS), (LOINC, SNOMED))
    yield PrefetchKey("platelets", _template(counts), frozenset({Kind.PLATELETS}))
    read = (
        terminology[one] for one in terminology if one == VITAL_SIGNS or _is_read(terminology[one], RESULTS)
    )
    results = [code for code in _codes(read, (LOINC, SNOMED)) if code not in counts]
    findings = _codes((terminology[one] for one in terminology if one.startswith(FINDINGS)), (SNOMED,))
    for name, codes in (("results", results), ("findings", findings)):
        for number, part in enumerate(_split(codes), 1):
            yield PrefetchKey(f"{name}{number}", _template(part), frozenset({Kind.OBSERVATIONS}))


def _is_read(one: ValueSet, prefixes: tuple[str, ...]) -> bool:
    """Whether a fact is made of it: not only recognised, searched for or shown."""
    return one.id.startswith(prefixes) and not FACTS.isdisjoint(one.feeds)


def _codes(sets: Iterable[ValueSet], systems: tuple[str, ...]) -> list[str]:
    """Each code once: those of the systems, and a site's own, whose systems no shipped set uses."""
    return list(
        dict.fromkeys(
            code.code
            for one in sets
            for code in one.codes
            if code.system in systems or code.system not in SYSTEMS
        )
    )


def _template(codes: Iterable[str]) -> str:
    """A search for codes without their systems, newest first."""
    return f"Observation?patient={PATIENT}&code={','.join(map(_escaped, codes))}{_NEWEST_FIRST}"


def _escaped(code: str) -> str:
    """FHIR's escapes of what separates values in a search, and percent-encoding of what ends a parameter."""
    return quote(re.sub(r"([\\,|$])", r"\\\1", code), safe=_SAFE)


def encoded_length(template: str) -> int:
    """Characters of the address that a client makes of a template, for the longest id."""
    return len(quote(template.replace(PATIENT, "x" * _ID_LENGTH), safe="/?&="))


def _split(codes: Iterable[str]) -> Iterator[list[str]]:
    """The codes in parts whose addresses stay within the limit."""
    room = LONGEST_QUERY - encoded_length(_template(()))
    part: list[str] = []
    taken = 0
    for code in codes:
        length = len(quote("," + _escaped(code)))
        if part and taken + length > room:
            yield part
            part, taken = [], 0
        part.append(code)
        taken += length
    if part:
        yield part
