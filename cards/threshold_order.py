"""Thresholds that make sense in one order only: what a site sets must keep it, beside the bounds of each number."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from cards.thresholds import SECONDS, Thresholds, described

ASCENDING: tuple[tuple[str, ...], ...] = (
    ("very_low", "low_high_risk", "skin_only_defer", "bleeding_transfuse", "mild", "normal"),
    ("skin_only_defer", "skin_only_close"),
    ("bleeding_transfuse", "cns_transfuse", "normal"),
    (
        "stale_dengue_dic",
        "stale_acute",
        "stale_outpatient_low",
        "stale_outpatient",
        "stale_chronic",
        "history_only",
    ),
    ("plausible_low", "plausible_high"),
    ("range_low_from", "range_low_to", "range_high_from", "range_high_to"),
    ("possible_temperature_low", "hypothermia", "fever", "possible_temperature_high"),
    ("trend_gap", "trend_after_platelets", "trend_window"),
    ("rapid_fall_short", "trend_window"),
    ("bleed_observed", "bleed_active", "bleed_active_cns", "bleed_open"),
    ("bleed_ended", "bleed_active"),
    ("lactate_high", "lactate_organ_failure"),
    ("gcs_organ_failure", "gcs_red_flag"),
    ("creatinine_from", "creatinine_to"),
    ("proven_acute_days", "proven_chronic_months"),
    ("child_dose_low", "child_dose_high"),
    ("neonate_dose_low", "neonate_dose", "neonate_dose_high"),
    ("neonate_platelets", "neonate_bleeding", "neonate_major"),
    ("cci_early_from", "cci_early_to", "cci_late_from", "cci_late_to"),
    ("cci_late", "cci_early"),
    ("recheck_minor_hours", "recheck_hours", "recheck_skin_hours"),
    ("proc_lumbar", "proc_lumbar_discuss"),
    ("proc_cvc", "proc_cvc_discuss"),
    ("proc_low_risk", "proc_high_risk"),
    ("proc_neuraxial_avoid", "proc_neuraxial_obstetric", "proc_neuraxial"),
    ("proc_critical", "proc_neuraxial", "proc_neurosurgery"),
    ("proc_endoscopy", "proc_endoscopy_biopsy"),
    ("red_flag_headache", "red_flag_count", "red_flag_injury"),
    ("order_in_progress", "platelets_in_progress"),
    ("haptoglobin_undetectable", "haptoglobin_no_range"),
    ("hit_nadir_low", "hit_nadir"),
    ("hit_fall_minor", "hit_fall_major"),
    ("hit_onset_early", "hit_onset_from", "hit_onset_to"),
    ("men_per_kg_low", "men_per_kg_high"),
    ("dic_platelets_low", "dic_platelets_moderate"),
    ("dic_pt_moderate", "dic_pt_long"),
    ("dic_inr_moderate", "dic_inr_long"),
    ("vaccine_from", "vaccine_to"),
    ("hlh_ferritin", "hlh_ferritin_high", "hlh_ferritin_critical"),
    ("hellp_diastolic", "hellp_systolic"),
    ("drug_from", "drug_heparin_to", "drug_to"),
    ("ptp_from", "ptp_to"),
    ("tpo_very_low", "tpo_low", "tpo_low_with_risk"),
    ("mon_frequent", "mon_daily", "mon_two_days", "mon_weekly", "normal"),
    ("mon_hours_low", "mon_hours_high", "mon_day", "mon_days_low", "mon_days_high"),
    ("mon_falling_low", "mon_falling_high", "mon_week"),
    ("mon_mild_low", "mon_mild_high"),
    ("mon_dengue_low", "mon_dengue_high"),
    ("mon_default_weeks", "mon_question_weeks"),
    ("nsaid_critical", "nsaid_warning"),
    ("antiplatelet_critical", "antiplatelet_warning"),
    ("acs_aspirin", "acs_p2y12", "antiplatelet_warning"),
    ("anticoagulant_critical", "anticoagulant_warning"),
    ("intramuscular_critical", "intramuscular_warning"),
    ("toxic_critical", "toxic_warning", "toxic_info"),
    ("eltrombopag_lowest", "eltrombopag_reduced"),
    ("anti_d_hb_low", "anti_d_hb_reduced"),
    ("ivig_doses_hours", "ivig_course_days"),
)
"""Each row from the lowest to the highest; equal neighbours are allowed, for then one step simply falls away."""

DAYS = {"mo": 30, "a": 365}
"""Calendar units, roughly: only to compare them with hours, days and weeks."""


def disordered(limits: Thresholds) -> Iterator[tuple[str, str]]:
    """Pairs of neighbours of which the first, which has to be the lower, is the higher."""
    for row in ASCENDING:
        for lower, higher in pairwise(row):
            if _comparable(limits, lower) > _comparable(limits, higher):
                yield lower, higher


def _comparable(limits: Thresholds, name: str) -> Decimal:
    """Times in seconds, all else as it is."""
    value: Decimal = getattr(limits, name)
    unit = described()[name].unit
    if unit in DAYS:
        return value * DAYS[unit] * SECONDS["d"]
    return value * SECONDS.get(unit, 1)
