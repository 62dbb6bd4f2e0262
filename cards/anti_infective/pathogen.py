"""Pathogens: one TOML file each in `pathogens/`, loaded strictly and never named in rule code.

A file says how the infection is recognised (value sets), what its therapy is (so that "already treated" is known), how
long the platelets may take (MON-05), and the content of its card: tests, regimens with their exclusions, cautions,
words, evidence. A wrong or unknown member stops the start (ValueError naming file and member).
`CONTRIBUTING.md` explains how to add one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cards.outcome import Indicator
from cards.record import Route
from cards.toml_table import Table

if TYPE_CHECKING:
    from cards.drafts import Template
    from cards.valuesets import Terminology
    from cards.wording import Section

FOLDER = Path(__file__).parent / "pathogens"


class Agent(StrEnum):
    """What kind of organism it is: `ORD-13` asks for viruses, salicylates are refused to the young with one."""

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
    """What a caution asks of the record. `sets` and `limit` say of which value sets and below which number."""

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
    """One thing to look for before a drug is proposed; its words are `caution.<key>` of the pathogen's file."""

    key: str
    when: When
    sets: tuple[str, ...] = ()
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Deferral:
    """Who is not treated now although infected: the card becomes info, says `defer.<key>`, and drafts no drug."""

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
    classes: frozenset[str] = frozenset()  # value sets that the drug belongs to, for its own platelet toxicity


@dataclass(frozen=True, slots=True)
class Regimen:
    """One way of treating, in order of preference. Without `drugs` it is named in words and never drafted.

    Words: `regimen.<key>` is shown unless an exclusion applies; `dose.<key>` and the button `label.<key>` only when
    the draft may be offered. The needs are known by its exclusions, and `by_weight` asks for the weight.
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

    `window_weeks` is the recovery window (MON-05) from the start of therapy, or from onset if supportive; an acute
    infection is current for `current_days` (default: the window) after onset. A therapy is recognised by
    `therapy_minimum` different drugs of `therapy_sets`, or one of `therapy_packs` (combined products), by
    `therapy_route` where the route matters. `test_rule`, `treat_rule` and `id` lead its cards.
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


def load_pathogens(terminology: Terminology, folder: Path = FOLDER) -> tuple[Pathogen, ...]:
    """Every pathogen, in the order of section D. ValueError for a file that is wrong in any member."""
    loaded = sorted((_pathogen(path, terminology) for path in sorted(folder.glob("*.toml"))), key=lambda p: p.order)
    for name in ("id", "order"):
        values = [getattr(pathogen, name) for pathogen in loaded]
        if len(set(values)) != len(values):
            raise ValueError(f"two pathogens have the same {name}: {values}")
    return tuple(loaded)


def therapy_templates(pathogens: Iterable[Pathogen]) -> Mapping[str, Template]:
    """A draft template for every drug of every pathogen: `therapy:INF-HP:tetracycline`."""
    from cards.drafts import Template

    return MappingProxyType(
        {
            template_name(pathogen, drug): Template(
                "MedicationRequest", drug.text, drug.text[:1].lower() + drug.text[1:], drug.set_id, drug.code
            )
            for pathogen in pathogens
            for drug in pathogen.drugs.values()
        }
    )


def template_name(pathogen: Pathogen, drug: Drug) -> str:
    """The name of a drug's draft template."""
    return f"therapy:{pathogen.id}:{drug.key}"


def pathogen_sections(pathogens: Iterable[Pathogen]) -> Mapping[str, Section]:
    """The words of the pathogens' cards, one section for each rule id that may lead one (for `Words.with_sections`)."""
    from cards.wording import make_section

    return MappingProxyType(
        {
            rule: make_section(rule, f"anti_infective/pathogens/{pathogen.id}", _fields(pathogen, rule), pathogen.words)
            for pathogen in pathogens
            for rule in pathogen.card_rules
        }
    )


def _fields(pathogen: Pathogen, rule: str) -> dict[str, list[str]]:
    lines = [e for e in pathogen.evidence if not e.rules or rule in e.rules]
    evidence = [" | ".join((e.citation, e.recommendation, e.grade or "")) for e in lines]
    return {"source": [pathogen.source], "link": list(pathogen.links), "evidence": evidence}


# ---------------------------------------------------------------------------------------------- the file


def _pathogen(path: Path, terminology: Terminology) -> Pathogen:
    table = Table(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal), path.name)
    identity = table.text("id")
    drugs = _drugs(table.table("drugs"), terminology)
    words = {key: text.strip() for key, text in table.table("words").texts().items()}
    known = table.table("recognise")
    therapy = table.table("therapy")
    rules = table.table("rules")
    card = table.table("card")
    orders = table.table("orders")
    pathogen = Pathogen(
        id=identity,
        order=table.whole("order"),
        name=table.text("name"),
        agent=Agent(table.text("agent")),
        chronic=table.flag("chronic"),
        window_weeks=table.whole("window_weeks"),
        current_days=table.whole("current_days", None),
        supportive=table.flag("supportive"),
        time_critical=table.flag("time_critical"),
        tested_when_unexplained=table.flag("tested_when_unexplained", False),
        condition_sets=known.list("conditions"),
        severe_sets=known.list("severe", ()),
        test_sets=known.list("tests", ()),
        organism_sets=known.list("organisms", ()),
        therapy_sets=therapy.list("sets", ()),
        therapy_packs=therapy.list("packs", ()),
        therapy_minimum=therapy.whole("minimum", 1),
        therapy_route=None if (route := therapy.text("route", None)) is None else Route(route),
        test_rule=rules.text("test", identity),
        treat_rule=rules.text("treat", identity),
        recorded=Indicator[card.text("recorded").upper()],
        suspected=Indicator[card.text("suspected").upper()],
        critical_when=tuple(CriticalSign(sign) for sign in card.list("critical_when", ())),
        test_orders=orders.list("test", ()),
        treat_orders=orders.list("treat", ()),
        refer_orders=orders.list("refer", ()),
        drugs=drugs,
        regimens=tuple(_regimen(row, drugs) for row in table.rows("regimens")),
        cautions=tuple(_caution(row) for row in table.rows("cautions")),
        deferrals=tuple(Deferral(_caution(row, "population"), row.text("population")) for row in table.rows("defer")),
        source=card.text("source"),
        links=card.list("links", ()),
        evidence=tuple(_citing(row) for row in table.rows("evidence")),
        words=MappingProxyType(words),
    )
    table.finish()
    _check(pathogen, path.name, terminology)
    return pathogen


def _caution(row: Table, *also: str) -> Caution:
    caution = Caution(row.text("key"), When(row.text("when")), row.list("sets", ()), row.number("limit", None))
    asks_for_sets = caution.when in (When.ALLERGY, When.USING, When.FINDING)
    asks_for_limit = caution.when in (When.AGE_BELOW, When.EGFR_BELOW, When.PLATELETS_BELOW, When.VIRAL_BELOW_AGE)
    if asks_for_sets is not bool(caution.sets) or asks_for_limit is (caution.limit is None):
        raise ValueError(f"{row.where}: {caution.key!r} asks for the wrong of `sets` and `limit`")
    row.finish(*also)
    return caution


def _drugs(table: Table, terminology: Terminology) -> Mapping[str, Drug]:
    drugs = {}
    for key, row in table.tables():
        set_id, code = row.text("set", None), row.text("code", None)
        coding, classes = None, frozenset(row.list("classes", ()))
        if set_id is not None:
            emitted = terminology.emit(set_id, code)
            coding = (emitted.system, emitted.code)
            classes |= frozenset(m.set_id for m in terminology.sets_of(*coding))
        drugs[key] = Drug(key, row.text("text"), row.text("dosage"), set_id, code, coding, classes)
        row.finish()
    return MappingProxyType(drugs)


def _regimen(row: Table, drugs: Mapping[str, Drug]) -> Regimen:
    names = row.list("drugs", ())
    for name in names:
        if name not in drugs:
            raise ValueError(f"{row.where}: no drug {name!r}")
    excluded = tuple(_caution(one) for one in row.rows("excluded"))
    regimen = Regimen(row.text("key"), tuple(drugs[n] for n in names), row.flag("by_weight", False), excluded)
    row.finish()
    return regimen


def _citing(row: Table) -> Citing:
    citing = Citing(row.text("citation"), row.text("says"), row.text("grade", None), row.list("rules", ()))
    row.finish()
    return citing


def _check(pathogen: Pathogen, where: str, terminology: Terminology) -> None:
    """Words for everything that a rule may say of it, known value sets, known card ids in its evidence."""
    missing = sorted(_needed_words(pathogen) - pathogen.words.keys())
    if missing:
        raise ValueError(f"{where}: no words for {missing}")
    for set_id in _named_sets(pathogen):
        if set_id not in terminology:
            raise ValueError(f"{where}: no value set {set_id!r}")
    for citing in pathogen.evidence:
        if not set(citing.rules) <= set(pathogen.card_rules):
            raise ValueError(f"{where}: evidence for another rule than {pathogen.card_rules}")


def _needed_words(pathogen: Pathogen) -> set[str]:
    situations = {"suspected", "supportive" if pathogen.supportive else "treat"}
    situations |= {"therapy"} if pathogen.therapy_sets else set()
    situations |= {"unexplained"} if pathogen.tested_when_unexplained else set()
    situations |= {"under-way"} if pathogen.time_critical else set()
    found = (*pathogen.cautions, *(c for regimen in pathogen.regimens for c in regimen.excluded))
    return {
        *situations,
        *(f"first-step.{s}" for s in situations if s != "therapy"),
        *(f"caution.{c.key}" for c in found),
        *(f"defer.{d.key}" for d in pathogen.deferrals),
        *(f"first-step.defer.{d.key}" for d in pathogen.deferrals),
        *(f"label.{r.key}" for r in pathogen.regimens if r.drugs),
        *(("label.test",) if pathogen.test_orders else ()),
        *(("label.treat",) if pathogen.treat_orders else ()),
        *(("label.refer",) if pathogen.refer_orders else ()),
    }


def _named_sets(pathogen: Pathogen) -> set[str]:
    cautions: list[Any] = [*pathogen.cautions, *(d.caution for d in pathogen.deferrals)]
    cautions += [c for regimen in pathogen.regimens for c in regimen.excluded]
    own = (
        pathogen.condition_sets,
        pathogen.severe_sets,
        pathogen.test_sets,
        pathogen.organism_sets,
        pathogen.therapy_sets,
        pathogen.therapy_packs,
    )
    return {s for sets in (*own, *(c.sets for c in cautions)) for s in sets}
