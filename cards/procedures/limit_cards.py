"""The card of a procedure below its limit: words by rule and step, platelets or another date as alternatives."""

from __future__ import annotations

from decimal import Decimal

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.outcome import Advise, Indicator, Input, Suggestion
from cards.reading.situation import DENGUE
from cards.reasons import Fact
from cards.record import Kind, Moment, Order, Planned
from cards.rows import (
    count_row,
    event_row,
    finding_row,
    medication_row,
    order_row,
    pregnancy_row,
    refusal_row,
)
from cards.safety.mimics import NO_PLATELETS, mimics
from cards.thresholds import Thresholds
from cards.transfusion.adjuncts import Adjunct
from cards.transfusion.bleeding_risk import ANTITHROMBOTIC
from cards.transfusion.given import Given, find_given
from cards.transfusion.platelet_order import order_platelets
from cards.transfusion.populations import LIVER, refusal_words, suits_immune_drugs
from cards.transfusion.steroid import steroid_dangers

Event = Planned | Order

WITHOUT_PLATELETS = frozenset({"discuss", "no-platelets", "reasonable", "unclear", "injection"})
"""Steps that advise no platelets: their words weigh, ask, or name local pressure."""

OWN_TITLE = frozenset({"unclear", "no-platelets", "discuss", "individual", "avoid", "reasonable"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A procedure below a limit. `words` names the paragraph of its rule, `limit` the number in the title."""

    rule: str
    name: str
    event: Event
    count: PlateletCount
    indicator: Indicator
    words: str
    limit: Decimal

    @property
    def is_selected(self) -> bool:
        return isinstance(self.event, Order)


def card(p: PatientFacts, limits: Thresholds, judged: Judged) -> Advise:
    """The card; that of a selected procedure carries ORD-27. Where the count may not decide, another comes first."""
    found, decides = mimics(p, limits), _decides(p)
    advised = judged.words not in WITHOUT_PLATELETS
    thrombotic = advised and bool(found & NO_PLATELETS)
    suits = advised and suits_immune_drugs(p, limits)
    birth, disputed = judged.rule == "PROC-08", p.platelets.conflict is not None
    immune = suits and decides and not disputed and not p.bleeding.deep
    in_time = suits and birth
    dangers = _dangers(p, limits, judged) if immune or in_time else None
    given = find_given(p, limits) if advised else None
    dengue = p.infections.current(DENGUE) if advised else ()
    cirrhosis = p.present(*LIVER) if advised and not thrombotic else ()
    keys = (
        (judged.words, True),
        ("PROC-08/in-time", in_time),
        ("PROC-05/recount", not decides),
        ("PROC-05/conflict", decides and disputed),
        ("PROC-05/immune", immune and not birth),
        ("PROC-05/given", given is not None),
        ("PROC-05/specialist", thrombotic),
        ("SAFE-09/cirrhosis", bool(cirrhosis)),
        ("PROC-05/dengue", bool(dengue)),
    )
    refused = refusal_words(p, limits) if advised and p.blood_refused is not None else ()
    harmful = thrombotic or bool(dengue)  # as ORD-08 and ORD-09 judge the order
    drafted = advised and decides and not harmful and given is None
    platelets = _platelets(p, limits, judged) if drafted else ()
    later = _later(p, judged)
    return Advise(
        judged.rule,
        judged.indicator,
        title=_title(p, judged),
        say=(*(key for key, applies in keys if applies), *refused),
        cautions=(
            *(("PROC-05/caution.antithrombotic",) if p.using(*ANTITHROMBOTIC) else ()),
            *(() if dangers is None else dangers.cautions),
        ),
        unknown=_unknown(p, judged),
        values=_values(p, judged, given),
        inputs=(
            *_rows(p, judged, given),
            *(finding_row("cirrhosis or portal hypertension", f) for f in cirrhosis),
            *(() if dangers is None else dangers.rows),
        ),
        suggestions=(*platelets, *later),
        one_of=bool(platelets) and bool(later),
        also=(
            *_also(p, judged, immune=immune, dengue=bool(dengue)),
            *(("POP-06",) if cirrhosis else ()),
            *(() if dangers is None else ("IMM-02",)),
        ),
    )


def _dangers(p: PatientFacts, limits: Thresholds, judged: Judged) -> Adjunct | None:
    """IMM-02 of the steroid that is named. Not of a selected procedure: an order card draws its infections along."""
    return None if judged.is_selected else steroid_dangers(p, limits)


def _decides(p: PatientFacts) -> bool:
    """The count in the title may decide; else it is the last known one."""
    return p.platelets.decisive is not None or p.platelets.conflict is not None


def _title(p: PatientFacts, judged: Judged) -> str:
    if judged.words in OWN_TITLE and _decides(p):
        return f"title.{judged.words}"
    return "PROC-05/title" if _decides(p) else "PROC-05/title.last-known"


def _values(p: PatientFacts, judged: Judged, given: Given | None) -> dict[str, str | int | Decimal | Moment]:
    values: dict[str, str | int | Decimal | Moment] = {
        "procedure": judged.name,
        "how": "selected" if judged.is_selected else "planned",
        "usual": judged.limit,
        "platelets": f"{judged.count.shown} x10^9/L",
    }
    conflict = p.platelets.conflict
    if conflict is not None and judged.count is conflict.lower:
        values["sampled"] = judged.count.time
    if given is not None:
        values["given"] = given.time
    return values


def _rows(p: PatientFacts, judged: Judged, given: Given | None) -> tuple[Input, ...]:
    event, count = judged.event, judged.count
    row = order_row(judged.name, event) if isinstance(event, Order) else event_row(judged.name, event)
    asked = judged.rule in ("PROC-07", "PROC-08") and p.person.pregnancy is Known.YES
    refused = p.blood_refused is not None and judged.words not in WITHOUT_PLATELETS
    return (
        count_row(count) if _decides(p) else count_row(count, "last known platelet count"),
        row,
        *((pregnancy_row(p),) if asked else ()),
        *((refusal_row(p),) if refused else ()),
        *((given.row,) if given is not None else ()),
        *(medication_row("antithrombotic drug", m) for m in p.using(*ANTITHROMBOTIC)),
    )


def _unknown(p: PatientFacts, judged: Judged) -> tuple[Fact, ...]:
    obstetric = judged.rule == "PROC-07" and p.person.pregnancy_matters
    checklist = (
        (not _decides(p), Fact.PLATELETS),
        (obstetric and p.person.pregnancy is Known.UNKNOWN, Fact.PREGNANCY),
        (p.newest("obs-pt-inr") is None, Fact.INR),
        (not p.answered(Kind.CONDITIONS), Fact.CONDITIONS),
    )
    return tuple(fact for is_missing, fact in checklist if is_missing)


def _platelets(p: PatientFacts, limits: Thresholds, judged: Judged) -> tuple[Suggestion, ...]:
    return order_platelets(p, limits, priority="urgent", reasons=(judged.count.reference,), recommended=False)


def _later(p: PatientFacts, judged: Judged) -> tuple[Suggestion, ...]:
    """Ask haematology about another date or another way; nothing to order where only a word is said."""
    if judged.indicator is Indicator.INFO:
        return ()
    priority = "stat" if judged.indicator is Indicator.CRITICAL else "urgent"
    if judged.rule == "PROC-08":
        return order(p, "PROC-08/early", ("haematology", "obstetrics"), (judged.count.reference,), priority)
    return order(p, "PROC-05/later", ("haematology",), (judged.count.reference,), priority)


def _also(p: PatientFacts, judged: Judged, *, immune: bool, dengue: bool) -> tuple[str, ...]:
    found = (
        ("ORD-27", judged.is_selected),
        ("IMM-01", immune),
        ("TRF-08", dengue),
        ("POP-03", judged.rule in ("PROC-07", "PROC-08") and p.person.pregnancy is Known.YES),
        ("POP-09", p.blood_refused is not None and judged.words not in WITHOUT_PLATELETS),
    )
    return tuple(rule for rule, applies in found if applies)
