"""Which allergies speak against which drugs (ORD-16): the same substance by code, the same class, beta-lactams.

Classes of allergy codes (`allergy-*`) and of drug codes (`med-*`) stand side by side: an allergy may be
recorded with either.
"""

from __future__ import annotations

from enum import StrEnum

from cards.frozen import dataclass
from cards.outcome import Indicator
from cards.record import Allergy, Order

PENICILLIN = ("med-penicillin", "med-aminopenicillin")
CEPHALOSPORIN, CARBAPENEM = ("med-cephalosporin",), ("med-carbapenem", "allergy-carbapenem")
DISSIMILAR = ("med-cephalosporin-dissimilar",)
PENICILLIN_ALLERGY = ("allergy-penicillin", *PENICILLIN)
BETA_LACTAM = (*PENICILLIN, *CEPHALOSPORIN, *CARBAPENEM, "allergy-penicillin", "allergy-cephalosporin")
MACROLIDE, RIFAMYCIN = ("med-macrolide", "allergy-macrolide"), ("med-rifamycin", "allergy-rifamycin")
FLUOROQUINOLONE = ("med-fluoroquinolone", "allergy-fluoroquinolone")
NSAID, HEPARIN = ("med-nsaid", "allergy-nsaid"), ("med-heparin", "med-lmwh", "allergy-heparin")
GANCICLOVIR = ("med-ganciclovir", "allergy-ganciclovir")
IMMUNOGLOBULIN = ("med-ivig", "allergy-immunoglobulin")
SULFONAMIDE = ("allergy-sulfonamide",)


@dataclass(frozen=True, slots=True)
class DrugClass:
    """`name` is our word for it on the card; `allergies` and `drugs` are value sets."""

    name: str
    allergies: tuple[str, ...]
    drugs: tuple[str, ...]


CLASSES: tuple[DrugClass, ...] = (
    DrugClass("penicillin", PENICILLIN_ALLERGY, (*PENICILLIN, "allergy-penicillin")),
    DrugClass(
        "cephalosporin",
        ("allergy-cephalosporin", *CEPHALOSPORIN),
        (*CEPHALOSPORIN, "allergy-cephalosporin"),
    ),
    DrugClass("carbapenem", CARBAPENEM, CARBAPENEM),
    DrugClass(
        "tetracycline",
        ("allergy-tetracycline", "med-tetracycline"),
        ("med-tetracycline", "allergy-tetracycline"),
    ),
    DrugClass("nitroimidazole", ("allergy-metronidazole",), ("allergy-metronidazole",)),
    DrugClass("macrolide", MACROLIDE, MACROLIDE),
    DrugClass("fluoroquinolone", FLUOROQUINOLONE, FLUOROQUINOLONE),
    DrugClass("rifamycin", RIFAMYCIN, RIFAMYCIN),
    DrugClass(
        "salicylate",
        ("allergy-salicylate", "med-salicylate", "med-aspirin"),
        ("med-salicylate", "med-aspirin", "allergy-salicylate"),
    ),
    DrugClass("bismuth", ("allergy-bismuth", "med-bismuth"), ("med-bismuth", "allergy-bismuth")),
    DrugClass("NSAID", NSAID, NSAID),
    DrugClass("heparin", HEPARIN, HEPARIN),
    DrugClass("ganciclovir", GANCICLOVIR, GANCICLOVIR),
    DrugClass("immunoglobulin", IMMUNOGLOBULIN, ("med-ivig",)),
    DrugClass("rituximab", ("med-rituximab",), ("med-rituximab",)),
    DrugClass("sulfonamide", SULFONAMIDE, ("med-cotrimoxazole", "allergy-sulfonamide")),
    DrugClass("beta-lactam", ("allergy-beta-lactam",), BETA_LACTAM),
)
"""A class that no rule names (statins, acid blockers) is judged by the same substance alone.

An allergy to beta-lactams as a whole is one to each class of them; the classes by themselves stand above.
"""

SUBSTANCES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("aciclovir", ("med-aciclovir", "allergy-aciclovir")),
    ("amiodarone", ("med-amiodarone",)),
    ("anti-D", ("med-anti-d",)),
    ("apixaban", ("med-apixaban",)),
    ("artesunate", ("med-artesunate",)),
    ("avatrombopag", ("med-avatrombopag",)),
    ("azithromycin", ("med-azithromycin",)),
    ("co-trimoxazole", ("med-cotrimoxazole", "allergy-cotrimoxazole")),
    ("dabigatran", ("med-dabigatran",)),
    ("eltrombopag", ("med-eltrombopag",)),
    ("favipiravir", ("med-favipiravir",)),
    ("fluconazole", ("med-fluconazole", "allergy-fluconazole")),
    ("fondaparinux", ("med-fondaparinux",)),
    ("hydroxychloroquine", ("med-hydroxychloroquine",)),
    ("linezolid", ("med-linezolid",)),
    ("metronidazole", ("med-metronidazole",)),
    ("paracetamol", ("med-paracetamol", "allergy-paracetamol")),
    ("prednisone", ("med-prednisone",)),
    ("ribavirin", ("med-ribavirin", "allergy-ribavirin")),
    ("rivaroxaban", ("med-rivaroxaban",)),
    ("romiplostim", ("med-romiplostim",)),
    ("rosuvastatin", ("med-rosuvastatin",)),
    ("streptomycin", ("med-streptomycin", "allergy-streptomycin")),
    ("tafenoquine", ("med-tafenoquine",)),
    ("ticagrelor", ("med-ticagrelor",)),
    ("tranexamic acid", ("med-tranexamic-acid", "allergy-tranexamic-acid")),
    ("valproate", ("med-valproate", "allergy-valproate")),
    ("vancomycin", ("med-vancomycin", "allergy-vancomycin")),
)
"""Our word, and the sets of one substance: an order names a product, an allergy the ingredient, in other codes."""


class Relation(StrEnum):
    """How the selected drug is related to the allergy; the value is the key of the words."""

    SAME_SUBSTANCE = "substance"
    SAME_CLASS = "class"
    SIMILAR_CEPHALOSPORIN = "similar-cephalosporin"
    DISSIMILAR_BETA_LACTAM = "dissimilar"


@dataclass(frozen=True, slots=True)
class Match:
    """An allergy that speaks against a selected order, and how strongly."""

    order: Order
    allergy: Allergy
    relation: Relation
    class_name: str
    indicator: Indicator


def match(order: Order, allergy: Allergy) -> Match | None:
    """The strongest relation of the two, or None."""
    relation, name = _relation(order, allergy)
    if relation is None:
        return None
    return Match(order, allergy, relation, name, _indicator(allergy, relation))


def _relation(order: Order, allergy: Allergy) -> tuple[Relation | None, str]:
    shared = next((c for c in CLASSES if order.is_in(*c.drugs) and _is_to(allergy, *c.allergies)), None)
    substance = next((name for name, s in SUBSTANCES if order.is_in(*s) and _is_to(allergy, *s)), None)
    if substance is not None or not set(order.codes).isdisjoint(allergy.codes):
        return Relation.SAME_SUBSTANCE, substance or ("drug" if shared is None else shared.name)
    if shared is not None:
        return Relation.SAME_CLASS, shared.name
    if not _is_to(allergy, *PENICILLIN_ALLERGY):
        return None, ""
    if order.is_in(*DISSIMILAR):
        return Relation.DISSIMILAR_BETA_LACTAM, "cephalosporin"
    if order.is_in(*CARBAPENEM):
        return Relation.DISSIMILAR_BETA_LACTAM, "carbapenem"
    if order.is_in(*CEPHALOSPORIN):
        return Relation.SIMILAR_CEPHALOSPORIN, "cephalosporin"
    return None, ""


def _is_to(allergy: Allergy, *set_ids: str) -> bool:
    return not allergy.set_ids.isdisjoint(set_ids)


def is_severe(allergy: Allergy) -> bool:
    """High criticality, anaphylaxis, or a severe reaction."""
    return allergy.criticality == "high" or allergy.anaphylaxis or allergy.reaction_severity == "severe"


def _indicator(allergy: Allergy, relation: Relation) -> Indicator:
    """Severe critical, unknown or low a warning, intolerance information; one step less for dissimilar drugs.

    A cephalosporin that the rulebook does not name as dissimilar counts as similar to the penicillin.
    """
    severe = is_severe(allergy)
    if relation is Relation.DISSIMILAR_BETA_LACTAM:
        return Indicator.WARNING if severe else Indicator.INFO
    if severe:
        return Indicator.CRITICAL
    return Indicator.INFO if allergy.intolerance else Indicator.WARNING
