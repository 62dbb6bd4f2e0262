"""No title that is shipped is cut: each is filled with the longest values that it can get."""

from __future__ import annotations

from cards.anti_infective.content import Pathogen
from cards.finding_words import FINDING_WORDS
from cards.orders.cross_reactivity import CLASSES
from cards.procedures.limits import PROCEDURES
from cards.safety.drug_induced import DRUGS
from cards.safety.infections import NAMED
from cards.safety.splenic_rupture import INFECTIONS as SPLENIC
from cards.wording import fill, holes
from cds_service.card_text import SUMMARY_LIMIT
from cds_service.content import load_content
from tests.together import together

CONTENT = load_content()


def longest(*words: str) -> str:
    return max(words, key=len)


QUESTIONS = {
    "skin-unspecific", "mucosal-unspecific", "gu-unspecific", "cns-unspecific", "soft-tissue-unspecific", "unspecific",
}  # fmt: skip
COUNT = "2500.5 x10^9/L"
TIME = "22 Nov 2025, 04:10"
LONGEST = {
    "platelets": COUNT,
    "previous": COUNT,
    "sampled": f"{TIME}, preliminary",
    "finding": longest(*(words for key, words in FINDING_WORDS.items() if key not in QUESTIONS)),
    "bleed": longest(*FINDING_WORDS.values()),
    "drawn": TIME,
    "higher_drawn": TIME,
    "lower_drawn": TIME,
    "future": TIME,
    "given": TIME,
    "time": TIME,
    "shown": "2500.5",
    "higher": "2500.5",
    "lower": "2500.5",
    "value": "104.5",
    "count": "last known platelets",
    "drug": longest("selected drug", *(row.name for row in CLASSES), *(name for _, name, _ in DRUGS)),
    "procedure": longest(*(row.name for row in PROCEDURES)),
    "unit": "million per litre",
    "expected": "22 Nov 2025",
    "due": "22 Nov 2025",
    "age": "9999",
    "days": "999",
    "span": "99.9 days",
    "weeks": "99",
    "months": "999",
    "hours": "999",
    "percent": "100",
    "number": "99",
    "four_ts": "8",
    "dic_score": "8",
    "ferritin": "99999",
    "lowest": "2500.5",
    "fell_percent": "100",
    "ended": TIME,
    "how": "selected",
    "vaccinated": TIME,
    "usual": "100",
}
TITLES = [
    (rule, key, text)
    for rule, section in CONTENT.words.sections.items()
    for key, text in section.paragraphs.items()
    if key.partition(".")[0] == "title"
]


STEPS = {
    "INF-GEN-01/title": ("treat", "under-way", "defer"),
    "INF-GEN-02/title": ("supportive",),
    "INF-GEN-02/title.vaccinated": ("vaccinated",),
    "INF-GEN-03/title": ("suspected",),
    "INF-GEN-03/title.unexplained": ("unexplained",),
    "INF-GEN-03/title.exposure": ("suspected", "exposure"),
}
"""Which of a pathogen's first steps a title is followed by (`title.no-count` like `title`)."""


def fillings(name: str, text: str) -> list[dict[str, str]]:
    """The values of a title: an infection goes with the first steps of its own file."""
    steps = STEPS.get(name.removesuffix(".no-count"))
    if not {"infection", "first_step"} & holes(text):
        return [LONGEST]
    if name.startswith("SAFE-14/"):
        return [LONGEST | {"infection": longest(*(NAMED[key].name for key in SPLENIC))}]
    return [
        LONGEST | {"infection": pathogen.name, "first_step": step}
        for pathogen in CONTENT.pathogens
        if _can_lead(pathogen, name)
        for step in (("",) if steps is None else _first_steps(pathogen, steps))
    ]


TREATED = ("INF-GEN-04/", "TPO-03/")
"""Titles of infections that have a therapy."""


def _can_lead(pathogen: Pathogen, name: str) -> bool:
    """Whether the title may be that of this pathogen: treatable, or known by antibodies."""
    if name.startswith(TREATED):
        return not pathogen.supportive or bool(pathogen.therapy_sets)
    if name.endswith("title.exposure"):
        codes = (code for one in pathogen.test_sets for code in CONTENT.terminology[one].codes)
        return any(code.proves == "exposure" for code in codes)
    return True


def _first_steps(pathogen: Pathogen, which: tuple[str, ...]) -> list[str]:
    return [
        text
        for key, text in pathogen.words.items()
        if key.startswith("first-step.") and key.split(".")[1] in which
    ]


@together({f"{rule}/{key}": (f"{rule}/{key}", text) for rule, key, text in TITLES})
def test_a_title_fits(title: tuple[str, str]) -> None:
    name_of_title, text = title

    def shown(values: dict[str, str], hole: str) -> str:
        name = hole.partition(":")[2]
        return f"{getattr(CONTENT.limits, name):f}" if name else values[hole]

    filled = [
        " ".join(fill(text, lambda hole, values=values: shown(values, hole)).split())
        for values in fillings(name_of_title, text)
    ]
    assert [words for words in filled if len(words) > SUMMARY_LIMIT] == []


def test_every_hole_of_a_title_is_bounded() -> None:
    found = {hole for _, _, text in TITLES for hole in holes(text) if ":" not in hole}
    assert found - set(LONGEST) <= {"infection", "first_step"}
    assert len(TITLES) > 50
