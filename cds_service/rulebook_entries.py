"""What the rulebook tells of each rule: condition, words, sources, numbers, and the stories that cover it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from cards.advice import ALL_ADVICE
from cards.anti_infective.pathogen_condition import regimens_of
from cards.citations import CITATIONS, Citation
from cards.frozen import dataclass
from cards.outcome import Advice, Topic
from cards.thresholds import Described, Thresholds, described
from cards.wording import CONDITION, Section, fill, holes
from cds_service.content import FOLDER, Content
from cds_service.published_codes import topic_of
from cds_service.stories.vignettes import Vignette

DESIGN: Final = frozenset({"design", "DESIGN"})
"""Sources of what no guideline fixes: a site signs it for itself."""


NOT_READERS: Final = frozenset({"thresholds.py", "threshold_order.py"})
"""They state the numbers."""


@dataclass(frozen=True, slots=True)
class Number:
    """A threshold that a rule names, with the value in force."""

    name: str
    value: str
    about: Described

    @property
    def needs_sign_off(self) -> bool:
        """Whether no source fixes it."""
        return self.about.source in DESIGN


@dataclass(frozen=True, slots=True)
class Source:
    """A recommendation, its grade as the source gives it, and the source."""

    citation: Citation
    says: str
    grade: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule. Words have their numbers filled in; what a patient's facts fill stands in angle quotes."""

    rule: str
    topic: Topic
    stem: str
    condition: str
    titles: tuple[str, ...]
    paragraphs: tuple[tuple[str, str], ...]
    buttons: tuple[str, ...]
    sources: tuple[Source, ...]
    numbers: tuple[Number, ...]
    regimens: tuple[str, ...] = ()
    speaks_in: tuple[Vignette, ...] = ()
    silent_in: tuple[Vignette, ...] = ()


def entries(content: Content, vignettes: Iterable[Vignette] = ()) -> tuple[Entry, ...]:
    """Every rule of every advice in reading order, then the sections whose words join other cards."""
    stories = tuple(vignettes)
    stems = {rule: advice for advice in ALL_ADVICE for rule in advice.ids}
    joining = (rule for rule in content.words.sections if rule not in stems)
    rules = (*stems, *sorted(joining))
    return tuple(_entry(rule, stems.get(rule), content, stories) for rule in rules)


def _entry(rule: str, advice: Advice | None, content: Content, vignettes: tuple[Vignette, ...]) -> Entry:
    section = content.words[rule]
    filled = {key: fill_limits(text, content.limits) for key, text in section.paragraphs.items()}
    return Entry(
        rule=rule,
        topic=topic_of(rule) if advice is None else advice.topic,
        stem=section.stem if advice is None else advice.stem,
        condition=filled.get(CONDITION, ""),
        titles=tuple(" ".join(filled[key].split()) for key in filled if _kind(key) == "title"),
        paragraphs=tuple((k, t) for k, t in filled.items() if _kind(k) not in ("title", "label", CONDITION)),
        buttons=tuple(" ".join(filled[key].split()) for key in filled if _kind(key) == "label"),
        sources=sources_of(section),
        numbers=numbers_of(section, content.limits),
        regimens=tuple(_regimens(rule, content)),
        speaks_in=tuple(v for v in vignettes if _speaks(v, rule)),
        silent_in=tuple(v for v in vignettes if _is_silent(v, rule)),
    )


def _regimens(rule: str, content: Content) -> Iterator[str]:
    """What the card of an infection may draft."""
    for pathogen in content.pathogens:
        if rule == pathogen.treat_rule:
            yield from regimens_of(pathogen, lambda set_id: content.terminology[set_id].title)


def sources_of(section: Section) -> tuple[Source, ...]:
    """What the words rest on."""
    return tuple(Source(CITATIONS[e.citation], e.recommendation, e.grade) for e in section.evidence)


def fill_limits(text: str, limits: Thresholds) -> str:
    """The text with the numbers in force; holes of a patient's facts as ‹platelets›."""

    def value_of(hole: str) -> str:
        _, colon, name = hole.partition(":")
        return f"{getattr(limits, name):f}" if colon else f"‹{hole.replace('_', ' ')}›"

    return fill(text, value_of)


def numbers_of(section: Section, limits: Thresholds) -> tuple[Number, ...]:
    """The thresholds that the words name, and those that are described as this rule's."""
    named = {
        hole.partition(":")[2] for text in section.paragraphs.values() for hole in holes(text) if ":" in hole
    }
    about = described()
    found = (name for name in about if name in named or section.rule in about[name].meaning)
    return tuple(Number(name, f"{getattr(limits, name):f}", about[name]) for name in found)


def all_numbers(limits: Thresholds) -> tuple[Number, ...]:
    """Every threshold in force."""
    return tuple(Number(name, f"{getattr(limits, name):f}", about) for name, about in described().items())


def users_of(found: Iterable[Entry]) -> Mapping[str, tuple[str, ...]]:
    """The rules that name each threshold."""
    users: dict[str, list[str]] = {}
    for entry in found:
        for number in entry.numbers:
            users.setdefault(number.name, []).append(entry.rule)
    return {name: tuple(rules) for name, rules in users.items()}


@cache
def readers_of() -> Mapping[str, tuple[str, ...]]:
    """The modules that read each threshold, for those that no rule names."""
    found: dict[str, list[str]] = {}
    for path in sorted((*FOLDER.rglob("*.py"), *Path(__file__).parent.rglob("*.py"))):
        words = set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
        if path.name not in NOT_READERS:
            for name in words & described().keys():
                found.setdefault(name, []).append(path.relative_to(FOLDER.parent).as_posix())
    return {name: tuple(paths) for name, paths in found.items()}


def _kind(key: str) -> str:
    return key.partition(".")[0]


# ---------------------------------------------------------------------------------------------- stories


def _speaks(vignette: Vignette, rule: str) -> bool:
    """A card of it is expected, or its words in another card."""
    led = any(rule in card.rules for card in vignette.expect)
    return led or rule in vignette.merged or (rule, "advise") in vignette.outcomes


def _is_silent(vignette: Vignette, rule: str) -> bool:
    """It must not lead a card, or has to answer that it does not speak."""
    forbidden = any(
        rule == one or (one.endswith("*") and rule.startswith(one[:-1])) for one in vignette.not_rules
    )
    return forbidden or any(rule == one and outcome != "advise" for one, outcome in vignette.outcomes)
