"""What each story is answered with, whole, as digests: no card, draft or reason changes unseen (`approved.txt`).

A vignette says what matters to the clinician who wrote it; everything else of the answer is held here. Each line is a
story: its cards in their order, each with a digest of all that it says and offers, at last one of why rules are silent.

    python -m tests.cards.approved          # after a wanted change: writes the file anew; the diff names what changed
    python -m tests.cards.approved --new    # adds the stories that are not in it, and takes out those that are gone
    python -m tests.cards.approved V-01     # the answer to one story, whole
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from cds_service.hooks.response import EXTENSION
from tests.cards.telling import Answer, judge, told

FILE: Final = Path(__file__).with_name("approved.txt")
DIGITS: Final = 6
RANDOM: Final = frozenset({"uuid", "contentVersion"})
"""Members that differ between two runs, or with every change of any file of the content."""


def line_of(answer: Answer) -> str:
    """The answer as it stands in the file: `TRF-02 critical 1a2b3c | MON-01 info 9f8e7d | 55aa66`."""
    cards = (f"{told(card)} {_digest(card)}" for card in answer["cards"])
    return " | ".join((*cards, _digest(answer["extension"][EXTENSION]["evaluated"])))


def unapproved(story: str, answer: Answer) -> list[str]:
    """What is not as it was approved. A story that is new is judged by its own words until the file is written."""
    known, line = approved().get(story), line_of(answer)
    if known is None or line == known:
        return []
    return [f"answers {line}", f"approved {known}", "if wanted: python -m tests.cards.approved"]


@cache
def approved() -> Mapping[str, str]:
    """Each story's line, by the story's id, which may hold a colon itself."""
    rows = (line.rpartition(": ") for line in FILE.read_text(encoding="utf-8").splitlines())
    return {story: line for story, _, line in rows}


def _digest(value: object) -> str:
    text = json.dumps(_steady(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _steady(inner) for name, inner in value.items() if name not in RANDOM}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def main(arguments: Sequence[str]) -> None:
    """The command."""
    from tests.mutation.stories import BOUNDARIES, STANDARD, VIGNETTES, Judge, shipped, tell

    bench = Judge(shipped())
    lines = {}
    for vignette in (*VIGNETTES, *BOUNDARIES):
        if arguments == ["--new"] and vignette.id in approved():
            lines[vignette.id] = approved()[vignette.id]
        elif not arguments or arguments == ["--new"] or vignette.id in arguments:
            one = tell(vignette, STANDARD)
            answer = bench.answer(one, one.facts, one.decision)
            if not judge(vignette, answer):  # what only the whole service answers is judged by words alone
                lines[vignette.id] = line_of(answer)
            if vignette.id in arguments:
                print(json.dumps(_steady(answer), indent=1))  # noqa: T201
    if not arguments or arguments == ["--new"]:
        text = "".join(f"{story}: {line}\n" for story, line in lines.items())
        FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
