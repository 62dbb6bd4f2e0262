"""What `/rules/{id}` shows: a rule's condition and words with the numbers in force, its sources, and stories."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cache

from markupsafe import Markup

from cards.anti_infective.pathogen import Pathogen
from cards.citations import CITATIONS, Citation
from cards.frozen import dataclass
from cards.thresholds import Described, described
from cards.wording import Section, fill, holes
from cds_service.content import FOLDER, Content
from cds_service.published_codes import OVERRIDE_REASONS, TOPICS, topic_of
from cds_service.stories.vignettes import Vignette
from cds_service.web.history import changes_of
from cds_service.web.markdown import to_html
from cds_service.web.vignette_index import vignettes_by_rule


@dataclass(frozen=True, slots=True)
class Number:
    """A threshold that the words name, the rule is described by, or its file reads."""

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
class Paragraph:
    """A paragraph of the card, under what its key says in words."""

    name: str
    html: Markup


@dataclass(frozen=True, slots=True)
class RulePage:
    """Everything that the template prints."""

    rule: str
    topic: str
    condition: Markup | None
    titles: tuple[str, ...]
    paragraphs: tuple[Paragraph, ...]
    buttons: tuple[str, ...]
    sources: tuple[Source, ...]
    links: tuple[Citation, ...]
    numbers: tuple[Number, ...]
    overrides: tuple[str, ...]
    vignettes: tuple[Vignette, ...]
    changes: tuple[tuple[str, str], ...]
    pathogen: Pathogen | None
    stem: str
    version: str


def rule_page(rule: str, content: Content) -> RulePage:
    """KeyError for a rule without words."""
    section = content.words[rule]
    parts = {key: _filled(text, content) for key, text in section.paragraphs.items()}
    titles = (text for key, text in parts.items() if _kind(key) == "title")
    buttons = (text for key, text in parts.items() if _kind(key) == "label")
    others = {k: t for k, t in parts.items() if _kind(k) not in ("title", "label", "condition")}
    return RulePage(
        rule=rule,
        topic=TOPICS[topic_of(rule)],
        condition=to_html(parts["condition"]) if "condition" in parts else None,
        titles=tuple(" ".join(text.split()) for text in titles),
        paragraphs=tuple(Paragraph(_named(key), to_html(text)) for key, text in others.items()),
        buttons=tuple(" ".join(text.split()) for text in buttons),
        sources=tuple(Source(CITATIONS[e.citation], e.recommendation, e.grade) for e in section.evidence),
        links=tuple(CITATIONS[key] for key in section.links),
        numbers=tuple(_numbers(section, content)),
        overrides=tuple(OVERRIDE_REASONS[reason][1] for reason in section.overrides),
        vignettes=vignettes_by_rule().get(rule, ()),
        changes=changes_of(rule),
        pathogen=next((one for one in content.pathogens if rule in one.card_rules), None),
        stem=section.stem,
        version=content.version,
    )


def title_of(rule: str, content: Content) -> str:
    """One line that says what a rule is about: its title, or the beginning of its condition or words."""
    section = content.words[rule]
    named = next((one.name for one in content.pathogens if rule in one.card_rules), None)
    if named is not None:
        return f"{named}: {_first_step(section)}"
    texts = section.paragraphs
    text = texts.get("title") or next((t for k, t in texts.items() if _kind(k) == "title"), None)
    text = text or texts.get("condition") or next(iter(texts.values()), rule)
    line = " ".join(_filled(text, content).replace("**", "").split())
    return line if len(line) <= 160 else line[:160].rsplit(" ", 1)[0] + "…"


def _first_step(section: Section) -> str:
    steps = [text for key, text in section.paragraphs.items() if _kind(key) == "first-step"]
    return " ".join(steps[0].split()) if steps else "treatment of the infection"


def _kind(key: str) -> str:
    return key.partition(".")[0]


def _named(key: str) -> str:
    """`caution.no-count` as "Caution: no count"."""
    kind, _, rest = key.partition(".")
    words = kind.replace("-", " ")
    return words[:1].upper() + words[1:] + (f": {rest.replace('-', ' ').replace('.', ', ')}" if rest else "")


def _filled(text: str, content: Content) -> str:
    """Numbers in force filled in; what a patient's facts fill is named in angle quotes."""

    def value_of(hole: str) -> str:
        _, colon, name = hole.partition(":")
        return f"{getattr(content.limits, name):f}" if colon else f"‹{hole.replace('_', ' ')}›"

    return fill(text, value_of)


def _numbers(section: Section, content: Content) -> Iterable[Number]:
    """Named in the words, or described as this rule's; where there are none, those that its file reads."""
    about = described()
    named = (hole for text in section.paragraphs.values() for hole in holes(text))
    names = {hole.partition(":")[2] for hole in named if ":" in hole}
    names |= {name for name, one in about.items() if section.rule in one.meaning}
    found = names or limits_read(section.stem)
    return (
        Number(name, f"{getattr(content.limits, name):f}", about[name]) for name in about if name in found
    )


@cache
def limits_read(stem: str) -> frozenset[str]:
    """The thresholds that the module of a stem reads, seen in its source; none for a pathogen's file."""
    file = FOLDER / f"{stem}.py"
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(read & described().keys())


def sources_in_use(content: Content) -> Mapping[str, Citation]:
    """The citations that some rule rests on, by key, sorted by label."""
    used = {e.citation for section in content.words.sections.values() for e in section.evidence}
    return {key: CITATIONS[key] for key in sorted(used, key=lambda key: CITATIONS[key].label.casefold())}
