"""Pathogens: one TOML file each in `pathogens/`, loaded strictly and never named in rule code.

A file says how the infection is recognised (value sets), what its therapy is (so that "already treated" is
known), how long the platelets may take (MON-05), and the content of its card: tests, regimens with their
exclusions, cautions, words, evidence. A wrong or unknown member stops the start (ValueError naming file and
member). `CONTRIBUTING.md` explains how to add one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cards.anti_infective.asked_record import MEASURED
from cards.anti_infective.content import (
    BY_DAYS,
    BY_LIMIT,
    BY_SETS,
    Agent,
    Caution,
    Citing,
    CriticalSign,
    Deferral,
    Drug,
    Pathogen,
    Regimen,
    TreatSuspected,
    When,
)
from cards.drafts import Template
from cards.facts.pathogens import Pathogens
from cards.outcome import Indicator
from cards.record import Route
from cards.toml_table import Table
from cards.valuesets import Terminology

__all__ = ["Pathogen", "card_rules_of_files", "load_pathogens", "template_name", "therapy_templates"]

FOLDER = Path(__file__).parent / "pathogens"


def load_pathogens(terminology: Terminology, folder: Path = FOLDER) -> Pathogens:
    """Every pathogen, in the order of section D. ValueError for a file that is wrong in any member."""
    loaded = sorted(
        (_pathogen(path, terminology) for path in sorted(folder.glob("*.toml"))), key=lambda p: p.order
    )
    for name in ("id", "order"):
        values = [getattr(pathogen, name) for pathogen in loaded]
        if len(set(values)) != len(values):
            raise ValueError(f"two pathogens have the same {name}: {values}")
    return Pathogens(loaded)


def card_rules_of_files(folder: Path = FOLDER) -> tuple[str, ...]:
    """The rule ids that the cards of the files can be led by, in the order of section D."""
    tables = sorted((_read(path) for path in folder.glob("*.toml")), key=lambda table: int(table["order"]))
    led = (
        (table["id"], table.get("rules", {}).get("test"), table.get("rules", {}).get("treat"))
        for table in tables
    )
    return tuple(dict.fromkeys(str(rule) for rules in led for rule in rules if rule is not None))


def therapy_templates(pathogens: Iterable[Pathogen]) -> Mapping[str, Template]:
    """A draft template for every drug of every pathogen: `therapy:INF-HP:tetracycline`."""
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


# ---------------------------------------------------------------------------------------------- the file


@cache
def _read(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def _pathogen(path: Path, terminology: Terminology) -> Pathogen:
    table = Table(_read(path), path.name)
    identity = table.text("id")
    drugs = _drugs(table.table("drugs"), terminology)
    words = {key: text.strip() for key, text in table.table("words").texts().items()}
    known = table.table("recognise")
    therapy = table.table("therapy")
    rules = table.table("rules")
    card = table.table("card")
    orders = table.table("orders")
    recorded = card.text("recorded")
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
        many_agents=known.flag("many_agents", False),
        organism_sets=known.list("organisms", ()),
        therapy_sets=therapy.list("sets", ()),
        therapy_packs=therapy.list("packs", ()),
        therapy_except=therapy.list("except", ()),
        therapy_minimum=therapy.whole("minimum", 1),
        therapy_route=None if (route := therapy.text("route", None)) is None else Route(route),
        therapy_urgent=therapy.list("urgent", ()),
        vaccines=known.list("vaccines", ()),
        vaccine_days=known.whole("vaccine_days", 0),
        treat_suspected=TreatSuspected(card.text("treat_suspected", "never")),
        test_rule=rules.text("test", identity),
        treat_rule=rules.text("treat", identity),
        recorded=Indicator[recorded.upper()],
        suspected=Indicator[card.text("suspected").upper()],
        treated=Indicator[card.text("treated", recorded).upper()],
        critical_when=tuple(CriticalSign(sign) for sign in card.list("critical_when", ())),
        critical=_asked(table, "critical"),
        warn_when=_asked(table, "warn_when"),
        treat_when=_asked(table, "treat_when"),
        test_orders=orders.list("test", ()),
        treat_orders=orders.list("treat", ()),
        refer_orders=orders.list("refer", ()),
        first_dose=orders.flag("first_dose", False),
        drugs=drugs,
        regimens=tuple(_regimen(row, drugs) for row in table.rows("regimens")),
        cautions=tuple(_caution(row) for row in table.rows("cautions")),
        deferrals=tuple(_deferral(row) for row in table.rows("defer")),
        source=card.text("source"),
        links=card.list("links", ()),
        evidence=tuple(_citing(row) for row in table.rows("evidence")),
        words=MappingProxyType(words),
    )
    table.finish()
    _check(pathogen, path.name, terminology)
    return pathogen


def _asked(table: Table, name: str) -> tuple[Caution, ...]:
    """Rows that have no words of their own."""
    return tuple(_caution(row, worded=False) for row in table.rows(name))


def _deferral(row: Table) -> Deferral:
    caution = _caution(row)
    return Deferral(caution, caution.population)


def _caution(row: Table, *, worded: bool = True) -> Caution:
    when = When(row.text("when"))
    caution = Caution(
        row.text("key") if worded else "",
        when,
        row.list("sets", ()),
        row.number("limit", None),
        row.whole("days", None),
        row.flag("not", False),
        row.text("population", None),
    )
    needed = (
        (when in BY_SETS, bool(caution.sets)),
        (when in BY_LIMIT, caution.limit is not None),
        (when in BY_DAYS, caution.days is not None),
    )
    if any(asks is not given for asks, given in needed):
        raise ValueError(f"{row.where}: {when.value!r} asks for the wrong of `sets`, `limit` and `days`")
    if when in (When.MEASURED_BELOW, When.MEASURED_ABOVE) and caution.sets[0] not in MEASURED:
        raise ValueError(f"{row.where}: {caution.sets[0]!r} is no value that a file may ask for")
    row.finish()
    return caution


def _drugs(table: Table, terminology: Terminology) -> Mapping[str, Drug]:
    drugs = {}
    for key, row in table.tables():
        set_id, code = row.text("set", None), row.text("code", None)
        coding, classes = None, frozenset[str]()
        if set_id is not None:
            emitted = terminology.emit(set_id, code)
            coding = (emitted.system, emitted.code)
            classes = frozenset(m.set_id for m in terminology.sets_of(*coding))
        drug = Drug(
            key,
            row.text("text"),
            row.text("dosage"),
            set_id,
            code,
            coding,
            classes,
            row.number("per_kg", None),
            row.number("most", None),
            row.number("step", None) or Decimal(1),
        )
        if ("{dose}" in drug.dosage) is (drug.per_kg is None):
            raise ValueError(f"{row.where}: {{dose}} and per_kg belong together")
        drugs[key] = drug
        row.finish()
    return MappingProxyType(drugs)


def _regimen(row: Table, drugs: Mapping[str, Drug]) -> Regimen:
    names = row.list("drugs", ())
    for name in names:
        if name not in drugs:
            raise ValueError(f"{row.where}: no drug {name!r}")
    excluded = tuple(_caution(one) for one in row.rows("excluded"))
    used = tuple(drugs[n] for n in names)
    regimen = Regimen(
        row.text("key"),
        used,
        row.flag("by_weight", False),
        row.flag("in_pregnancy", False),
        excluded,
        _asked(row, "only"),
    )
    if any(drug.per_kg is not None for drug in used) and not regimen.by_weight:
        raise ValueError(f"{row.where}: a dose by weight needs the weight")
    row.finish()
    return regimen


def _citing(row: Table) -> Citing:
    citing = Citing(row.text("citation"), row.text("says"), row.text("grade", None), row.list("rules", ()))
    row.finish()
    return citing


def _check(pathogen: Pathogen, where: str, terminology: Terminology) -> None:
    """Words for all that a rule may say of it, known value sets and card ids, orders that a card shows, each once."""
    if unread := _unread_orders(pathogen):
        raise ValueError(f"{where}: no card shows {unread}")
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
    situations = {"supportive" if pathogen.supportive else "treat"}
    situations |= set() if pathogen.treat_suspected is TreatSuspected.ALWAYS else {"suspected"}
    situations |= {"therapy"} if pathogen.therapy_sets else set()
    situations |= {"unexplained"} if pathogen.tested_when_unexplained else set()
    situations |= {"supportive", "treat"} if pathogen.treat_when else set()
    situations |= {"under-way"} if pathogen.reviews_therapy else set()
    situations |= {"vaccinated"} if pathogen.vaccines else set()
    found = (*pathogen.cautions, *(c for regimen in pathogen.regimens for c in regimen.excluded))
    return {
        *situations,
        *(f"first-step.{s}" for s in situations if s != "therapy"),
        *(f"caution.{c.key}" for c in found),
        *(f"defer.{d.key}" for d in pathogen.deferrals),
        *(f"first-step.defer.{d.key}" for d in pathogen.deferrals),
        *(f"label.{r.key}" for r in pathogen.regimens if r.drugs),
        *(("first-step.treat.allergy",) if pathogen.drugs or pathogen.first_dose else ()),
        *(("label.test",) if pathogen.test_orders else ()),
        *(("label.treat",) if pathogen.treat_orders else ()),
        *(("label.refer",) if pathogen.refer_orders else ()),
    }


def _unread_orders(pathogen: Pathogen) -> list[str]:
    """Tests where a suspicion is treated as such, referrals where nothing is withheld or deferred, or a second time."""
    treats = bool(pathogen.treat_when) or not pathogen.supportive
    refers = (treats and not pathogen.first_dose) or bool(pathogen.deferrals)
    unread = list(pathogen.test_orders) if pathogen.treat_suspected is TreatSuspected.ALWAYS else []
    return unread + [one for one in pathogen.refer_orders if not refers or one in pathogen.treat_orders]


def _named_sets(pathogen: Pathogen) -> set[str]:
    asked: list[Caution] = [*pathogen.cautions, *(d.caution for d in pathogen.deferrals)]
    asked += [*pathogen.critical, *pathogen.warn_when, *pathogen.treat_when]
    asked += [c for regimen in pathogen.regimens for c in (*regimen.excluded, *regimen.only)]
    own = (
        pathogen.named_sets,
        pathogen.therapy_sets,
        pathogen.therapy_packs,
        pathogen.therapy_except,
        pathogen.therapy_urgent,
        pathogen.vaccines,
    )
    return {s for sets in (*own, *(c.sets for c in asked)) for s in sets}
