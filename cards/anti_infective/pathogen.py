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
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cards.anti_infective.content import (
    Agent,
    Caution,
    Citing,
    CriticalSign,
    Deferral,
    Drug,
    Pathogen,
    Regimen,
    When,
)
from cards.drafts import Template
from cards.outcome import Indicator
from cards.record import Route
from cards.toml_table import Table
from cards.valuesets import Terminology

__all__ = ["Pathogen", "load_pathogens", "template_name", "therapy_templates"]

FOLDER = Path(__file__).parent / "pathogens"


def load_pathogens(terminology: Terminology, folder: Path = FOLDER) -> tuple[Pathogen, ...]:
    """Every pathogen, in the order of section D. ValueError for a file that is wrong in any member."""
    loaded = sorted(
        (_pathogen(path, terminology) for path in sorted(folder.glob("*.toml"))), key=lambda p: p.order
    )
    for name in ("id", "order"):
        values = [getattr(pathogen, name) for pathogen in loaded]
        if len(set(values)) != len(values):
            raise ValueError(f"two pathogens have the same {name}: {values}")
    return tuple(loaded)


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
        therapy_except=therapy.list("except", ()),
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
        deferrals=tuple(
            Deferral(_caution(row, "population"), row.text("population")) for row in table.rows("defer")
        ),
        source=card.text("source"),
        links=card.list("links", ()),
        evidence=tuple(_citing(row) for row in table.rows("evidence")),
        words=MappingProxyType(words),
    )
    table.finish()
    _check(pathogen, path.name, terminology)
    return pathogen


def _caution(row: Table, *also: str) -> Caution:
    caution = Caution(
        row.text("key"), When(row.text("when")), row.list("sets", ()), row.number("limit", None)
    )
    asks_for_sets = caution.when in (When.ALLERGY, When.USING, When.FINDING)
    asks_for_limit = caution.when in (
        When.AGE_BELOW,
        When.EGFR_BELOW,
        When.PLATELETS_BELOW,
        When.VIRAL_BELOW_AGE,
    )
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
        pathogen.therapy_except,
    )
    return {s for sets in (*own, *(c.sets for c in cautions)) for s in sets}
