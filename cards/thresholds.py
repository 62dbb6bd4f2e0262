"""Every clinical number of the rules: value, unit, source, bounds for a site, date of review. One place, no other.

`limits = Thresholds()` holds the shipped numbers. A site may move a number within its bounds
(`[content.thresholds]`); rules take `limits` as an argument, so several versions live side by side in one process.
Numbers of one pathogen (windows, doses) stand in its file. Counts are 10*9/L; windows are hours or days as the unit says.
"""

from __future__ import annotations

from dataclasses import field, fields
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from cards.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Described:
    """What a threshold is: unit (UCUM), source (citation key, or "design" = local sign-off), bounds for a site."""

    unit: str
    source: str
    low: Decimal
    high: Decimal
    meaning: str
    reviewed: str = "2026-11"


def number(value: str, unit: str, source: str, low: str, high: str, meaning: str) -> Any:
    """One threshold. `low` and `high` bound what a site may set."""
    about = Described(unit, source, Decimal(low), Decimal(high), meaning)
    return field(default=Decimal(value), metadata={"described": about})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers in force. Names are what a site's TOML uses."""

    # B.1 count grades and the columns of the transfusion matrix
    very_low: Decimal = number("10", "10*9/L", "AABB25", "5", "10", "below: TRF-06, urgent review")
    low_high_risk: Decimal = number("20", "10*9/L", "SSC16", "15", "30", "below: high-risk rows, admission of new adults")
    skin_only_defer: Decimal = number("30", "10*9/L", "SEED", "20", "50", "at or above with skin-only bleeding: defer")
    bleeding_transfuse: Decimal = number("50", "10*9/L", "SEED", "30", "50", "below with active bleeding: transfuse")
    mild: Decimal = number("100", "10*9/L", "design", "100", "100", "at or above: mild, at most one info card")
    normal: Decimal = number("150", "10*9/L", "design", "100", "150", "at or above: normal")
    skin_only_close: Decimal = number("35", "10*9/L", "design", "30", "50", "below: close to the limit, repeat in 24 h")
    cns_transfuse: Decimal = number("100", "10*9/L", "BSH17", "80", "100", "below with CNS bleeding: transfuse")

    # B.3 staleness
    stale_dengue_dic: Decimal = number("12", "h", "design", "6", "24", "dengue or DIC")
    stale_acute: Decimal = number("24", "h", "design", "6", "48", "active bleeding, ICU, sepsis, inpatient, blood orders")
    stale_outpatient_low: Decimal = number("72", "h", "design", "24", "96", "outpatient below 50")
    stale_outpatient: Decimal = number("7", "d", "design", "1", "14", "outpatient 50 to 149, stable")
    stale_chronic: Decimal = number("30", "d", "design", "7", "30", "chronic stable or stable on TPO-RA")
    history_only: Decimal = number("30", "d", "design", "30", "30", "older counts are history")
    future_tolerance: Decimal = number("15", "min", "design", "0", "60", "a sample time further ahead is ignored")

    # B.4 units
    plausible_low: Decimal = number("1", "10*9/L", "design", "1", "1", "below: implausible unless `<n`")
    plausible_high: Decimal = number("2500", "10*9/L", "design", "2000", "2500", "above: implausible")
    upper_bound_step: Decimal = number("0.1", "10*9/L", "design", "0.1", "0.1", "`<5` decides as 4.9")

    range_low_from: Decimal = number("100", "10*9/L", "design", "100", "100", "DATA-03: a range tells the unit: low from")
    range_low_to: Decimal = number("200", "10*9/L", "design", "200", "200", "low to")
    range_high_from: Decimal = number("350", "10*9/L", "design", "350", "350", "high from")
    range_high_to: Decimal = number("500", "10*9/L", "design", "500", "500", "high to")
    possible_temperature_low: Decimal = number("20", "Cel", "design", "13", "25", "below: no body temperature")
    possible_temperature_high: Decimal = number("45", "Cel", "design", "43", "47", "above: no body temperature")
    possible_hb_high: Decimal = number("30", "g/dL", "design", "25", "30", "above: no haemoglobin, a wrong unit")

    zero_repeat: Decimal = number("24", "h", "design", "6", "48", "a zero is read as below 1 when repeated within")

    # B.2 trend, PLT
    trend_window: Decimal = number("14", "d", "design", "7", "30", "counts that make the trend")
    trend_gap: Decimal = number("6", "h", "design", "2", "12", "counts closer than this are one point")
    trend_after_platelets: Decimal = number("24", "h", "design", "12", "48", "after a transfusion: no trend")
    falling_percent: Decimal = number("20", "%", "design", "10", "30", "falling, with the next number")
    falling_count: Decimal = number("10", "10*9/L", "design", "5", "20", "falling")
    recovering_percent: Decimal = number("20", "%", "design", "10", "50", "above the nadir, after two rises")
    recovered_count: Decimal = number("100", "10*9/L", "IWG09", "100", "150", "twice at or above: recovered")
    rapid_fall_14d: Decimal = number("50", "%", "design", "40", "60", "below the highest count of 14 days")
    rapid_fall_48h: Decimal = number("30", "%", "design", "20", "50", "below the highest of 48 h, or since ICU admission")
    rapid_fall_short: Decimal = number("48", "h", "design", "24", "72", "the shorter window of a rapid fall")
    chronic_low: Decimal = number("50", "10*9/L", "design", "50", "50", "chronic stable: from")
    chronic_months: Decimal = number("6", "mo", "design", "6", "12", "chronic stable: longer than")
    chronic_percent: Decimal = number("20", "%", "design", "10", "30", "chronic stable: within this of the median")
    workup_count: Decimal = number("100", "10*9/L", "ASH11", "100", "100", "below with a new infection: basic work-up")

    # DATA-05, DATA-06
    clump_percent: Decimal = number("50", "%", "design", "30", "100", "citrate higher than EDTA by")
    clump_count: Decimal = number("100", "10*9/L", "design", "50", "150", "or by")
    clump_hours: Decimal = number("24", "h", "design", "6", "48", "citrate drawn within")
    clump_flag_hours: Decimal = number("1", "h", "design", "0", "4", "flag belongs to a count drawn within")
    clump_previous_days: Decimal = number("7", "d", "design", "3", "14", "previous normal count within")
    clump_warning: Decimal = number("30", "10*9/L", "design", "20", "50", "below: warning instead of info")
    conflict_hours: Decimal = number("12", "h", "design", "6", "24", "two counts drawn within")
    conflict_percent: Decimal = number("50", "%", "design", "40", "60", "lower is at most this of the higher")

    # B.6 activity of bleeding
    bleed_active: Decimal = number("72", "h", "design", "24", "96", "active up to")
    bleed_active_cns: Decimal = number("7", "d", "design", "3", "14", "CNS, spinal, posterior eye: active up to")
    bleed_observed: Decimal = number("24", "h", "design", "12", "48", "an Observation of bleeding is active up to")
    bleed_open: Decimal = number("14", "d", "design", "7", "30", "without an end: question up to")
    bleed_ended: Decimal = number("24", "h", "design", "12", "48", "a bleed that ended within counts (TRF-03; WHO 3-4 active)")
    skin_present: Decimal = number("14", "d", "design", "7", "30", "skin findings are present up to")
    hb_fall: Decimal = number("2", "g/dL", "WHOb", "2", "2", "within the next window: WHO 3")
    hb_fall_hours: Decimal = number("72", "h", "design", "24", "96", "window of the Hb fall")
    hb_low: Decimal = number("7", "g/dL", "design", "6", "8", "below with organ bleeding: WHO 3")

    # A.9 definitions
    fever: Decimal = number("38.0", "Cel", "design", "37.8", "38.5", "at or above: fever")
    hypothermia: Decimal = number("36.0", "Cel", "design", "35", "36", "below: hypothermia")
    sign_window: Decimal = number("24", "h", "design", "12", "48", "vital signs and sign Conditions count up to")
    shock_sbp: Decimal = number("90", "mm[Hg]", "design", "85", "100", "below at 10 years and over: shock")
    shock_map: Decimal = number("65", "mm[Hg]", "SSC21", "60", "70", "below: shock (10 years and over)")
    shock_sbp_child: Decimal = number("70", "mm[Hg]", "design", "70", "70", "1 to 9 years: this plus 2 per year of age")
    shock_sbp_infant: Decimal = number("70", "mm[Hg]", "design", "60", "70", "under 1 year: below")
    lactate_high: Decimal = number("2", "mmol/L", "SSC21", "2", "4", "above: SAFE-12")
    lactate_organ_failure: Decimal = number("4", "mmol/L", "design", "2", "4", "at or above: organ failure")
    gcs_red_flag: Decimal = number("15", "{score}", "design", "15", "15", "below: BLD-03")
    gcs_organ_failure: Decimal = number("12", "{score}", "design", "8", "13", "at or below: organ failure")
    creatinine_organ_failure: Decimal = number("177", "umol/L", "design", "150", "265", "at or above without CKD")
    bilirubin_organ_failure: Decimal = number("34", "umol/L", "design", "34", "70", "at or above with INR raised")
    inr_raised: Decimal = number("1.5", "{INR}", "design", "1.3", "1.7", "at or above: bleeding risk; TTP needs below")
    fibrinogen_low: Decimal = number("1.5", "g/L", "ISTHDIC", "1", "2", "below: bleeding risk, replace when bleeding")
    weight_days: Decimal = number("30", "d", "design", "7", "30", "a weight for dosing is at most this old")
    administered_within: Decimal = number("24", "h", "design", "6", "48", "a drug given within counts as in use")
    organ_failure_hours: Decimal = number("72", "h", "design", "24", "72", "creatinine, bilirubin and INR count up to")
    creatinine_rise: Decimal = number("2", "1", "design", "1.5", "3", "times the median before: organ failure")
    creatinine_from: Decimal = number("7", "d", "design", "7", "30", "median of creatinine: window starts")
    creatinine_to: Decimal = number("365", "d", "design", "90", "365", "and ends")
    dic_days: Decimal = number("14", "d", "design", "7", "30", "a recorded DIC is current up to")
    tpo_stable_weeks: Decimal = number("4", "wk", "LAB-ROM", "4", "12", "TPO-RA from first dose at least: stable")
    not_pregnant_days: Decimal = number("30", "d", "design", "7", "60", "a record of no pregnancy is known up to")
    headache_new: Decimal = number("14", "d", "design", "3", "30", "a headache with onset longer ago is not new")
    pregnancy_days: Decimal = number("294", "d", "design", "280", "301", "a recorded pregnancy without an end is known up to")
    elderly: Decimal = number("65", "a", "design", "65", "75", "POP-04, TPO-02: at or above")
    procedure_days: Decimal = number("7", "d", "design", "3", "14", "planned procedures count within")
    proven_acute_days: Decimal = number("30", "d", "design", "14", "60", "a test proves an acute infection up to")
    proven_chronic_months: Decimal = number("12", "mo", "design", "6", "24", "and a chronic one up to")
    course_days: Decimal = number("14", "d", "design", "7", "28", "drugs of one ended therapy ended within")
    load_controlled: Decimal = number("200", "1", "design", "50", "200", "copies per mL below: controlled on therapy")

    # A.9 high bleeding risk, hypoproliferative; A.8 and TRF-16 doses; when TRF cards ask for the next count
    risk_procedure_hours: Decimal = number("24", "h", "design", "12", "72", "a procedure so close is a bleeding risk")
    risk_bleed_days: Decimal = number("30", "d", "design", "7", "90", "a major bleed counts as a bleeding risk up to")
    risk_surgery_days: Decimal = number("7", "d", "design", "3", "14", "surgery or head injury, likewise")
    dialysis_days: Decimal = number("7", "d", "design", "3", "14", "dialysis that was carried out is taken to go on for")
    hypoproliferative_days: Decimal = number("30", "d", "design", "14", "60", "chemotherapy or stem cells given within")
    child_dose_low: Decimal = number("10", "mL/kg", "LIFEB", "5", "10", "platelets for a child: from")
    child_dose_high: Decimal = number("15", "mL/kg", "LIFEB", "10", "15", "platelets for a child: to; the draft")
    adult_unit_volume: Decimal = number("300", "mL", "LIFEB", "200", "400", "one adult unit: the most that a child gets")
    preterm_weeks: Decimal = number("37", "wk", "design", "37", "37", "POP-01: born before is preterm")
    preterm_until_weeks: Decimal = number("44", "wk", "design", "44", "44", "POP-01: a newborn up to this postmenstrual age")
    neonate_bleeding: Decimal = number("50", "10*9/L", "BSHPED16", "50", "50", "TRF-13: below with bleeding or a reason; no card from")
    neonate_major: Decimal = number("100", "10*9/L", "BSHPED16", "100", "100", "TRF-13: below with major bleeding or major surgery")
    neonate_dose_low: Decimal = number("10", "mL/kg", "LIFEB", "10", "10", "platelets for a newborn: from")
    neonate_dose: Decimal = number("15", "mL/kg", "PLANET2", "10", "20", "platelets for a newborn: the usual dose, the draft")
    neonate_dose_high: Decimal = number("20", "mL/kg", "LIFEB", "20", "20", "platelets for a newborn: to")
    cci_early: Decimal = number("7.5", "1", "CCI21", "5", "7.5", "corrected increment of the first hour below: poor")
    cci_late: Decimal = number("4.5", "1", "CCI21", "4.5", "5", "corrected increment of the next day below: poor")
    cci_early_from: Decimal = number("10", "min", "CCI21", "5", "15", "first hour: count from")
    cci_early_to: Decimal = number("60", "min", "CCI21", "60", "90", "first hour: count to")
    cci_late_from: Decimal = number("18", "h", "CCI21", "16", "20", "next day: count from")
    cci_late_to: Decimal = number("24", "h", "CCI21", "24", "28", "next day: count to")
    cci_before: Decimal = number("24", "h", "design", "6", "24", "the count before a transfusion is at most this old")
    cci_days: Decimal = number("7", "d", "design", "3", "14", "transfusions whose increments are compared")
    cci_surface: Decimal = number("2.5", "m2", "design", "2", "3", "largest body surface: bounds an increment without one")
    cci_dose: Decimal = number("3", "10*11", "LIFEB", "2", "3", "platelets of one adult dose at least")
    recheck_minor_hours: Decimal = number("12", "h", "design", "6", "24", "TRF-03 below 20: next count")
    recheck_hours: Decimal = number("24", "h", "design", "12", "48", "TRF-03, -05, -08 and close to the limit: next count")
    recheck_skin_hours: Decimal = number("48", "h", "design", "24", "72", "TRF-04: next count")
    severe_kidney_egfr: Decimal = number("30", "mL/min/{1.73_m2}", "design", "30", "30", "below: no tranexamic acid")

    # A.5.6 procedures: below, platelets before it or postponed
    proc_lumbar: Decimal = number("20", "10*9/L", "AABB25", "20", "50", "PROC-01: lumbar puncture, platelets advised")
    proc_lumbar_discuss: Decimal = number("40", "10*9/L", "BSH17", "20", "50", "PROC-01: guidelines differ below")
    proc_cvc: Decimal = number("10", "10*9/L", "AABB25", "10", "20", "PROC-02: central line, compressible site")
    proc_cvc_discuss: Decimal = number("50", "10*9/L", "PACER", "20", "50", "PROC-02: info below")
    proc_low_risk: Decimal = number("20", "10*9/L", "AABB25", "20", "30", "PROC-03: radiology of low risk")
    proc_high_risk: Decimal = number("50", "10*9/L", "AABB25", "50", "50", "PROC-04: biopsy, radiology of high risk")
    proc_surgery: Decimal = number("50", "10*9/L", "AABB25", "50", "80", "PROC-05: major surgery")
    proc_neurosurgery: Decimal = number("100", "10*9/L", "BSH17", "100", "100", "PROC-06: neurosurgery")
    proc_neuraxial: Decimal = number("80", "10*9/L", "BSH17", "70", "80", "PROC-07: epidural, spinal")
    proc_neuraxial_obstetric: Decimal = number("70", "10*9/L", "SOAP21", "70", "80", "PROC-07, obstetric: from here reasonable")
    proc_neuraxial_avoid: Decimal = number("50", "10*9/L", "SOAP21", "50", "70", "PROC-07: below, avoid")
    proc_delivery: Decimal = number("50", "10*9/L", "ITPPREG", "50", "50", "PROC-08: delivery")
    proc_no_platelets: Decimal = number("50", "10*9/L", "BSH17", "20", "50", "PROC-09: below, a word on local pressure")
    proc_tooth: Decimal = number("30", "10*9/L", "ICR19", "30", "50", "PROC-10: simple extraction")
    proc_injection: Decimal = number("50", "10*9/L", "design", "20", "50", "PROC-10: injection into a muscle")
    proc_endoscopy: Decimal = number("20", "10*9/L", "design", "20", "50", "PROC-11: diagnostic endoscopy")
    proc_endoscopy_biopsy: Decimal = number("50", "10*9/L", "design", "25", "50", "PROC-11: endoscopy with biopsy")
    proc_critical: Decimal = number("50", "10*9/L", "design", "50", "50", "ORD-27: neuraxial or neurosurgery chosen below: critical")

    # A.3 limits on alerts
    platelets_in_progress: Decimal = number("6", "h", "design", "4", "12", "platelets given within: already in progress")
    order_in_progress: Decimal = number("2", "h", "design", "1", "6", "an order not yet given counts for")
    scope_days: Decimal = number("30", "d", "design", "30", "30", "a count under normal within: in scope")

    # A.5.3 BLD-03
    red_flag_count: Decimal = number("50", "10*9/L", "design", "50", "100", "severe sign below: BLD-03")
    red_flag_headache: Decimal = number("10", "10*9/L", "design", "10", "20", "any new headache below")
    red_flag_injury: Decimal = number("100", "10*9/L", "design", "50", "100", "head injury below")
    head_injury_hours: Decimal = number("72", "h", "design", "24", "168", "head injury within")

    # A.5.2 PLT-05
    not_isolated_hb: Decimal = number("10", "g/dL", "design", "8", "12", "below: not isolated")
    not_isolated_hb_fall_days: Decimal = number("7", "d", "design", "3", "14", "window of the Hb fall")
    not_isolated_neutrophils: Decimal = number("1.0", "10*9/L", "design", "0.5", "1.5", "below: not isolated")

    # SAFE-01, SAFE-02
    ttp_count: Decimal = number("100", "10*9/L", "TTP20", "50", "150", "below with schistocytes and haemolysis")
    adamts13_low: Decimal = number("10", "%", "TTP20", "10", "10", "below: TTP")
    adamts13_days: Decimal = number("30", "d", "design", "14", "30", "an ADAMTS13 result counts up to")
    ldh_factor: Decimal = number("1.5", "1", "design", "1.2", "2", "times the upper limit: haemolysis sign")
    ldh_no_range: Decimal = number("250", "U/L", "design", "220", "280", "upper limit of LDH without a range")
    haptoglobin_no_range: Decimal = number("0.3", "g/L", "design", "0.2", "0.5", "lower limit without a range")
    haptoglobin_undetectable: Decimal = number("0.1", "g/L", "design", "0.1", "0.2", "at or below: undetectable (PLASMIC)")
    haemolysis_days: Decimal = number("7", "d", "design", "3", "7", "haemolysis signs count up to")
    schistocytes_percent: Decimal = number("1", "%", "design", "1", "1", "at or above: schistocytes present")
    plasmic_count: Decimal = number("30", "10*9/L", "TTP20", "30", "30", "PLASMIC: platelets below")
    plasmic_reticulocytes: Decimal = number("2.5", "%", "TTP20", "2.5", "2.5", "PLASMIC: above")
    plasmic_indirect_bilirubin: Decimal = number("2.0", "mg/dL", "TTP20", "2", "2", "PLASMIC: above")
    plasmic_mcv: Decimal = number("90", "fL", "TTP20", "90", "90", "PLASMIC: below")
    plasmic_creatinine: Decimal = number("2.0", "mg/dL", "TTP20", "2", "2", "PLASMIC: below")
    plasmic_high: Decimal = number("6", "{score}", "TTP20", "6", "6", "at or above: SAFE-01")
    plasmic_hours: Decimal = number("72", "h", "design", "24", "72", "PLASMIC items are at most this old")
    hit_days: Decimal = number("100", "d", "HIT18", "100", "100", "heparin exposure and a current HIT")
    four_ts_suspect: Decimal = number("4", "{score}", "HIT18", "4", "4", "at or above: SAFE-02")

    plasmic_cancer_months: Decimal = number("12", "mo", "PLASMIC17", "12", "12", "PLASMIC: cancer within so many months")
    hit_fall_minor: Decimal = number("30", "%", "HIT18", "30", "30", "4Ts: a fall by at least this gives 1 point")
    hit_fall_major: Decimal = number("50", "%", "HIT18", "50", "50", "4Ts: a fall by more than this may give 2 points")
    hit_nadir_low: Decimal = number("10", "10*9/L", "HIT18", "10", "10", "4Ts: nadir below: 0 points")
    hit_nadir: Decimal = number("20", "10*9/L", "HIT18", "20", "20", "4Ts: nadir below: at most 1 point")
    hit_onset_from: Decimal = number("5", "d", "HIT18", "5", "5", "4Ts: typical onset from this day of heparin")
    hit_onset_to: Decimal = number("10", "d", "HIT18", "10", "10", "4Ts: typical onset up to this day")
    hit_onset_early: Decimal = number("1", "d", "HIT18", "1", "1", "4Ts: early onset up to this day, after earlier heparin")
    hit_earlier_exposure: Decimal = number("30", "d", "HIT18", "30", "30", "4Ts: earlier heparin within this: 2 points")
    hit_baseline: Decimal = number("24", "h", "design", "24", "48", "4Ts: counts up to this before heparin are baseline")
    hit_course_gap: Decimal = number("2", "d", "design", "1", "7", "doses at most this far apart are one course of heparin")
    four_ts_chemotherapy_days: Decimal = number("14", "d", "design", "7", "30", "4Ts: chemotherapy within: definite other cause")

    # SAFE-12: ceftriaxone for suspected meningococcal sepsis
    men_dose: Decimal = number("2", "g", "NG240", "2", "2", "from 50 kg and in adults, intravenously")
    men_weight: Decimal = number("50", "kg", "NG240", "50", "50", "a child below is dosed by weight")
    men_per_kg_low: Decimal = number("80", "mg/kg", "NG240", "80", "80", "child below 50 kg, from")
    men_per_kg_high: Decimal = number("100", "mg/kg", "NG240", "100", "100", "child below 50 kg, to")
    men_daily: Decimal = number("4", "g", "NG240", "4", "4", "child below 50 kg: at most in a day")

    # SAFE-07, ISTH score of overt DIC
    dic_overt: Decimal = number("5", "{score}", "ISTHDIC", "5", "5", "at or above: overt DIC")
    dic_platelets_low: Decimal = number("50", "10*9/L", "ISTHDIC", "50", "50", "below: 2 points")
    dic_platelets_moderate: Decimal = number("100", "10*9/L", "ISTHDIC", "100", "100", "below: 1 point")
    dic_d_dimer_strong: Decimal = number("10", "1", "design", "5", "10", "times the upper limit, above: strong rise, 3 points")
    dic_pt_long: Decimal = number("6", "s", "ISTHDIC", "6", "6", "above the upper limit, at least: 2 points")
    dic_pt_moderate: Decimal = number("3", "s", "ISTHDIC", "3", "3", "above the upper limit, at least: 1 point")
    dic_inr_long: Decimal = number("1.7", "{INR}", "design", "1.6", "1.8", "only the INR known, at least: 2 points")
    dic_inr_moderate: Decimal = number("1.3", "{INR}", "design", "1.2", "1.4", "only the INR known, at least: 1 point")
    dic_fibrinogen: Decimal = number("1.0", "g/L", "ISTHDIC", "1", "1", "below: 1 point")
    dic_apart: Decimal = number("24", "h", "ISTHDIC", "24", "24", "items of one score are drawn at most this far apart")
    dic_hours: Decimal = number("72", "h", "design", "24", "72", "the newest item of a score is at most this old")

    # SAFE-03 to SAFE-06
    stec_days: Decimal = number("21", "d", "IDSADIA", "14", "21", "a Shiga toxin result or infection counts up to")
    diarrhoea_days: Decimal = number("14", "d", "design", "7", "21", "bloody diarrhoea counts up to")
    creatinine_rise_hus: Decimal = number("1.5", "1", "design", "1.3", "2", "times the median before, at least: creatinine rise")
    vaccine_from: Decimal = number("4", "d", "design", "4", "5", "adenoviral-vector vaccine, from")
    vaccine_to: Decimal = number("42", "d", "design", "30", "42", "adenoviral-vector vaccine, up to")
    adenovirus_days: Decimal = number("30", "d", "design", "14", "30", "an adenovirus infection counts up to")
    vitt_d_dimer: Decimal = number("4000", "ug/L", "design", "4000", "4000", "D-dimer (FEU) above")
    vitt_d_dimer_hours: Decimal = number("72", "h", "design", "24", "168", "D-dimer at most this old")
    hlh_hb: Decimal = number("9", "g/dL", "HLH04", "9", "9", "below: a cytopenia of HLH")
    hlh_platelets: Decimal = number("100", "10*9/L", "HLH04", "100", "100", "below: a cytopenia of HLH")
    hlh_neutrophils: Decimal = number("1.0", "10*9/L", "HLH04", "1", "1", "below: a cytopenia of HLH")
    hlh_ferritin_high: Decimal = number("2000", "ug/L", "design", "1000", "3000", "at or above, with fever and cytopenias: SAFE-05")
    hlh_ferritin: Decimal = number("500", "ug/L", "HLH04", "500", "500", "at or above: a criterion of HLH")
    hlh_triglyceride: Decimal = number("3.0", "mmol/L", "HLH04", "3", "3", "at or above: a criterion of HLH")
    hlh_fibrinogen: Decimal = number("1.5", "g/L", "HLH04", "1.5", "1.5", "at or below: a criterion of HLH")
    hlh_ferritin_critical: Decimal = number("10000", "ug/L", "HLH04", "10000", "10000", "above: highly suspicious of HLH")
    hlh_days: Decimal = number("7", "d", "design", "3", "14", "its laboratory values are at most this old")
    hlh_fever_days: Decimal = number("30", "d", "design", "14", "30", "a recorded fever that goes on began within")
    blasts_days: Decimal = number("30", "d", "design", "14", "90", "a report of blasts counts up to")

    # SAFE-08 to SAFE-15
    hellp_weeks: Decimal = number("20", "wk", "design", "20", "20", "gestation from which HELLP is looked for")
    hellp_postpartum: Decimal = number("7", "d", "design", "7", "14", "and after the birth up to")
    hellp_count: Decimal = number("100", "10*9/L", "design", "100", "150", "platelets below: SAFE-08")
    hellp_systolic: Decimal = number("140", "mm[Hg]", "design", "140", "140", "at or above: hypertension")
    hellp_diastolic: Decimal = number("90", "mm[Hg]", "design", "90", "90", "at or above: hypertension")
    hellp_hours: Decimal = number("72", "h", "design", "24", "72", "blood pressure readings count up to")
    hellp_enzymes: Decimal = number("2", "1", "design", "2", "2", "times the upper limit of AST or ALT, at least")
    drug_fall: Decimal = number("30", "%", "design", "20", "50", "SAFE-10: fall from the count at the start, at least")
    drug_from: Decimal = number("5", "d", "DITP13", "5", "5", "SAFE-10: start of the drug before the fall, from")
    drug_to: Decimal = number("14", "d", "DITP13", "14", "14", "SAFE-10: start of the drug before the fall, up to")
    drug_heparin_to: Decimal = number("10", "d", "design", "10", "14", "SAFE-10: heparin, up to")
    drug_gp_hours: Decimal = number("24", "h", "design", "24", "24", "SAFE-10: GPIIb/IIIa inhibitor, up to")
    drug_linezolid_days: Decimal = number("10", "d", "design", "10", "14", "SAFE-10: linezolid, therapy of at least")
    lifelong_months: Decimal = number("12", "mo", "design", "12", "60", "SAFE-11: low in every count over more than")
    exposure_days: Decimal = number("21", "d", "design", "21", "21", "SAFE-13: exposure within")
    rupture_pain_hours: Decimal = number("72", "h", "design", "24", "168", "SAFE-14: a recorded pain counts up to")
    ptp_from: Decimal = number("5", "d", "design", "5", "5", "SAFE-15: fall after a transfusion, from")
    ptp_to: Decimal = number("12", "d", "design", "12", "12", "SAFE-15: fall after a transfusion, up to")
    ptp_count: Decimal = number("20", "10*9/L", "design", "10", "20", "SAFE-15: count after a transfusion below")
    fnait_days: Decimal = number("7", "d", "design", "7", "7", "SAFE-15: a newborn up to this age")
    fnait_weeks: Decimal = number("37", "wk", "design", "37", "37", "SAFE-15: born at term, from")
    fnait_count: Decimal = number("50", "10*9/L", "design", "50", "100", "SAFE-15: count of the newborn below")

    # TPO
    tpo_low: Decimal = number("30", "10*9/L", "ASH19", "20", "30", "below: TPO-01, TPO-02")
    tpo_low_with_risk: Decimal = number("50", "10*9/L", "design", "30", "50", "below with a bleeding risk: TPO-01")
    tpo_months: Decimal = number("3", "mo", "IWG09", "3", "6", "from onset: persistent")
    tpo_counts_days: Decimal = number("7", "d", "design", "3", "14", "two low counts at least this far apart")
    tpo_acute_days: Decimal = number("14", "d", "design", "7", "28", "no TPO-02 in the first days of an acute infection")
    tpo_very_low: Decimal = number("20", "10*9/L", "design", "10", "20", "below for the next time: TPO-02")
    tpo_very_low_weeks: Decimal = number("2", "wk", "design", "1", "4", "for at least")
    tpo_not_needed: Decimal = number("50", "10*9/L", "LAB-ROM", "50", "100", "at or above: TPO-04")
    tpo_recent_weeks: Decimal = number("4", "wk", "design", "2", "8", "acute infection younger than: TPO-04")
    tpo_controlled_weeks: Decimal = number("4", "wk", "design", "4", "12", "end of therapy at least this long ago: controlled")

    tpo_steroid_days: Decimal = number("14", "d", "design", "7", "28", "a steroid begun so long ago has failed")
    tpo_ivig_days: Decimal = number("7", "d", "design", "4", "14", "IVIG given so long ago has failed")
    thrombosis_days: Decimal = number("90", "d", "design", "30", "180", "a present thrombosis is active up to")
    mimic_days: Decimal = number("30", "d", "design", "14", "60", "VITT, HUS, HLH are current up to")
    pancytopenia_hb: Decimal = number("10", "g/dL", "design", "10", "10", "below, with the next two: pancytopenia")
    pancytopenia_neutrophils: Decimal = number("1.5", "10*9/L", "design", "1.0", "1.5", "below, or the next")
    pancytopenia_wbc: Decimal = number("3.0", "10*9/L", "design", "2.0", "3.5", "below")
    pancytopenia_days: Decimal = number("7", "d", "design", "3", "14", "its counts are at most this old")

    # TPO-12 to TPO-14: a TPO-RA in use
    tpo_withhold: Decimal = number("400", "10*9/L", "LAB-ELT", "250", "400", "TPO-14: above, stop or withhold")
    tpo_reduce: Decimal = number("200", "10*9/L", "LAB-ELT", "150", "250", "TPO-14: from here, reduce (romiplostim: above, twice)")
    tpo_reduce_apart: Decimal = number("7", "d", "LAB-ROM", "7", "14", "TPO-14: two high counts on romiplostim so far apart")
    tpo_finding_weeks: Decimal = number("4", "wk", "LAB-ELT", "4", "8", "dose-finding up to this long after the first dose")
    tpo_count_finding: Decimal = number("7", "d", "LAB-ELT", "7", "14", "TPO-12: a count at least so often in dose-finding, and after the stop")
    tpo_count_stable: Decimal = number("30", "d", "LAB-ELT", "28", "31", "TPO-12: a count at least so often at a stable dose")
    tpo_liver_finding: Decimal = number("14", "d", "LAB-ELT", "14", "14", "TPO-12: liver tests on eltrombopag in dose-finding")
    tpo_liver_stable: Decimal = number("30", "d", "LAB-ELT", "28", "31", "TPO-12: and at a stable dose")
    tpo_rebound_weeks: Decimal = number("4", "wk", "LAB-AVA", "4", "4", "TPO-12: counts after the stop up to")
    tpo_rebound_romiplostim: Decimal = number("2", "wk", "LAB-ROM", "2", "4", "TPO-12: counts after the stop of romiplostim up to")
    tpo_trial_weeks: Decimal = number("4", "wk", "LAB-ELT", "4", "8", "TPO-13: at the maximum dose for so long without a rise")
    eltrombopag_maximum: Decimal = number("75", "mg/d", "LAB-ELT", "54", "75", "TPO-13: maximum daily dose (choline salt: 54)")
    avatrombopag_maximum: Decimal = number("40", "mg/d", "LAB-AVA", "40", "40", "TPO-13: maximum daily dose")
    romiplostim_maximum: Decimal = number("10", "ug/kg", "LAB-ROM", "10", "10", "TPO-13: maximum weekly dose")

    # INF
    egfr_days: Decimal = number("90", "d", "design", "30", "365", "an eGFR for a draft is at most this old")

    # MON
    mon_frequent: Decimal = number("10", "10*9/L", "design", "10", "20", "below: every 6 to 12 hours")
    mon_daily: Decimal = number("30", "10*9/L", "design", "20", "50", "below: daily")
    mon_two_days: Decimal = number("50", "10*9/L", "design", "50", "50", "below: every 2 to 3 days")
    mon_weekly: Decimal = number("100", "10*9/L", "design", "100", "100", "below: weekly")
    mon_step_up_percent: Decimal = number("20", "%", "design", "10", "30", "fall at or above: shorten the interval")
    mon_default_weeks: Decimal = number("6", "wk", "design", "4", "12", "no pathogen recorded: recovery window")
    mon_question_weeks: Decimal = number("26", "wk", "design", "26", "52", "MON-05 stays up to")
    mon_hours_low: Decimal = number("6", "h", "design", "4", "12", "most frequent interval: from")
    mon_hours_high: Decimal = number("12", "h", "design", "6", "24", "and to")
    mon_day: Decimal = number("24", "h", "design", "24", "24", "daily")
    mon_days_low: Decimal = number("2", "d", "design", "1", "3", "every 2 to 3 days: from")
    mon_days_high: Decimal = number("3", "d", "design", "2", "4", "and to")
    mon_falling_low: Decimal = number("3", "d", "design", "2", "4", "twice weekly while falling: from")
    mon_falling_high: Decimal = number("4", "d", "design", "3", "5", "and to")
    mon_week: Decimal = number("7", "d", "design", "7", "7", "weekly")
    mon_mild_low: Decimal = number("1", "wk", "design", "1", "2", "100 to 149, until normal: from")
    mon_mild_high: Decimal = number("2", "wk", "design", "1", "4", "and to")
    mon_dengue_low: Decimal = number("12", "h", "design", "6", "24", "dengue, with haematocrit: from")
    mon_dengue_high: Decimal = number("24", "h", "design", "12", "24", "and to")
    cure_test_weeks: Decimal = number("4", "wk", "ACG24", "4", "12", "H. pylori: test of cure from")
    svr_weeks: Decimal = number("12", "wk", "AASLDHCV", "12", "12", "MON-06: HCV RNA after the end of therapy from")
    hiv_load_weeks: Decimal = number("4", "wk", "design", "2", "12", "MON-06: HIV RNA after therapy began from")
    hbv_load_weeks: Decimal = number("12", "wk", "design", "4", "26", "MON-06: hepatitis B DNA after therapy began from")
    artesunate_hb_weeks: Decimal = number("4", "wk", "CDCMAL", "4", "4", "MON-06: haemoglobin weekly after artesunate for")
    b19_reticulocyte_days: Decimal = number("7", "d", "design", "5", "14", "MON-06: reticulocytes after onset from")
    mon_recovery_weeks: Decimal = number("4", "wk", "design", "2", "8", "MON-04: last check after recovery")
    mon_tpo_ra_weeks: Decimal = number("4", "wk", "design", "2", "8", "a TPO-RA ended within: no recovery without it")
    mon_sport: Decimal = number("50", "10*9/L", "design", "50", "50", "MON-07: below, no contact sport")
    workup_new_days: Decimal = number("14", "d", "design", "7", "30", "PLT-04: the low counts began within")
    workup_results_days: Decimal = number("30", "d", "design", "7", "90", "PLT-04: results of the work-up count up to")
    rapid_fall_drug_days: Decimal = number("14", "d", "design", "14", "30", "PLT-03: drugs in use within are to be reviewed")
    not_isolated_hb_fall: Decimal = number("2", "g/dL", "design", "2", "2", "PLT-05: a fall of at least this")

    # DATA
    stale_warning: Decimal = number("50", "10*9/L", "design", "30", "50", "DATA-02, -08: last value below, warning")
    repeat_due: Decimal = number("24", "h", "design", "6", "48", "an ordered count that is due by then is repeat enough")
    citrate_factor: Decimal = number("1.1", "1", "CAPTODAY23", "1.1", "1.1", "DATA-05: dilution in a citrate tube")

    # ORD
    nsaid_critical: Decimal = number("50", "10*9/L", "design", "30", "50", "ORD-02: below, critical")
    nsaid_warning: Decimal = number("100", "10*9/L", "design", "50", "100", "ORD-02: below, warning")
    antiplatelet_critical: Decimal = number("30", "10*9/L", "EHA22", "20", "50", "ORD-01: below, critical")
    antiplatelet_warning: Decimal = number("50", "10*9/L", "EHA22", "30", "50", "ORD-01: below, warning")
    acs_aspirin: Decimal = number("10", "10*9/L", "EHA22", "10", "20", "ORD-01 after ACS or stent: aspirin from")
    acs_p2y12: Decimal = number("30", "10*9/L", "EHA22", "30", "50", "ORD-01 after ACS or stent: P2Y12 or dual from")
    acs_months: Decimal = number("12", "mo", "EHA22", "6", "12", "ACS or stent counts up to")
    vhf_days: Decimal = number("28", "d", "design", "21", "42", "a haemorrhagic fever is current up to")
    zika_chik_days: Decimal = number("21", "d", "design", "14", "28", "Zika or chikungunya is current up to")
    alt_days: Decimal = number("30", "d", "design", "7", "90", "an ALT counts for the dose of paracetamol up to")
    neonate_platelets: Decimal = number("25", "10*9/L", "AABB25", "25", "25", "ORD-09, newborn without bleeding: from")
    platelet_doses: Decimal = number("1", "1", "AABB15", "1", "1", "ORD-10: adult doses for prophylaxis at most")
    cd4_low: Decimal = number("200", "/uL", "design", "200", "350", "POP-05: HIV with CD4 below")
    steroid_days: Decimal = number("14", "d", "design", "14", "28", "POP-05, ORD-21: a steroid course from")
    rituximab_months: Decimal = number("6", "mo", "design", "6", "12", "POP-05: rituximab counts up to")
    drug_history_months: Decimal = number("12", "mo", "design", "12", "24", "drugs that ended longer ago are read by no rule")
    viral_days: Decimal = number("28", "d", "design", "14", "56", "ORD-13: an acute infection without its own window, up to")
    anticoagulant_critical: Decimal = number("25", "10*9/L", "CATISTH", "20", "30", "ORD-03, ORD-04: below")
    anticoagulant_warning: Decimal = number("50", "10*9/L", "CATISTH", "50", "50", "ORD-03: below; ORD-04 with bleeding")
    clot_days: Decimal = number("30", "d", "CATISTH", "30", "90", "ORD-03: an acute thrombosis is younger than")
    enoxaparin_day: Decimal = number("40", "mg", "design", "40", "60", "A.9: prophylactic dose a day, at most")
    enoxaparin_twice: Decimal = number("30", "mg", "design", "30", "30", "A.9: or this dose twice a day")
    dalteparin_day: Decimal = number("5000", "[IU]", "design", "5000", "5000", "A.9: prophylactic dose a day, at most")
    tinzaparin_day: Decimal = number("4500", "[IU]", "design", "4500", "4500", "A.9: prophylactic dose a day, at most")
    heparin_day: Decimal = number("15000", "[IU]", "design", "15000", "15000", "A.9: prophylactic dose a day, at most")
    fondaparinux_day: Decimal = number("2.5", "mg", "design", "2.5", "2.5", "A.9: prophylactic dose a day, at most")
    apixaban_day: Decimal = number("5", "mg", "design", "5", "5", "A.9: prophylactic, 2.5 mg twice: a day, at most")
    apixaban_dose: Decimal = number("2.5", "mg", "design", "2.5", "2.5", "A.9: prophylactic single dose, at most")
    rivaroxaban_day: Decimal = number("10", "mg", "design", "10", "10", "A.9: prophylactic dose a day, at most")
    thrombolysis: Decimal = number("100", "10*9/L", "design", "100", "100", "ORD-06: below, critical")
    catheter_lock: Decimal = number("2", "mg", "design", "2", "2", "ORD-06: a dose to open a catheter, at most")
    intramuscular_critical: Decimal = number("20", "10*9/L", "design", "20", "30", "ORD-07: below, critical")
    intramuscular_warning: Decimal = number("50", "10*9/L", "design", "30", "50", "ORD-07: below; critical with bleeding")
    toxic_critical: Decimal = number("20", "10*9/L", "design", "20", "30", "ORD-15: below, critical")
    toxic_warning: Decimal = number("50", "10*9/L", "design", "50", "50", "ORD-15: below, warning")
    toxic_info: Decimal = number("100", "10*9/L", "design", "100", "100", "ORD-15: below, information")
    linezolid_days: Decimal = number("14", "d", "design", "10", "14", "ORD-15: linezolid from this day, at any count")
    ivig_course_days: Decimal = number("14", "d", "design", "7", "28", "ORD-17: a second IVIG course within")
    ivig_doses_hours: Decimal = number("48", "h", "design", "24", "72", "ORD-17: doses within are one course")
    cbc_again_hours: Decimal = number("6", "h", "design", "4", "12", "ORD-17: a blood count ordered within")
    eltrombopag_reduced: Decimal = number("25", "mg", "LAB-ELT", "25", "25", "TPO-05: start, ancestry or liver")
    eltrombopag_lowest: Decimal = number("12.5", "mg", "LAB-ELT", "12.5", "12.5", "TPO-05: start, ancestry and liver")
    baseline_liver_days: Decimal = number("30", "d", "design", "14", "90", "ORD-18: liver tests before eltrombopag within")
    reye_age: Decimal = number("19", "a", "LAB-SAL", "18", "20", "ORD-22: below this age")
    steroid_weeks: Decimal = number("4", "wk", "AGA15", "4", "4", "ORD-23: a long steroid course from")
    anti_d_hb_low: Decimal = number("8", "g/dL", "LAB-WRS", "8", "8", "ORD-24: below, critical")
    anti_d_hb_reduced: Decimal = number("10", "g/dL", "LAB-WRS", "10", "10", "ORD-24: below, reduced dose")
    anti_d_hb_days: Decimal = number("7", "d", "design", "3", "7", "ORD-24: a haemoglobin is at most this old")
    anti_d_postpartum_days: Decimal = number("10", "d", "design", "10", "10", "ORD-24: prophylaxis after birth or loss up to")
    anti_d_exposure_hours: Decimal = number("72", "h", "design", "72", "72", "ORD-24: prophylaxis after blood within")
    ivig_egfr: Decimal = number("60", "mL/min/{1.73_m2}", "LAB-IVIG", "60", "60", "ORD-25: below, a kidney risk")
    ivig_age: Decimal = number("65", "a", "LAB-IVIG", "65", "65", "ORD-25: above this age")
    tetracycline_age: Decimal = number("8", "a", "design", "8", "8", "ORD-28: below this age")
    live_vaccine_steroid_mg: Decimal = number("20", "mg/d", "ACIP", "20", "20", "POP-05, ORD-21: prednisone from")
    live_vaccine_steroid_mg_kg: Decimal = number("2", "mg/kg/d", "ACIP", "2", "2", "the same, of a child")
    live_vaccine_steroid_months: Decimal = number("1", "mo", "ACIP", "1", "1", "ORD-21: no live vaccine after a course for")
    live_vaccine_ivig_months: Decimal = number("11", "mo", "ACIP", "11", "11", "ORD-21: MMR, varicella after IVIG, dose unknown")
    live_vaccine_blood_months: Decimal = number("7", "mo", "ACIP", "7", "7", "ORD-21: MMR, varicella after platelets or plasma")
    vaccine_itp_weeks: Decimal = number("6", "wk", "ACIP", "6", "6", "ORD-21: thrombocytopenia after a vaccine within")
    interaction_count: Decimal = number("50", "10*9/L", "design", "50", "50", "ORD-30: valproate or SSRI below")
    ganciclovir_count: Decimal = number("25", "10*9/L", "GCVLAB", "25", "25", "ORD-31: below, critical")
    ganciclovir_neutrophils: Decimal = number("0.5", "10*9/L", "GCVLAB", "0.5", "0.5", "ORD-31: below, critical")
    ganciclovir_hb: Decimal = number("8", "g/dL", "GCVLAB", "8", "8", "ORD-31: below, critical")
    ganciclovir_days: Decimal = number("7", "d", "design", "3", "14", "ORD-31: blood counts are at most this old")
    severe_neutropenia: Decimal = number("0.5", "10*9/L", "design", "0.5", "1.0", "ORD-13 is silent below")

    # A.3 the same card again, where feedback is kept
    repeat_info_days: Decimal = number("7", "d", "design", "1", "7", "an overridden info card is silent for")
    repeat_warning_hours: Decimal = number("24", "h", "design", "1", "24", "an overridden warning is silent for")
    treated_hours: Decimal = number("6", "h", "design", "1", "6", "a critical card, already treated, is information for")
    treated_fall: Decimal = number("20", "%", "design", "5", "20", "unless the count falls by this share")
    review_overridden: Decimal = number("90", "%", "design", "50", "95", "a rule that is overridden more often needs review")
    review_firings: Decimal = number("100", "1", "design", "20", "1000", "once it was shown this often")

    spans: dict[str, timedelta] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Windows that were asked for, by name: rules ask for the same ones at every call."""

    def __post_init__(self) -> None:
        """Refuses a number outside its bounds (ValueError naming it)."""
        for name, about in described().items():
            value = getattr(self, name)
            if not about.low <= value <= about.high:
                raise ValueError(f"threshold {name} = {value}: expected {about.low} to {about.high} {about.unit}")

    def span(self, name: str) -> timedelta:
        """The named window as a timedelta (unit min, h, d or wk; months are calendar months, see `cards.months`)."""
        try:
            return self.spans[name]
        except KeyError:
            found = self.spans[name] = _timespan(getattr(self, name), described()[name].unit)
            return found


SECONDS = {"min": 60, "h": 3600, "d": 86400, "wk": 604800}


@cache
def _timespan(value: Decimal, unit: str) -> timedelta:
    return timedelta(seconds=int(value * SECONDS[unit]))


_DESCRIBED: dict[str, Described] = {}


def described() -> dict[str, Described]:
    """Every threshold's description by name."""
    if not _DESCRIBED:
        _DESCRIBED.update({f.name: f.metadata["described"] for f in fields(Thresholds) if f.metadata})
    return _DESCRIBED
