"""What `/rules` shows: every rule under its topic, as far as it answers the search."""

from __future__ import annotations

from collections.abc import Mapping

from cards.frozen import dataclass
from cards.outcome import Topic
from cards.wording import Section
from cds_service.content import Content
from cds_service.published_codes import TOPICS, topic_of
from cds_service.web.rule_page import title_of


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader looks for: words, a topic's code, a citation's key; each may be empty."""

    words: str = ""
    topic: str = ""
    source: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.words.strip() or self.topic or self.source)


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in the list."""

    rule: str
    title: str


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules that were found, under the topics in their order."""

    groups: tuple[tuple[str, tuple[Line, ...]], ...]
    found: int
    total: int


def rule_list(content: Content, asked: Asked) -> RuleList:
    """Every word has to stand somewhere in the rule: its id, its words, or its sources."""
    sections = content.words.sections
    hits = [rule for rule, section in sections.items() if _answers(rule, section, asked)]
    lines: Mapping[Topic, list[Line]] = {topic: [] for topic in TOPICS}
    for rule in hits:
        lines[topic_of(rule)].append(Line(rule, title_of(rule, content)))
    for some in lines.values():
        some.sort(key=lambda line: _by_number(line.rule))
    groups = tuple((TOPICS[topic], tuple(some)) for topic, some in lines.items() if some)
    return RuleList(groups, len(hits), len(sections))


def _by_number(rule: str) -> tuple[tuple[bool, int, str], ...]:
    """TRF-02 before TRF-10, and letters after numbers."""
    parts = rule.split("-")
    return tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)


def _answers(rule: str, section: Section, asked: Asked) -> bool:
    if asked.topic and topic_of(rule).value != asked.topic:
        return False
    if asked.source and asked.source not in {e.citation for e in section.evidence}:
        return False
    text = " ".join((rule, section.stem, *section.paragraphs.values(), *_said(section))).casefold()
    return all(word in text for word in asked.words.casefold().split())


def _said(section: Section) -> tuple[str, ...]:
    return tuple(f"{e.citation} {e.recommendation}" for e in section.evidence)
