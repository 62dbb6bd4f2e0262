"""`platelet-hooks content`: what is wrong with a site's content, and what is in force."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import click
from pydantic import ValidationError

from cards.thresholds import described
from cds_service.content import (
    Content,
    ContentError,
    Contents,
    judged_by,
    load_content,
    load_contents,
    with_site,
)
from cds_service.settings import Settings, SettingsError, describe, load_settings
from cds_service.site_content import SiteContent, SiteError, Source, read_site
from cds_service.site_files import read_client_file, read_config_file


@click.group()
def content() -> None:
    """Check a site's content, and show what is in force."""


@content.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say what is wrong with the [content] tables of FILE, a configuration or the file of a client.

    The files that its client entries name are checked too. Exit status: 0 nothing is wrong, 2 something is.
    """
    try:
        shipped = load_content()
        general, client_files = read_config_file(file)
    except (ContentError, SiteError) as error:
        _stop(file.name, error)
    problems = [*_check(shipped, [general])]
    for path in client_files:
        try:
            problems += _check(shipped, [general, read_client_file(path)])
        except SiteError as error:
            problems += [f"{path.name}: {problem}" for problem in error.problems]
    for problem in dict.fromkeys(problems):
        click.echo(problem, err=True)
    if problems:
        sys.exit(2)


def _check(shipped: Content, sources: Sequence[Source]) -> list[str]:
    """What is wrong; where nothing is, what the content changes is told."""
    name = sources[-1].name
    try:
        site = read_site(sources, judged_by(shipped))
        version = with_site(shipped, sources).version
    except SiteError as error:
        return [f"{name}: {problem}" for problem in error.problems]
    except ContentError as error:
        return [str(error)]
    click.echo(f"{name}: fine, {_counted(site)}; content {version}")
    for note in (*site.notes, *_quiet(site)):
        click.echo(f"{name}: note: {note}")
    return []


def _counted(site: SiteContent) -> str:
    tables = [name.partition("/")[0] for name in site.origins]
    codes = sum(len(some) for some in site.codes.values())
    parts = (
        (tables.count("thresholds"), "thresholds"),
        (tables.count("rules"), "rules"),
        (codes, "local codes"),
        (tables.count("links"), "links"),
        (tables.count("contacts"), "contacts"),
    )
    told = [f"{number} {words}" for number, words in parts if number]
    return ", ".join(told) or "nothing is changed"


def _quiet(site: SiteContent) -> Iterator[str]:
    """Rules whose cards can be critical: whoever switches them should see that he did."""
    families = ("SAFE-", "BLD-", "TRF-01", "TRF-02", "DATA-08")
    for rule, switch in site.switches.items():
        if rule.startswith(families) and switch.value != "on":
            yield f"{rule} is {switch.value}: its warnings are not shown"


@content.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--client", help="Show the content of this client entry.")
@click.option("--changed", is_flag=True, help="Show only what the site has changed.")
def show(file: Path | None, client: str | None, changed: bool) -> None:
    """Print the content in force and where each value comes from.

    Of FILE, a configuration, or else of the one that PLATELET_HOOKS_CONFIG names.
    """
    try:
        contents = _contents(file)
        if client is not None and client not in contents.names:
            raise ContentError(f"no [[clients]] entry is called {client!r}")
    except (ContentError, SettingsError, SiteError) as error:
        _stop("" if file is None else file.name, error)
    for line in _shown(contents.of(client), changed):
        click.echo(line)


def _contents(file: Path | None) -> Contents:
    if file is None:
        return load_contents(load_settings())
    general, _ = read_config_file(file)
    try:
        return load_contents(Settings(config=file, content=general.tables))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(describe(first["loc"], first["type"], first.get("ctx", {}))) from error


def _shown(in_force: Content, changed: bool) -> Iterator[str]:
    """Lines of name, value and origin, table by table."""
    site = in_force.site
    yield f"content {in_force.version}"
    yield from _table("thresholds", _thresholds(in_force, changed))
    yield from _table(
        "rules", ((rule, s.value, site.origins[f"rules/{rule}"]) for rule, s in site.switches.items())
    )
    yield from _table("local codes", _codes(site))
    yield from _table(
        "links",
        (
            (name, f"{link.label} <{link.url}>", site.origins[f"links/{name}"])
            for name, links in site.links.items()
            for link in links
        ),
    )
    yield from _table(
        "contacts", ((name, words, site.origins[f"contacts/{name}"]) for name, words in site.contacts.items())
    )


def _thresholds(in_force: Content, changed: bool) -> Iterator[tuple[str, str, str]]:
    for name, about in described().items():
        origin = in_force.site.origins.get(f"thresholds/{name}")
        if origin is not None or not changed:
            unit = "" if about.unit == "1" else f" {about.unit}"
            value = f"{getattr(in_force.limits, name):f}{unit}"
            yield name, value, origin or f"shipped ({about.source})"


def _codes(site: SiteContent) -> Iterator[tuple[str, str, str]]:
    for set_id, codes in site.codes.items():
        for code in codes:
            coding = f"{code.system} {code.code}"
            yield set_id, coding, site.origins[f"local_codes/{set_id}/{coding}"]


def _table(title: str, rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    found = list(rows)
    if not found:
        return
    wide = [max(len(row[column]) for row in found) for column in (0, 1)]
    yield f"\n{title}"
    for name, value, origin in found:
        yield f"  {name:{wide[0]}}  {value:{wide[1]}}  {origin}"


def _stop(name: str, error: Exception) -> NoReturn:
    problems = error.problems if isinstance(error, SiteError) else (str(error),)
    for problem in problems:
        click.echo(f"platelet-hooks: {f'{name}: ' if name else ''}{problem}", err=True)
    sys.exit(2)
