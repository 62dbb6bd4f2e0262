"""What `/rules/{id}` shows: a rule's words with the numbers in force, its sources, and when it speaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from cards.citations import CITATIONS, Citation
from cards.thresholds import Described, described
from cards.wording import Section, fill, holes
from cds_service.content import Content
from cds_service.published_codes import OVERRIDE_REASONS, TOPICS, topic_of
from cds_service.web.markdown import to_html


@dataclass(frozen=True, slots=True)
class Number:
    """A threshold that the words name."""

    name: str
    value: str
    about: Described


@dataclass(frozen=True, slots=True)
class Source:
    """A recommendation and where it stands."""

    citation: Citation
    recommendation: str
    grade: str | None


@dataclass(frozen=True, slots=True)
class RulePage:
    """Everything that the template prints."""

    rule: str
    topic: str
    titles: tuple[str, ...]
    paragraphs: tuple[tuple[str, Markup], ...]
    sources: tuple[Source, ...]
    numbers: tuple[Number, ...]
    overrides: tuple[str, ...]
    stem: str


def rule_page(rule: str, content: Content) -> RulePage:
    """KeyError for a rule without words."""
    section = content.words[rule]
    titles = [text for key, text in section.paragraphs.items() if key.partition(".")[0] == "title"]
    others = [
        (key, text)
        for key, text in section.paragraphs.items()
        if key.partition(".")[0] not in ("title", "label")
    ]
    return RulePage(
        rule=rule,
        topic=TOPICS[topic_of(rule)],
        titles=tuple(_filled(text, content) for text in titles),
        paragraphs=tuple((key, to_html(_filled(text, content))) for key, text in others),
        sources=tuple(Source(CITATIONS[e.citation], e.recommendation, e.grade) for e in section.evidence),
        numbers=tuple(_numbers(section, content)),
        overrides=tuple(OVERRIDE_REASONS[reason][1] for reason in section.overrides),
        stem=section.stem,
    )


def _filled(text: str, content: Content) -> str:
    """Numbers in force filled in; what a patient's facts fill is named in angle brackets."""

    def value_of(hole: str) -> str:
        _, colon, name = hole.partition(":")
        return f"{getattr(content.limits, name):f}" if colon else f"‹{hole.replace('_', ' ')}›"

    return fill(text, value_of)


def _numbers(section: Section, content: Content) -> Iterable[Number]:
    about = described()
    named = (hole for text in section.paragraphs.values() for hole in holes(text))
    names = sorted({hole.partition(":")[2] for hole in named if ":" in hole})
    return (Number(name, f"{getattr(content.limits, name):f}", about[name]) for name in names)
