"""The clinical content in force, loaded once at start: words, drafts, value sets, pathogens, numbers, a site's changes.

Anything doubtful in it stops the start with one line. Its version tells which content decided: a release and a hash
of the files, and a second hash over what a site has changed, so that two services with the same version decide alike.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cards
from cards.anti_infective.pathogen import Pathogen, load_pathogens, therapy_templates
from cards.anti_infective.pathogen_condition import with_conditions
from cards.anti_infective.pathogen_words import pathogen_sections
from cards.drafts import TEMPLATES, Template, check
from cards.frozen import dataclass
from cards.thresholds import Thresholds
from cards.valuesets import Terminology, load
from cards.wording import Words, load_words
from cds_service.discovery import prefetch_keys
from cds_service.settings import Settings
from cds_service.site_content import Shipped, SiteContent, SiteError, Source, read_site, with_contacts
from cds_service.site_files import read_client_file

RELEASE: Final = "1.0.0"
RELEASED: Final = "2026-11-25"
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
    site: SiteContent = field(default_factory=SiteContent)


@dataclass(frozen=True, slots=True)
class Contents:
    """The content for all, and that of the clients that have their own."""

    general: Content
    by_client: Mapping[str, Content] = field(default_factory=dict)
    names: frozenset[str] = frozenset()  # of all clients

    def of(self, client: str | None) -> Content:
        """The content for calls of a client, by its name."""
        return self.general if client is None else self.by_client.get(client, self.general)


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


def judged_by(shipped: Content) -> Shipped:
    """What a site's changes are judged by."""
    return Shipped(shipped.words, shipped.templates, shipped.terminology, shipped.pathogens)


def load_contents(settings: Settings) -> Contents:
    """The content for all (`[content]`) and for each client with a file of its own. ContentError naming the first."""
    shipped = load_content()
    name = "settings" if settings.config is None else settings.config.name
    general = [Source(settings.content, settings.beside_config("."), name)]
    files: dict[Path, Content] = {}
    by_client = {}
    for client in settings.clients:
        if client.content is not None:
            path = settings.beside_config(client.content)
            if path not in files:
                files[path] = with_site(shipped, [*general, _read(path)])
            by_client[client.name] = files[path]
    names = frozenset(client.name for client in settings.clients)
    return Contents(with_site(shipped, general), by_client, names)


def _read(path: Path) -> Source:
    try:
        return read_client_file(path)
    except SiteError as error:
        raise ContentError(_first(path.name, error)) from error


def _first(name: str, error: SiteError) -> str:
    more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
    return f"{name}: {error.problems[0]}{more}"


def with_site(shipped: Content, sources: Sequence[Source]) -> Content:
    """The shipped content with a site's changes, a later source over an earlier one."""
    try:
        site = read_site(sources, judged_by(shipped))
    except SiteError as error:
        raise ContentError(_first(sources[-1].name, error)) from error
    if not site.digest:
        return shipped
    terminology = shipped.terminology.with_codes(site.codes)
    try:
        prefetch_keys(terminology)
    except ValueError as error:  # more codes than can be asked for
        raise ContentError(f"{sources[-1].name}: {error}") from error
    return replace(
        shipped,
        terminology=terminology,
        templates=with_contacts(shipped.templates, site.contacts),
        limits=site.limits,
        version=f"{shipped.version}.{site.digest}",
        site=site,
    )


def content_version(folder: Path = FOLDER) -> str:
    """The release, and ten hexadecimal digits over the names and bytes of the content's files."""
    digest = hashlib.sha256()
    found = [
        (place, name) for place, _, names in os.walk(folder) for name in names if name.endswith(CONTENT_FILES)
    ]
    for path in sorted(os.path.join(place, name) for place, name in found if name not in MADE):
        with open(path, "rb") as file:  # plainly, for there are hundreds
            name = path.removeprefix(f"{folder}{os.sep}").replace(os.sep, "/")
            digest.update(name.encode() + b"\0" + file.read() + b"\0")
    return f"{RELEASE}+{digest.hexdigest()[:10]}"
