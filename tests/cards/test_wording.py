"""The words of the cards: what the loader makes of a Markdown file, and each refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cards.wording import DEFAULT_OVERRIDES, Evidence, Section, Words, fill, holes, load_words, make_section
from tests.refusals import refusal, with_mistake

WHOLE = """# Words of a rule

Nothing before the first rule is read: {brace.

## TRF-02
source: ASH19
evidence: BSH17 | consider platelets below 30 | 2C
evidence: ZITEK22 | not for lesser bleeding
override: already-done  bleeding-stopped
override: palliative
link: ASH19 BSH17
link: ACG24

### condition
Bleeding below {limit:normal}.

### title

Bleeding with {platelets}

### why
First line.
Second line.

## A.3
evidence: BSH17 | few cards |
### note
Nothing.
"""


def write(folder: Path, text: str, name: str = "family/rule.md") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_every_field_and_paragraph_of_a_file_is_read(tmp_path: Path) -> None:
    words = load_words(write(tmp_path, WHOLE))
    assert list(words.sections) == ["TRF-02", "A.3"]
    assert words["TRF-02"] == Section(
        "TRF-02",
        "family/rule",
        "ASH19",
        (
            Evidence("BSH17", "consider platelets below 30", "2C"),
            Evidence("ZITEK22", "not for lesser bleeding"),
        ),
        ("already-done", "bleeding-stopped", "palliative"),
        ("ASH19", "BSH17", "ACG24"),
        {
            "condition": "Bleeding below {limit:normal}.",
            "title": "Bleeding with {platelets}",
            "why": "First line.\nSecond line.",
        },
    )


SCARCE = """## TRF-02
evidence: BSH17 | consider platelets below 30 | 2C
evidence: ASH19 | observe
### note
Nothing.
"""


def test_what_a_section_leaves_out_follows_from_the_rest(tmp_path: Path) -> None:
    """The source is that of the first evidence, the reasons to override are those of the family."""
    words = load_words(write(tmp_path, SCARCE))
    assert words["TRF-02"] == Section(
        "TRF-02",
        "family/rule",
        "BSH17",
        (Evidence("BSH17", "consider platelets below 30", "2C"), Evidence("ASH19", "observe")),
        DEFAULT_OVERRIDES["TRF"],
        (),
        {"note": "Nothing."},
    )
    section = make_section("TPO-01", "stem", {}, {})
    assert section == Section("TPO-01", "stem", "", (), DEFAULT_OVERRIDES["TPO"], (), {})
    limits_on_alerts = load_words(write(tmp_path, WHOLE))["A.3"]
    assert limits_on_alerts.evidence == (Evidence("BSH17", "few cards"),)
    assert limits_on_alerts.overrides == ()


def test_files_that_explain_are_not_read(tmp_path: Path) -> None:
    for name in ("README.md", "RULEBOOK.md", "valuesets/any.md"):
        write(tmp_path, "## not a rule {", name)
    assert load_words(write(tmp_path, WHOLE, "rule.md"))["TRF-02"].stem == "rule"
    assert len(load_words(tmp_path).sections) == 2


REFUSED = {
    "raw HTML": ("First line.", "<b>First</b>", "family/rule.md: raw HTML is not allowed"),
    "a heading that is no rule": ("## A.3", "## Notes", "family/rule.md, Notes: not a rule id"),
    "a field that is none": (
        "source: ASH19",
        "author: ASH19",
        "family/rule.md, TRF-02: unknown field in 'author: ASH19'",
    ),
    "words without a paragraph": (
        "source: ASH19",
        "some words",
        "family/rule.md, TRF-02: unknown field in 'some words'",
    ),
    "a paragraph twice": ("### why", "### title", "family/rule.md, TRF-02: 'title' is empty or stands twice"),
    "an empty paragraph": (
        "First line.\nSecond line.",
        "",
        "family/rule.md, TRF-02: 'why' is empty or stands twice",
    ),
    "no condition": (
        "### condition",
        "### other",
        "family/rule.md, TRF-02: a rule that has a card says when it speaks (### condition)",
    ),
    "an unknown source": ("source: ASH19", "source: ASH99", "family/rule, TRF-02: unknown citation 'ASH99'"),
    "a link without an address": (
        "link: ACG24",
        "link: SSC16",
        "family/rule, TRF-02: a link to SSC16, which has no address",
    ),
    "an unknown link": ("link: ACG24", "link: ACG99", "family/rule, TRF-02: unknown citation 'ACG99'"),
    "an unknown reason": ("palliative", "bored", "family/rule, TRF-02: unknown override reason 'bored'"),
    "evidence without words": (
        " | consider platelets below 30 | 2C",
        "",
        "family/rule, TRF-02: evidence is `CITATION | recommendation | grade`, not 'BSH17'",
    ),
    "evidence with empty words": (
        "consider platelets below 30 |",
        " |",
        "family/rule, TRF-02: evidence is `CITATION | recommendation | grade`, not 'BSH17 |  | 2C'",
    ),
    "evidence with more": (
        "| 2C",
        "| 2C | more",
        "family/rule, TRF-02: evidence is `CITATION | recommendation | grade`, "
        "not 'BSH17 | consider platelets below 30 | 2C | more'",
    ),
    "evidence of an unknown source": (
        "evidence: ZITEK22",
        "evidence: ZITEK99",
        "family/rule, TRF-02: evidence is `CITATION "
        "| recommendation | grade`, not 'ZITEK99 | not for lesser bleeding'",
    ),
    "an open hole": ("{platelets}", "{platelets", "family/rule.md, TRF-02: 'title' has a malformed hole"),
    "a hole that is only closed": (
        "{platelets}",
        "platelets}",
        "family/rule.md, TRF-02: 'title' has a malformed hole",
    ),
    "a hole with other letters": (
        "{platelets}",
        "{Platelets}",
        "family/rule.md, TRF-02: 'title' has a malformed hole",
    ),
    "an unknown threshold": (
        "{limit:normal}",
        "{limit:none}",
        "family/rule.md, TRF-02: 'condition' names an unknown threshold 'none'",
    ),
    "another kind of hole": (
        "{limit:normal}",
        "{count:normal}",
        "family/rule.md, TRF-02: 'condition' names an unknown threshold 'normal'",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_in_the_words_stops_the_start(tmp_path: Path, mistake: str) -> None:
    old, new, complaint = REFUSED[mistake]
    folder = write(tmp_path, with_mistake(WHOLE, old, new))
    assert refusal(lambda: load_words(folder)) == complaint


def test_words_for_a_rule_stand_once(tmp_path: Path) -> None:
    write(tmp_path, SCARCE, "a.md")
    words = load_words(tmp_path)
    with pytest.raises(ValueError, match=r"^b\.md: words for TRF-02 stand twice$"):
        load_words(write(tmp_path, SCARCE, "b.md"))
    with pytest.raises(ValueError, match=r"^words for \['TRF-02'\] stand twice$"):
        words.with_sections({"TRF-02": words["TRF-02"], "INF-X": words["TRF-02"]})


def test_words_are_found_by_rule_and_key_or_by_both_in_one() -> None:
    one, other = (
        make_section("TRF-01", "s", {}, {"why": "one"}),
        make_section("TRF-02", "s", {}, {"why": "two"}),
    )
    words = Words({"TRF-01": one}).with_sections({"TRF-02": other})
    assert (words.find("TRF-01", "why"), words.find("TRF-01", "TRF-02/why")) == ("one", "two")
    assert "TRF-02" in words
    assert "TRF-03" not in words
    with pytest.raises(KeyError, match=r"^'no words for rule TRF-03'$"):
        words["TRF-03"]
    with pytest.raises(KeyError, match=r"^\"TRF-01 has no words for 'title'\"$"):
        words.find("TRF-01", "title")


def test_holes_are_filled_by_their_names() -> None:
    text = "{a} and {limit:severe_1}, {a} but not {B}"
    assert holes(text) == {"a", "limit:severe_1"}
    assert fill(text, str.upper) == "A and LIMIT:SEVERE_1, A but not {B}"
