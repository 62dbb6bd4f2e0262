"""The language of the stories: what each line means, what is refused, and how it becomes FHIR."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cards.code_systems import ICD_10, ICD_10_CM, LOINC, RXNORM, SNOMED
from cds_service.discovery import PrefetchKey
from cds_service.stories import notation, prefetch
from cds_service.stories.coding import (
    DIALECTS,
    STANDARD,
    UnknownWordError,
    pick,
    split_term,
    term,
    vocabulary,
)
from cds_service.stories.resources import write
from cds_service.stories.story import Term
from cds_service.stories.times import When, fill_times, read_when
from cds_service.stories.vignettes import read_vignettes

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("now", "2026-06-15T10:00:00+00:00"),
        ("today", "2026-06-15"),
        ("yesterday", "2026-06-14"),
        ("3 h ago", "2026-06-15T07:00:00+00:00"),
        ("40 minutes ago", "2026-06-15T09:20:00+00:00"),
        ("2 weeks ago", "2026-06-01T10:00:00+00:00"),
        ("3 months ago", "2026-03-15"),
        ("3 months less 1 day ago", "2026-03-16"),
        ("2 years ago", "2024-06-15"),
        ("in 2 days", "2026-06-17T10:00:00+00:00"),
    ],
)
def test_times_count_from_now(text: str, shown: str) -> None:
    when = read_when(text)
    assert when is not None
    assert when.text(NOW) == shown


@pytest.mark.parametrize("text", ["soon", "3 h", "in 3 h ago", "three hours ago", "3 fortnights ago", ""])
def test_what_is_no_time_is_not_guessed(text: str) -> None:
    assert read_when(text) is None


def test_a_month_ago_stays_within_its_month() -> None:
    assert When(months=1).at(datetime(2026, 3, 31, tzinfo=UTC)) == datetime(2026, 2, 28, tzinfo=UTC)


def test_placeholders_are_filled() -> None:
    text = (
        '{"a": "{{now - 3h}}", "b": "{{today - 34y}}", "c": "{{ now + 2d - 30min }}", "d": "{{now - 1mo}}"}'
    )
    assert fill_times(text, NOW) == (
        '{"a": "2026-06-15T07:00:00+00:00", "b": "1992-06-15", "c": "2026-06-17T09:30:00+00:00", '
        '"d": "2026-05-15T10:00:00+00:00"}'
    )


def test_a_misspelt_placeholder_stays_and_is_seen() -> None:
    assert fill_times("{{nwo - 3h}} {{now - 3 fortnights}}", NOW) == "{{nwo - 3h}} {{now - 3 fortnights}}"


def test_every_word_has_a_code() -> None:
    assert len(vocabulary()) > 100
    for dialect in DIALECTS.values():
        for word, meaning in vocabulary().items():
            assert pick(meaning, dialect).code, word


def test_a_name_is_the_longest_that_is_known() -> None:
    assert split_term("HIV RNA 900 {copies}/mL") == (term("HIV RNA"), "900 {copies}/mL")
    assert split_term("inf-ebv") == (Term("inf-ebv"), "")
    with pytest.raises(UnknownWordError):
        split_term("feeling blue")


@pytest.mark.parametrize(
    ("word", "dialect", "system"),
    [
        ("nosebleed", "standard", SNOMED),
        ("nosebleed", "icd-10-cm", ICD_10_CM),
        ("nosebleed", "icd-10", ICD_10),
        ("petechiae", "icd-10", ICD_10),  # it has one code for petechiae and bruises
        ("EBV VCA IgM", "icd-10", LOINC),
        ("ibuprofen", "standard", RXNORM),
    ],
)
def test_a_dialect_chooses_the_code_system(word: str, dialect: str, system: str) -> None:
    assert pick(term(word), DIALECTS[dialect]).system == system


def test_a_finer_kind_is_chosen_where_a_system_has_it() -> None:
    assert "etechiae" in pick(term("petechiae"), STANDARD).display


def test_a_count() -> None:
    count = notation.read_count("25,000 /uL, 9 days ago, preliminary, range 150000-400000")
    assert count.amount is not None
    assert (count.amount.value, count.amount.unit, count.amount.low) == (
        Decimal(25000),
        "/uL",
        Decimal(150000),
    )
    assert (count.at, count.status) == (When(timedelta(days=9)), "preliminary")


def test_a_count_has_the_unit_of_laboratories_unless_it_has_none() -> None:
    plain, none = notation.read_count("<5").amount, notation.read_count("28, no unit").amount
    assert plain is not None
    assert none is not None
    assert (plain.comparator, plain.unit, none.unit) == ("<", "10*9/L", None)


def test_a_finding_that_is_only_recorded_has_no_onset() -> None:
    found = notation.read_finding("gum bleeding, recorded 5 days ago")
    assert (found.onset, found.recorded) == (None, When(timedelta(days=5)))


def test_an_allergy_is_that_of_the_class_where_there_is_one() -> None:
    assert notation.read_allergy("penicillin, anaphylaxis").what.set_id == "allergy-penicillin"
    assert notation.read_allergy("ibuprofen").what.set_id == "med-nsaid"


@pytest.mark.parametrize(
    ("read", "line"),
    [
        (notation.read_person, "lady 34"),
        (notation.read_person, "woman 34, happy"),
        (notation.read_count, "many"),
        (notation.read_count, "22, quite old"),
        (notation.read_observed, "EBV VCA IgM"),
        (notation.read_observed, "mood 3"),
        (notation.read_finding, "nosebleed, bad"),
        (notation.read_drug, "ibuprofen, since long"),
        (notation.read_allergy, "penicillin, itchy"),
        (notation.read_done, "platelet transfusion, perhaps"),
        (notation.read_planned, "lumbar puncture, maybe"),
        (notation.read_order, "eltrombopag, a lot"),
    ],
)
def test_a_clause_that_is_not_understood_is_an_error(read: Callable[[str], object], line: str) -> None:
    with pytest.raises(ValueError, match=r"is not understood|is known|is missing"):
        read(line)


def test_an_error_names_file_vignette_and_line(tmp_path: Path) -> None:
    file = tmp_path / "made.toml"
    file.write_text(
        '[[vignette]]\nid = "V-1"\nstory = "a"\nfindings = ["nosebleed, bad"]\n', encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"made\.toml, V-1: 'nosebleed, bad': 'bad' is not understood"):
        read_vignettes(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        'id = "V-1"',
        'id = "1"\nstory = "a"',
        'id = "V-1"\nstory = "a"\nexpects = []',
        'id = "V-1"\nstory = "a"\nexpect = ["TRF-02"]',
        'id = "V-1"\nstory = "a"\nexpect = ["trf2 info"]',
        'id = "V-1"\nstory = "a"\nmay = ["trf-*"]',
        'id = "V-1"\nstory = "a"\nlike = "V-2"',
    ],
)
def test_a_vignette_is_read_strictly(tmp_path: Path, text: str) -> None:
    (tmp_path / "made.toml").write_text(f"[[vignette]]\n{text}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"made\.toml"):
        read_vignettes(tmp_path)


def test_a_case_replaces_what_its_vignette_says(tmp_path: Path) -> None:
    text = (
        '[[vignette]]\nid = "V-1"\nstory = "a"\nplatelets = "22"\nexpect = ["TRF-05 warning"]\n'
        '[[vignette.case]]\nlabel = "low"\nplatelets = "9"\nexpect = ["TRF-06 critical"]\n'
        '[[vignette.case]]\nlabel = "same"\n'
        '[[vignette]]\nid = "V-2"\nstory = "b"\nlike = "V-1"\n'
    )
    (tmp_path / "made.toml").write_text(text, encoding="utf-8")
    low, same, like = read_vignettes(tmp_path)
    assert (low.id, [str(c) for c in low.expect]) == ("V-1/low", ["TRF-06 critical"])
    assert same.story.platelets != low.story.platelets
    assert (like.story.platelets, like.expect) == (same.story.platelets, ())


def test_the_same_story_says_the_same_in_every_dialect() -> None:
    story = notation.read_story({"platelets": "22", "findings": ["nosebleed, 2 h ago"], "person": "woman 34"})
    kinds = [
        [
            (r["resourceType"], r.get("onsetDateTime"), r.get("effectiveDateTime"))
            for r in write(story, "p", NOW, d)
        ]
        for d in DIALECTS.values()
    ]
    assert kinds[0] == kinds[1] == kinds[2]


OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "code": {"coding": [{"system": LOINC, "code": "777-3"}]},
}
REQUEST = {"resourceType": "ServiceRequest", "id": "s", "status": "completed"}
DRUG = {
    "resourceType": "MedicationRequest",
    "id": "m",
    "medicationReference": {"reference": "Medication/drug"},
}
PILL = {"resourceType": "Medication", "id": "drug"}
PERSON = {"resourceType": "Patient", "id": "p"}
KEYS = (
    PrefetchKey("patient", "Patient/{{context.patientId}}"),
    PrefetchKey(
        "counts", "Observation?patient={{context.patientId}}&code=1-8,http://loinc.org|777-3&_count=9"
    ),
    PrefetchKey("others", "Observation?patient={{context.patientId}}&code=718-7"),
    PrefetchKey("requests", "ServiceRequest?patient={{context.patientId}}&status=active,draft"),
    PrefetchKey("drugs", "MedicationRequest?patient={{context.patientId}}"),
)


def test_each_key_gets_what_its_template_asks_for() -> None:
    filled = prefetch.answer(KEYS, [PERSON, OBSERVATION, REQUEST, DRUG, PILL], "p")
    found = {
        name: [entry["resource"]["id"] for entry in bundle.get("entry", ())]
        for name, bundle in filled.items()
        if name != "patient"
    }
    assert filled["patient"] == PERSON
    assert found == {"counts": ["o"], "others": [], "requests": [], "drugs": ["m", "drug"]}
    assert "entry" not in filled["others"]


def test_what_no_key_asks_for_is_told() -> None:
    assert prefetch.left_over(KEYS, [PERSON, OBSERVATION, REQUEST, DRUG, PILL]) == [REQUEST]


def test_another_patient_is_not_the_patient() -> None:
    assert prefetch.answer(KEYS, [PERSON], "q")["patient"] is None
