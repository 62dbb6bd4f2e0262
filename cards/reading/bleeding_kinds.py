"""Bleeding findings to site and grade (rulebook B.5): a literal table by value set."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from cards.facts import Site
from cards.frozen import dataclass


class Lasts(Enum):
    """How long a finding of the kind is taken to be active without an end (B.6)."""

    DAYS = "bleed_active"
    WEEK = "bleed_active_cns"  # CNS, spinal, posterior eye
    SKIN = "skin_present"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value set of bleeding means.

    `weight` is the grade of an ungraded finding; a graded one lies between `least` and `most` of its kind.
    `question` kinds are no bleed by themselves: they ask, and take away the reassurance of TRF-04.
    """

    name: str
    site: Site
    weight: int
    least: int = 1
    most: int = 4
    lasts: Lasts = Lasts.DAYS
    minor: bool = False  # WHO 1 by its kind
    life_threatening: bool = False
    posterior_eye: bool = False
    unlocated: bool = False
    newborn: bool = False
    question: bool = False


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "bleed-skin": Kind("skin", Site.SKIN, 1, lasts=Lasts.SKIN),
        "bleed-mucosal": Kind("mucosal", Site.MUCOSAL, 2),
        "bleed-mucosal-minor": Kind("mucosal-minor", Site.MUCOSAL, 1, minor=True),
        "bleed-gi": Kind("gi", Site.ORGAN, 2),
        "bleed-gu": Kind("gu", Site.ORGAN, 2),
        "bleed-gu-microscopic": Kind("gu-microscopic", Site.ORGAN, 1, most=1, minor=True),
        "bleed-gynaecological": Kind("gynaecological", Site.ORGAN, 2),
        "bleed-pulmonary": Kind("pulmonary", Site.ORGAN, 2),
        "bleed-postprocedural": Kind("postprocedural", Site.ORGAN, 2),
        "bleed-retroperitoneal-deep": Kind("deep", Site.ORGAN, 2),
        "bleed-retinal": Kind("retinal", Site.ORGAN, 2, lasts=Lasts.WEEK, posterior_eye=True),
        "bleed-pericardial-pleural": Kind(
            "pericardial-pleural", Site.ORGAN, 3, least=3, life_threatening=True
        ),
        "bleed-cns": Kind("cns", Site.CNS, 4, least=4, lasts=Lasts.WEEK, life_threatening=True),
        "bleed-generic": Kind("generic", Site.ORGAN, 2, unlocated=True),
        "bleed-neonatal": Kind("neonatal", Site.ORGAN, 2, newborn=True),
        "bleed-purpura-fulminans": Kind("purpura-fulminans", Site.SKIN, 1, lasts=Lasts.SKIN, question=True),
        "bleed-skin-unspecific": Kind("skin-unspecific", Site.SKIN, 1, lasts=Lasts.SKIN, question=True),
        "bleed-mucosal-unspecific": Kind("mucosal-unspecific", Site.MUCOSAL, 1, question=True),
        "bleed-gu-unspecific": Kind("gu-unspecific", Site.ORGAN, 1, question=True),
        "bleed-cns-unspecific": Kind("cns-unspecific", Site.CNS, 1, lasts=Lasts.WEEK, question=True),
        "bleed-soft-tissue-unspecific": Kind(
            "soft-tissue-unspecific", Site.SKIN, 1, lasts=Lasts.SKIN, question=True
        ),
        "bleed-unspecific": Kind("unspecific", Site.ORGAN, 1, question=True),
    }
)
"""By set id. Purpura fulminans is no bleed of thrombocytopenia (B.5): SAFE-12 reads its set."""

SKIN_MOST = 2
"""B.5 grades skin findings 1 or 2: "severe" on a purpura does not make it life-threatening."""
