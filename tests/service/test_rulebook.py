"""`cards/RULEBOOK.md`: made of the content in force, complete, with what has to be signed."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import cache

from cards.advice import ALL_ADVICE
from cards.anti_infective.asked_record import MEASURED
from cards.anti_infective.pathogen_condition import unit_of
from cards.thresholds import Thresholds, described
from cards.wording import CONDITION
from cds_service.content import load_content
from cds_service.facts.scales import SCALES
from cds_service.fixture_files import fixtures_folder
from cds_service.rulebook import rulebook
from cds_service.rulebook_entries import DESIGN, Entry, entries, readers_of, users_of
from cds_service.stories.vignettes import read_vignettes
from tests.together import together

CONTENT = load_content()
STORIES = read_vignettes(fixtures_folder() / "vignettes")
RULES = [rule for advice in ALL_ADVICE for rule in advice.ids]


@cache
def page() -> str:
    return rulebook(CONTENT, STORIES)


@cache
def by_rule() -> dict[str, Entry]:
    return {entry.rule: entry for entry in entries(CONTENT, STORIES)}


def part(rule: str) -> str:
    """What the page says of one rule."""
    return page().partition(f"\n### {rule}\n")[2].partition("\n### ")[0]


@together({one: one for one in RULES})
def test_every_rule_says_when_it_speaks(rule: str) -> None:
    assert len(by_rule()[rule].condition) > 20
    assert "**When.** " in part(rule)


@together({one: one for one in CONTENT.words.sections})
def test_the_numbers_of_a_condition_are_those_in_force(rule: str) -> None:
    """A number that is written out would stay when a site moves the threshold."""
    condition = CONTENT.words[rule].paragraphs.get(CONDITION, "")
    if CONTENT.words[rule].stem.startswith("anti_infective/pathogens/"):
        return  # made of the file, with its numbers
    written = re.findall(
        r"\d+(?:\.\d+)?", re.sub(r"\{limit:\w+\}|[A-Z]+-?\d+(?: to \d+)?|-\d\d|4Ts", "", condition)
    )
    assert set(written) <= ALLOWED.get(rule, set()), condition


ALLOWED = {
    "TRF-01": {"3", "4"},
    "TRF-02": {"2"},
    "TRF-03": {"1"},
    "TRF-08": {"2", "3", "4"},
    "TRF-13": {"28"},
    "TRF-11": {"2", "10", "11"},
    "POP-02": {"18"},
    "DATA-04": {"10", "9"},
    "DATA-05": {"10", "9"},
    "ORD-01": {"2"},
    "ORD-03": {"2"},
    "ORD-04": {"2"},
    "ORD-06": {"2"},
    "ORD-10": {"3", "4"},
    "ORD-15": {"1", "2"},
}
"""WHO grades, tiers, units and ages that the rulebook defines and no site moves."""


def test_no_hole_is_left_open() -> None:
    assert re.findall(r"\{[a-z_]+(?::\w+)?\}", page()) == []


def test_a_number_of_a_site_stands_in_the_condition() -> None:
    moved = replace(CONTENT, limits=Thresholds(red_flag_injury=described()["red_flag_injury"].low))
    shipped, changed = (next(e for e in entries(c) if e.rule == "BLD-03") for c in (CONTENT, moved))
    assert (shipped.condition != changed.condition) is (
        moved.limits.red_flag_injury != CONTENT.limits.red_flag_injury
    )


def test_what_no_source_fixes_is_listed_to_be_signed() -> None:
    design = [name for name, about in described().items() if about.source in DESIGN]
    assert len(design) > 100
    table = page().partition("## Every number")[2]
    assert [name for name in design if f"| `{name}` |" not in table] == []
    assert "To be signed locally: " in part("TRF-04")
    assert "`skin_only_close` = 35 x10^9/L" in part("TRF-04")
    assert "`skin_only_defer`" not in part("TRF-04").partition("To be signed")[2]


def test_every_number_is_read_by_a_rule_or_a_module() -> None:
    """One that nobody reads could be changed without a change of advice."""
    named = users_of(by_rule().values())
    assert {"bleeding_transfuse", "very_low"} <= named.keys()
    assert [name for name in described() if name not in named and not readers_of().get(name)] == []


def test_sources_show_grade_and_how_far_they_were_read() -> None:
    told = part("TRF-06")
    assert "strong, moderate certainty" in told
    assert "recommendations confirmed in a summary or reproduced table" in told


def test_stories_stand_with_the_rule_that_they_cover() -> None:
    told = part("INF-HP-02")
    assert re.search(r"Speaks in .*V-64", told)
    assert re.search(r"Does not speak in .*V-95", told)
    told_of = [rule for rule in RULES if by_rule()[rule].speaks_in or by_rule()[rule].silent_in]
    assert len(told_of) > len(RULES) * Decimal("0.8")


def test_the_regimens_of_a_pathogen_stand_with_doses_and_exclusions() -> None:
    told = part("INF-HP-02")
    assert "May be drafted:" in told
    assert "(`allergy-tetracycline`)" in told
    assert "Words as under [INF-HP](#inf-hp)." in told


def test_the_values_that_a_pathogen_asks_for_are_told_in_the_unit_in_which_they_are_compared() -> None:
    for set_id in MEASURED:
        read_as = {scale.unit for scale in SCALES[set_id].values()}
        assert read_as == {unit_of(set_id).strip().replace("x10^9/L", "10*9/L")}, set_id


def test_units_are_written_as_people_write_them() -> None:
    numbers = page().partition("\n## Every number\n")[2].partition("\n## ")[0]
    in_force = [line.split(" | ")[1] for line in numbers.splitlines() if line.startswith("| `")]
    assert not [one for one in in_force if re.search(r"[{}\[\]*]|^1 \w+s$", one)]
    assert {"1 month", "38.0 °C", "30 mL/min/1.73 m2"} <= set(in_force)


def test_no_button_is_told_twice() -> None:
    told = part("INF-TOXO")
    assert told.count("Ask infectious diseases about the therapy") == 1


def test_every_link_of_the_contents_leads_to_a_rule() -> None:
    contents = page().partition("## Rules by topic")[2].partition("\n## ")[0]
    headings = re.findall(r"^### (\S+)$", page(), flags=re.MULTILINE)
    assert re.findall(r"\[(\S+?)\]", contents) == headings
