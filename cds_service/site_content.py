"""What a site changes of the content (`[content.*]` of its TOML file), read and judged. Every problem is told in words.

Numbers stay within the bounds and the order that the content states; rules can be silent or off; value sets get local
codes; links and contacts get local words. Nothing else can be changed without a change of the content itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cards.anti_infective.infection import GENERAL
from cards.anti_infective.pathogen import Pathogen
from cards.drafts import Template
from cards.frozen import dataclass
from cards.switches import Switch, Switches
from cards.threshold_order import disordered
from cards.thresholds import Thresholds, described
from cards.valueset_files import Code
from cards.valuesets import Terminology
from cards.wording import Words
from cds_service.config_file import Content as Tables
from cds_service.config_file import SiteLink
from cds_service.site_codes import Found, in_two_meanings, read_local_codes

DECIMALS: Final = 3
"""Digits after the point that a site's number may have; the shipped ones have one at most."""

Links = Mapping[str, tuple[SiteLink, ...]]


class SiteError(Exception):
    """What is wrong with a site's content: one line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems[0] if self.problems else "")


@dataclass(frozen=True, slots=True)
class Source:
    """Tables as one file gives them; its paths are relative to its folder."""

    tables: Tables
    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class SiteContent:
    """A site's changes in the form in which they are applied. `origins` says which file set each value."""

    limits: Thresholds = field(default_factory=Thresholds)
    switches: Switches = field(default_factory=dict)
    codes: Mapping[str, tuple[Code, ...]] = field(default_factory=dict)
    links: Links = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a site's changes are judged by."""

    words: Words
    templates: Mapping[str, Template]
    terminology: Terminology
    pathogens: tuple[Pathogen, ...]


def read_site(sources: Iterable[Source], shipped: Shipped) -> SiteContent:
    """The changes of all sources, a later one over an earlier. SiteError naming everything that is wrong."""
    layers = tuple(sources)
    values: dict[str, dict[str, Any]] = {"thresholds": {}, "rules": {}, "links": {}, "contacts": {}}
    origins: dict[str, str] = {}
    found = Found()
    for source in layers:
        for table, known in values.items():
            for name, value in getattr(source.tables, table).items():
                known[name] = value
                origins[f"{table}/{name}"] = source.name
        read_local_codes(source.tables.local_codes, source.folder, source.name, shipped.terminology, found)
    limits, wrong = _limits(values["thresholds"])
    problems = [
        *wrong,
        *(f"[content.rules] {line}" for line in _wrong_rules(values["rules"], shipped)),
        *(f"[content.local_codes] {line}" for line in found.problems),
        *(f"[content.links] {line}" for line in _wrong_links(values["links"], shipped)),
        *(f"[content.contacts] {line}" for line in _wrong_contacts(values["contacts"], shipped)),
    ]
    if problems:
        raise SiteError(problems)
    switches = {rule: Switch(value) for rule, value in values["rules"].items()}
    codes = {set_id: tuple(some.values()) for set_id, some in sorted(found.codes.items())}
    origins |= {
        f"local_codes/{set_id}/{code.system} {code.code}": origin
        for (set_id, code), origin in found.origins.items()
    }
    return SiteContent(
        limits,
        MappingProxyType(switches),
        MappingProxyType(codes),
        MappingProxyType(values["links"]),
        MappingProxyType(values["contacts"]),
        MappingProxyType(origins),
        (*found.notes, *in_two_meanings(found, shipped.terminology)),
        _digest(values, codes),
    )


# ---------------------------------------------------------------------------------------------- what is wrong


def _limits(values: Mapping[str, Decimal]) -> tuple[Thresholds, list[str]]:
    """The numbers, and what is wrong with them: name, bounds, whole months, order."""
    problems = [f"[content.thresholds] {line}" for line in _wrong_numbers(values)]
    if problems:
        return Thresholds(), problems
    limits = Thresholds(**values)
    return limits, [
        f"[content.thresholds] {lower} = {getattr(limits, lower):f}: expected at most {higher} "
        f"({getattr(limits, higher):f} {described()[higher].unit})"
        for lower, higher in disordered(limits)
    ]


def _wrong_numbers(values: Mapping[str, Decimal]) -> Iterator[str]:
    about = described()
    for name, value in values.items():
        if name not in about:
            yield f"{name}: there is no such threshold{_perhaps(name, about)}"
            continue
        one = about[name]
        unit = "" if one.unit == "1" else f" {one.unit}"
        if not one.low <= value <= one.high:
            bounds = f"{one.low:f}" if one.low == one.high else f"{one.low:f} to {one.high:f}"
            yield f"{name} = {value}: expected {bounds}{unit}"
        elif value != round(value, DECIMALS):
            yield f"{name} = {value}: expected at most {DECIMALS} digits after the point, for cards show it"
        elif one.unit in ("mo", "a") and value != value.to_integral_value():
            yield f"{name} = {value:f}: expected a whole number, for it counts in the calendar"


def _wrong_rules(rules: Iterable[str], shipped: Shipped) -> Iterator[str]:
    switchable = switchable_rules(shipped)
    for rule in rules:
        if rule in switchable:
            continue
        if rule in shipped.words:
            yield f"{rule}: has no card of its own that could be switched"
        else:
            yield f"{rule}: there is no such rule{_perhaps(rule, switchable)}"


def switchable_rules(shipped: Shipped) -> frozenset[str]:
    """Rules that lead a card."""
    led = {rule for pathogen in shipped.pathogens for rule in pathogen.card_rules}
    titled = {
        rule
        for rule, section in shipped.words.sections.items()
        if any(key.partition(".")[0] == "title" for key in section.paragraphs)
    }
    return frozenset((titled | led) - set(GENERAL) - {"A.3"})


def _wrong_links(links: Iterable[str], shipped: Shipped) -> Iterator[str]:
    rules = switchable_rules(shipped)
    families = {f"{rule.partition('-')[0]}-*" for rule in rules} | {"*"}
    for name in links:
        if name not in rules | families:
            yield f'{name}: expected a rule that leads a card, a family such as "TRF-*", or "*"'


def _wrong_contacts(contacts: Iterable[str], shipped: Shipped) -> Iterator[str]:
    for name in contacts:
        if name not in shipped.templates:
            yield f"{name}: there is no draft of that name{_perhaps(name, shipped.templates)}"


def _perhaps(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"; {close[0]} is one" if close else ""


def _digest(values: Mapping[str, Mapping[str, Any]], codes: Mapping[str, tuple[Code, ...]]) -> str:
    """Ten hexadecimal digits over everything that the site changes; nothing changed has none."""
    told = {
        table: {name: _plain(value) for name, value in sorted(some.items())} for table, some in values.items()
    }
    told["codes"] = {set_id: [repr(code) for code in some] for set_id, some in codes.items()}
    if not any(told.values()):
        return ""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:10]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return [[link.label, link.url] for link in value] if isinstance(value, tuple) else value


# ---------------------------------------------------------------------------------------------- in cards


def links_of(rule: str, links: Links) -> tuple[SiteLink, ...]:
    """The site's links for a card that the rule leads: its own, its family's, everybody's."""
    patterns = (rule, f"{rule.partition('-')[0]}-*", "*")
    return tuple(dict.fromkeys(link for pattern in patterns for link in links.get(pattern, ())))


def with_contacts(templates: Mapping[str, Template], contacts: Mapping[str, str]) -> Mapping[str, Template]:
    """The drafts, those with a contact saying whom to call."""
    if not contacts:
        return templates
    named = {
        name: replace(templates[name], words=f"{templates[name].words} ({contact})")
        for name, contact in contacts.items()
    }
    return MappingProxyType({**templates, **named})
