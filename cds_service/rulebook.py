"""`cards/RULEBOOK.md`: all that is advised, on one page for those who sign it. Made of the content, never edited.

`python -m cds_service.rulebook` writes it; with `--check` it says whether the page is out of date (exit status 1).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from cards.outcome import Topic
from cds_service.content import FOLDER, Content, load_content
from cds_service.fixture_files import fixtures_folder
from cds_service.published_codes import TOPICS
from cds_service.rulebook_entries import Entry, Number, all_numbers, entries, readers_of, users_of
from cds_service.stories.vignettes import Vignette, read_vignettes

PAGE: Final = FOLDER / "RULEBOOK.md"
HEAD: Final = """\
# Rulebook

Made by `make rulebook` of the rules' words, numbers and sources: edit those, never this page.

For evaluation only: not a medical device, not cleared for clinical use. A clinician reads the primary documents before
a rule goes into use; "text seen" tells how far each was read when its numbers were taken.

- Counts of platelets are in 10^9/L: "below 50" is below 50 x10^9/L.
- **When** says when a rule speaks, with the numbers in force. Which card gives way to which, and how many are shown, is
  decided afterwards (`cards/precedence.py`).
- **Card** is what it may say: every title, then every paragraph under its key; a patient's card has those that apply.
  ‹platelets› stands for a value of the patient.
- **To be signed locally** are the numbers that no source fixes. A site can set each within its bounds
  (`[content.thresholds]`).
- **Stories** are the clinicians' tests in `fixtures/vignettes/`: those in which the rule speaks, and those in which it
  must not.
"""


def rulebook(content: Content, vignettes: Iterable[Vignette]) -> str:
    """The whole page."""
    stories = tuple(vignettes)
    found = entries(content, stories)
    parts = [HEAD, *_contents(found)]
    told: dict[Words, str] = {}
    for topic in Topic:
        own = [entry for entry in found if entry.topic is topic]
        if own:
            parts.append(f"## {TOPICS[topic]}")
            parts += [_rule(entry, told.setdefault(entry.paragraphs, entry.rule)) for entry in own]
    parts += [_sign_off(found, content), _all_stories(stories)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


Words = tuple[tuple[str, str], ...]
"""Keys and paragraphs: rules of one pathogen share theirs, which are told once."""


def _contents(found: Sequence[Entry]) -> Iterator[str]:
    yield "## Rules by topic"
    rows = ["| Topic | Rules |", "|---|---|"]
    for topic in Topic:
        links = [f"[{entry.rule}](#{_anchor(entry.rule)})" for entry in found if entry.topic is topic]
        if links:
            rows.append(f"| {TOPICS[topic]} | {' '.join(links)} |")
    yield "\n".join(rows)


def _anchor(rule: str) -> str:
    return rule.lower().replace(".", "")


def _rule(entry: Entry, told_by: str) -> str:
    parts = [f"### {entry.rule}", f"Decided in `cards/{entry.stem}`."]
    if entry.condition:
        parts.append(f"**When.** {' '.join(entry.condition.split())}")
    parts += [*_card(entry, told_by), *_sources(entry), *_numbers(entry), *_stories(entry)]
    return "\n\n".join(parts)


def _card(entry: Entry, told_by: str) -> Iterator[str]:
    same = told_by != entry.rule and bool(entry.paragraphs)
    if same:
        yield f"Words as under [{told_by}](#{_anchor(told_by)})."
    elif entry.titles:
        yield "**Card.**\n\n" + "\n".join(f"- {title}" for title in entry.titles)
    elif entry.paragraphs:
        yield "**Words.**"
    for key, text in () if same else entry.paragraphs:
        quoted = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
        yield f"`{key}`\n\n{quoted}"
    if entry.regimens:
        yield "May be drafted:\n\n" + "\n".join(f"- {regimen}" for regimen in entry.regimens)
    if entry.buttons and not same:
        yield "Buttons: " + "; ".join(dict.fromkeys(entry.buttons)) + "."


def _sources(entry: Entry) -> Iterator[str]:
    if not entry.sources:
        return
    rows = [
        f"| {_linked(source.citation.label, source.citation.url)} | {_cell(source.says)} | {source.grade or ''} "
        f"| {source.citation.read} |"
        for source in entry.sources
    ]
    yield "\n".join(["| Source | says | grade | text seen |", "|---|---|---|---|", *rows])


def _numbers(entry: Entry) -> Iterator[str]:
    signed = [number for number in entry.numbers if number.needs_sign_off]
    if signed:
        yield (
            "To be signed locally: "
            + "; ".join(f"`{number.name}` = {_value(number)}" for number in signed)
            + "."
        )


def _stories(entry: Entry) -> Iterator[str]:
    for words, stories in (("Speaks in", entry.speaks_in), ("Does not speak in", entry.silent_in)):
        if stories:
            yield f"{words} {', '.join(dict.fromkeys(vignette.id for vignette in stories))}."


def _sign_off(found: Sequence[Entry], content: Content) -> str:
    users = users_of(found)
    rows = [
        f"| `{number.name}` | {_value(number)} | {number.about.low:f} to {number.about.high:f} "
        f"| {_cell(number.about.meaning)} | {number.about.source} | {_read_by(number, users)} |"
        for number in sorted(all_numbers(content.limits), key=lambda number: not number.needs_sign_off)
    ]
    return "\n".join(
        [
            "## Every number",
            "",
            "Those that no source fixes come first: source `design`, to be signed locally.",
            "",
            "| Number | in force | a site may set | what it is | source | read by |",
            "|---|---|---|---|---|---|",
            *rows,
        ]
    )


def _read_by(number: Number, users: Mapping[str, tuple[str, ...]]) -> str:
    """The rules that name it, or else the modules that read it."""
    named = users.get(number.name, ())
    return ", ".join(named or (f"`{path}`" for path in readers_of().get(number.name, ())))


def _all_stories(vignettes: Iterable[Vignette]) -> str:
    rows = [f"| {vignette.id} | {_cell(vignette.about)} |" for vignette in vignettes]
    return "\n".join(["## Stories", "", "| | |", "|---|---|", *rows])


UNITS: Final = {
    "10*9/L": "x10^9/L",
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "a": "years",
    "mo": "months",
    "wk": "weeks",
    "10*11": "x10^11",
    "[IU]": "IU",
    "mL/min/{1.73_m2}": "mL/min/1.73 m2",
}


def _value(number: Number) -> str:
    unit = UNITS.get(number.about.unit, number.about.unit)
    if number.value == "1":
        unit = unit.removesuffix("s") if unit in ("years", "months", "weeks") else unit
    return number.value if unit in ("1", "{score}", "{INR}") else f"{number.value} {unit}"


def _linked(label: str, url: str | None) -> str:
    return label if url is None else f"[{label}]({url})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def make(folder: Path | None = None) -> str:
    """The page of the shipped content and stories."""
    return rulebook(load_content(), read_vignettes((folder or fixtures_folder()) / "vignettes"))


def main(arguments: Sequence[str]) -> int:
    """Writes the page, or with `--check` compares it; the exit status."""
    page = make()
    if list(arguments) == ["--check"]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page:
            return 0
        print("cards/RULEBOOK.md is out of date: make rulebook", file=sys.stderr)  # noqa: T201
        return 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
