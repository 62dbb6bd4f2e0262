"""PatientFacts: what the rules read.

`cards.reading` makes it of a `Record` and the clinical limits (staleness B.3, trend B.2, bleeding B.5 and
B.6, definitions A.9). Everything is settled here: a rule compares, it does not interpret. Counts are 10*9/L;
ages of people are completed years and days of life; all times are aware UTC.
"""

from cards.facts.bleeding import Activity, Bleed, Bleeding, Site
from cards.facts.infections import Certainty, Infection, Infections
from cards.facts.patient import PatientFacts
from cards.facts.person import Known, Person, Sign, Signs
from cards.facts.platelets import (
    Blocker,
    Clumping,
    Conflict,
    Fall,
    PlateletCount,
    Platelets,
    Trend,
    UndatedCount,
)
from cards.facts.presence import has_past_code, in_use, is_past, is_present, is_suspected

__all__ = [
    "Activity",
    "Bleed",
    "Bleeding",
    "Blocker",
    "Certainty",
    "Clumping",
    "Conflict",
    "Fall",
    "Infection",
    "Infections",
    "Known",
    "PatientFacts",
    "Person",
    "PlateletCount",
    "Platelets",
    "Sign",
    "Signs",
    "Site",
    "Trend",
    "UndatedCount",
    "has_past_code",
    "in_use",
    "is_past",
    "is_present",
    "is_suspected",
]
