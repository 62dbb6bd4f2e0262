"""Which outcomes suppress, merge or pass which: the tables of rulebook A.2 and A.3, literal. `cards.decide` uses them.

Patterns name rule ids: `TRF-02` itself, `TRF-02..10` those between, `TPO-*` the family.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType

from cards.frozen import dataclass
from cards.outcome import Indicator


@lru_cache(maxsize=16384)
def matches(rule: str, patterns: tuple[str, ...]) -> bool:
    """Whether a rule id is meant by one of the patterns."""
    return any(_matches(rule, pattern) for pattern in patterns)


@cache
def row_of(rule: str) -> int:
    """The row of `ORDER` in which a rule's card stands."""
    return next(row for row, patterns in enumerate(ORDER) if matches(rule, patterns))


@cache
def suppressing_rules() -> frozenset[str]:
    """The rules that take cards away."""
    return frozenset([row.when for row in SUPPRESSIONS])


@cache
def suppressing(carried: frozenset[str]) -> tuple[Suppression, ...]:
    """The rows of the rules that are carried."""
    return tuple([row for row in SUPPRESSIONS if row.when in carried])


@lru_cache(maxsize=16384)
def merging(answered: tuple[str, ...]) -> tuple[Merge, ...]:
    """The rows by which one of these rules' cards may become the last words of another's."""

    def has(patterns: tuple[str, ...]) -> bool:
        return any(matches(rule, patterns) for rule in answered)

    return tuple([row for row in MERGES if has(row.what) and has(row.into)])


@cache
def _matches(rule: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return rule.startswith(pattern[:-1])
    first, dots, last = pattern.partition("..")
    if not dots:
        return rule == pattern
    family, _, start = first.rpartition("-")
    own_family, _, number = rule.rpartition("-")
    return own_family == family and number.isdigit() and int(start) <= int(number) <= int(last)


# ---------------------------------------------------------------------------------------- order of the cards (A.2)

ORDER: tuple[tuple[str, ...], ...] = (
    ("DATA-*",),
    ("SAFE-*",),
    ("TRF-01",),
    ("BLD-*",),
    ("ORD-*",),
    ("TRF-*",),
    ("PROC-*",),
    ("IMM-*",),
    ("INF-*",),
    ("TPO-*",),
    ("PLT-*",),
    ("MON-*",),
    ("A.3",),
)
"""A.2, with the decisions of A.9: bleeding questions after the mimics, counts before monitoring."""

URGENT_INFECTIONS = ("INF-SEP", "INF-MEN", "INF-RICK", "INF-MAL", "INF-HSV", "INF-IE")
"""Which infection stands first at the same indicator; then the order of section D."""

# ------------------------------------------------------------------------------------------------ suppression (A.2)

TRF_GATED = ("TRF-02..10", "TRF-12")


@dataclass(frozen=True, slots=True)
class Suppression:
    """When a card led or carried by `when` speaks (at `at_least`), the cards of `drops` do not.

    `by`: only a card that one of these rules answered; another that carries the words of `when` takes nothing away.
    """

    when: str
    drops: tuple[str, ...]
    at_least: Indicator = Indicator.INFO
    by: tuple[str, ...] = ("*",)


SUPPRESSIONS: tuple[Suppression, ...] = (
    Suppression("SAFE-01", (*TRF_GATED, "TPO-01..03")),
    Suppression("SAFE-02", (*TRF_GATED, "TPO-01..03")),
    Suppression("SAFE-04", (*TRF_GATED, "TPO-01..03")),
    Suppression("SAFE-03", ("TRF-02..07", "TRF-10", "TPO-01..03", "INF-STEC"), Indicator.CRITICAL),
    Suppression("SAFE-12", ("TRF-04", "INF-GEN-05")),
    # Nothing is drawn before infectious diseases and public health are called.
    Suppression("SAFE-13", ("INF-VHF", "INF-GEN-05", "PLT-04")),
    Suppression("INF-VHF", ("PLT-04",)),
    # An interval of days reads wrong beside these.
    Suppression("SAFE-12", ("MON-01..04", "MON-07"), Indicator.CRITICAL),
    Suppression("INF-MEN", ("MON-01..04", "MON-07"), Indicator.CRITICAL),
    Suppression("SAFE-09", ("TPO-01..03", "MON-05")),
    # "No SAFE": what else may explain the count is settled before a TPO-RA is discussed.
    *(Suppression(f"SAFE-{number:02}", ("TPO-01..02",)) for number in (5, 6, 7, 8, *range(10, 16))),
    Suppression("TRF-01", ("TRF-02..07", "TPO-01..02")),
    Suppression("TRF-08", ("INF-DEN",), by=("TRF-08", "ORD-09")),
    Suppression("INF-SEP", ("INF-VIR", "ORD-13"), Indicator.CRITICAL),
    Suppression("TPO-07", ("TPO-01..02",)),
    Suppression("TPO-08", ("TPO-01..02",)),
    Suppression("TPO-09", ("TPO-01..02",)),
    Suppression("TPO-10", ("TPO-01..02",)),
)
"""A card of dengue that is not info (severe dengue) is its own: `INF-DEN` is dropped as info only."""

ONLY_AS_INFO = frozenset({"INF-DEN", "INF-STEC"})
"""Dropped by a suppression only while they are info."""

KEEPS_ITS_TEST = frozenset({"INF-DEN"})
"""Only suspected (INF-GEN-03), its card asks for the test that settles it: TRF-08 says nothing of that."""

# ---------------------------------------------------------------------------------------------------- merging (A.2)


@dataclass(frozen=True, slots=True)
class Merge:
    """An info card of `what` becomes the last words of the first card of `into`, where there is one."""

    what: tuple[str, ...]
    into: tuple[str, ...]


MERGES: tuple[Merge, ...] = (
    Merge(("DATA-01",), ("TRF-01", "TRF-15")),
    Merge(("SAFE-07",), ("TRF-01", "TRF-02", "TRF-06", "TRF-09", "TRF-10", "TRF-12", "TRF-15")),
    Merge(("MON-01..04", "MON-07"), ("TRF-*",)),
    Merge(("MON-01..04", "MON-07"), ("PLT-06",)),
    Merge(("INF-MEN",), ("SAFE-12",)),  # one first dose, one card
    Merge(("PLT-04",), ("INF-*",)),
    Merge(("PLT-04",), ("TRF-08",)),
    Merge(("PLT-05",), ("SAFE-06", "SAFE-05", "SAFE-01")),
    Merge(("TPO-05..06", "TPO-11"), ("TPO-07..10", "TPO-12..14")),  # one drug in use, one card
)
NOT_ONLY_INFO = frozenset({"SAFE-07", "DATA-01", "PLT-05", "INF-MEN", "TPO-05", "TPO-06", "TPO-11"})
"""Merged also when it is more than info, but never into a card that is less urgent than itself."""

UNLIKELY_HIT_IN = ("INF-*", "TRF-*", "PLT-03")
"""On heparin with few points by the 4Ts: the first of these cards says that HIT is unlikely (SAFE-02)."""

CARRIED = ("ORD-*",)
"""Cards that tell another rule's advice as their own: a card of that rule, no more urgent, is not shown beside them."""

# ------------------------------------------------------------------------------------------- which hook hears what

ORDER_HOOKS = frozenset({"order-select", "order-sign"})
DISCHARGE = "encounter-discharge"

EVERYTHING = ("*",)
HOOKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "patient-view": EVERYTHING,
        "order-select": ("DATA-02..05", "DATA-08", "ORD-*", "PROC-*"),
        "order-sign": ("DATA-02..05", "DATA-08", "ORD-*", "PROC-*"),
        DISCHARGE: (
            "DATA-01..02",
            "DATA-05",
            "DATA-08",
            "TRF-01",
            "INF-HP-03",
            "TPO-12..14",
            "MON-*",
        ),
    }
)
"""Families that may speak on a hook, by the rule that answered; SAFE and TRF on orders: `cards.decide`."""

CARRIED_AT_DISCHARGE = ("INF-GEN-04",)
"""Heard on discharge whichever infection leads the card: therapy under way, and when the platelets should be back."""

BLOOD_PRODUCTS = frozenset({"proc-platelet-transfusion", "product-platelets", "proc-other-blood-product"})

BLEEDING_RISK_DRUGS = frozenset(
    {
        "med-antiplatelet",
        "med-aspirin",
        "med-p2y12",
        "med-gp2b3a",
        "med-nsaid",
        "med-anticoagulant",
        "med-heparin",
        "med-lmwh",
        "med-vitamin-k-antagonist",
        "med-doac",
        "med-thrombolytic",
    }
)
"""A.9: the classes of ORD-01 to ORD-06. With a blood product: the orders beside which the TRF card may stand."""

SAFETY_ASKED = (
    BLOOD_PRODUCTS
    | BLEEDING_RISK_DRUGS
    | {
        "med-antibacterial",
        "med-antimotility",
        "med-drug-induced-thrombocytopenia",
        "med-drug-induced-thrombocytopenia-tier2",
        "med-tpo-ra",
        "med-corticosteroid",
        "med-rituximab",
        "med-anti-d",
        "med-ivig",
        "med-antifibrinolytic",
    }
)
"""A.2: orders that ORD-01 to 09, 14, 15, 19 and 23 to 27 judge; procedures and the intramuscular route beside them."""

# ------------------------------------------------------------------------------------------------------ limits (A.3)

CARD_LIMITS: Mapping[str, int] = MappingProxyType(
    {"patient-view": 4, "order-select": 3, "order-sign": 3, DISCHARGE: 4}
)
INFECTION_CARDS = 2

STAY_WHEN_MILD = (
    "SAFE-*",
    "BLD-*",
    "PLT-03",
    "TRF-10",
    "TRF-13",
    "PROC-*",
    "TPO-12",
    "TPO-14",
    "ORD-*",
    "DATA-*",
)
"""From 100 to 149 these and critical cards stay beside one info card."""

FIRST_WHEN_MILD = ("PLT-06",)
"""The one info card from 100 to 149 where it speaks: a recovery is more than the infection behind it."""

SPEAK_WHEN_NORMAL = ("SAFE-*", "MON-06", "INF-HP-03")
"""From 150 without bleeding and TPO-RA, on patient-view: mimics and follow-up tests only."""

SPEAK_IN_COMFORT_CARE = ("ORD-16",)
