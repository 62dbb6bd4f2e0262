"""The value sets by which a record alone can come into scope (rulebook A.3), the platelet counts apart.

A record that names none of them, and whose counts are normal, is out of scope whatever else it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cards.precedence import BLOOD_PRODUCTS
from cards.reading.bleeding_kinds import KINDS

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen

TPO_RA = "med-tpo-ra"
ANTI_PF4 = ("mimic-hit", "mimic-vitt")
PF4_TEST = "obs-hit"
HEPARINS = ("med-heparin", "med-lmwh")
"""After HIT or its like, ever recorded, heparin is a danger at any count (ORD-05)."""


def sets_of_scope(pathogens: Iterable[Pathogen]) -> frozenset[str]:
    """Bleeding, every name of an infection, TPO-RA and blood products, and HIT, where heparin may be selected."""
    named = (set_id for pathogen in pathogens for set_id in pathogen.named_sets)
    return frozenset((*KINDS, *named, TPO_RA, *BLOOD_PRODUCTS, *ANTI_PF4, PF4_TEST))
