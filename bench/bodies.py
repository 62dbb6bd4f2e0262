"""The standard bodies: a hook call of about 63 kB or 521 kB under the service's own prefetch keys, seeded.

63 kB are 28 Observations (six platelet counts, haemoglobin, leucocytes, creatinine, ALT, vital signs), six Conditions,
five MedicationRequests and the Patient; 521 kB are the same eightfold, at other dates. Everybody is made up.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bench.resources import PATIENT, SNOMED, Json, Quantity, Writer, searchset
from cds_service.discovery import PrefetchKey
from cds_service.stories.prefetch import answer

SERVICE: Final = "itp-patient-view"
HOOK: Final = "patient-view"
SIZES: Final = {"63 kB": 1, "521 kB": 8}
"""How often the record is repeated."""
LONG_AGO: Final = timedelta(days=400)
"""Repetitions lie before this, so that they change nothing that is decided."""

CREATININE_NORMAL: Final = (45.0, 84.0)
DISEASES: Final = (
    ("38341003", "Hypertensive disorder"),
    ("44054006", "Type 2 diabetes mellitus"),
    ("55822004", "Hyperlipidemia"),
    ("396275006", "Osteoarthritis"),
    ("195967001", "Asthma"),
    ("235595009", "Gastroesophageal reflux disease"),
)
DRUGS: Final = (
    ("860975", "metformin 500 MG Extended Release Oral Tablet"),
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("617310", "atorvastatin 20 MG Oral Tablet"),
    ("198211", "simvastatin 40 MG Oral Tablet"),
    ("308136", "amlodipine 2.5 MG Oral Tablet"),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """What differs between the bodies: results from the newest on, and findings beside the common ones."""

    counts: tuple[int, ...]
    counts_apart: timedelta
    creatinine: tuple[float, ...] = (66.0, 68.0, 67.0)
    haemoglobin: tuple[float, ...] = (13.4, 13.1, 13.3)
    findings: tuple[tuple[str, str, timedelta, str], ...] = ()
    stool_antigen: timedelta | None = None


NOTHING: Final = Chart((210, 224, 205, 231, 219, 208), timedelta(days=70))
ONE_CARD: Final = Chart(
    (45, 212, 224, 205, 231, 219),
    timedelta(days=70),
    findings=(
        ("302227002", "Petechiae of skin", timedelta(hours=5), "active"),
        ("240530001", "Infectious mononucleosis", timedelta(days=420), "resolved"),
    ),
)
FOUR_CARDS: Final = Chart(
    (26, 25, 27, 24, 26, 27),
    timedelta(days=24),
    creatinine=(151.0, 84.0, 66.0),
    haemoglobin=(9.4, 10.1, 12.6),
    findings=(("32273002", "Immune thrombocytopenia", timedelta(days=122), "active"),),
    stool_antigen=timedelta(days=3),
)
CHARTS: Final = {"nothing to say": NOTHING, "one card": ONE_CARD, "four cards": FOUR_CARDS}


def body(chart: Chart, times: int, now: datetime, keys: tuple[PrefetchKey, ...], seed: int = 0) -> bytes:
    """The call's body, the chart's own record first and `times - 1` older ones of the common kind after it.

    Each seed gives other ids and other minutes.
    """
    write = Writer(random.Random(f"{chart.counts}{times}{seed}"))
    now -= timedelta(seconds=write.chance.randrange(1, 3000))
    resources = [write.patient("1978-03-09", "female", now - timedelta(days=9)), *_record(write, chart, now)]
    for number in range(1, times):
        resources += _record(write, NOTHING, now - LONG_AGO - number * LONG_AGO)
    prefetch = {
        name: value if value is None or value["resourceType"] != "Bundle" else _searchset(value)
        for name, value in answer(keys, resources, PATIENT).items()
    }
    call = {
        "hook": HOOK,
        "hookInstance": "6f1a2b0e-3c5d-4e7f-8a9b-0c1d2e3f4a5b",
        "context": {"userId": "Practitioner/practitioner-17", "patientId": PATIENT},
        "prefetch": prefetch,
    }
    return json.dumps(call, separators=(",", ":")).encode()


def _searchset(bundle: Json) -> Json:
    return searchset([entry["resource"] for entry in bundle.get("entry", ())])


def _record(write: Writer, chart: Chart, now: datetime) -> Iterator[Json]:
    """28 Observations, six Conditions, five MedicationRequests."""
    yield from _observations(write, chart, now)
    for finding in chart.findings:
        yield write.condition(finding[0], finding[1], now - finding[2], finding[3])
    for number, (code, display) in enumerate(DISEASES[: len(DISEASES) - len(chart.findings)]):
        yield write.condition(code, display, now - timedelta(days=700 + 100 * number))
    for number, (code, display) in enumerate(DRUGS):
        yield write.drug(code, display, now - timedelta(days=30 + number))


def _observations(write: Writer, chart: Chart, now: datetime) -> Iterator[Json]:
    for number, value in enumerate(chart.counts):
        at = now - timedelta(hours=4) - number * chart.counts_apart
        quantity = Quantity(value, "10*9/L", (150, 400))
        yield write.observation("777-3", "Platelets [#/volume] in Blood by Automated count", at, quantity)
    for number in range(3):
        at = now - timedelta(hours=4, days=30 * number)
        yield write.observation(
            "718-7",
            "Hemoglobin [Mass/volume] in Blood",
            at,
            Quantity(chart.haemoglobin[number], "g/dL", (12.0, 15.5)),
        )
        leucocytes = Quantity(6.2, "10*9/L", (4.0, 10.0))
        yield write.observation("6690-2", "Leukocytes [#/volume] in Blood by Automated count", at, leucocytes)
        creatinine = Quantity(chart.creatinine[number], "umol/L", CREATININE_NORMAL)
        yield write.observation("14682-9", "Creatinine [Moles/volume] in Serum or Plasma", at, creatinine)
        yield write.observation(
            "1742-6",
            "Alanine aminotransferase [Enzymatic activity/volume] in Serum",
            at,
            Quantity(22, "U/L", (7, 35)),
        )
    yield from _vital_signs(write, now, 9 if chart.stool_antigen else 10)
    if chart.stool_antigen is not None:
        yield _stool_antigen(write, now - chart.stool_antigen)


def _vital_signs(write: Writer, now: datetime, number: int) -> Iterator[Json]:
    kinds = (
        ("8867-4", "Heart rate", Quantity(74, "/min", (50, 100))),
        ("8310-5", "Body temperature", Quantity(36.7, "Cel", (36.0, 37.5))),
        ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", Quantity(98, "%", (94, 100))),
        ("29463-7", "Body weight", Quantity(68.5, "kg", (45, 120))),
    )
    for one in range(number):
        at = now - timedelta(hours=5 + 24 * one)
        code, display, quantity = kinds[one % len(kinds)]
        yield write.observation(code, display, at, quantity)


def _stool_antigen(write: Writer, at: datetime) -> Json:
    positive = {"coding": [{"system": SNOMED, "code": "10828004", "display": "Positive"}], "text": "Positive"}
    return write.observation(
        "17780-8",
        "Helicobacter pylori Ag [Presence] in Stool by Immunoassay",
        at,
        None,
        valueCodeableConcept=positive,
    )
