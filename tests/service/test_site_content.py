"""A site's changes of the content: applied, side by side in one process, and refused in words."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cards.thresholds import described
from cds_service.app import create_app
from cds_service.config_file import Content as Tables
from cds_service.content import Content, ContentError, judged_by, load_content, load_contents, with_site
from cds_service.settings import Settings
from cds_service.site_content import SiteContent, SiteError, Source, links_of, read_site, switchable_rules
from tests.service.hook_calls import CARD, EVALUATION, call, clock, nosebleed, platelets

SHIPPED = load_content()
LAB = "urn:oid:1.2.3.4"
LOINC = "http://loinc.org"


def tables(**content: Any) -> Tables:
    return Tables.model_validate(content)


def site(folder: Path = Path(), **content: Any) -> SiteContent:
    return read_site([Source(tables(**content), folder, "site.toml")], judged_by(SHIPPED))


def in_force(**content: Any) -> Content:
    return with_site(SHIPPED, [Source(tables(**content), Path(), "site.toml")])


def problems(folder: Path = Path(), **content: Any) -> tuple[str, ...]:
    with pytest.raises(SiteError) as refused:
        site(folder, **content)
    return refused.value.problems


def answer(body: Any, **content: Any) -> Any:
    app = create_app(Settings(log_level="error", content=tables(**content)), clock)
    response = app.test_client().post("/cds-services/itp-patient-view", json=body)
    assert response.status_code == 200
    return response.get_json()


def leading(reply: Any) -> list[str]:
    return [card["extension"][CARD]["rules"][0] for card in reply["cards"]]


def evaluated(reply: Any, rule: str) -> Any:
    rows = reply["extension"][EVALUATION]["evaluated"]
    return next(row for row in rows if row["rule"] == rule)


LOW = call(platelets(22), nosebleed())


# ---------------------------------------------------------------------------------------------- thresholds


def test_a_number_of_the_site_decides() -> None:
    limit = described()["bleeding_transfuse"].low
    body = call(platelets(float(limit)), nosebleed())
    assert "TRF-02" in leading(answer(body))
    assert "TRF-02" not in leading(answer(body, thresholds={"bleeding_transfuse": limit}))


def test_every_bound_is_kept_and_told() -> None:
    for name, about in described().items():
        above = about.high + 1
        assert f"{name} = {above:f}: expected" in problems(thresholds={name: above})[0]
        below = about.low - 1
        assert f"{name} = {below:f}: expected" in problems(thresholds={name: below})[0]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = problems(
        thresholds={"skin_only_defr": Decimal(30), "chronic_months": Decimal("7.5")},
        rules={"TRF-99": "off", "IMM-01": "off"},
        local_codes={one: [{"system": LAB, "code": "P"}] for one in ("obs-plt", "zzz")},
        links={"TRF": [{"label": "x", "url": "https://example.org"}]},
        contacts={"haemtology": "5555"},
    )
    assert told == (
        "[content.thresholds] skin_only_defr: there is no such threshold; skin_only_defer is one",
        "[content.thresholds] chronic_months = 7.5: expected a whole number, for it counts in the calendar",
        "[content.rules] TRF-99: there is no such rule; TRF-09 is one",
        "[content.rules] IMM-01: has no card of its own that could be switched",
        "[content.local_codes] obs-plt: there is no such value set; obs-alt is one",
        "[content.local_codes] zzz: there is no such value set",
        '[content.links] TRF: expected a rule that leads a card, a family such as "TRF-*", or "*"',
        "[content.contacts] haemtology: there is no draft of that name; haematology is one",
    )


def test_a_number_that_no_card_could_show_is_refused_shortly() -> None:
    assert site(thresholds={"skin_only_close": "35.125"}).limits.skin_only_close == Decimal("35.125")
    assert problems(thresholds={"skin_only_close": "35.1255", "cd4_low": "1e99999"}) == (
        "[content.thresholds] skin_only_close = 35.1255: expected at most 3 digits after the point, for cards show it",
        "[content.thresholds] cd4_low = 1E+99999: expected 200 to 350 /uL",
    )


def test_numbers_that_lose_their_order_are_refused() -> None:
    about = described()
    told = problems(
        thresholds={
            "low_high_risk": about["low_high_risk"].high,
            "skin_only_defer": about["skin_only_defer"].low,
        }
    )
    assert told == ("[content.thresholds] low_high_risk = 30: expected at most skin_only_defer (20 10*9/L)",)


# ---------------------------------------------------------------------------------------------- rules


def test_a_silent_rule_is_recorded_and_not_shown() -> None:
    assert "TRF-02" in leading(answer(LOW))
    reply = answer(LOW, rules={"TRF-02": "silent"})
    assert not any("TRF-02" in card["extension"][CARD]["rules"] for card in reply["cards"])
    row = evaluated(reply, "TRF-02")
    assert row["outcome"] == "advise"
    assert row["because"].startswith("silent at this site, not shown; ")


def test_a_rule_that_is_off_says_why() -> None:
    reply = answer(LOW, rules={"TRF-02": "off"})
    assert "TRF-02" not in leading(reply)
    assert evaluated(reply, "TRF-02") == {
        "rule": "TRF-02",
        "outcome": "no-advice",
        "because": "switched to silent or off for this site",
    }


def test_rules_that_lead_a_card_can_be_switched() -> None:
    rules = switchable_rules(judged_by(SHIPPED))
    assert {"TRF-04", "SAFE-12", "INF-EBV", "INF-HP-02", "TPO-07", "ORD-16"} <= rules
    assert rules.isdisjoint({"IMM-01", "MON-07", "INF-GEN-01", "POP-02", "PLT-01", "A.3", "ORD-32"})


# ---------------------------------------------------------------------------------------------- local codes


def sets_of(content: Content, code: str) -> dict[str, str | None]:
    return {m.set_id: m.code.proves for m in content.terminology.sets_of(LAB, code)}


def test_a_local_code_is_read_and_never_emitted() -> None:
    changed = in_force(local_codes={"obs-platelet-count": [{"system": LAB, "code": "PLT"}]})
    assert sets_of(changed, "PLT") == {"obs-platelet-count": None}
    assert sets_of(SHIPPED, "PLT") == {}
    with pytest.raises(LookupError):
        changed.terminology.emit("obs-platelet-count", "PLT")


def test_a_count_under_a_local_code_is_a_count() -> None:
    coded = platelets(22, code={"coding": [{"system": LAB, "code": "PLT"}]})
    assert "TRF-02" not in leading(answer(call(coded, nosebleed())))
    local = {"obs-platelet-count": [{"system": LAB, "code": "PLT"}]}
    assert "TRF-02" in leading(answer(call(coded, nosebleed()), local_codes=local))


def test_a_code_of_a_mixed_set_says_what_it_is_read_like() -> None:
    told = problems(local_codes={"lab-ebv": [{"system": LAB, "code": "VCAM"}]})
    assert "lab-ebv, VCAM: the codes of lab-ebv differ in proves" in told[0]
    like = {"system": LAB, "code": "VCAM", "like": "24115-8"}
    assert sets_of(in_force(local_codes={"lab-ebv": [like]}), "VCAM") == {"lab-ebv": "current"}
    told = problems(local_codes={"lab-ebv": [like | {"like": "1-8"}]})
    assert told == ("[content.local_codes] lab-ebv, VCAM: like = '1-8': the value set has no such code",)


def test_a_code_that_cannot_exist_is_refused() -> None:
    told = problems(local_codes={"obs-platelet-count": [{"system": LOINC, "code": "777-4"}]})
    assert told == ("[content.local_codes] obs-platelet-count: 777-4 fails the LOINC check digit",)


def write(folder: Path, name: str, resource: Any) -> Path:
    (folder / name).write_text(json.dumps(resource), encoding="utf-8")
    return folder


def concept_map(target: str, *elements: tuple[str, str, str]) -> Any:
    return {
        "resourceType": "ConceptMap",
        "group": [
            {
                "source": LAB,
                "target": target,
                "element": [
                    {"code": code, "target": [{"code": to, "equivalence": how}]} for code, to, how in elements
                ],
            }
        ],
    }


def test_a_concept_map_gives_local_codes_the_reading_of_their_target(tmp_path: Path) -> None:
    mapped = concept_map(
        LOINC,
        ("VCAM", "24115-8", "equivalent"),
        ("VCAG", "24114-1", "wider"),
        ("EBV", "24115-8", "narrower"),
        ("NONE", "24115-8", "unmatched"),
        ("SODIUM", "2951-2", "equal"),
    )
    found = site(write(tmp_path, "map.json", mapped), local_codes={"files": ["map.json"]})
    assert [(code.code, code.proves, code.verified) for code in found.codes["lab-ebv"]] == [
        ("VCAM", "current", False),
        ("VCAG", "exposure", False),
    ]
    assert found.notes == (
        "files, map.json: mappings that lead to no value set of ours: 1",
        "files, map.json: mappings that are not used, because the target is not equal or wider: 1",
    )


def test_a_concept_map_can_name_our_value_sets(tmp_path: Path) -> None:
    mapped = concept_map("urn:platelet-hooks:ValueSet", ("PLT", "obs-platelet-count", "equal"))
    found = site(write(tmp_path, "map.json", mapped), local_codes={"files": ["map.json"]})
    assert [code.code for code in found.codes["obs-platelet-count"]] == ["PLT"]


def test_a_mapping_that_holds_under_a_condition_is_not_taken_for_one_that_always_holds(
    tmp_path: Path,
) -> None:
    mapped = concept_map(LOINC, ("A", "777-3", "equal"), ("B", "777-3", "equal"), ("C", "777-3", "equal"))
    group = mapped["group"][0]
    group["element"][0]["target"][0]["dependsOn"] = [{"property": "urn:tube", "value": "EDTA"}]
    group["element"][1]["target"][0]["product"] = [{"property": "urn:tube", "value": "EDTA"}]
    group["unmapped"] = {"mode": "fixed", "code": "777-3"}
    found = site(write(tmp_path, "map.json", mapped), local_codes={"files": ["map.json"]})
    assert [code.code for code in found.codes["obs-platelet-count"]] == ["C"]
    assert found.notes == (
        "files, map.json: mappings that are not used, because they depend on something else: 2",
        "files, map.json: groups whose `unmapped` is not used: 1",
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("obs-platelets", "files, map.json: obs-platelets: there is no such value set"),
        ("lab-ebv", "files, map.json, X: the codes of lab-ebv differ in proves and scale: say which"),
    ],
)
def test_a_mapping_to_a_set_of_ours_that_cannot_be_followed_is_wrong(
    tmp_path: Path, target: str, expected: str
) -> None:
    mapped = concept_map("urn:platelet-hooks:ValueSet", ("X", target, "equal"))
    (told,) = problems(write(tmp_path, "map.json", mapped), local_codes={"files": ["map.json"]})
    assert expected in told


def test_a_code_that_is_read_in_two_ways_is_wrong(tmp_path: Path) -> None:
    mapped = concept_map(LOINC, ("X", "24115-8", "equal"), ("X", "24114-1", "wider"))
    assert problems(write(tmp_path, "map.json", mapped), local_codes={"files": ["map.json"]}) == (
        "[content.local_codes] files, map.json: X is read in two ways in lab-ebv",
    )


def test_a_code_that_means_two_things_or_is_ours_already_is_told() -> None:
    twice = {"system": LAB, "code": "X"}
    ours = {"system": LOINC, "code": "718-7"}
    local = {"obs-platelet-count": [twice, ours], "obs-hemoglobin": [twice, ours]}
    assert site(local_codes=local).notes == (
        "obs-hemoglobin: 718-7 is a code of obs-hemoglobin already",
        "X is read as a code of obs-hemoglobin and of obs-platelet-count",
        "718-7 is read as a code of obs-hemoglobin and of obs-platelet-count",
    )


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ({"compose": {"include": [{"system": LAB, "filter": []}, {"valueSet": ["urn:x"]}]}}, "not used: 2"),
        ({"expansion": {"contains": [{"system": LAB, "code": "X"}]}}, "an expansion is not used"),
    ],
)
def test_codes_that_a_value_set_file_does_not_list_are_told(tmp_path: Path, content: Any, note: str) -> None:
    resource = {"resourceType": "ValueSet", "id": "inf-ebv", **content}
    found = site(write(tmp_path, "ebv.json", resource), local_codes={"files": ["ebv.json"]})
    assert not found.codes
    assert note in found.notes[0]


def test_a_value_set_file_that_excludes_is_wrong(tmp_path: Path) -> None:
    listed = [{"system": LAB, "concept": [{"code": "X"}]}]
    resource = {
        "resourceType": "ValueSet",
        "id": "inf-ebv",
        "compose": {"include": listed, "exclude": listed},
    }
    told = problems(write(tmp_path, "ebv.json", resource), local_codes={"files": ["ebv.json"]})
    assert told == (
        "[content.local_codes] files, ebv.json: expected no compose.exclude; leave those codes out",
    )


@pytest.mark.parametrize(
    "url", ["urn:platelet-hooks:ValueSet:inf-ebv", "https://cds.example.org/fhir/ValueSet/inf-ebv"]
)
def test_a_value_set_file_joins_the_set_that_it_names(tmp_path: Path, url: str) -> None:
    resource = {
        "resourceType": "ValueSet",
        "url": url,
        "compose": {"include": [{"system": LAB, "concept": [{"code": "B27"}]}]},
    }
    found = site(write(tmp_path, "ebv.json", resource), local_codes={"files": ["ebv.json"]})
    assert [code.code for code in found.codes["inf-ebv"]] == ["B27"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "no JSON"),
        ("[]", "expected a FHIR ValueSet or ConceptMap"),
        ("[" * 100_000, "no JSON"),
        ('{"resourceType": ["ValueSet"]}', "expected a FHIR ValueSet or ConceptMap"),
        ('{"resourceType": "Patient"}', "expected a FHIR ValueSet or ConceptMap"),
        (
            '{"resourceType": "ValueSet", "id": "none"}',
            "neither its id nor its url is that of one of our value sets",
        ),
        ('{"resourceType": "ConceptMap", "group": [{}]}', "not the shape of a FHIR R4 ConceptMap"),
        ('{"resourceType": "ConceptMap", "group": [7]}', "not the shape of a FHIR R4 ConceptMap"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "map.json").write_text(text, encoding="utf-8")
    assert problems(tmp_path, local_codes={"files": ["map.json"]}) == (
        f"[content.local_codes] files, map.json: {expected}",
    )


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    told = problems(tmp_path, local_codes={"files": ["nowhere.json"]})
    assert told == ("[content.local_codes] files, nowhere.json: No such file or directory",)


def test_more_codes_than_can_be_asked_for_stop_the_start() -> None:
    many = [{"system": LAB, "code": f"HB-{number:05}"} for number in range(3000)]
    with pytest.raises(ContentError, match=r"site.toml: \[content.local_codes\]: .* prefetch keys"):
        in_force(local_codes={"obs-hemoglobin": many})


# ---------------------------------------------------------------------------------------------- words


def test_local_links_and_contacts_stand_in_the_card() -> None:
    reply = answer(
        LOW,
        links={"TRF-*": [{"label": "Blood bank", "url": "https://intranet.example.org/blood?page=1"}]},
        contacts={"haematology": "on call, extension 5555"},
    )
    card = reply["cards"][0]
    assert card["links"][1] == {
        "label": "Blood bank",
        "url": "https://intranet.example.org/blood?page=1",
        "type": "absolute",
    }
    told = [a["description"] for s in card["suggestions"] for a in s["actions"]]
    assert "Draft order: haematology consultation (on call, extension 5555), urgent" in told


def test_a_card_shows_the_links_of_its_rule_family_and_of_all_once() -> None:
    link = {"label": "Protocol", "url": "https://example.org/p"}
    other = {"label": "Other", "url": "https://example.org/o"}
    links = site(links={"TRF-02": [link], "TRF-*": [link, other], "*": [other], "ORD-*": [link]}).links
    assert [one.label for one in links_of("TRF-02", links)] == ["Protocol", "Other"]
    assert [one.label for one in links_of("SAFE-01", links)] == ["Other"]


# ---------------------------------------------------------------------------------------------- side by side


def test_the_version_tells_the_changes_of_the_site() -> None:
    versions = {
        SHIPPED.version,
        in_force().version,
        in_force(rules={"TRF-04": "silent"}).version,
        in_force(rules={"TRF-04": "off"}).version,
        in_force(thresholds={"cd4_low": Decimal(250)}).version,
        in_force(contacts={"haematology": "5555"}).version,
        in_force(local_codes={"obs-platelet-count": [{"system": LAB, "code": "PLT"}]}).version,
    }
    assert len(versions) == 6
    assert all(version.startswith(SHIPPED.version) for version in versions)
    one, other = (in_force(thresholds={"cd4_low": Decimal(text)}).version for text in ("250", "250.0"))
    assert one == other


def test_a_client_has_its_own_content_over_that_of_all(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(
        '[content.rules]\n"TRF-04" = "on"\n[content.thresholds]\ncd4_low = 300\n', encoding="utf-8"
    )
    (tmp_path / "config.toml").write_text(
        '[content.rules]\n"TRF-04" = "silent"\n"MON-01" = "off"\n'
        + "".join(
            f'[[clients]]\nname = "{name}"\niss = "https://{name}.example.org/"\n'
            f'jku = "https://{name}.example.org/jwks.json"\n{extra}'
            for name, extra in (("a", ""), ("b", 'content = "b.toml"\n'), ("c", 'content = "b.toml"\n'))
        ),
        encoding="utf-8",
    )
    contents = load_contents(Settings(config=tmp_path / "config.toml"))
    assert contents.of(None) is contents.general is contents.of("a")
    own = contents.of("b")
    assert own is contents.of("c")
    assert own.limits.cd4_low == 300 != contents.general.limits.cd4_low
    assert (own.site.switches["TRF-04"], own.site.switches["MON-01"]) == ("on", "off")
    assert own.site.origins["rules/TRF-04"] == "b.toml"
    assert own.version != contents.general.version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[limits]\ndepth = 20\n", "b.toml: expected only the tables content, not limits"),
        ('[content.rules]\n"X-1" = "off"\n', "b.toml: [content.rules] X-1: there is no such rule"),
        ("[content.rules]\n", None),
    ],
)
def test_a_clients_file_that_is_wrong_stops_the_start(
    tmp_path: Path, text: str, expected: str | None
) -> None:
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")
    entry = {
        "name": "b",
        "iss": "https://b.example.org/",
        "jku": "https://b.example.org/j",
        "content": str(tmp_path / "b.toml"),
    }
    settings = Settings.model_validate({"clients": [entry]})
    if expected is None:
        assert load_contents(settings).of("b") is not None
        return
    with pytest.raises(ContentError) as stopped:
        load_contents(settings)
    assert str(stopped.value).startswith(expected)
