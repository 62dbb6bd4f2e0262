"""The words of the cards of pathogens: sections like those of the Markdown files, made of the TOML files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from cards.anti_infective.content import Pathogen
from cards.wording import Section, make_section


def pathogen_sections(pathogens: Iterable[Pathogen]) -> Mapping[str, Section]:
    """The words of the pathogens' cards, a section for each leading rule id (for `Words.with_sections`)."""
    return MappingProxyType(
        {
            rule: make_section(
                rule, f"anti_infective/pathogens/{pathogen.id}", _fields(pathogen, rule), pathogen.words
            )
            for pathogen in pathogens
            for rule in pathogen.card_rules
        }
    )


def _fields(pathogen: Pathogen, rule: str) -> dict[str, list[str]]:
    lines = [e for e in pathogen.evidence if not e.rules or rule in e.rules]
    evidence = [" | ".join((e.citation, e.recommendation, e.grade or "")) for e in lines]
    return {"source": [pathogen.source], "link": list(pathogen.links), "evidence": evidence}
