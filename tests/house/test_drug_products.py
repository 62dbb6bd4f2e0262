"""RxNorm products stand in every set that holds their ingredient, and none of them is a cream, a drop or a flush."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import pytest

from cards.code_systems import RXNORM
from cards.valuesets import load

TERMINOLOGY = load()
DRUGS: Final = tuple(one for one in TERMINOLOGY if one.startswith("med-"))
ELSEWHERE: Final = re.compile(
    r"topical|ophthalmic|otic|nasal|cream|ointment|lotion|vaginal|inhal|lozenge|patch|transdermal|irrigation"
    r"|intraocular|enema|foam|implant|flush|shampoo|mouthwash|gel$",
    re.IGNORECASE,
)
APART: Final = frozenset(
    {
        ("med-h-pylori", "clavulanate"),  # no part of an eradication
        ("med-leptospirosis", "clavulanate"),
        ("med-antiviral-hbv-hiv", "nirmatrelvir"),  # boosts a drug against COVID-19
    }
)
"""Sets that a combination stays out of, by one of its ingredients."""


def parts(display: str) -> frozenset[str]:
    """The ingredients of a product's display, with their salts: what stands before each strength."""
    without_brand = re.sub(r" ?\[[^]]*]", "", display)
    packs = re.findall(r"\d+ \(([^()]+)\)", without_brand)
    texts = " / ".join(packs or [without_brand]).lower().split(" / ")
    return frozenset(
        re.sub(r"^(?:[\d.]+ (?:hr|ml) )+", "", re.split(r" [\d.]+ (?:mg|unt|meq|g)\b", text)[0])
        for text in texts
    )


def products() -> Mapping[str, tuple[str, set[str]]]:
    """Code -> display and sets."""
    found: dict[str, tuple[str, set[str]]] = {}
    sets: dict[str, set[str]] = defaultdict(set)
    for one in DRUGS:
        for code in TERMINOLOGY[one].codes:
            if code.system == RXNORM and code.level == "product":
                sets[code.code].add(one)
                found[code.code] = (code.display, sets[code.code])
    return found


PRODUCTS = products()
SINGLE: Final = {
    one: {
        code.display.lower()
        for code in TERMINOLOGY[one].codes
        if code.system == RXNORM and code.level == "ingredient" and " / " not in code.display
    }
    for one in DRUGS
}


def holds(ingredients: frozenset[str], names: set[str]) -> bool:
    """Whether one of the names is an ingredient, alone or with a salt after it."""
    return any(part == name or part.startswith(f"{name} ") for part in ingredients for name in names)


def stays_out(one: str, ingredients: frozenset[str], display: str) -> bool:
    """Doxycycline of 20 or 40 mg treats gums and skin, no infection; cations chelate by mouth only."""
    is_low = re.search(r"doxycycline[ a-z]* [24]0 MG (?:Oral|Delayed)", display, re.IGNORECASE) is not None
    by_vein = one == "med-chelating-cations" and "njecti" in display
    is_pack = one == "med-paracetamol" and "Pack" in display
    return is_low or by_vein or is_pack or any(s == one and holds(ingredients, {name}) for s, name in APART)


@pytest.mark.parametrize("one", DRUGS)
def test_products_stand_in_every_set_that_holds_their_ingredient(one: str) -> None:
    assert [
        (code, display)
        for code, (display, sets) in PRODUCTS.items()
        if holds(parts(display), SINGLE[one])
        and one not in sets
        and not stays_out(one, parts(display), display)
    ] == []


def test_no_product_is_for_skin_eye_nose_or_lungs() -> None:
    assert len(PRODUCTS) > 1000
    assert [
        display for display, _ in PRODUCTS.values() if ELSEWHERE.search(re.sub(r" ?\[[^]]*]", "", display))
    ] == []


def test_a_product_has_one_display_in_all_its_sets() -> None:
    displays: dict[str, set[str]] = defaultdict(set)
    for one in DRUGS:
        for code in TERMINOLOGY[one].codes:
            if code.system == RXNORM and code.level == "product":
                displays[code.code].add(code.display)
    assert {code: found for code, found in displays.items() if len(found) > 1} == {}


def test_a_product_seen_in_one_place_only_is_never_emitted() -> None:
    for one in DRUGS:
        for code in TERMINOLOGY[one].codes:
            if code.source.startswith("seen only in: "):
                assert not code.is_emittable
