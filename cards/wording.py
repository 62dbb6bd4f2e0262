"""Strict loader of the words of the cards: Markdown files beside the rules, one section per rule id.

The format is explained for clinicians in `cards/README.md`. Text has no logic: a paragraph is named by a rule, and its
holes `{name}` are filled by the rule's values, by the common holes, or by a threshold in force (`{limit:name}`).
An unknown field, citation, reason or threshold, a raw HTML tag, or a doubled section stops the start (ValueError).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from cards.citations import CITATIONS
from cards.frozen import dataclass
from cards.thresholds import described

FOLDER = Path(__file__).parent
NOT_WORDS = frozenset({"README.md", "RULEBOOK.md"})

RULE_ID = re.compile(r"(?:[A-Z]{2,4}(-[A-Z0-9]+)+|A\.3)\Z")  # A.3: the limits on alerts
HOLE = re.compile(r"\{([a-z_]+(?::[a-z_0-9]+)?)\}")
HTML_TAG = re.compile(r"<[A-Za-z/!]")
FIELDS = frozenset({"source", "evidence", "override", "link"})
CONDITION = "condition"
"""The paragraph that says in words when a rule speaks; it stands in the rulebook and never in a card."""

OVERRIDES = (
    "already-done",
    "bleeding-stopped",
    "specialist-advised",
    "count-unreliable",
    "patient-declined",
    "palliative",
    "benefit-exceeds-risk",
    "alternative-chosen",
    "infection-excluded",
    "awaiting-result",
    "allergy-not-true",
    "local-policy",
    "not-applicable",
)
"""Rulebook A.4: the reasons for which a clinician may override a card."""

DEFAULT_OVERRIDES: Mapping[str, tuple[str, ...]] = {
    "TRF": (
        "already-done",
        "bleeding-stopped",
        "specialist-advised",
        "patient-declined",
        "palliative",
        "count-unreliable",
    ),
    "SAFE": ("specialist-advised", "already-done", "not-applicable"),
    "PROC": ("benefit-exceeds-risk", "specialist-advised", "already-done"),
    "INF": ("already-done", "infection-excluded", "awaiting-result", "alternative-chosen", "local-policy"),
    "TPO": ("specialist-advised", "alternative-chosen", "patient-declined"),
    "IMM": ("specialist-advised", "alternative-chosen", "patient-declined"),
    "ORD": (
        "benefit-exceeds-risk",
        "specialist-advised",
        "allergy-not-true",
        "palliative",
        "not-applicable",
    ),
    "DATA": ("already-done", "awaiting-result", "not-applicable"),
    "MON": ("already-done", "awaiting-result", "not-applicable"),
    "BLD": ("already-done", "specialist-advised", "not-applicable"),
    "PLT": ("already-done", "awaiting-result", "not-applicable"),
}
"""Rulebook A.4: default override sets by family; a section's `override:` field replaces them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the Evidence block: citation key, recommendation in our words, grade as the source gives it."""

    citation: str
    recommendation: str
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """The words of one rule."""

    rule: str
    stem: str
    source: str
    evidence: tuple[Evidence, ...] = ()
    overrides: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    paragraphs: Mapping[str, str] = field(default_factory=dict)

    def paragraph(self, key: str) -> str:
        """A paragraph of this section (KeyError naming rule and key)."""
        try:
            return self.paragraphs[key]
        except KeyError:
            raise KeyError(f"{self.rule} has no words for {key!r}") from None


@dataclass(frozen=True, slots=True)
class Words:
    """All sections by rule id."""

    sections: Mapping[str, Section]

    def __getitem__(self, rule: str) -> Section:
        try:
            return self.sections[rule]
        except KeyError:
            raise KeyError(f"no words for rule {rule}") from None

    def __contains__(self, rule: str) -> bool:
        return rule in self.sections

    def find(self, rule: str, key: str) -> str:
        """A paragraph by `key` of `rule`, or by `OTHER-ID/key`."""
        other, slash, tail = key.partition("/")
        return self[other].paragraph(tail) if slash else self[rule].paragraph(key)

    def with_sections(self, more: Mapping[str, Section]) -> Words:
        """These and more (the pathogens' own); a doubled id is an error."""
        doubled = self.sections.keys() & more.keys()
        if doubled:
            raise ValueError(f"words for {sorted(doubled)} stand twice")
        return Words(MappingProxyType({**self.sections, **more}))


def fill(text: str, value_of: Callable[[str], str]) -> str:
    """The text with its holes filled; `value_of` raises KeyError for a hole that nothing fills."""
    return HOLE.sub(lambda hole: value_of(hole[1]), text)


def holes(text: str) -> frozenset[str]:
    """The names of the holes of a text."""
    return frozenset(HOLE.findall(text))


def load_words(folder: Path = FOLDER) -> Words:
    """Every section of every Markdown file below `folder`."""
    sections: dict[str, Section] = {}
    for path in sorted(folder.rglob("*.md")):
        if path.name in NOT_WORDS or path.parent.name == "valuesets":
            continue
        stem = path.relative_to(folder).with_suffix("").as_posix()
        for section in _sections(path.read_text(encoding="utf-8"), stem):
            if section.rule in sections:
                raise ValueError(f"{stem}.md: words for {section.rule} stand twice")
            sections[section.rule] = section
    return Words(MappingProxyType(sections))


def _sections(text: str, stem: str) -> Iterator[Section]:
    if HTML_TAG.search(text):
        raise ValueError(f"{stem}.md: raw HTML is not allowed")
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        yield _section(heading.strip(), body, stem)


def _section(rule: str, body: str, stem: str) -> Section:
    where = f"{stem}.md, {rule}"
    if not RULE_ID.match(rule):
        raise ValueError(f"{where}: not a rule id")
    head, *parts = re.split(r"^### ", body, flags=re.MULTILINE)
    fields = _fields(head, where)
    paragraphs: dict[str, str] = {}
    for part in parts:
        key, _, words = part.partition("\n")
        if key.strip() in paragraphs or not words.strip():
            raise ValueError(f"{where}: {key.strip()!r} is empty or stands twice")
        paragraphs[key.strip()] = words.strip()
    _check_holes(paragraphs, where)
    section = make_section(rule, stem, fields, paragraphs)
    if CONDITION not in paragraphs and any(key.partition(".")[0] == "title" for key in paragraphs):
        raise ValueError(f"{where}: a rule that has a card says when it speaks (### {CONDITION})")
    return section


def make_section(
    rule: str, stem: str, fields: Mapping[str, list[str]], paragraphs: Mapping[str, str]
) -> Section:
    """A checked section of fields (`source`, `evidence`, `override`, `link`) and paragraphs."""
    where = f"{stem}, {rule}"
    evidence = tuple(_evidence(line, where) for line in fields.get("evidence", ()))
    family = rule.partition("-")[0]
    overrides = tuple(" ".join(fields.get("override", ())).split()) or DEFAULT_OVERRIDES.get(family, ())
    links = tuple(" ".join(fields.get("link", ())).split())
    source = " ".join(fields.get("source", ())) or (evidence[0].citation if evidence else "")
    for key in (*links, *([source] if source else ())):
        if key not in CITATIONS:
            raise ValueError(f"{where}: unknown citation {key!r}")
    for key in links:
        if CITATIONS[key].url is None:
            raise ValueError(f"{where}: a link to {key}, which has no address")
    for reason in overrides:
        if reason not in OVERRIDES:
            raise ValueError(f"{where}: unknown override reason {reason!r}")
    return Section(rule, stem, source, evidence, overrides, links, MappingProxyType(dict(paragraphs)))


def _fields(head: str, where: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, head.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or name not in FIELDS:
            raise ValueError(f"{where}: unknown field in {line!r}")
        fields.setdefault(name, []).append(value.strip())
    return fields


def _evidence(line: str, where: str) -> Evidence:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) not in (2, 3) or parts[0] not in CITATIONS or not parts[1]:
        raise ValueError(f"{where}: evidence is `CITATION | recommendation | grade`, not {line!r}")
    return Evidence(parts[0], parts[1], (parts[2] if len(parts) == 3 else "") or None)


def _check_holes(paragraphs: Mapping[str, str], where: str) -> None:
    limits = described()
    for key, text in paragraphs.items():
        if text.count("{") != len(HOLE.findall(text)) or text.count("}") != text.count("{"):
            raise ValueError(f"{where}: {key!r} has a malformed hole")
        for hole in holes(text):
            kind, colon, name = hole.partition(":")
            if colon and (kind != "limit" or name not in limits):
                raise ValueError(f"{where}: {key!r} names an unknown threshold {name!r}")
