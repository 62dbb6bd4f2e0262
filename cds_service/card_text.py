"""The words of a card: its summary, and the six blocks of its detail (rulebook A.4) in GitHub-flavoured Markdown.

Nothing of the record's text gets here: facts carry our own words, references keep FHIR's grammar. Still, what is not
written in our word files is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Final

from cards.citations import CITATIONS
from cards.drafts import Template
from cards.facts import PatientFacts
from cards.finding_words import FINDING_WORDS
from cards.frozen import dataclass
from cards.outcome import Advise, Input
from cards.reasons import SEVERAL, Fact
from cards.record import Moment
from cards.thresholds import Thresholds
from cards.valuesets import Terminology
from cards.wording import Evidence, Words, fill
from cds_service.fhir.references import ID_GRAMMAR
from cds_service.site_content import Links
from cds_service.times import long_time, short_time

if TYPE_CHECKING:
    from cds_service.hooks.card import Card

SUMMARY_LIMIT: Final = 139
"""CDS Hooks: a summary is shorter than 140 characters."""

REFERENCE: Final = re.compile(rf"[A-Z][A-Za-z]{{1,63}}/{ID_GRAMMAR}")
LIMITS: Final = "Decision support for clinicians; not a diagnosis; verify the data."
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|~])")


class TimelineLink(Enum):
    """How a card leads to the timeline: launched by the client, as a page, or not at all."""

    SMART = "smart"
    ABSOLUTE = "absolute"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """What rendering needs beside the decision: content in force and the public base URL."""

    words: Words
    templates: Mapping[str, Template]
    terminology: Terminology
    limits: Thresholds
    base_url: str
    content_version: str
    site_links: Links = field(default_factory=dict)
    shape: Shape | None = None  # the client's dialect
    order_codes: Mapping[str, str] = field(
        default_factory=dict
    )  # the client's own code of a draft, by template
    timeline: TimelineLink = TimelineLink.ABSOLUTE


@dataclass(frozen=True, slots=True)
class Page:
    """One request's rendering: the facts that fill the common holes, and where drafts belong."""

    p: PatientFacts
    setting: Setting
    encounter: str | None = None


Shape = Callable[["Card", Page], "Card"]
"""A dialect: the card as a client takes it."""


def summary(advise: Advise, page: Page) -> str:
    """The title with its holes filled; one that were too long would give up whole words at its end."""
    words = " ".join(paragraph(advise, advise.title, page).split())
    if len(words) <= SUMMARY_LIMIT:
        return words
    return words[:SUMMARY_LIMIT].rsplit(" ", 1)[0] + "…"


def detail(advise: Advise, page: Page) -> str:
    """The blocks of rulebook A.4; "Cautions found in this record" only where there are any."""
    blocks = (
        ("Why this card", _table(distinct(advise.inputs))),
        ("Suggestion", "\n\n".join(paragraph(advise, key, page) for key in advise.say)),
        ("Cautions found in this record", _bullets(paragraph(advise, key, page) for key in advise.cautions)),
        ("What is not known", _bullets(_unknown(advise.unknown))),
        ("Evidence", _bullets(_evidence_lines((advise.rule, *advise.also), page.setting.words))),
        ("Limits", LIMITS),
    )
    return "\n\n".join(f"**{heading}**\n\n{body}" for heading, body in blocks if body)


def paragraph(advise: Advise, key: str, page: Page) -> str:
    """A paragraph of the rule's own section, or of `RULE-ID/key`, filled.

    A value that was kept for that section (`RULE-ID/name`, of an advice that was merged in) goes before the card's own;
    after `@` stands another rule whose values are meant.
    """
    key, _, teller = key.partition("@")
    section = teller or (key.partition("/")[0] if "/" in key else advise.rule)
    values = advise.values

    def value_of(hole: str) -> str:
        _, colon, name = hole.partition(":")
        if colon:
            return f"{getattr(page.setting.limits, name):f}"
        for known in (f"{section}/{hole}", hole):
            if known in values:
                return _shown(values[known], page)
        return _common(hole, page.p)

    return fill(page.setting.words.find(advise.rule, key), value_of)


def _common(hole: str, p: PatientFacts) -> str:
    """The holes that every text may use."""
    current, previous = p.platelets.current, p.platelets.previous
    match hole:
        case "platelets":
            return "not known" if current is None else f"{current.shown} x10^9/L"
        case "previous":
            return "not known" if previous is None else f"{previous.shown} x10^9/L"
        case "sampled" if current is None:
            return "no sample time"
        case "sampled":
            assert current is not None
            mark = ", preliminary" if current.is_preliminary else ""
            return short_time(current.time, p.as_of) + mark
        case "finding":
            worst = p.bleeding.worst
            return "bleeding" if worst is None else FINDING_WORDS.get(worst.name, "bleeding")
    raise KeyError(f"nothing fills the hole {hole!r}")


def _shown(value: str | int | Decimal | Moment, page: Page) -> str:
    if isinstance(value, Moment):
        return short_time(value, page.p.as_of)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


# ------------------------------------------------------------------------------------------------ blocks


def _table(inputs: tuple[Input, ...]) -> str:
    if not inputs:
        return "No single value of the record: see the suggestion."
    rows = [f"| {escape(_capital(i.fact))} | {escape(_value(i))} | {escape(_origin(i))} |" for i in inputs]
    return "\n".join(["| | | |", "|---|---|---|", *rows])


def escape(words: str) -> str:
    """Words without meaning to Markdown."""
    return _MARKDOWN.sub(r"\\\1", words)


def _value(i: Input) -> str:
    value = f"{i.value:f}" if isinstance(i.value, Decimal) else str(i.value)
    return _capital(value) + _unit(i.unit) + (f" ({i.note})" if i.note else "")


SHOWN_UNITS: Final[Mapping[str, str]] = {
    "10*9/L": "x10^9/L",
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m2",
}
"""UCUM codes as people write them; an annotation in braces (`{INR}`) is no unit."""


def _unit(code: str | None) -> str:
    shown = SHOWN_UNITS.get(code or "") or re.sub(r"\{.*?\}", "", code or "")
    return f" {shown}" if shown else ""


def _origin(i: Input) -> str:
    time = long_time(i.time) if i.time is not None else "no date"
    reference = usable_reference(i)
    return time if reference is None else f"{time} ({reference})"


def usable_reference(i: Input) -> str | None:
    """The input's `Type/id`; None where the resource has no usable id."""
    return i.reference if i.reference is not None and REFERENCE.fullmatch(i.reference) else None


def distinct(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Each row once."""
    return tuple(dict.fromkeys(inputs))


def _unknown(facts: tuple[Fact, ...]) -> list[str]:
    if not facts:
        return ["Nothing that this card asks for is missing from the record"]
    return [f"{_capital(fact.value)}: not {'all ' if fact in SEVERAL else ''}in the record" for fact in facts]


def _capital(words: str) -> str:
    """A capital to begin with, but for names that have theirs further on (`eGFR`)."""
    return words if words[1:2].isupper() else words[:1].upper() + words[1:]


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in dict.fromkeys(lines))


def evidence_of(rules: Iterable[str], words: Words) -> tuple[Evidence, ...]:
    """What the sources of these rules say, each once, the deciding rule's first."""
    return tuple(dict.fromkeys(e for rule in rules if rule in words for e in words[rule].evidence))


def _evidence_lines(rules: tuple[str, ...], words: Words) -> list[str]:
    return [
        f"{CITATIONS[e.citation].label}: {e.recommendation}" + (f" ({e.grade})" if e.grade else "")
        for e in evidence_of(rules, words)
    ]
