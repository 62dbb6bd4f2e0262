"""The loader of pathogen files: what is shipped, and that a wrong file stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from cards.anti_infective.pathogen import FOLDER, load_pathogens, therapy_templates
from cards.anti_infective.pathogen_words import pathogen_sections
from cards.drafts import TEMPLATES, check
from cards.valuesets import load
from cards.wording import load_words
from tests.cards.direct import pathogens


def test_files_come_in_the_order_of_the_rulebook() -> None:
    written = (
        "HP HCV HBV HIV EBV CMV VZV HSV B19 MMR DEN ZIK CHIK MAL RICK LEPTO BRU TYPH SEP MEN IE TB VL BAB HAN SFTS "
        "COV FLU VIR STEC ADV VHF SYPH TOXO QFEV MUMP HEPAE"
    )
    assert list(pathogens()) == [f"INF-{name}" for name in written.split()]


@pytest.mark.parametrize(
    ("rule", "weeks", "days"),
    [("INF-HP", 24, 168), ("INF-EBV", 8, 56), ("INF-DEN", 2, 14), ("INF-SEP", 2, 14)],
)
def test_recovery_windows(rule: str, weeks: int, days: int) -> None:
    """MON-05 windows of the rulebook, and for how long an acute infection is current."""
    assert pathogens()[rule].window_weeks == weeks
    assert pathogens()[rule].current_window_days == days


def test_every_template_that_a_file_names_exists() -> None:
    for pathogen in pathogens().values():
        for name in (*pathogen.test_orders, *pathogen.treat_orders, *pathogen.refer_orders):
            assert name in TEMPLATES, (pathogen.id, name)


def test_drafts_of_therapies_carry_only_verified_codes() -> None:
    templates = therapy_templates(pathogens().values())
    check(templates, load())
    assert templates["therapy:INF-HP:tetracycline"].code == "10395"
    assert templates["therapy:INF-HP:ppi"].code is None


def test_words_of_pathogens_join_the_others() -> None:
    words = load_words().with_sections(pathogen_sections(pathogens().values()))
    assert words.find("INF-HP-02", "treat") == words.find("INF-HP", "treat")
    assert words["INF-SEP"].source == "SSC21"


def test_evidence_stands_only_where_it_belongs() -> None:
    sections = pathogen_sections(pathogens().values())
    assert any("bismuth" in e.recommendation for e in sections["INF-HP-02"].evidence)
    assert not any("bismuth" in e.recommendation for e in sections["INF-HP-01"].evidence)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("order = 50\n", 'order = 50\ncolour = "red"\n', "unknown ['colour']"),
        ("window_weeks = 8\n", "", "window_weeks is missing"),
        ("window_weeks = 8\n", 'window_weeks = "8"\n', "window_weeks has the wrong type"),
        ('conditions = ["inf-ebv"]', 'conditions = ["inf-nothing"]', "no value set 'inf-nothing'"),
        ('"first-step.suspected"', '"first-step.suspect"', "no words for ['first-step.suspected']"),
        (
            'when = "bleeding"',
            'when = "bleeding"\nlimit = 5',
            "asks for the wrong of `sets`, `limit` and `days`",
        ),
        ("[orders]\n", '[orders]\nrefer = ["haematology"]\n', "no card shows ['haematology']"),
        (
            'suspected = "info"',
            'suspected = "info"\ntreat_suspected = "always"',
            "no card shows ['ebv-test', ",
        ),
        ('says = "treat', 'rules = ["INF-HP"]\nsays = "treat', "evidence for another rule"),
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = (FOLDER / "ebv.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "ebv.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=r"ebv\.toml") as raised:
        load_pathogens(load(), tmp_path)
    assert complaint in str(raised.value)


def test_two_files_with_one_id_stop_the_start(tmp_path: Path) -> None:
    text = (FOLDER / "ebv.toml").read_text(encoding="utf-8")
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="same id"):
        load_pathogens(load(), tmp_path)
