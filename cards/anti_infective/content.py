"""The content of a pathogen file, as rules read it: how it is recognised, its therapy, its card.

The files are read by `cards.anti_infective.pathogen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum

from cards.frozen import dataclass
from cards.kept import kept
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
    SEPSIS = "sepsis"  # recorded beside it, also suspected
    CONSCIOUSNESS = "consciousness"  # a coma score below 15, new confusion
    SEIZURE = "seizure"


class TreatSuspected(StrEnum):
    """Whether a suspicion alone is treated (rulebook A.1: sepsis, meningococci, rickettsiae, severe malaria)."""

    NEVER = "never"
    CRITICAL = "critical"  # with a critical sign
    ALWAYS = "always"


class When(StrEnum):
    """What a file asks of the record; `sets` and `limit` say of which value sets, below which number."""

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
    CRITICAL = "critical"  # a critical sign or criterion of the file
    WARNED = "warned"  # a row of its `warn_when`
    NEONATE = "neonate"  # younger than 28 days
    WEIGHT_BELOW = "weight-below"  # kg
    MEASURED_BELOW = "measured-below"  # the newest value of a set (`MEASURED`), at most `days` old
    MEASURED_ABOVE = "measured-above"
    TEST_POSITIVE = "test-positive"  # the newest result of these tests
    IMMUNOCOMPROMISED = "immunocompromised"  # rulebook A.9, POP-05
    USING_OR_SELECTED = "using-or-selected"  # a drug of `sets` in use, or selected now
    USED = "used"  # a drug of `sets` in use or ended in the last `days`
    VACCINATED = "vaccinated"  # a vaccine of `sets` in the last `days`
    FINDING_OR_SUSPECTED = "finding-or-suspected"  # a Condition of `sets`, present or suspected
    INPATIENT = "inpatient"  # rulebook A.9; without a stay that can be read an outpatient
    DIC = "dic"  # SAFE-07: by a recent Condition or by the score
    NO_SPLEEN = "no-spleen"  # rulebook POP-08: none that works, or removed at any time
    EGFR_KNOWN_BELOW = (
        "egfr-known-below"  # as `egfr-below`, but an eGFR that is not known is no reason to wait
    )
    FAILING = "failing"  # shock, organ failure or altered consciousness (A.9): too ill for a drug by mouth
    STEC = "stec"  # possible STEC-HUS (SAFE-03), in which antibiotics are better avoided


BY_SETS = frozenset({When.ALLERGY, When.USING, When.FINDING, When.MEASURED_BELOW, When.MEASURED_ABOVE}) | {
    When.TEST_POSITIVE,
    When.USING_OR_SELECTED,
    When.USED,
    When.VACCINATED,
    When.FINDING_OR_SUSPECTED,
}
BY_LIMIT = frozenset({When.AGE_BELOW, When.EGFR_BELOW, When.PLATELETS_BELOW, When.VIRAL_BELOW_AGE}) | {
    When.EGFR_KNOWN_BELOW,
    When.WEIGHT_BELOW,
    When.MEASURED_BELOW,
    When.MEASURED_ABOVE,
}
BY_DAYS = frozenset({When.MEASURED_BELOW, When.MEASURED_ABOVE, When.USED, When.VACCINATED})


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing that a file asks of the record, before a drug is proposed or a card becomes more urgent.

    Its words are `caution.<key>`; rows without words of their own (what a regimen is for, criteria) have no
    key. `negated` turns the answer round, and `population` is the POP id that a card lists when it applies.
    """

    key: str
    when: When
    sets: tuple[str, ...] = ()
    limit: Decimal | None = None
    days: int | None = None
    negated: bool = False
    population: str | None = None


@dataclass(frozen=True, slots=True)
class Deferral:
    """Who is not treated now although infected: the card is info, says `defer.<key>`, drafts nothing."""

    caution: Caution
    population: str | None  # the rulebook's POP id, listed with the card

    @property
    def key(self) -> str:
        return self.caution.key


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug of a regimen. Without a verified code in a value set the draft carries `text` alone.

    With `per_kg` (mg) the hole `{dose}` of `dosage` is the dose for the weight, to `step`, at most `most` mg.
    """

    key: str
    text: str
    dosage: str
    set_id: str | None = None
    code: str | None = None
    coding: tuple[str, str] | None = None  # (system, code) of that code, for "allergic to the same substance"
    classes: frozenset[str] = (
        frozenset()
    )  # value sets that the drug belongs to, for its own platelet toxicity
    per_kg: Decimal | None = None
    most: Decimal | None = None
    step: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Regimen:
    """One way of treating, in order of preference. Without `drugs` it is named in words and never drafted.

    Words: `regimen.<key>` is shown unless an exclusion applies; `dose.<key>` and the button `label.<key>`
    only when the draft may be offered. The needs are known by its exclusions, and `by_weight` asks for the
    weight. It is for those of whom every row of `only` holds (an age, a severity): for others it is not named.
    What is given in pregnancy as well (`in_pregnancy`) does not ask for its status.
    """

    key: str
    drugs: tuple[Drug, ...] = ()
    by_weight: bool = False
    in_pregnancy: bool = False
    excluded: tuple[Caution, ...] = ()
    only: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class Citing:
    """One line of evidence; `rules` are the card ids that show it (empty = all of the pathogen)."""

    citation: str
    recommendation: str
    grade: str | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pathogen:
    """One infection of section D of the rulebook.

    `window_weeks` is the recovery window (MON-05) from the start of therapy, or from onset if supportive;
    an acute infection is current for `current_days` (default: the window) after onset. A therapy is
    recognised by `therapy_minimum` different drugs of `therapy_sets`, or one of `therapy_packs` (combined
    products), by `therapy_route` where the route matters. `test_rule`, `treat_rule` and `id` lead its
    cards. Signs and criteria (`critical_when`, `critical`) make a card critical, a row of `warn_when` makes it a
    warning. With rows in `treat_when` only those of whom one holds are treated (`treated` is then the
    indicator), the others get supportive care. Under a critical sign only drugs of `therapy_urgent` are
    adequate. A vaccine of `vaccines` in the last `vaccine_days` can stand for the infection.
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
    many_agents: bool  # each test looks for one of several: a negative one excludes none of the others
    organism_sets: tuple[str, ...]
    therapy_sets: tuple[str, ...]
    therapy_packs: tuple[str, ...]
    therapy_except: tuple[str, ...]  # drugs of the sets that are none by themselves (bismuth)
    therapy_minimum: int
    therapy_route: Route | None
    therapy_urgent: tuple[str, ...]
    vaccines: tuple[str, ...]
    vaccine_days: int
    treat_suspected: TreatSuspected
    test_rule: str
    treat_rule: str
    recorded: Indicator  # of the card when proven or reported
    suspected: Indicator  # of the card when only suspected
    treated: Indicator  # of the card when a row of `treat_when` holds
    critical_when: tuple[CriticalSign, ...]
    critical: tuple[Caution, ...]
    warn_when: tuple[Caution, ...]
    treat_when: tuple[Caution, ...]
    test_orders: tuple[str, ...]
    treat_orders: tuple[str, ...]
    refer_orders: tuple[str, ...]
    first_dose: bool  # ceftriaxone as for purpura with sepsis (SAFE-12), drafted at once
    drugs: Mapping[str, Drug]
    regimens: tuple[Regimen, ...]
    cautions: tuple[Caution, ...]
    deferrals: tuple[Deferral, ...]
    source: str
    links: tuple[str, ...]
    evidence: tuple[Citing, ...]
    words: Mapping[str, str] = field(repr=False)

    @kept
    def card_rules(self) -> tuple[str, ...]:
        """The rule ids that may lead a card of this pathogen, `id` first."""
        return tuple(dict.fromkeys((self.id, self.test_rule, self.treat_rule)))

    @kept
    def recorded_sets(self) -> frozenset[str]:
        """Every value set of a Condition that is it."""
        return frozenset((*self.condition_sets, *self.severe_sets))

    @kept
    def named_sets(self) -> frozenset[str]:
        """Every value set by which the record can name it."""
        return frozenset((*self.condition_sets, *self.severe_sets, *self.test_sets, *self.organism_sets))

    @kept
    def names_populations(self) -> bool:
        """Whether any of its cautions or exclusions does: most files have none."""
        excluded = (c for regimen in self.regimens for c in regimen.excluded)
        return any(c.population is not None for c in (*self.cautions, *excluded))

    @property
    def reviews_therapy(self) -> bool:
        """Whether a critical sign under therapy is a card of its own (is that therapy adequate?)."""
        return "under-way" in self.words

    @property
    def current_window_days(self) -> int:
        """For how many days after onset an acute infection is current (rulebook A.9)."""
        return self.window_weeks * 7 if self.current_days is None else self.current_days

    def first_step(self, situation: str) -> str:
        """The words after the colon of a title."""
        return self.words[f"first-step.{situation}"]

    def critical_step(self, situation: str) -> str:
        """The same for a critical card, where the file has other words for it."""
        return self.words.get(f"first-step.{situation}.critical", self.first_step(situation))
