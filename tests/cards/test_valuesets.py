"""The value sets: their files, their strict reading, and how a coding finds its sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.valueset import ValueSet as FhirValueSet
from hypothesis import given
from hypothesis import strategies as st

from cards.code_systems import (
    ICD_10,
    ICD_10_CM,
    ICD_10_GM,
    LOINC,
    RXNORM,
    SNOMED,
    UCUM,
    check_digit_error,
    is_loinc,
    is_sctid,
)
from cards.valueset_files import Code, ValueSet, read_file, read_folder
from cards.valuesets import FOLDER, Terminology, load, normalise_coding, normalise_system
from tests.refusals import refusal
from tests.together import together

ATC = "http://www.whocc.no/atc"
MIMIC_ICD_10 = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10"
FILES = sorted(FOLDER.glob("*.json"))
TERMINOLOGY = load()
EVERY_CODE = [(set_id, code) for set_id in TERMINOLOGY for code in TERMINOLOGY[set_id].codes]


def sets_of(system: str, code: str, terminology: Terminology = TERMINOLOGY) -> set[str]:
    return {member.set_id for member in terminology.sets_of(system, code)}


# ---------------------------------------------------------------------- the shipped files


@together({path.stem: path for path in FILES})
def test_every_file_is_a_valid_fhir_value_set(path: Path) -> None:
    resource = FhirValueSet.model_validate_json(path.read_bytes())
    assert resource.id == path.stem


@together({path.stem: path for path in FILES})
def test_every_concept_stands_on_one_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    concepts = [
        c for group in json.loads(text).get("compose", {}).get("include", ()) for c in group["concept"]
    ]
    lines = [line.strip().rstrip(",") for line in text.splitlines() if line.lstrip().startswith('{"code"')]
    assert [json.loads(line) for line in lines] == concepts


def test_every_loinc_and_snomed_code_has_its_check_digit() -> None:
    checked = [(one, code) for one, code in EVERY_CODE if code.system in (LOINC, SNOMED)]
    assert len(checked) > 800
    assert [f"{one}: {code.code}" for one, code in checked if check_digit_error(code.system, code.code)] == []


def test_every_verified_code_names_its_source_and_no_shared_document() -> None:
    assert all(code.source for _, code in EVERY_CODE)
    texts = "\n".join(path.read_text(encoding="utf-8") for path in FILES).lower()
    assert [
        word for word in ("pypi", "rules.md", "contract", "terminology.md", "/work") if word in texts
    ] == []


@pytest.mark.parametrize(
    ("fact", "never"),
    [
        ("obs-platelet-count", "not-a-platelet-count"),
        ("obs-platelet-count", "obs-platelet-indices"),
        ("obs-platelet-count", "obs-platelet-count-cord"),
        ("med-antiplatelet", "not-an-antiplatelet"),
        ("obs-pregnancy", "not-a-pregnancy-status"),
        ("proc-platelet-transfusion", "proc-other-blood-product"),
        ("proc-platelet-transfusion", "product-platelets"),
        ("proc-invasive", "not-an-invasive-procedure"),
        ("care-comfort", "care-palliative-consultation"),
        ("mimic-hit", "mimic-hit-nonimmune"),
        ("mimic-hit", "mimic-hit-unspecific"),
        ("mimic-marrow", "mimic-marrow-remission"),
        ("mimic-lymphoma", "mimic-marrow-remission"),
        ("risk-cancer", "mimic-marrow-remission"),
        ("mimic-acute-leukaemia", "mimic-marrow-remission"),
        ("risk-thrombosis", "risk-thrombosis-history"),
        ("risk-thrombosis", "risk-thrombosis-unspecific"),
        ("med-ivig", "med-scig"),
        ("risk-pregnancy", "risk-pregnancy-unspecific"),
        ("result-positive", "result-negative"),
        ("result-positive", "result-open"),
        ("result-negative", "result-open"),
        ("result-pregnant", "result-not-pregnant"),
        ("obs-hemoglobin", "obs-hematocrit"),
        ("lab-culture", "lab-culture-other"),
    ],
)
def test_no_code_means_a_fact_and_its_opposite(fact: str, never: str) -> None:
    codes = TERMINOLOGY[fact].codes + TERMINOLOGY[never].codes
    both = [code.code for code in codes if {fact, never} <= sets_of(code.system, code.code)]
    assert both == []


def test_a_bleed_is_no_question_and_a_question_is_no_bleed() -> None:
    bleeds = [s for s in TERMINOLOGY if s.startswith("bleed-")]
    questions = {s for s in bleeds if TERMINOLOGY[s].is_question_only}
    facts = set(bleeds) - questions
    clash = [c.code for s in questions for c in TERMINOLOGY[s].codes if sets_of(c.system, c.code) & facts]
    assert len(questions) >= 6
    assert clash == []


def test_no_infection_of_now_is_also_its_late_effect() -> None:
    late = TERMINOLOGY["inf-late-effect"].codes
    found = [sets_of(code.system, code.code) - {"inf-late-effect"} for code in late]
    assert not any(s.startswith("inf-") for sets in found for s in sets)


def test_question_only_and_report_sets_feed_no_rule_by_themselves() -> None:
    for set_id in TERMINOLOGY:
        feeds = TERMINOLOGY[set_id].feeds
        assert not ({"question-only", "report"} <= set(feeds)), set_id
        assert "report" not in feeds or feeds == ("report",), set_id


def test_a_site_can_fill_what_has_no_confirmed_code() -> None:
    empty = {one for one in TERMINOLOGY if not TERMINOLOGY[one].codes}
    assert {"obs-platelet-count-citrate", "cond-pseudothrombocytopenia"} <= empty


def test_counts_have_units_of_every_country() -> None:
    factors = {code.code: code.factor for code in TERMINOLOGY["ucum-platelet-units"].codes}
    assert factors["10*9/L"] == factors["10*3/uL"] == Decimal(1)
    assert factors["10*4/uL"] == Decimal(10)
    assert factors["/uL"] == factors["/mm3"] == Decimal("0.001")
    assert all(isinstance(factor, Decimal) for factor in factors.values())


# ---------------------------------------------------------------------- check digits


@pytest.mark.parametrize("code", ["777-3", "26515-7", "107193-5", "58410-2", "LA6576-8", "LA11882-0"])
def test_loinc_check_digit_accepts_real_codes(code: str) -> None:
    assert is_loinc(code)


@pytest.mark.parametrize(
    "code", ["70048-1", "777-4", "7773", "777-", "-3", "a77-3", "777-33", "LA6576-7", "\u0667\u0667\u0667-3"]
)
def test_loinc_check_digit_refuses_invented_codes(code: str) -> None:
    assert not is_loinc(code)


@pytest.mark.parametrize("code", ["61928009", "10828004", "44991000119100", "111864006"])
def test_snomed_check_digit_accepts_real_codes(code: str) -> None:
    assert is_sctid(code)


@pytest.mark.parametrize("code", ["61928008", "111872004", "12345", "061928009", "6192800x", "", "1" * 19])
def test_snomed_check_digit_refuses_invented_codes(code: str) -> None:
    assert not is_sctid(code)


@given(
    code=st.sampled_from([code.code for _, code in EVERY_CODE if code.system == SNOMED]),
    position=st.integers(0),
    step=st.integers(1, 9),
)
def test_one_wrong_digit_of_a_snomed_code_is_always_noticed(code: str, position: int, step: int) -> None:
    at = position % len(code)
    wrong = code[:at] + str((int(code[at]) + step) % 10) + code[at + 1 :]
    assert not is_sctid(wrong)


def test_the_strength_of_a_product_is_that_of_its_display() -> None:
    codes = [code for code in TERMINOLOGY["med-prednisone"].codes if code.strength is not None]
    assert len(codes) > 30
    for code in codes:
        value, per = code.strength or (Decimal(0), "")
        unit = "MG/ML" if per == "mL" else "MG"
        assert f" {value} {unit} " in code.display
    without = [
        c.display for c in TERMINOLOGY["med-prednisone"].codes if c.level == "product" and c.strength is None
    ]
    assert all("Pack" in display for display in without)


def test_the_compared_steroids_are_steroids() -> None:
    steroids = {(code.system, code.code) for code in TERMINOLOGY["med-corticosteroid"].codes}
    assert {(code.system, code.code) for code in TERMINOLOGY["med-prednisone"].codes} <= steroids


# ---------------------------------------------------------------------- strict reading


def concept(code: str = "777-3", **extensions: str | list[str]) -> dict[str, Any]:
    said = []
    for name, values in ({"source": "HL7"} | extensions).items():
        member = (
            "valueString" if name in ("source", "unverified", "note", "factor", "strength") else "valueCode"
        )
        for value in [values] if isinstance(values, str) else values:
            said.append({"url": f"urn:platelet-hooks:{name}", member: value})
    return {"code": code, "display": "Platelets", "extension": said}


def unverified(code: str = "777-3") -> dict[str, Any]:
    made = concept(code)
    made["extension"] = [{"url": "urn:platelet-hooks:unverified", "valueString": "doubtful"}]
    return made


def value_set(*concepts: dict[str, Any], system: str = LOINC, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "ValueSet",
        "id": "made-up",
        "url": "urn:platelet-hooks:ValueSet:made-up",
        "name": "MadeUp",
        "title": "Made up",
        "status": "active",
        "purpose": "test",
        "extension": [{"url": "urn:platelet-hooks:feeds", "valueCode": "plt"}],
        "compose": {"include": [{"system": system, "concept": list(concepts) or [concept()]}]},
    } | members


def without(resource: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != member}


def feeding(name: str) -> dict[str, Any]:
    return value_set(extension=[{"url": "urn:platelet-hooks:feeds", "valueCode": name}])


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, Any] | str], Path]:
    def write_file(resource: dict[str, Any] | str) -> Path:
        path = tmp_path / "made-up.json"
        path.write_text(resource if isinstance(resource, str) else json.dumps(resource), encoding="utf-8")
        return path

    return write_file


def test_the_least_that_a_file_says_is_read(write: Callable[[dict[str, Any]], Path]) -> None:
    read = read_file(write(value_set()))
    assert read == ValueSet(
        "made-up", "Made up", "test", ("plt",), None, (Code(LOINC, "777-3", "Platelets", True, "HL7"),)
    )
    assert read_file(write(without(value_set(), "compose"))).codes == ()
    assert read_file(write(value_set(unverified()))).codes[0].verified is False


def test_every_member_of_a_file_is_read(write: Callable[[dict[str, Any]], Path]) -> None:
    feeds = [
        {"url": "urn:platelet-hooks:feeds", "valueCode": name} for name in ("inf", "TRF-02", "A.9", "report")
    ]
    included = {
        ICD_10_CM: [
            concept("A41", match="prefix", **{"except": ["A41.5", "A41.9"]}, status="history", note="n"),
            concept("A40", word="bruising"),
        ],
        LOINC: [concept(scale="ordinal", proves="screen"), unverified("26515-7")],
        RXNORM: [concept("312617", level="product", strength="2.5 mg/tablet")],
        ATC: [concept("J01", match="prefix", level="class")],
        UCUM: [concept("10*4/uL", factor="10")],
    }
    compose = {"include": [{"system": one, "concept": concepts} for one, concepts in included.items()]}
    read = read_file(write(value_set(extension=feeds, compose=compose, description="a note")))
    assert (read.id, read.title, read.purpose, read.note) == ("made-up", "Made up", "test", "a note")
    assert read.feeds == ("inf", "TRF-02", "A.9", "report")
    assert read.codes == (
        Code(
            ICD_10_CM,
            "A41",
            "Platelets",
            True,
            "HL7",
            match="prefix",
            excepts=("A41.5", "A41.9"),
            status="history",
            note="n",
        ),
        Code(ICD_10_CM, "A40", "Platelets", True, "HL7", word="bruising"),
        Code(LOINC, "777-3", "Platelets", True, "HL7", scale="ordinal", proves="screen"),
        Code(LOINC, "26515-7", "Platelets", False, "doubtful"),
        Code(
            RXNORM, "312617", "Platelets", True, "HL7", level="product", strength=(Decimal("2.5"), "tablet")
        ),
        Code(ATC, "J01", "Platelets", True, "HL7", match="prefix", level="class"),
        Code(UCUM, "10*4/uL", "Platelets", True, "HL7", factor=Decimal(10)),
    )


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("made-up", "earlier"):
        words = "".join(map(str.capitalize, name.split("-")))
        resource = value_set(id=name, url=f"urn:platelet-hooks:ValueSet:{name}", name=words)
        (tmp_path / f"{name}.json").write_text(json.dumps(resource), encoding="utf-8")
    (tmp_path / "README.md").write_text("no value set", encoding="utf-8")
    assert [one.id for one in read_folder(tmp_path)] == ["earlier", "made-up"]


ICD = concept("A41", match="prefix")
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown member": (value_set(experimental=True), "missing [], unknown ['experimental']"),
    "no title": (without(value_set(), "title"), "missing ['title'], unknown []"),
    "empty title": (value_set(title=""), "title is empty, padded or no text"),
    "no purpose": (without(value_set(), "purpose"), "missing ['purpose'], unknown []"),
    "another resource": (value_set(resourceType="CodeSystem"), "is no ValueSet"),
    "a draft": (value_set(status="draft"), "status is not active"),
    "another id": (value_set(id="other"), "id is not the file's name"),
    "another url": (value_set(url="urn:platelet-hooks:ValueSet:other"), "url does not end in the id"),
    "another name": (value_set(name="Madeup"), "name is not the id's words"),
    "no feeds": (without(value_set(), "extension"), "feeds is missing or says something twice"),
    "feeds nothing known": (feeding("liver"), "feeds 'liver' is no fact, rule or role"),
    "feeds by another extension": (
        value_set(extension=[{"url": "urn:x", "valueCode": "plt"}]),
        "unknown extension {'url': 'urn:x', 'valueCode': 'plt'}",
    ),
    "feeds in another member": (
        value_set(extension=[{"url": "urn:platelet-hooks:feeds", "valueString": "plt"}]),
        "unknown extension {'url': 'urn:platelet-hooks:feeds', 'valueString': 'plt'}",
    ),
    "feeds twice": (
        value_set(extension=value_set()["extension"] * 2),
        "feeds is missing or says something twice",
    ),
    "excludes": (value_set(compose={"include": [], "exclude": []}), "compose holds include only"),
    "no include": (value_set(compose={"include": []}), "compose holds include only"),
    "system twice": (
        value_set(compose={"include": value_set()["compose"]["include"] * 2}),
        "a system is included twice",
    ),
    "filter": (
        value_set(compose={"include": [{"system": LOINC, "filter": []}]}),
        "include holds system and concept, nothing else",
    ),
    "no concept": (
        value_set(compose={"include": [{"system": LOINC, "concept": []}]}),
        "include without a concept",
    ),
    "unknown system": (value_set(system="http://acme.org"), "unknown system 'http://acme.org'"),
    "code twice": (value_set(concept(), concept()), "777-3: twice in this set"),
    "LOINC check digit": (value_set(concept("777-4")), "777-4: fails the LOINC check digit"),
    "SNOMED check digit": (
        value_set(concept("61928008"), system=SNOMED),
        "61928008: fails the SNOMED CT check digit",
    ),
    "no display": (
        value_set(without(concept(), "display")),
        "777-3: code, display and extension are needed, nothing else",
    ),
    "padded display": (
        value_set(concept() | {"display": " Platelets"}),
        "777-3: display is empty, padded or no text",
    ),
    "designation": (
        value_set(concept() | {"designation": []}),
        "777-3: code, display and extension are needed, nothing else",
    ),
    "no source": (value_set(concept() | {"extension": []}), "777-3: either source or unverified is needed"),
    "empty source": (value_set(concept(source="")), "777-3: source is empty, padded or no text"),
    "source and unverified": (
        value_set(concept(unverified="doubtful")),
        "777-3: either source or unverified is needed",
    ),
    "unknown extension": (
        value_set(concept(colour="red")),
        "777-3: unknown extension {'url': 'urn:platelet-hooks:colour', 'valueCode': 'red'}",
    ),
    "extension of another": (
        value_set(concept() | {"extension": [{"url": "http://hl7.org/x", "valueString": "y"}]}),
        "777-3: unknown extension {'url': 'http://hl7.org/x', 'valueString': 'y'}",
    ),
    "extension of another type": (
        value_set(concept() | {"extension": [{"url": "urn:platelet-hooks:source", "valueCode": "y"}]}),
        "777-3: unknown extension {'url': 'urn:platelet-hooks:source', 'valueCode': 'y'}",
    ),
    "note twice": (value_set(concept(note=["a", "b"])), "777-3: note 'b' twice"),
    "match on LOINC": (
        value_set(concept(match="prefix")),
        "777-3: match has no meaning for http://loinc.org",
    ),
    "match on SNOMED": (
        value_set(concept("61928009", match="prefix"), system=SNOMED),
        "61928009: match has no meaning for http://snomed.info/sct",
    ),
    "match exact": (
        value_set(concept("A41", match="exact"), system=ICD_10_CM),
        "A41: match 'exact' is none of ['prefix']",
    ),
    "except without prefix": (
        value_set(concept("A41", **{"except": "A41.9"}), system=ICD_10_CM),
        "A41: except without match prefix",
    ),
    "except elsewhere": (
        value_set(concept("A41", match="prefix", **{"except": "A40.9"}), system=ICD_10_CM),
        "A41: except is not below the code",
    ),
    "except itself": (
        value_set(concept("A41", match="prefix", **{"except": "A41"}), system=ICD_10_CM),
        "A41: except is not below the code",
    ),
    "except twice": (
        value_set(concept("A41", match="prefix", **{"except": ["A41.9", "A41.9"]}), system=ICD_10_CM),
        "A41: except 'A41.9' twice",
    ),
    "scale of a disease": (
        value_set(concept("61928009", scale="nominal"), system=SNOMED),
        "61928009: scale has no meaning for http://snomed.info/sct",
    ),
    "unknown scale": (
        value_set(concept(scale="rough")),
        "777-3: scale 'rough' is none of ['nominal', 'ordinal', 'quantitative']",
    ),
    "unknown proof": (
        value_set(concept(proves="maybe")),
        "777-3: proves 'maybe' is none of ['current', 'exposure', 'screen']",
    ),
    "unknown status": (
        value_set(concept(status="old")),
        "777-3: status 'old' is none of ['cause', 'chronic', 'congenital', 'finding', 'history', 'inactive', 'parent', "
        "'remission', 'suspected', 'tendency', 'undated']",
    ),
    "level of a test": (
        value_set(concept(level="product")),
        "777-3: level has no meaning for http://loinc.org",
    ),
    "class without prefix": (
        value_set(concept("J01", level="class"), system=ATC),
        "J01: a class is an ATC prefix",
    ),
    "unit without factor": (value_set(concept("10*9/L"), system=UCUM), "10*9/L: a unit needs a factor"),
    "factor of a test": (value_set(concept(factor="1")), "777-3: factor has no meaning for http://loinc.org"),
    "factor in words": (
        value_set(concept("10*9/L", factor="one"), system=UCUM),
        "10*9/L: factor 'one' is no number",
    ),
    "factor zero": (value_set(concept("10*9/L", factor="0"), system=UCUM), "10*9/L: factor 0 is not above 0"),
    "strength of a test": (
        value_set(concept(strength="5 mg/tablet")),
        "777-3: strength has no meaning for http://loinc.org",
    ),
    "strength in words": (
        value_set(concept("312617", strength="5 MG Oral Tablet"), system=RXNORM),
        "312617: strength '5 MG Oral Tablet' is not written as 5 mg/tablet or 1 mg/mL",
    ),
    "factor without end": (
        value_set(concept("10*9/L", factor="Infinity"), system=UCUM),
        "10*9/L: factor Infinity is not above 0",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_file_stops_the_start(write: Callable[[dict[str, Any]], Path], mistake: str) -> None:
    resource, expected = MISTAKES[mistake]
    assert refusal(lambda: read_file(write(resource))) == f"made-up.json: {expected}"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '"text"', "null", '{"compose": {"include": 3}}', '{"id": "a", "id": "b"}']
)
def test_what_is_no_value_set_stops_the_start(write: Callable[[str], Path], text: str) -> None:
    with pytest.raises(ValueError, match=r"^made-up\.json: "):
        read_file(write(text))


def test_an_empty_folder_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no value sets"):
        read_folder(tmp_path)


# ---------------------------------------------------------------------- from code to sets


def test_a_platelet_count_is_known_by_code_and_nothing_near_it_is_one() -> None:
    assert sets_of(LOINC, "777-3") == {"obs-platelet-count"}
    assert sets_of(LOINC, "32623-1") == {"obs-platelet-indices"}
    assert sets_of(LOINC, "13056-7") == {"not-a-platelet-count"}
    assert sets_of(LOINC, "9999999-9") == sets_of("http://acme.org", "777-3") == set()


def test_a_prefix_holds_what_is_below_it() -> None:
    assert "inf-sepsis" in sets_of(ICD_10_CM, "A41.51")
    assert "inf-sepsis" not in sets_of(ICD_10_CM, "A4")
    assert "med-antibacterial" in sets_of(ATC, "J01XX08")


def test_an_exact_code_holds_nothing_below_it() -> None:
    assert "mimic-hit" in sets_of(ICD_10_CM, "D75.82")
    assert "mimic-hit" not in sets_of(ICD_10_CM, "D75.821")


def test_an_except_takes_a_code_out_of_the_set() -> None:
    assert "mimic-marrow" in sets_of(ICD_10_CM, "C92.00")
    assert "mimic-marrow" not in sets_of(ICD_10_CM, "C92.01")
    assert "mimic-marrow-remission" in sets_of(ICD_10_CM, "C92.01")
    assert "risk-thrombosis" in sets_of(ICD_10_CM, "I26.99")
    assert "risk-thrombosis" not in sets_of(ICD_10_CM, "I26.90")


def test_the_longest_match_of_a_set_is_the_one_that_is_told() -> None:
    members = {m.set_id: m.code for m in TERMINOLOGY.sets_of(ICD_10_CM, "A41.9")}
    assert members["inf-sepsis"].code == "A41.9"
    below = {m.set_id: m.code for m in TERMINOLOGY.sets_of(ICD_10_CM, "A41.89")}
    assert (below["inf-sepsis"].code, below["inf-sepsis"].match) == ("A41", "prefix")


def test_an_except_is_not_undone_by_a_shorter_prefix(write: Callable[[dict[str, Any]], Path]) -> None:
    wide, narrow = concept("J05", match="prefix"), concept("J05AE", match="prefix", **{"except": "J05AE30"})
    made = Terminology([read_file(write(value_set(wide, narrow, system=ATC)))])
    assert sets_of(ATC, "J05AE03", made) == sets_of(ATC, "J05AB01", made) == {"made-up"}
    assert sets_of(ATC, "J05AE30", made) == set()


@pytest.mark.parametrize("visit", ["D", "S"])
def test_later_visits_and_sequels_of_an_injury_are_no_bleed(visit: str) -> None:
    assert "bleed-cns" in sets_of(ICD_10_CM, "S06.5X0A")
    assert sets_of(ICD_10_CM, f"S06.5X0{visit}") == set()


def test_the_same_string_can_differ_between_editions() -> None:
    assert "inf-h-pylori" in sets_of(ICD_10, "B98.0")
    assert "inf-h-pylori" not in sets_of(ICD_10_CM, "B98.0")


def test_what_is_asked_twice_is_answered_the_same() -> None:
    for _, code in EVERY_CODE:
        assert TERMINOLOGY.sets_of(code.system, code.code) == TERMINOLOGY.sets_of(code.system, code.code)


def test_every_member_finds_its_own_set() -> None:
    lost = [(one, code.code) for one, code in EVERY_CODE if one not in sets_of(code.system, code.code)]
    assert lost == []


@given(system=st.sampled_from([ICD_10_CM, ICD_10, ATC, LOINC, MIMIC_ICD_10, ICD_10_GM, ""]), code=st.text())
def test_no_code_breaks_the_lookup(system: str, code: str) -> None:
    assert isinstance(TERMINOLOGY.sets_of(system, code), tuple)


# ---------------------------------------------------------------------- systems in the wild


@pytest.mark.parametrize(
    ("uri", "known_as"),
    [
        ("urn:oid:2.16.840.1.113883.6.1", LOINC),
        ("2.16.840.1.113883.6.1", LOINC),
        ("http://loinc.org/", LOINC),
        ("https://loinc.org", LOINC),
        ("http://loinc.org|2.77", LOINC),
        ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
        ("http://snomed.info/sct/900000000000207008", SNOMED),
        ("http://snomed.info/sct/731000124108/version/20250901", SNOMED),
        ("urn:oid:2.16.840.1.113883.6.90", ICD_10_CM),
        ("urn:oid:2.16.840.1.113883.6.3", ICD_10),
        ("urn:oid:2.16.840.1.113883.6.88", RXNORM),
        ("urn:oid:2.16.840.1.113883.6.73", ATC),
        ("urn:oid:2.16.840.1.113883.12.292", "http://hl7.org/fhir/sid/cvx"),
        ("http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full", ICD_10),
        ("http://fhir.de/CodeSystem/bfarm/atc", ATC),
        ("urn:oid:1.2.392.200119.4.101.6", ICD_10),
        ("http://hl7.org/fhir/v2/0078", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"),
        (ICD_10_GM, ICD_10_GM),
        ("http://acme.org/tests", "http://acme.org/tests"),
        ("https://acme.org/tests/", "https://acme.org/tests/"),
        ("http://snomed.info/sctx", "http://snomed.info/sctx"),
        ("", ""),
    ],
)
def test_systems_are_known_by_their_other_names(uri: str, known_as: str) -> None:
    assert normalise_system(uri) == known_as
    assert normalise_system(known_as) == known_as


def test_mimic_codes_get_their_dot_back() -> None:
    assert normalise_coding(MIMIC_ICD_10, "A4101") == (ICD_10_CM, "A41.01")
    assert normalise_coding(MIMIC_ICD_10, "R58") == (ICD_10_CM, "R58")
    assert "inf-sepsis" in sets_of(MIMIC_ICD_10, "A4101")
    assert "cond-thrombocytopenia-unspecified" in sets_of(MIMIC_ICD_10, "D696")


@pytest.mark.parametrize("dotted", ["A41.9", "C92.01", "C92.00", "D69.6", "S06.5X0A", "I26.90"])
def test_an_icd_code_without_its_dot_is_read_as_the_same_code(dotted: str) -> None:
    plain = dotted.replace(".", "")
    assert TERMINOLOGY.sets_of(ICD_10_CM, plain) == TERMINOLOGY.sets_of(ICD_10_CM, dotted) != ()


def test_icd_9_is_not_known() -> None:
    assert sets_of("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9", "061") == set()


def test_a_block_of_categories_is_none_of_them() -> None:
    assert sets_of(ICD_10, "C81-C96") == set()


def test_letters_of_icd_codes_are_read_in_either_case() -> None:
    assert sets_of(ICD_10_CM, "s06.5x0a") == sets_of(ICD_10_CM, "S06.5X0A") != set()


def test_german_codes_are_the_who_codes_down_to_the_fourth_character() -> None:
    assert "inf-ebv" in sets_of(ICD_10_GM, "B27.0")
    assert "mimic-marrow" in sets_of(ICD_10, "C92.0")
    assert sets_of(ICD_10_GM, "C92.01") == set()  # in complete remission
    assert sets_of(ICD_10_GM, "D69.52") == set()  # heparin-induced, no mere secondary thrombocytopenia


# ---------------------------------------------------------------------- what may be emitted


def test_a_verified_code_is_emitted() -> None:
    assert TERMINOLOGY.emit("order-cbc", "58410-2").display == "CBC panel - Blood by Automated count"
    assert TERMINOLOGY.emit("proc-platelet-transfusion").code == "12719002"


@pytest.mark.parametrize(
    ("set_id", "code"),
    [
        ("med-tpo-ra", "805452"),  # unverified
        ("lab-dengue", "75377-2"),  # unverified
        ("med-antibacterial", "J01"),  # a class
        ("order-cbc", "777-4"),  # absent
        ("no-such-set", None),
        ("cond-pseudothrombocytopenia", None),  # empty
        ("obs-adamts13", None),  # its only code is unverified
    ],
)
def test_what_is_not_verified_or_no_single_code_is_never_emitted(set_id: str, code: str | None) -> None:
    with pytest.raises(LookupError, match=set_id):
        TERMINOLOGY.emit(set_id, code)


def test_a_retired_code_is_read_and_never_emitted() -> None:
    retired = [(one, code) for one, code in EVERY_CODE if code.status == "inactive"]
    assert retired
    for set_id, code in retired:
        assert set_id in sets_of(code.system, code.code)
        with pytest.raises(LookupError):
            TERMINOLOGY.emit(set_id, code.code)


# ---------------------------------------------------------------------- local codes


LAB = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-d-labitems"


def test_local_codes_extend_a_set_and_no_other_terminology() -> None:
    local = load(
        {"obs-platelet-count": [(LAB, "51265"), (LAB, "51704")], "obs-platelet-count-citrate": [(LAB, "9")]}
    )
    assert sets_of(LAB, "51265", local) == {"obs-platelet-count"}
    assert sets_of(LAB, "9", local) == {"obs-platelet-count-citrate"}
    assert sets_of(LOINC, "777-3", local) == {"obs-platelet-count"}
    assert local.knows_system(LAB)
    assert sets_of(LAB, "51265") == set()
    assert not TERMINOLOGY.knows_system(LAB)


def test_a_local_code_is_named_by_its_set_and_who_mapped_it() -> None:
    (code,) = load({"obs-platelet-count-citrate": [(LAB, "9")]})["obs-platelet-count-citrate"].codes
    title = TERMINOLOGY["obs-platelet-count-citrate"].title
    assert code == Code(LAB, "9", title, verified=False, source="mapped by the site")


def test_codes_of_a_site_come_after_those_of_the_set_and_change_none() -> None:
    mine = Code(LAB, "CT1", "Head CT", verified=True, source="site")
    other = replace(TERMINOLOGY["order-ct-head"].codes[0], display="Other words")
    extended = TERMINOLOGY.with_codes({"order-ct-head": [other, mine]})
    assert extended["order-ct-head"].codes == (*TERMINOLOGY["order-ct-head"].codes, mine)
    assert sets_of(LAB, "CT1", extended) == {"order-ct-head"}
    assert extended["order-cbc"] == TERMINOLOGY["order-cbc"]
    unchanged = TERMINOLOGY.with_codes({"order-ct-head": [other]})
    assert unchanged["order-ct-head"] == TERMINOLOGY["order-ct-head"]


def test_every_set_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match=r"^local codes: no value set a, b$"):
        load({"b": [(LAB, "1")], "a": [(LAB, "1")], "order-cbc": [(LAB, "1")]})


def test_local_codes_are_never_emitted() -> None:
    local = load({"order-ct-head": [(LAB, "CT1")]})
    with pytest.raises(LookupError):
        local.emit("order-ct-head", "CT1")
    assert local.emit("order-ct-head").system == SNOMED


def test_a_local_code_that_is_a_member_already_changes_nothing() -> None:
    local = load({"obs-platelet-count": [("urn:oid:2.16.840.1.113883.6.1", "777-3")]})
    assert local["obs-platelet-count"] == TERMINOLOGY["obs-platelet-count"]


@pytest.mark.parametrize(
    ("local_codes", "expected"),
    [
        ({"obs-platelets": [(LAB, "51265")]}, "obs-platelets"),
        ({"obs-platelet-count": [("", "51265")]}, "51265"),
        ({"obs-platelet-count": [(LAB, "")]}, "obs-platelet-count"),
        ({"obs-platelet-count": [(LAB, " 51265")]}, "51265"),
    ],
)
def test_a_doubtful_local_code_stops_the_start(
    local_codes: dict[str, list[tuple[str, str]]], expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        load(local_codes)


# ---------------------------------------------------------------------- speed
