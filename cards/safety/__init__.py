"""Mimics and contraindications: what must not be taken for a harmless low count (SAFE). They gate the other rules."""

from cards.outcome import Advice
from cards.safety import (
    alloimmune,
    dic,
    drug_induced,
    hellp,
    high_consequence,
    hit,
    hlh,
    hypersplenism,
    lifelong,
    marrow,
    purpura_sepsis,
    splenic_rupture,
    stec_hus,
    ttp,
    vitt,
)

ADVICE: tuple[Advice, ...] = (
    ttp.ADVICE,
    hit.ADVICE,
    stec_hus.ADVICE,
    vitt.ADVICE,
    hlh.ADVICE,
    marrow.ADVICE,
    dic.ADVICE,
    hellp.ADVICE,
    hypersplenism.ADVICE,
    drug_induced.ADVICE,
    lifelong.ADVICE,
    purpura_sepsis.ADVICE,
    high_consequence.ADVICE,
    splenic_rupture.ADVICE,
    alloimmune.ADVICE,
)
"""The decisions of this family, in the order of the rulebook."""
