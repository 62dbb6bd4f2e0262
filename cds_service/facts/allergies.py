"""Allergies and intolerances that hold now (rulebook A.1, ORD-16)."""

from __future__ import annotations

from typing import Final

from cards.code_systems import HL7
from cards.record import Allergy
from cards.valuesets import normalise_coding
from cds_service.facts.codes import coding_pairs, sets_of
from cds_service.facts.conditions import status_code
from cds_service.facts.context import Reading
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import AllergyIntolerance, Reaction

_CLINICAL: Final = HL7 + "allergyintolerance-clinical"
_VERIFICATION: Final = HL7 + "allergyintolerance-verification"
_OVER: Final = frozenset({"inactive", "resolved"})
_VOID: Final = frozenset({"refuted", "entered-in-error"})
_NONE_KNOWN, _ANAPHYLAXIS = "allergy-none-known", "reaction-anaphylaxis"
_LOW_PLATELETS: Final = frozenset(
    {
        "cond-thrombocytopenia-drug",
        "cond-thrombocytopenia-immune",
        "cond-thrombocytopenia-secondary",
        "cond-thrombocytopenia-unspecified",
    }
)
_SEVERITIES: Final = ("mild", "moderate", "severe")
_CRITICALITIES: Final = frozenset({"low", "high", "unable-to-assess"})


def read_allergies(reading: Reading) -> tuple[Allergy, ...]:
    """All but those that are over, refuted or entered in error.

    One whose substance no set knows stays in the list: its codes may be those of an order. It is reported.
    """
    entries = reading.of(AllergyIntolerance)
    return tuple(reading.each(_read, [entry for entry in entries if _holds(entry.resource)]))


def _holds(allergy: AllergyIntolerance) -> bool:
    """Without a clinical status, or with one that R4 does not have, it is taken as active."""
    if status_code(allergy.verification_status, _VERIFICATION) in _VOID:
        return False
    return status_code(allergy.clinical_status, _CLINICAL) not in _OVER


def _read(entry: Entry[AllergyIntolerance], reading: Reading) -> Allergy:
    allergy, terminology = entry.resource, reading.terminology
    concepts = (allergy.code, *(reaction.substance for reaction in allergy.reaction))
    set_ids = frozenset(set_id for concept in concepts for set_id in sets_of(concept, terminology))
    if not set_ids:
        reading.report(entry, "unmapped allergy")
    shown = {s for r in allergy.reaction for sign in r.manifestation for s in sets_of(sign, terminology)}
    pairs = (normalise_coding(*pair) for concept in concepts for pair in coding_pairs(concept))
    dated = (allergy.last_occurrence, allergy.onset_date_time, allergy.recorded_date)
    times = [reading.moment(text, entry) for text in dated if text is not None]
    return Allergy(
        reference=entry.reference,
        set_ids=set_ids,
        codes=tuple(dict.fromkeys(pairs)),
        criticality=allergy.criticality if allergy.criticality in _CRITICALITIES else None,
        reaction_severity=_worst(allergy.reaction),
        anaphylaxis=_ANAPHYLAXIS in shown,
        intolerance=allergy.type == "intolerance",
        denies_all=_NONE_KNOWN in set_ids,
        thrombocytopenia=not _LOW_PLATELETS.isdisjoint(shown),
        time=next((time for time in times if time is not None), None),
    )


def _worst(reactions: tuple[Reaction, ...]) -> str | None:
    """The worst severity of any reaction."""
    said = {reaction.severity for reaction in reactions}
    return next((one for one in reversed(_SEVERITIES) if one in said), None)
