"""The clinical content in force, loaded once at start: words, drafts, value sets, pathogens, numbers.

Anything doubtful in it stops the start with one line. Its version tells which content decided: a release and a hash
of the files, so that two services with the same version decide alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cards
from cards.anti_infective.pathogen import Pathogen, load_pathogens, therapy_templates
from cards.anti_infective.pathogen_words import pathogen_sections
from cards.drafts import TEMPLATES, Template, check
from cards.thresholds import Thresholds
from cards.valuesets import Terminology, load
from cards.wording import Words, load_words

RELEASE: Final = "1.0.0"
FOLDER: Final = Path(cards.__file__).parent
CONTENT_FILES: Final = (".py", ".md", ".json", ".toml")


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


def load_content() -> Content:
    """The shipped content. ContentError when any part of it is doubtful."""
    try:
        terminology = load()
        pathogens = load_pathogens(terminology)
        templates = MappingProxyType({**TEMPLATES, **therapy_templates(pathogens)})
        check(templates, terminology)
        words = load_words().with_sections(pathogen_sections(pathogens))
    except (ValueError, LookupError, OSError) as error:
        raise ContentError(f"clinical content: {error}") from error
    return Content(words, templates, terminology, pathogens, Thresholds(), f"{RELEASE}+{_hash(_files())}")


def _files() -> Iterable[Path]:
    return sorted(path for path in FOLDER.rglob("*") if path.suffix in CONTENT_FILES)


def _hash(files: Iterable[Path]) -> str:
    """Ten hexadecimal digits over the names and bytes of the files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:10]
