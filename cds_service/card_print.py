"""Cards and their explanation for people at a terminal; without colour and decoration in a file or pipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cds_service.hooks.card import EXTENSION as CARD
from cds_service.hooks.response import EXTENSION as EVALUATION

COLOURS: Final = {
    "critical": "bold white on red",
    "warning": "bold black on yellow",
    "info": "bold white on blue",
}
_CELLS: Final = re.compile(r"\|((?:[^|\\]|\\.)*)(?=\|)")
_ESCAPED: Final = re.compile(r"\\([\\`*_\[\]<>|~])")
"""What a card keeps from being read as Markdown; a cell is printed as it is meant."""
OUTCOMES: Final = {"advise": "green", "cannot-tell": "yellow", "no-advice": "dim"}

Answer = Mapping[str, Any]


def print_answer(answer: Answer, console: Console, explain: bool = False) -> None:
    """Every card; with `explain` also every rule's outcome, what was set aside and which data is not whole."""
    cards = answer.get("cards", ())
    for card in cards:
        _print_card(card, console)
    evaluation = answer.get("extension", {}).get(EVALUATION, {})
    if not cards:
        console.print(Text(_silence(evaluation, explain)))
    if explain:
        _print_evaluation(evaluation, console)


def _print_card(card: Answer, console: Console) -> None:
    indicator = card.get("indicator", "info")
    rules = card.get("extension", {}).get(CARD, {}).get("rules", ())
    head = Text()
    head.append(f" {indicator.upper()} ", style=COLOURS.get(indicator, "bold"))
    head.append(f"  {', '.join(rules)}", style="dim")
    console.print(head)
    console.print(Text(card.get("summary", ""), style="bold"))
    console.print()
    for part in _parts(card.get("detail", "")):
        console.print(Padding(part, (0, 0, 0, 2)))
    for suggestion in card.get("suggestions", ()):
        mark = " (recommended)" if suggestion.get("isRecommended") else ""
        console.print(Text(f"  [ {suggestion.get('label', '')} ]{mark}", style="bold"))
        for action in suggestion.get("actions", ()):
            console.print(Text(f"      {action.get('type', '')}: {action.get('description', '')}"))
    source = card.get("source", {})
    console.print(Text(f"  {source.get('label', '')}  {source.get('url', '')}".rstrip(), style="dim"))
    console.print()


def _parts(detail: str) -> Iterator[RenderableType]:
    """The Markdown of a card; its tables apart, for those of cards have no heading."""
    for is_table, lines in groupby(detail.splitlines(), key=lambda line: line.startswith("|")):
        if not is_table:
            yield Markdown("\n".join(lines))
            continue
        rows = [_CELLS.findall(line) for line in lines]
        table = Table(box=None, show_header=any(map(str.strip, rows[0])), padding=(0, 3, 0, 0))
        for name in rows[0]:
            table.add_column(name.strip(), overflow="fold")
        for row in rows[2:]:
            table.add_row(*(Text(_ESCAPED.sub(r"\1", cell.strip())) for cell in row))
        yield table
        yield Text()


def _silence(evaluation: Answer, explain: bool) -> str:
    """Why nothing is shown, as far as one line can say it."""
    evaluated = evaluation.get("evaluated", ())
    if len(evaluated) == 1:
        return f"No card: {evaluated[0].get('because', 'no reason given')}."
    return "No card." if explain or not evaluated else "No card. (--explain tells why, rule by rule.)"


def _print_evaluation(evaluation: Answer, console: Console) -> None:
    rows = evaluation.get("evaluated", ())
    table = Table(
        "Rule", "Outcome", "Because", title="Every rule", title_justify="left", box=None, pad_edge=False
    )
    for row in rows:
        outcome = row.get("outcome", "")
        table.add_row(
            row.get("rule", ""), Text(outcome, style=OUTCOMES.get(outcome, "")), Text(row.get("because", ""))
        )
    console.print(table)
    _print_list(
        "Set aside",
        (f"{r.get('resource')}: {r.get('reason')}" for r in evaluation.get("rejected", ())),
        console,
    )
    _print_list("Not answered, or not whole", evaluation.get("degraded", ()), console)
    console.print(Text(f"\nContent {evaluation.get('contentVersion', 'unknown')}", style="dim"))


def _print_list(title: str, lines: Iterable[str], console: Console) -> None:
    found = list(lines)
    if found:
        console.print(Text(f"\n{title}", style="italic"))
        for line in found:
            console.print(Text(f"  {line}"))
