"""The files of a site's content: `[content.*]` of the TOML file, and the files that client entries name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from cds_service.config_file import Content, read_tables
from cds_service.settings import TABLES, describe
from cds_service.site_content import SiteError, Source

OWN: Final = frozenset({"content"})
"""The tables of a client's own file."""


def read_client_file(path: Path) -> Source:
    """The content of one client. SiteError naming everything that is wrong."""
    return _source(_tables(path, OWN), path)


def read_config_file(path: Path) -> tuple[Source, tuple[Path, ...]]:
    """The content for all, and the files of the clients that have their own. SiteError as above."""
    tables = _tables(path, frozenset(TABLES))
    return _source(tables, path), tuple(dict.fromkeys(_client_files(tables, path.parent)))


def _tables(path: Path, known: frozenset[str]) -> Mapping[str, Any]:
    try:
        tables = read_tables(path)
    except ValueError as error:
        raise SiteError([str(error)]) from error
    if unknown := sorted(tables.keys() - known):
        raise SiteError([f"expected only the tables {', '.join(sorted(known))}, not {unknown[0]}"])
    return tables


def _source(tables: Mapping[str, Any], path: Path) -> Source:
    try:
        return Source(Content.model_validate(tables.get("content", {})), path.parent, path.name)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise SiteError(
            [describe(("content", *one["loc"]), one["type"], one.get("ctx", {})) for one in found]
        ) from error


def _client_files(tables: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    for client in tables.get("clients", ()):
        if isinstance(client, dict) and isinstance(client.get("content"), str):
            yield folder / Path(client["content"]).expanduser()
