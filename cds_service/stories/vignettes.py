"""Reader of `fixtures/vignettes/*.toml`: stories with the cards that a clinician expects, and does not expect.

The format is explained in `fixtures/README.md`. Strict: an unknown member, a line that is not understood, a doubled id
or a rule id of a wrong form is a ValueError naming file and vignette.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cards.decide import SCOPE
from cards.frozen import dataclass
from cards.wording import RULE_ID
from cds_service.stories.notation import read_story
from cds_service.stories.story import Story

INDICATORS: Final = ("critical", "warning", "info")
FACTS: Final = frozenset(
    {
        "person",
        "platelets",
        "observed",
        "findings",
        "drugs",
        "allergies",
        "done",
        "vaccines",
        "planned",
        "orders",
    }
    | {"inpatient", "hook", "failed", "absent"}
)
EXPECTATIONS: Final = frozenset(
    {"expect", "merged", "may", "says", "drafts", "offers", "buttons"}
    | {"not_rules", "not_words", "not_drafts", "not_buttons"}
    | {"at_most", "highest", "outcomes"}
)
_CARD = re.compile(r"(\S+) ({})".format("|".join(INDICATORS)))
_ID = re.compile(r"[A-Z]-\d+[a-z]?")


@dataclass(frozen=True, slots=True)
class ExpectedCard:
    """The rule that leads the card and those that stand in it too, and how urgent it is."""

    rules: tuple[str, ...]
    indicator: str

    def __str__(self) -> str:
        return f"{'+'.join(self.rules)} {self.indicator}"


@dataclass(frozen=True, slots=True)
class Vignette:
    """A story and its judgement.

    `expect` is the whole answer in its order, but for the cards led by a rule of `may`. `merged` are ids that some card
    names; `says` and `drafts` stand in some card, the words of a draft being those of its description; `offers` are
    types of actions, `buttons` words of the labels. `not_*` stand in none. No card is more urgent than `highest`.
    """

    id: str
    about: str
    story: Story
    expect: tuple[ExpectedCard, ...] = ()
    may: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    not_rules: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()
    not_drafts: tuple[str, ...] = ()
    not_buttons: tuple[str, ...] = ()
    at_most: int | None = None
    highest: str | None = None
    outcomes: tuple[tuple[str, str], ...] = ()


def read_vignettes(folder: Path, beside: Path | None = None) -> tuple[Vignette, ...]:
    """Every vignette and every case of it, by file and in its order; `like` may name one of a folder beside."""
    found: dict[str, Vignette] = {}
    tables = {path.stem: _tables(path) for path in sorted(folder.glob("*.toml"))}
    others = [_tables(path) for path in sorted(beside.glob("*.toml"))] if beside is not None else []
    bases = {table["id"]: table for some in (*others, *tables.values()) for table in some}
    for stem, some in tables.items():
        for table in some:
            for vignette in _vignettes(table, bases, stem):
                if vignette.id in found:
                    raise ValueError(f"{stem}.toml: {vignette.id} stands twice")
                found[vignette.id] = vignette
    return tuple(found.values())


def _tables(path: Path) -> list[dict[str, Any]]:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    if content.keys() != {"vignette"}:
        raise ValueError(f"{path.name}: [[vignette]] tables and nothing else")
    for table in content["vignette"]:
        if _ID.fullmatch(str(table.get("id"))) is None or not table.get("story"):
            raise ValueError(f"{path.name}: {table.get('id')!r}: an id (V-01) and a story are needed")
    found: list[dict[str, Any]] = content["vignette"]
    return found


def _vignettes(table: dict[str, Any], bases: Mapping[str, dict[str, Any]], stem: str) -> Iterator[Vignette]:
    """The vignette itself, or one for each of its cases: what a case says replaces what the vignette says.

    The `x` of a case stands for `{x}` in the vignette's lines, and is the case's label where it has none.
    """
    cases = table.get("case", [{}])
    for case in cases:
        label = f"{table['id']}/{case.get('label', case.get('x'))}" if "case" in table else table["id"]
        try:
            yield _vignette(_with_x(_all_of(table, bases) | case), label)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{stem}.toml, {label}: {error}") from error


def _all_of(table: dict[str, Any], bases: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """With `like`, the facts of another vignette first; its expectations are not taken over."""
    if "like" not in table:
        return dict(table)
    if table["like"] not in bases:
        raise ValueError(f"like: there is no vignette {table['like']}")
    like = _all_of(bases[table["like"]], bases)
    return {name: value for name, value in like.items() if name in FACTS} | table


def _with_x(table: dict[str, Any]) -> dict[str, Any]:
    """The table with `{x}` filled in everywhere."""
    if "x" not in table:
        return table
    filled: dict[str, Any] = {
        name: _filled(value, table["x"]) for name, value in table.items() if name not in ("x", "case")
    }
    return filled


def _filled(value: Any, x: str) -> Any:
    if isinstance(value, str):
        return value.replace("{x}", x)
    return [_filled(one, x) for one in value] if isinstance(value, list) else value


def _vignette(table: Mapping[str, Any], label: str) -> Vignette:
    known = FACTS | EXPECTATIONS | {"id", "story", "like", "case", "label"}
    if unknown := sorted(table.keys() - known):
        raise ValueError(f"nothing is called {unknown}")
    lists = {
        name: tuple(table.get(name, ()))
        for name in (
            *("may", "merged", "says", "drafts", "offers", "buttons"),
            *("not_rules", "not_words", "not_drafts", "not_buttons"),
        )
    }
    for rule in (*lists["may"], *lists["merged"], *lists["not_rules"]):
        _check_rule(rule.removesuffix("-*"), rule.endswith("-*"))
    return Vignette(
        id=label,
        about=table["story"],
        story=read_story({name: value for name, value in table.items() if name in FACTS}),
        expect=tuple(_card(card) for card in table.get("expect", ())),
        at_most=table.get("at_most"),
        highest=_indicator(table.get("highest")),
        outcomes=tuple(table.get("outcomes", {}).items()),
        **lists,
    )


def _indicator(word: str | None) -> str | None:
    if word not in (None, *INDICATORS):
        raise ValueError(f"{word!r} is no indicator")
    return word


def _card(text: str) -> ExpectedCard:
    found = _CARD.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no card: a rule and an indicator are needed, as in 'TRF-02 critical'")
    rules = tuple(found[1].split("+"))
    for rule in rules:
        _check_rule(rule)
    return ExpectedCard(rules, found[2])


def _check_rule(rule: str, family: bool = False) -> None:
    if rule == SCOPE and not family:
        return
    if not (rule.isalpha() and rule.isupper() if family else RULE_ID.match(rule)):
        raise ValueError(f"{rule!r} is no rule id")
