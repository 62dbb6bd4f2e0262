"""INF-GEN-05: fever and thrombocytopenia, and no pathogen recorded. Tests, no drug."""

from __future__ import annotations

from cards.anti_infective.recorded import is_infection_recorded
from cards.facts import PatientFacts
from cards.host import asplenia, immunocompromised
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import platelet_row, sign_row
from cards.thresholds import Thresholds

RULE = "INF-GEN-05"


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Advises tests for fever with a count below normal, unless an infection is recorded or suspected."""
    count = p.platelets.decisive
    if count is None:
        return CannotTell(Fact.PLATELETS)
    if count.value >= limits.normal:
        return NoAdvice(Why.COUNT_NOT_LOW)
    if not p.signs.fever:
        return CannotTell(Fact.TEMPERATURE) if Fact.TEMPERATURE in p.signs.unknown else NoAdvice(Why.NO_SIGNS)
    if is_infection_recorded(p, limits):
        return NoAdvice(Why.INFECTION_RECORDED)
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    no_spleen, weak = asplenia(p), immunocompromised(p, limits)
    found = (("caution.asplenia", "POP-08", no_spleen), ("caution.weak-defence", "POP-05", weak))
    references = (count.reference, *(s.reference for s in p.signs.fever))
    return Advise(
        RULE,
        Indicator.INFO,
        say=("suggestion", *(() if no_spleen else ("stewardship",))),
        cautions=tuple(key for key, _, rows in found if rows),
        unknown=(Fact.TRAVEL,),
        inputs=(
            *platelet_row(p),
            *(sign_row("fever", s) for s in p.signs.fever),
            *no_spleen,
            *weak,
        ),
        suggestions=(
            Suggestion(
                "tests", (Action(ActionType.CREATE, "fever-workup", "urgent", reasons=references),), True
            ),
        ),
        also=tuple(rule for _, rule, rows in found if rows),
    )


ADVICE = Advice(stem="anti_infective/no_pathogen", ids=(RULE,), topic=Topic.ANTI_INFECTIVE, decide=decide)
