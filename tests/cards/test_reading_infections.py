"""Certainty, currency and therapy of infections (rulebook A.1, A.9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cards.anti_infective.pathogen import Pathogen
from cards.facts import Certainty, Infection, PatientFacts
from cards.months import add_months
from cards.record import ClinicalStatus, Moment, Verification
from cards.record import TestResult as LabResult
from tests.cards.build import (
    LIMITS,
    NOW,
    ago,
    condition,
    dengue,
    drug,
    ebv,
    facts,
    given_drug,
    h_pylori,
    lab,
    on,
    sepsis,
    shipped_pathogens,
    whole_day,
)

MINUTE = timedelta(minutes=1)


def found(*parts: object, **members: object) -> tuple[Infection, ...]:
    """The infections of these findings and tests."""
    findings = [p for p in parts if not isinstance(p, LabResult)]
    tests = [p for p in parts if isinstance(p, LabResult)]
    return facts(22, findings=findings, tests=tests, **members).infections.found


def only(*parts: object, **members: object) -> Infection:
    (infection,) = found(*parts, **members)
    return infection


def since(age: timedelta) -> dict[str, float]:
    return {"seconds": age.total_seconds()}


# -------------------------------------------------------------------------------------------------- certainty


def test_nothing_recorded() -> None:
    assert found() == ()


def test_a_positive_test_proves() -> None:
    infection = only(lab("lab-ebv"))
    assert (infection.pathogen, infection.certainty, infection.current) == ("INF-EBV", Certainty.PROVEN, True)
    assert infection.onset == ago(days=1)


def test_a_condition_reports() -> None:
    infection = only(ebv(verification=Verification.REPORTED, clinical=ClinicalStatus.ABSENT))
    assert infection.certainty is Certainty.REPORTED
    assert not infection.status_recorded


def test_a_condition_written_as_confirmed_is_reported_too() -> None:
    infection = only(ebv())
    assert infection.certainty is Certainty.REPORTED
    assert infection.status_recorded


def test_a_provisional_condition_suspects() -> None:
    p = facts(22, findings=[dengue(suspected=True)])
    assert p.infections.found[0].is_suspected_only
    assert p.dengue_current
    assert p.infections.current("INF-DEN")
    assert not p.infections.current("INF-DEN", suspected=False)


@pytest.mark.parametrize("proves", ["exposure", "screen"])
def test_antibodies_of_exposure_and_screens_prove_nothing(proves: str) -> None:
    """V-38: an antibody is exposure, no infection."""
    infections = facts(22, tests=[lab("lab-h-pylori", proves=proves)]).infections
    assert infections.found == ()
    assert len(infections.exposures) == 1


def test_negative_and_indeterminate_tests_show_nothing() -> None:
    assert found(lab("lab-ebv", "negative"), lab("lab-dengue", "indeterminate")) == ()


def test_a_test_proves_an_acute_infection_for_30_days() -> None:
    window = LIMITS.span("proven_acute_days")
    assert only(lab("lab-ebv", **since(window))).certainty is Certainty.PROVEN
    assert only(lab("lab-ebv", **since(window + MINUTE))).certainty is Certainty.REPORTED


def test_a_test_proves_a_chronic_infection_for_12_months() -> None:
    edge = add_months(NOW, -12)
    assert only(lab("lab-h-pylori", at=Moment.instant(edge))).certainty is Certainty.PROVEN
    older = only(lab("lab-h-pylori", at=Moment.instant(edge - MINUTE)))
    assert (older.certainty, older.current) == (Certainty.REPORTED, True)


def test_a_date_at_the_end_of_the_calendar() -> None:
    """No date of a record can stop the reading."""
    far = Moment.instant(datetime.max.replace(tzinfo=UTC))
    assert only(lab("lab-h-pylori", at=far), h_pylori(at=far)).current
    assert facts(22, findings=[condition("risk-splenomegaly", code="cause", at=far)]).platelets.decisive


def test_a_later_negative_test_takes_the_proof_away() -> None:
    assert not found(lab("lab-dengue", days=3), lab("lab-dengue", "negative", days=1))[0].current
    assert (
        only(lab("lab-dengue", days=1), lab("lab-dengue", "negative", days=3)).certainty is Certainty.PROVEN
    )


def test_a_positive_test_without_any_date_is_a_suspicion() -> None:
    infection = only(lab("lab-dengue", undated=True))
    assert (infection.certainty, infection.current) == (Certainty.SUSPECTED, True)
    assert infection.references
    assert only(lab("lab-dengue", undated=True, issued=NOW - timedelta(days=2))).certainty is Certainty.PROVEN


def test_a_named_organism_decides_for_pathogens_that_ask_for_it() -> None:
    (shipped,) = [p for p in shipped_pathogens() if p.id == "INF-DEN"]
    by_name = replace(shipped, organism_sets=("inf-dengue",))
    named = lab("lab-dengue", organisms=("inf-dengue",))
    other = lab("lab-dengue", organisms=("inf-zika-chik",))
    assert found(named, pathogens=[by_name])
    assert not found(other, pathogens=[by_name])
    assert found(lab("lab-culture", organisms=("inf-dengue",)), pathogens=[by_name])


def test_the_reference_that_decides_stands_first() -> None:
    finding, test = ebv(), lab("lab-ebv")
    assert only(finding, test).references == (test.reference, finding.reference)
    late = lab("lab-ebv", days=40)
    assert only(finding, late).references == (finding.reference, late.reference)


def test_infections_stand_in_the_order_of_section_d() -> None:
    assert [i.pathogen for i in found(sepsis(), dengue(), ebv(), h_pylori())] == [
        p.id for p in shipped_pathogens() if p.id in ("INF-SEP", "INF-DEN", "INF-EBV", "INF-HP")
    ]


# ---------------------------------------------------------------------------------------------- code statuses


@pytest.mark.parametrize(
    ("code", "certainty"),
    [
        ("parent", Certainty.SUSPECTED),
        ("suspected", Certainty.SUSPECTED),
        ("undated", Certainty.REPORTED),
        ("cause", Certainty.REPORTED),
        ("inactive", Certainty.REPORTED),
    ],
)
def test_what_the_status_of_a_code_says(code: str, certainty: Certainty) -> None:
    assert only(h_pylori(code=code)).certainty is certainty


def test_a_history_code_is_no_infection() -> None:
    assert found(h_pylori(code="history")) == ()


def test_congenital_infection_in_the_first_year() -> None:
    def is_found(birth: Moment | None) -> bool:
        return bool(found(ebv(code="congenital"), birth=birth, age=None))

    assert is_found(on("2025-06-16"))
    assert not is_found(on("2025-06-15"))
    assert is_found(None)


def test_a_group_code_beside_a_finer_one() -> None:
    assert only(ebv(code="parent"), ebv()).certainty is Certainty.REPORTED


@pytest.mark.parametrize("code", ["undated", "parent"])
def test_a_newer_negative_test_decides_over_a_code_without_end(code: str) -> None:
    recorded = h_pylori(code=code, undated=True, recorded=ago(days=200))
    newer = facts(22, findings=[recorded], tests=[lab("lab-h-pylori", "negative", days=100)])
    older = facts(22, findings=[recorded], tests=[lab("lab-h-pylori", "negative", days=300)])
    assert not newer.infections.current()
    assert older.infections.current()


# ---------------------------------------------------------------------------------------------------- current


@pytest.mark.parametrize(
    ("set_id", "pathogen"), [("inf-ebv", "INF-EBV"), ("inf-dengue", "INF-DEN"), ("inf-sepsis", "INF-SEP")]
)
def test_an_acute_infection_is_current_in_its_window(set_id: str, pathogen: str) -> None:
    """Closed; afterwards it is found, for MON-05, up to 26 weeks."""
    (shipped,) = [p for p in shipped_pathogens() if p.id == pathogen]
    window, question = timedelta(days=shipped.current_window_days), LIMITS.span("mon_question_weeks")
    assert only(condition(set_id, **since(window))).current
    assert not only(condition(set_id, **since(window + MINUTE))).current
    assert not only(condition(set_id, **since(question))).current
    assert found(condition(set_id, **since(question + MINUTE))) == ()


def test_a_suspicion_past_its_window_is_gone() -> None:
    assert found(dengue(suspected=True, days=15)) == ()


def test_onset_comes_before_record_and_test() -> None:
    assert not only(ebv(days=60, recorded=ago(days=2)), lab("lab-ebv")).current
    assert only(ebv(undated=True, recorded=ago(days=2))).current


def test_a_positive_test_begins_anew_after_26_weeks() -> None:
    infection = only(dengue(days=400), lab("lab-dengue"))
    assert infection.current
    assert infection.onset == ago(days=1)


def test_the_first_test_of_the_illness_dates_it() -> None:
    assert not only(lab("lab-dengue", days=20), lab("lab-dengue", days=1)).current
    assert only(lab("lab-dengue", days=90), lab("lab-dengue", days=1)).current


def test_an_undated_condition_is_current() -> None:
    assert only(ebv(undated=True)).current


def test_a_chronic_infection_is_current_until_negative() -> None:
    old = h_pylori(at=on("2019-01-01"))
    assert only(old).current
    cured = only(old, lab("lab-h-pylori", "negative", days=100))
    assert (cured.current, cured.cured) == (False, True)
    earlier = only(h_pylori(days=50), lab("lab-h-pylori", "negative", days=100))
    assert (earlier.current, earlier.cured) == (True, False)


def test_a_negative_test_of_the_same_whole_day_is_not_newer() -> None:
    assert only(dengue(suspected=True, at=whole_day(1)), lab("lab-dengue", "negative", hours=20)).current


def test_a_newer_negative_test_removes_a_suspicion() -> None:
    assert found(dengue(suspected=True, days=2), lab("lab-dengue", "negative", days=1)) == ()
    assert found(dengue(suspected=True, days=2), lab("lab-dengue", "negative", days=3))
    assert found(dengue(days=2), lab("lab-dengue", "negative", days=1))


# --------------------------------------------------------------------------------------------------- resolved


def test_a_resolved_condition_is_history() -> None:
    infection = only(h_pylori(at=on("2024-03-01"), past=True))
    assert (infection.current, infection.resolved, infection.cured) == (False, True, False)
    assert infection.resolved_record is None


def test_a_newer_positive_test_contradicts_a_resolved_condition() -> None:
    """V-37."""
    record = h_pylori(at=on("2024-03-01"), past=True, ended=on("2024-05-01"))
    infection = only(record, lab("lab-h-pylori"))
    assert (infection.certainty, infection.current) == (Certainty.PROVEN, True)
    assert infection.resolved_record == record.reference


def test_a_positive_test_before_the_end_belongs_to_what_is_over() -> None:
    infection = only(h_pylori(days=90, ended=ago(days=10)), lab("lab-h-pylori", days=80))
    assert (infection.current, infection.resolved) == (False, True)


def test_a_resolved_condition_without_a_date_is_contradicted_too() -> None:
    record = h_pylori(undated=True, past=True)
    assert only(record, lab("lab-h-pylori")).resolved_record == record.reference


def test_an_acute_infection_that_ended_stays_26_weeks() -> None:
    assert only(ebv(days=70, ended=ago(days=30))).resolved
    assert found(ebv(days=190, ended=ago(days=150))) == ()
    assert found(ebv(undated=True, past=True)) == ()


# ----------------------------------------------------------------------------------------------------- severe


@pytest.mark.parametrize(
    ("finding", "severe"),
    [
        (condition("inf-dengue-severe"), True),
        (dengue(severity=3), True),
        (dengue(severity=2), False),
        (dengue(), False),
        (sepsis(also=("inf-septic-shock",), suspected=True), True),
    ],
)
def test_severe_by_code_or_severity(finding: object, severe: bool) -> None:
    assert only(finding).severe is severe


def test_severe_by_the_organism_of_a_positive_test() -> None:
    """A test that names Rocky Mountain spotted fever: its card is critical (section D)."""
    assert only(lab("lab-rickettsia", organisms=("inf-rmsf",))).severe
    assert not only(lab("lab-rickettsia", organisms=("inf-rickettsia",))).severe


# ---------------------------------------------------------------------------------------------------- therapy


def treated(*medications: object, **members: object) -> Infection:
    return only(h_pylori(days=30), medications=list(medications), **members)


def test_one_antibiotic_is_no_h_pylori_therapy() -> None:
    amoxicillin, metronidazole = drug("med-h-pylori", code="723"), drug("med-h-pylori", code="6922")
    assert not treated(amoxicillin).is_under_therapy
    assert treated(amoxicillin, metronidazole).therapy == (amoxicillin, metronidazole)
    assert not treated(amoxicillin, drug("med-h-pylori", code="723")).is_under_therapy


def test_one_drug_in_two_code_systems_is_one_drug() -> None:
    rxnorm, atc = (
        drug("med-h-pylori", codes=(("rxnorm", "723"),)),
        drug("med-h-pylori", codes=(("atc", "J01CA04"),)),
    )
    assert not treated(rxnorm, atc).is_under_therapy
    both = drug("med-h-pylori", codes=(("rxnorm", "6922"), ("atc", "J01XD01")))
    assert treated(rxnorm, both).is_under_therapy


def test_bismuth_is_not_the_second_antibiotic() -> None:
    metronidazole = drug("med-h-pylori", code="6922")
    assert not treated(metronidazole, drug("med-h-pylori", "med-bismuth", code="19478")).is_under_therapy


def test_a_pack_is_the_whole_therapy() -> None:
    assert treated(drug("med-h-pylori", "med-h-pylori-pack", "med-bismuth")).is_under_therapy


def test_an_unmapped_drug_is_no_therapy() -> None:
    assert not treated(drug(), drug()).is_under_therapy


@pytest.mark.parametrize(("route", "active"), [("intravenous", True), ("oral", False), (None, False)])
def test_sepsis_counts_what_is_given_into_a_vein(route: str | None, active: bool) -> None:
    """An unknown route is not taken for granted: the card stays."""
    infection = only(sepsis(), medications=[drug("med-antibacterial", route=route)])
    assert infection.is_under_therapy is active


def test_supportive_infections_have_no_therapy() -> None:
    assert not only(ebv(), medications=[drug("med-antiviral-herpes")]).is_under_therapy


def course(end: Moment, **members: object) -> list[object]:
    """Two antibiotics with that end."""
    return [
        drug(
            "med-h-pylori",
            code=code,
            at=Moment.instant(end.earliest - timedelta(days=14)),
            end=end,
            **members,
        )
        for code in ("10395", "6922")
    ]


def test_the_end_of_a_therapy() -> None:
    end = ago(days=40)
    infection = treated(*course(end, status="completed"))
    assert (infection.therapy, infection.therapy_ended) == ((), end)
    assert infection.therapy_started == ago(days=54)


def test_what_was_stopped_or_never_taken_is_no_ended_therapy() -> None:
    for status in ("stopped", "cancelled", "not-taken"):
        assert treated(*course(ago(days=40), status=status)).therapy_ended is None


def test_an_end_to_come_is_no_end() -> None:
    infection = treated(*course(ago(days=-2)))
    assert infection.is_under_therapy
    assert infection.therapy_ended is None


def test_drugs_of_different_courses_are_no_therapy() -> None:
    window = LIMITS.span("course_days")
    first, _ = course(ago(days=40))
    _, near = course(ago(days=40 + window.days))
    _, far = course(ago(days=41 + window.days))
    assert treated(first, near).therapy_ended == ago(days=40)
    assert treated(first, far).therapy_ended is None


def test_a_positive_test_after_it_says_that_the_therapy_failed() -> None:
    drugs = course(ago(days=40))
    failed = only(h_pylori(days=90), lab("lab-h-pylori", days=2), medications=drugs)
    earlier = only(h_pylori(days=90), lab("lab-h-pylori", days=80), medications=drugs)
    assert failed.therapy_ended is None
    assert earlier.therapy_ended == ago(days=40)


def test_a_low_load_on_therapy_is_control() -> None:
    (shipped,) = [p for p in shipped_pathogens() if p.id == "INF-HP"]
    virus = replace(shipped, therapy_minimum=1)

    def is_cured(copies: str, *medications: object) -> bool:
        test = lab("lab-h-pylori", copies=Decimal(copies))
        return only(test, pathogens=[virus], medications=list(medications)).cured

    therapy = drug("med-h-pylori")
    assert [is_cured(c, therapy) for c in ("199", "200")] == [True, False]
    assert not is_cured("199")


# ----------------------------------------------------------------------------------------------- drugs in use


def uses(*medications: object) -> PatientFacts:
    return facts(22, medications=list(medications))


def test_requests_in_use() -> None:
    def is_used(**members: object) -> bool:
        return bool(uses(drug("med-nsaid", **members)).using("med-nsaid"))

    assert is_used()
    assert is_used(undated=True)
    assert not is_used(days=-1)
    assert not is_used(end=ago(hours=1))
    assert is_used(end=ago(hours=-1))
    assert not is_used(status="completed")
    assert is_used(status="completed", end=ago(hours=-1))
    assert not is_used(status="stopped")
    assert not is_used(status="on-hold")


def test_a_dose_counts_for_a_day() -> None:
    window = LIMITS.span("administered_within")
    assert uses(given_drug("med-heparin", **since(window))).using("med-heparin")
    assert not uses(given_drug("med-heparin", **since(window + MINUTE))).using("med-heparin")
    assert not uses(given_drug("med-heparin", status="not-done")).using("med-heparin")


def test_drugs_of_the_last_days() -> None:
    p = uses(
        drug("med-heparin", days=30, end=ago(days=20), status="completed"),
        drug("med-nsaid", days=30),
        given_drug("med-ivig", days=100),
        drug("med-statin", days=3, end=ago(days=2), status="not-taken"),
    )
    assert p.used_within(timedelta(days=20), "med-heparin")
    assert not p.used_within(timedelta(days=19), "med-heparin")
    assert p.used_within(timedelta(days=1), "med-nsaid")
    assert p.used_within(timedelta(days=100), "med-ivig")
    assert not p.used_within(timedelta(days=99), "med-ivig")
    assert not p.used_within(timedelta(days=9), "med-statin")


def test_pathogens_travel_with_the_facts() -> None:
    shipped: tuple[Pathogen, ...] = shipped_pathogens()
    assert list(facts().pathogens) == [p.id for p in shipped]


def test_sepsis_is_recorded_for_14_days() -> None:
    window = timedelta(days=facts().pathogens["INF-SEP"].current_window_days)
    assert window == timedelta(days=14)
    assert facts(findings=[sepsis(suspected=True, **since(window))]).sepsis_recorded
    assert not facts(findings=[sepsis(**since(window + MINUTE))]).sepsis_recorded
