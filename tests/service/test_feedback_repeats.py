"""Against alert fatigue (rulebook A.3): what an override holds back, for whom, for how long, and what it never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cards.outcome import Advise, Indicator, Input, Suggestion
from cards.reasons import Fact
from cds_service.config_file import Client, Memory, Silent
from cds_service.memory import CalledBy
from cds_service.memory_marks import Marks
from cds_service.memory_repeats import Earlier
from cds_service.memory_silence import Place, Silenced, is_in_share, silence_at
from cds_service.store.statements import Response
from tests.cards.build import LIMITS
from tests.service.build import HL7 as TERMINOLOGY
from tests.service.build import ICD_10_CM, NOW, Json, concept, resource
from tests.service.hook_calls import CARD, EVALUATION, call, nosebleed, platelets
from tests.service.memory_calls import Running, accepted, started

DONE = "action-completed"


def skin(**members: Any) -> Json:
    """Purpura since this morning: with a count at the limit, one info card (TRF-04)."""
    status = concept((TERMINOLOGY + "condition-clinical", "active"))
    usual = {
        "clinicalStatus": status,
        "code": concept((ICD_10_CM, "D69.2")),
        "onsetDateTime": "2026-06-15T09:00:00Z",
    }
    return resource("Condition", "skin", **usual | members)


def bleeding(count: float = 22, **members: Any) -> Json:
    """TRF-02, critical."""
    return call(platelets(count), nosebleed(), **members)


def warning(count: float = 22, **members: Any) -> Json:
    """TRF-05, a warning: no bleeding, a count from 10 to 29."""
    return call(platelets(count), **members)


@pytest.fixture
def service(tmp_path: Path) -> Running:
    return started(tmp_path)


def override_all(service: Running, body: Json, reason: str | None = None) -> dict[str, str]:
    """Shows the cards of a call and overrides each; what they were."""
    cards = service.call(body)
    assert cards
    for card in cards:
        service.override(card, reason)
    return {card["extension"][CARD]["rules"][0]: card["indicator"] for card in cards}


def of(told: dict[str, str], indicator: str) -> set[str]:
    return {rule for rule, one in told.items() if one == indicator}


def test_a_warning_is_silent_after_an_override_and_comes_back(service: Running) -> None:
    before = override_all(service, warning())
    assert of(before, "warning")
    window = LIMITS.span("repeat_warning_hours")
    service.at = NOW + window
    assert not of(service.told(warning()), "warning")
    service.at = NOW + window + timedelta(seconds=1)
    assert of(service.told(warning()), "warning") == of(before, "warning")


def test_an_info_card_is_silent_after_an_override(service: Running) -> None:
    body = call(platelets(70), skin())
    before = override_all(service, body)
    assert set(before.values()) == {"info"}
    service.wait(hours=1)
    assert service.told(body) == {}


@pytest.mark.parametrize(
    ("indicator", "window"),
    [(Indicator.INFO, "repeat_info_days"), (Indicator.WARNING, "repeat_warning_hours")],
)
def test_how_long_a_card_is_held_back_is_a_threshold(indicator: Indicator, window: str) -> None:
    advise = Advise("MON-01", indicator)
    marks = Marks(b"key")
    answer = Response("overridden", "", NOW, "MON-01", indicator.word, marks.facts(advise), "me", "", "")

    def held(after: timedelta, **changes: Any) -> bool:
        found = replace(answer, **changes)
        return Earlier([found], marks, "p", "me", NOW + after, LIMITS).holds_back(advise)

    span, second = LIMITS.span(window), timedelta(seconds=1)
    assert [held(span - second), held(span), held(span + second)] == [True, True, False]
    for change in ({"rule": "MON-02"}, {"facts": "other"}, {"clinician": "other"}, {"outcome": "accepted"}):
        assert held(second, **change) is False


def test_hours_that_pass_are_no_new_facts() -> None:
    marks = Marks(b"key")
    one = Advise("TRF-05", Indicator.WARNING, say=("suggestion", "MON-01/interval.daily"))
    assert marks.facts(one) == marks.facts(replace(one, say=(*one.say, "MON-01/due")))
    changed: list[dict[str, Any]] = [
        {"say": ("suggestion", "fever")}, {"cautions": ("TRF-16/rhd",)}, {"unknown": (Fact.WEIGHT,)},
        {"also": ("POP-03",)}, {"indicator": Indicator.CRITICAL}, {"title": "title.other"},
        {"inputs": (Input("platelet count", 22),)}, {"suggestions": (Suggestion("order", ()),)},
    ]  # fmt: skip
    assert len({marks.facts(one), *(marks.facts(replace(one, **change)) for change in changed)}) == 9


def test_new_data_shows_the_card_at_once(service: Running) -> None:
    before = override_all(service, warning())
    assert of(service.told(warning()), "warning") == set()
    newer = call(platelets(22), platelets(21, "newer", "2026-06-15T11:00:00Z"))
    assert of(service.told(newer), "warning") >= of(before, "warning")
    assert of(service.told(warning(21)), "warning")  # the same count, corrected


def test_only_the_clinician_who_overrode_it_is_spared(service: Running) -> None:
    override_all(service, warning())
    colleague = warning() | {"context": {"userId": "Practitioner/2", "patientId": "p1"}}
    assert of(service.told(colleague), "warning")


def test_another_patient_is_another_matter(service: Running) -> None:
    override_all(service, warning())
    other = warning(fhirServer="https://other.example.org/fhir")
    assert of(service.told(other), "warning")


def test_acceptance_and_silence_hold_nothing_back(service: Running) -> None:
    for card in service.call(warning()):
        service.send(accepted(card["uuid"]))
    assert of(service.told(warning()), "warning")


def test_the_last_word_on_a_card_counts(service: Running) -> None:
    (card, *_) = [one for one in service.call(warning()) if one["indicator"] == "warning"]
    service.override(card)
    service.send(accepted(card["uuid"], at=NOW + timedelta(minutes=5)))
    assert of(service.told(warning()), "warning")


def test_an_override_of_the_future_counts_from_when_it_came(service: Running) -> None:
    for card in service.call(warning()):
        service.override(card, outcomeTimestamp="2126-06-15T12:00:00Z")
    service.at = NOW + LIMITS.span("repeat_warning_hours") + timedelta(seconds=1)
    assert of(service.told(warning()), "warning")


def test_what_is_held_back_is_recorded_and_explained(service: Running) -> None:
    before = override_all(service, warning())
    service.call(warning())
    silent = [row for row in service.rows("cards") if not row["shown"]]
    assert {row["rule"] for row in silent} == set(before)
    assert {row["silenced_by"] for row in silent} == {"repeat"}
    told = {one["rule"]: one for one in service.body["extension"][EVALUATION]["evaluated"]}
    for rule in before:
        assert (told[rule]["outcome"], told[rule]["because"]) == (
            "no-advice", "overridden a short time ago for the same facts",
        )  # fmt: skip


def test_a_critical_card_is_never_silent(service: Running) -> None:
    for reason in (None, "patient-refuses", "patient-ineligible"):
        override_all(service, bleeding(), reason)
        assert of(service.told(bleeding()), "critical") == {"TRF-02"}


def test_a_critical_card_that_was_already_treated_is_information_for_hours(service: Running) -> None:
    override_all(service, bleeding(), DONE)
    service.at = NOW + LIMITS.span("treated_hours")
    cards = service.call(bleeding())
    (card,) = [one for one in cards if one["extension"][CARD]["rules"][0] == "TRF-02"]
    assert card["indicator"] == "info"
    assert "answered as already done" in card["detail"]
    assert "overrideReasons" not in card
    service.at += timedelta(seconds=1)
    assert of(service.told(bleeding()), "critical") == {"TRF-02"}


def test_it_is_information_for_every_clinician(service: Running) -> None:
    override_all(service, bleeding(), DONE)
    colleague = bleeding() | {"context": {"userId": "Practitioner/2", "patientId": "p1"}}
    assert service.told(colleague)["TRF-02"] == "info"


def test_already_treated_again_does_not_reach_further(service: Running) -> None:
    override_all(service, bleeding(), DONE)
    service.wait(hours=5)
    override_all(service, bleeding(), DONE)  # of the information
    service.wait(hours=1, seconds=1)
    assert service.told(bleeding())["TRF-02"] == "critical"


def counted(value: float) -> Json:
    """The count of then, and a newer one."""
    return call(platelets(40), platelets(value, "newer", "2026-06-15T11:30:00Z"), nosebleed())


def test_a_fall_of_the_count_makes_it_critical_again(service: Running) -> None:
    override_all(service, bleeding(40), DONE)
    limit = 40 - 40 * LIMITS.treated_fall / 100
    assert service.told(counted(float(limit) + 0.1))["TRF-02"] == "info"
    assert service.told(counted(float(limit)))["TRF-02"] == "critical"
    assert service.told(counted(float(limit) - 0.1))["TRF-02"] == "critical"


def test_a_count_of_then_that_is_not_in_the_record_any_more_leaves_it_critical(service: Running) -> None:
    override_all(service, bleeding(40), DONE)
    corrected = call(platelets(39), nosebleed())
    assert service.told(corrected)["TRF-02"] == "critical"


def test_a_newer_count_that_cannot_be_read_leaves_it_critical(service: Running) -> None:
    override_all(service, bleeding(40), DONE)
    newer = platelets(20, "newer", "2026-06-15T11:30:00Z", valueQuantity={"value": 20})  # no unit
    told = service.told(call(platelets(40), newer, nosebleed()))
    assert "info" not in [told.get("TRF-02"), told.get("TRF-15"), told.get("DATA-03")]


def test_worse_bleeding_makes_it_critical_again(service: Running) -> None:
    def graded(code: str) -> Json:
        return call(platelets(22), nosebleed(severity=concept(("http://snomed.info/sct", code))))

    override_all(service, graded("6736007"), DONE)
    assert service.told(graded("6736007"))["TRF-02"] == "info"
    assert of(service.told(graded("24484000")), "critical")


def test_repeats_can_be_switched_off(tmp_path: Path) -> None:
    service = started(tmp_path, memory={"repeats": False})
    override_all(service, bleeding(), DONE)
    assert service.told(bleeding())["TRF-02"] == "critical"
    override_all(service, warning())
    assert of(service.told(warning()), "warning")


def test_a_client_entry_switches_repeats_and_comments_for_itself() -> None:
    from cds_service.auth.caller import NOBODY, Caller
    from cds_service.settings import Settings

    def found(**members: Any) -> CalledBy:
        client = Client(name="general", iss="https://ehr.example.org", jwks_file="k.json", **members)
        return CalledBy.of("s", Caller(client, "north"), Settings(memory=Memory(repeats=False)))

    assert (found().repeats, found(repeats=False).repeats) == (True, False)
    assert (found().comments, found(comments=True).comments) == (False, True)
    assert (found().client, found().tenant) == ("general", "north")
    assert CalledBy.of("s", NOBODY, Settings(memory=Memory(repeats=False))).repeats is False
    assert CalledBy.of("s", Caller(None, "a\0b" + "x" * 300), Settings()).tenant == "ab" + "x" * 198


def test_without_the_store_cards_are_shown_and_the_answer_says_so(tmp_path: Path) -> None:
    service = started(tmp_path, database_url="sqlite:////proc/nowhere/store.db")
    response = service.client.post("/cds-services/itp-patient-view", json=bleeding())
    assert response.status_code == 200
    assert response.get_json()["cards"]
    assert response.get_json()["extension"][EVALUATION]["degraded"] == ["store"]
    assert service.client.get("/health/live").status_code == 200
    ready = service.client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.get_json(force=True)["resourceType"] == "OperationOutcome"


# ------------------------------------------------------------------------------------------------- silent mode


@pytest.mark.parametrize(
    ("silent", "why"),
    [
        (Silent(everywhere=True), "everywhere"),
        (Silent(services=("itp-patient-view",)), "service"),
        (Silent(patients_percent=100), "share"),
    ],
)
def test_silent_cards_are_recorded_and_not_shown(tmp_path: Path, silent: Silent, why: str) -> None:
    loud = started(tmp_path / "loud").told(bleeding())
    service = started(tmp_path / "silent", silent=silent)
    assert service.call(bleeding()) == []
    assert {(row["rule"], row["silenced_by"], bool(row["shown"])) for row in service.rows("cards")} == {
        (rule, why, False) for rule in loud
    }
    told = {one["rule"]: one for one in service.body["extension"][EVALUATION]["evaluated"]}
    assert all(told[rule]["because"] == "switched to silent or off for this site" for rule in loud)


def test_a_rule_is_silent_beside_others_that_are_shown(tmp_path: Path) -> None:
    from cds_service.config_file import Content

    loud = started(tmp_path / "loud").told(bleeding())
    assert "TRF-02" in loud
    service = started(tmp_path / "silent", content=Content(rules={"TRF-02": "silent"}))
    assert "TRF-02" not in service.told(bleeding())
    silent = [row for row in service.rows("cards") if not row["shown"]]
    assert [(row["rule"], row["silenced_by"]) for row in silent] == [("TRF-02", "rule")]


def test_where_a_call_comes_from_decides() -> None:
    here = Place("itp-patient-view", "general", "north", "0" * 32)
    silent = Silent(services=("s",), clients=("c",), tenants=("t",))
    assert silence_at(here, silent) is None
    assert silence_at(replace(here, service="s"), silent) is Silenced.SERVICE
    assert silence_at(replace(here, client="c"), silent) is Silenced.CLIENT
    assert silence_at(replace(here, tenant="t"), silent) is Silenced.TENANT


def test_the_share_is_of_patients_and_stable() -> None:
    patients = [Marks(b"k").of("share", str(number)) for number in range(2000)]

    def silent(percent: Any) -> set[str]:
        return {one for one in patients if is_in_share(one, Silent(patients_percent=percent))}

    assert silent(0) == set()
    assert silent(100) == set(patients)
    assert 150 < len(silent(10)) < 250
    assert silent(10) < silent("50.5")  # who is silent stays so when the share grows


def test_marks_tell_nothing_without_the_key_and_kinds_apart() -> None:
    one, other = Marks(b"one"), Marks(b"other")
    assert one.of("patient", "p1") == one.of("patient", "p1")
    assert (
        len(
            {
                one.of("patient", "p1"),
                one.of("clinician", "p1"),
                other.of("patient", "p1"),
                one.of("patient", "p", "1"),
            }
        )
        == 4
    )
    assert "one" not in repr(one)
