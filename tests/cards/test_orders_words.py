"""The words of every order rule: each title fits whatever the record holds, and nothing is said as an order."""

from __future__ import annotations

import re

from cards.orders import ADVICE
from cards.wording import CONDITION, fill
from tests.cards.direct import LIMITS, words
from tests.together import together

LONGEST = {
    "count": "last known platelets",
    "platelets": "2500.5 x10^9/L",
    "sampled": "22 Nov 2025, 04:10, preliminary",
    "drug": "fluoroquinolone",
}
OWN = [rule for advice in ADVICE for rule in advice.ids if words()[rule].paragraphs.keys() != {CONDITION}]
TITLES = [(r, k) for r in OWN for k in words()[r].paragraphs if k.startswith("title")]


@together({f"{rule}/{key}": (rule, key) for rule, key in TITLES})
def test_a_title_fits_with_the_longest_values(title_of: tuple[str, str]) -> None:
    rule, key = title_of

    def value_of(hole: str) -> str:
        _, _, name = hole.partition(":")
        return str(getattr(LIMITS, name)) if name else LONGEST[hole]

    title = " ".join(fill(words()[rule].paragraph(key), value_of).split())
    assert len(title) <= 139, len(title)


@together({rule: rule for rule in OWN})
def test_a_card_can_be_overridden_and_names_its_source(rule: str) -> None:
    assert words()[rule].overrides
    assert words()[rule].evidence


@together({rule: rule for rule in OWN})
def test_the_words_advise_and_never_order(rule: str) -> None:
    text = " ".join(words()[rule].paragraphs.values())
    assert re.search(r"\b(must|stop the|do not give)\b", text) is None


def test_every_stem_has_its_own_ids() -> None:
    ids = [rule for advice in ADVICE for rule in advice.ids]
    assert len(ids) == len(set(ids))
