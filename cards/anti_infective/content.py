"""The content of a pathogen file, as rules read it: how it is recognised, its therapy, its card.

The files are read by `cards.anti_infective.pathogen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from cards.outcome import Indicator
from cards.record import Route


class Agent(StrEnum):
    """The kind of organism: ORD-13 asks for viruses, and a virus refuses salicylates to the young."""

    BACTERIUM = "bacterium"
    VIRUS = "virus"
    PARASITE = "parasite"


class CriticalSign(StrEnum):
    """What makes the card of a pathogen critical."""

    SHOCK = "shock"
    ORGAN_FAILURE = "organ failure"
    BLEEDING = "bleeding"  # active, not skin, WHO grade 2 and more
    SEVERE = "severe"  # coded or graded severe


class When(StrEnum):
    """What a caution asks of the record; `sets` and `limit` say of which value sets, below which number."""

    ALLERGY = "allergy"  # an active allergy or intolerance whose code is in `sets`
    PREGNANT = "pregnant"
    LACTATING = "lactating"
    AGE_BELOW = "age-below"  # completed years
    EGFR_BELOW = "egfr-below"  # mL/min/1.73 m2
    PLATELETS_BELOW = "platelets-below"  # 10*9/L
    USING = "using"  # a drug of `sets` in use
    FINDING = "finding"  # a present Condition of `sets`
    BLEEDING = "bleeding"  # active bleeding that is not of the skin
    VIRAL_BELOW_AGE = "viral-below-age"  # a current viral infection under that age (Reye)
    SEVERE = "severe"  # the infection is coded or graded severe


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to look for before a drug is proposed; its words are `caution.<key>` of the file."""

    key: str
    when: When
    sets: tuple[str, ...] = ()
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Deferral:
    """Who is not treated now although infected: the card is info, says `defer.<key>`, drafts nothing."""

    caution: Caution
    population: str  # the rulebook's POP id, listed with the card

    @property
    def key(self) -> str:
        return self.caution.key


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug of a regimen. Without a verified code in a value set the draft carries `text` alone."""

    key: str
    text: str
    dosage: str
    set_id: str | None = None
    code: str | None = None
    coding: tuple[str, str] | None = None  # (system, code) of that code, for "allergic to the same substance"
    classes: frozenset[str] = (
        frozenset()
    )  # value sets that the drug belongs to, for its own platelet toxicity


@dataclass(frozen=True, slots=True)
class Regimen:
    """One way of treating, in order of preference. Without `drugs` it is named in words and never drafted.

    Words: `regimen.<key>` is shown unless an exclusion applies; `dose.<key>` and the button `label.<key>`
    only when the draft may be offered. The needs are known by its exclusions, and `by_weight` asks for the
    weight.
    """

    key: str
    drugs: tuple[Drug, ...] = ()
    by_weight: bool = False
    excluded: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class Citing:
    """One line of evidence; `rules` are the card ids that show it (empty = all of the pathogen)."""

    citation: str
    recommendation: str
    grade: str | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pathogen:
    """One infection of section D of the rulebook.

    `window_weeks` is the recovery window (MON-05) from the start of therapy, or from onset if supportive;
    an acute infection is current for `current_days` (default: the window) after onset. A therapy is
    recognised by `therapy_minimum` different drugs of `therapy_sets`, or one of `therapy_packs` (combined
    products), by `therapy_route` where the route matters. `test_rule`, `treat_rule` and `id` lead its
    cards.
    """

    id: str
    order: int
    name: str
    agent: Agent
    chronic: bool
    window_weeks: int
    current_days: int | None
    supportive: bool
    time_critical: bool
    tested_when_unexplained: bool
    condition_sets: tuple[str, ...]
    severe_sets: tuple[str, ...]
    test_sets: tuple[str, ...]
    organism_sets: tuple[str, ...]
    therapy_sets: tuple[str, ...]
    therapy_packs: tuple[str, ...]
    therapy_except: tuple[str, ...]  # drugs of the sets that are none by themselves (bismuth)
    therapy_minimum: int
    therapy_route: Route | None
    test_rule: str
    treat_rule: str
    recorded: Indicator  # of the card when proven or reported
    suspected: Indicator  # of the card when only suspected
    critical_when: tuple[CriticalSign, ...]
    test_orders: tuple[str, ...]
    treat_orders: tuple[str, ...]
    refer_orders: tuple[str, ...]
    drugs: Mapping[str, Drug]
    regimens: tuple[Regimen, ...]
    cautions: tuple[Caution, ...]
    deferrals: tuple[Deferral, ...]
    source: str
    links: tuple[str, ...]
    evidence: tuple[Citing, ...]
    words: Mapping[str, str] = field(repr=False)

    @property
    def card_rules(self) -> tuple[str, ...]:
        """The rule ids that may lead a card of this pathogen, `id` first."""
        return tuple(dict.fromkeys((self.id, self.test_rule, self.treat_rule)))

    @property
    def current_window_days(self) -> int:
        """For how many days after onset an acute infection is current (rulebook A.9)."""
        return self.window_weeks * 7 if self.current_days is None else self.current_days

    def first_step(self, situation: str) -> str:
        """The words after the colon of a title."""
        return self.words[f"first-step.{situation}"]
