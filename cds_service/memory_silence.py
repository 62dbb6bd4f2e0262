"""Silent mode: cards are made and recorded, not shown, so that a hospital can measure before it shows. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cards.frozen import dataclass
from cds_service.config_file import Silent

SHARES: Final = 10_000
"""The share of patients is told to a hundredth of a per cent."""


class Silenced(StrEnum):
    """Why a card was not shown."""

    EVERYWHERE = "everywhere"
    SERVICE = "service"
    CLIENT = "client"
    TENANT = "tenant"
    SHARE = "share"
    RULE = "rule"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call comes from. `patient`: the patient's mark for the share, hexadecimal."""

    service: str
    client: str
    tenant: str
    patient: str


def silence_at(place: Place, silent: Silent) -> Silenced | None:
    """Why all cards of a call are silent, None where they are not."""
    reasons = (
        (silent.everywhere, Silenced.EVERYWHERE),
        (place.service in silent.services, Silenced.SERVICE),
        (place.client in silent.clients, Silenced.CLIENT),
        (place.tenant in silent.tenants, Silenced.TENANT),
        (is_in_share(place.patient, silent), Silenced.SHARE),
    )
    return next((reason for applies, reason in reasons if applies), None)


def is_in_share(patient: str, silent: Silent) -> bool:
    """Whether a patient is of the silent share: by the hash, so the same one at every call and on every machine."""
    return int(patient[:12], 16) % SHARES < silent.patients_percent * (SHARES // 100)
