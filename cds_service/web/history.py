"""The clinical part of the changelog: what changed in the advice, release by release."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from cards.frozen import dataclass
from cds_service.fixture_files import fixtures_folder


@dataclass(frozen=True, slots=True)
class Release:
    """A release, and what changed in its advice: one entry a change."""

    name: str
    changes: tuple[str, ...]


@cache
def clinical_history() -> tuple[Release, ...]:
    """Newest first; () where the changelog is not installed."""
    file = _changelog()
    if not file.is_file():
        return ()
    releases = re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return tuple(_release(text) for text in releases)


def changes_of(rule: str) -> tuple[tuple[str, str], ...]:
    """(release, change) of every entry that names the rule."""
    named = re.compile(rf"\b{re.escape(rule)}\b")
    return tuple(
        (release.name, change)
        for release in clinical_history()
        for change in release.changes
        if named.search(change)
    )


def _release(text: str) -> Release:
    name, _, body = text.partition("\n")
    clinical = body.partition("### Clinical\n")[2].partition("\n### ")[0]
    entries = re.split(r"^- ", clinical, flags=re.MULTILINE)[1:]
    return Release(name.strip(), tuple(" ".join(entry.split()) for entry in entries))


def _changelog() -> Path:
    folder = fixtures_folder().parent
    return folder / "CHANGELOG.md"
