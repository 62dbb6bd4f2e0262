"""The clinical content in force, loaded once at start: words, drafts, value sets, pathogens, numbers.

Anything doubtful in it stops the start with one line. Its version tells which content decided: a release and a hash
of the files, so that two services with the same version decide alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cards
from cards.anti_infective.pathogen import Pathogen, load_pathogens, therapy_templates
from cards.anti_infective.pathogen_condition import with_conditions
from cards.anti_infective.pathogen_words import pathogen_sections
from cards.drafts import TEMPLATES, Template, check
from cards.thresholds import Thresholds
from cards.valuesets import Terminology, load
from cards.wording import Words, load_words

RELEASE: Final = "1.0.0"
FOLDER: Final = Path(cards.__file__).parent
CONTENT_FILES: Final = (".py", ".md", ".json", ".toml")
MADE: Final = frozenset({"RULEBOOK.md"})
"""Files that are made of the others."""


class ContentError(Exception):
    """One line: what is wrong with the clinical content."""


@dataclass(frozen=True, slots=True)
class Content:
    """What decides. Frozen; several may live in one process."""

    words: Words
    templates: Mapping[str, Template]
    terminology: Terminology
    pathogens: tuple[Pathogen, ...]
    limits: Thresholds
    version: str


def load_content(folder: Path = FOLDER) -> Content:
    """The shipped content, its words from `folder`. ContentError when any part of it is doubtful."""
    try:
        terminology = load()
        pathogens = load_pathogens(terminology)
        templates = MappingProxyType({**TEMPLATES, **therapy_templates(pathogens)})
        check(templates, terminology)
        sections = with_conditions(
            pathogen_sections(pathogens), pathogens, lambda id_: terminology[id_].title
        )
        words = load_words(folder).with_sections(sections)
    except (ValueError, LookupError, OSError) as error:
        raise ContentError(f"clinical content: {error}") from error
    return Content(words, templates, terminology, pathogens, Thresholds(), content_version(folder))


def content_version(folder: Path = FOLDER) -> str:
    """The release, and ten hexadecimal digits over the names and bytes of the content's files."""
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.suffix in CONTENT_FILES and path.name not in MADE)
    for path in sorted(files):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{RELEASE}+{digest.hexdigest()[:10]}"
