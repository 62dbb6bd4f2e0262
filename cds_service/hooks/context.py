"""context: who looks at whom, and for the order hooks which drafts; a row says what a hook's context holds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Raw, Struct

CLINICIANS: Final = ("Practitioner", "PractitionerRole")
PATIENT_SIDE: Final = ("Patient", "RelatedPerson")


class Context(Struct, frozen=True):
    """The members of a hook's context that are read; `draft_orders` is the Bundle as it was sent."""

    user_id: str
    patient_id: str
    encounter_id: str | None = None
    selections: tuple[str, ...] = ()
    draft_orders: Raw | None = None

    @property
    def user_is_patient(self) -> bool:
        """Whether the patient or a relative reads the answer: no clinician card is for them."""
        return self.user_id.partition("/")[0] in PATIENT_SIDE


REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "patient-view": ("userId", "patientId"),
        "order-select": ("userId", "patientId", "selections", "draftOrders"),
        "order-sign": ("userId", "patientId", "draftOrders"),
        "encounter-discharge": ("userId", "patientId", "encounterId"),
    }
)
"""What the published hooks require of their context (all of version 1.0)."""
