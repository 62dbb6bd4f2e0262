"""The courses of the made-up population: what happens to a patient, hour by hour, and which cards that plants.

`cards` is the number of evaluations of one patient that show a card led by a rule: literal, so that a replay can be
checked against it. Rules that a person's age, sex or other illness decides (TPO-03) are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from cards.frozen import dataclass

Kind = Literal["count", "result", "vital", "finding", "drug", "done", "order"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something recorded `hour` hours after admission; a result is issued an hour after it was drawn.

    `word` is a word of the stories' vocabulary, or the id of a value set. `value` and `unit` are those of a result.
    `unit` None: the result has none. `local`: a code that no value set holds.
    """

    hour: int
    kind: Kind
    word: str
    value: str | None = None
    unit: str | None = None
    local: bool = False
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """`share`: patients of 1,000. `hours`: length of the stay. `cards`: rule -> evaluations that show it leading."""

    name: str
    share: int
    events: tuple[Event, ...]
    hours: int = 72
    inpatient: bool = True
    evaluations: Mapping[str, int] = field(default_factory=dict)
    cards: Mapping[str, int] = field(default_factory=dict)


def count(hour: int, value: str, unit: str | None = "10*9/L", local: bool = False) -> Event:
    """A platelet count."""
    return Event(hour, "count", "obs-platelet-count", value, unit, local)


COURSES: Final = (
    Course(
        "no count, no infection",
        600,
        (Event(1, "vital", "obs-temperature", "36.8", "Cel"),),
        hours=1,
        inpatient=False,
        evaluations={"encounter": 1},
    ),
    Course(
        "normal counts, no infection",
        200,
        (count(1, "238"), count(25, "251"), Event(1, "vital", "obs-temperature", "37.0", "Cel")),
        evaluations={"encounter": 1, "count": 2},
    ),
    Course(
        "dengue, falling counts, recovery",
        50,
        (
            Event(1, "finding", "dengue"),
            count(2, "92"),
            count(26, "41"),
            count(50, "18"),
            count(74, "64"),
            count(98, "171"),
        ),
        hours=120,
        evaluations={"encounter": 1, "count": 5},
        cards={"INF-DEN": 3, "MON-01": 2, "MON-03": 1, "PLT-03": 2, "TRF-08": 1},
    ),
    Course(
        "sepsis, eight, transfused",
        40,
        (
            Event(1, "finding", "sepsis"),
            count(1, "8"),
            Event(3, "order", "order-cbc"),
            Event(4, "done", "platelet transfusion"),
            Event(2, "drug", "med-cephalosporin"),
            count(12, "31"),
        ),
        hours=96,
        evaluations={"encounter": 1, "count": 2, "medication": 1, "service": 1, "transfusion": 1},
        cards={"TRF-06": 2, "INF-SEP": 2, "MON-01": 1},
    ),
    Course(
        "hepatitis C, gastrointestinal bleeding",
        30,
        (
            Event(1, "finding", "gastrointestinal bleeding"),
            Event(1, "finding", "inf-hcv"),
            count(1, "33"),
            count(13, "29"),
        ),
        evaluations={"encounter": 1, "count": 2},
        cards={"TRF-02": 2, "INF-HCV": 2},
    ),
    Course(
        "malaria, aspirin ordered at 22",
        20,
        (
            Event(1, "finding", "malaria"),
            count(2, "22"),
            Event(5, "drug", "aspirin"),
        ),
        evaluations={"encounter": 1, "count": 1, "medication": 1},
        cards={"TRF-05": 2, "INF-MAL": 1, "ORD-01": 1},
    ),
    Course(
        "count without unit",
        30,
        (Event(1, "finding", "sepsis"), count(1, "45", unit=None)),
        evaluations={"encounter": 1, "count": 1},
        cards={"INF-SEP": 1, "DATA-03": 1},
    ),
    Course(
        "count under a local code",
        20,
        (count(1, "51", local=True),),
        evaluations={"encounter": 1},
    ),
    Course(
        "count without a time",
        10,
        (Event(-1, "count", "obs-platelet-count", "77", "10*9/L", status="undated"),),
        evaluations={"encounter": 1},
    ),
)
"""Shares add up to 1,000."""


def planned_patients(patients: int) -> tuple[tuple[Course, int], ...]:
    """How many patients follow each course: by its share, what is left over by the largest remainder."""
    shares = [(course, *divmod(course.share * patients, 1000)) for course in COURSES]
    left = patients - sum(whole for _, whole, _ in shares)
    first = sorted(range(len(shares)), key=lambda n: (-shares[n][2], n))[:left]
    return tuple((course, whole + (n in first)) for n, (course, whole, _) in enumerate(shares))
