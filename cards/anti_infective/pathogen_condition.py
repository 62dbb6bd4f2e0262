"""When the cards of a pathogen speak, in words made of its file: the file is the condition, so nobody writes it twice.

Value sets are named by their titles; numbers are those of the file, and `{limit:name}` those in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from cards.anti_infective.content import (
    Caution,
    CriticalSign,
    Drug,
    Pathogen,
    Regimen,
    TreatSuspected,
    When,
)
from cards.frozen import replace
from cards.months import days_in_words
from cards.safety.laboratory import UNITS
from cards.wording import CONDITION, Section

TitleOf = Callable[[str], str]
"""The title of a value set by its id."""

PHRASES: Mapping[When, str] = MappingProxyType(
    {
        When.ALLERGY: "an allergy to {sets}",
        When.PREGNANT: "a pregnancy",
        When.LACTATING: "breastfeeding",
        When.AGE_BELOW: "age below {limit} years",
        When.EGFR_BELOW: "an eGFR below {limit}",
        When.EGFR_KNOWN_BELOW: "an eGFR that is known to be below {limit}",
        When.PLATELETS_BELOW: "platelets below {limit}",
        When.USING: "a drug in use of {sets}",
        When.FINDING: "a recorded condition of {sets}",
        When.BLEEDING: "active bleeding beyond the skin",
        When.VIRAL_BELOW_AGE: "a current viral infection below {limit} years",
        When.SEVERE: "an infection that is coded or graded severe",
        When.CRITICAL: "what makes the card critical",
        When.WARNED: "what makes the card a warning",
        When.NEONATE: "an age below 28 days",
        When.WEIGHT_BELOW: "a body weight below {limit} kg",
        When.MEASURED_BELOW: "{sets} below {limit}{unit} within {days}",
        When.MEASURED_ABOVE: "{sets} above {limit}{unit} within {days}",
        When.TEST_POSITIVE: "a newest result of {sets} that is positive",
        When.IMMUNOCOMPROMISED: "a weak defence against infection",
        When.USING_OR_SELECTED: "a drug in use or selected of {sets}",
        When.USED: "a drug of {sets} within {days}",
        When.VACCINATED: "a vaccine of {sets} within {days}",
        When.FINDING_OR_SUSPECTED: "a recorded or suspected condition of {sets}",
        When.INPATIENT: "a stay in hospital",
        When.DIC: "disseminated coagulation (SAFE-07)",
        When.FAILING: "shock, organ failure or altered consciousness",
        When.STEC: "possible STEC-HUS (SAFE-03)",
    }
)

NEGATED: Mapping[When, str] = MappingProxyType(
    {
        When.AGE_BELOW: "age {limit} years or more",
        When.MEASURED_BELOW: "{sets} of {limit}{unit} or more within {days}",
    }
)
"""Phrases of a row that is turned round; the others get a "not"."""

OTHER_UNITS: Mapping[str, str] = MappingProxyType(
    {"obs-lactate": "mmol/L", "obs-glucose": "mmol/L", "obs-parasitaemia": "%"}
)
"""Of sets that no mimic compares (`laboratory.UNITS`)."""

SIGNS: Mapping[CriticalSign, str] = MappingProxyType(
    {
        CriticalSign.BLEEDING: "active bleeding of WHO grade 2 or more",
        CriticalSign.SEVERE: "a form that is coded or graded severe",
        CriticalSign.SEPSIS: "sepsis beside it",
        CriticalSign.CONSCIOUSNESS: "altered consciousness",
        CriticalSign.SEIZURE: "a seizure",
    }
)


def with_conditions(
    sections: Mapping[str, Section], pathogens: Iterable[Pathogen], title_of: TitleOf
) -> Mapping[str, Section]:
    """The sections of the pathogens' cards, each with the paragraph that says when it speaks."""
    found = dict(sections)
    for pathogen in pathogens:
        for rule in pathogen.card_rules:
            words = {CONDITION: condition_of(pathogen, rule, title_of), **sections[rule].paragraphs}
            found[rule] = replace(sections[rule], paragraphs=MappingProxyType(words))
    return MappingProxyType(found)


def condition_of(pathogen: Pathogen, rule: str, title_of: TitleOf) -> str:
    """The condition of one of the pathogen's rule ids."""
    sentences = [_situation(pathogen, rule), _recognised(pathogen, title_of), _current(pathogen)]
    if rule == pathogen.test_rule:
        sentences += [_suspicion(pathogen), _test_reasons(pathogen)]
    if rule == pathogen.treat_rule:
        sentences += [*_severity(pathogen, title_of), _treatment(pathogen, title_of)]
    if rule == pathogen.id:
        sentences += [_therapy(pathogen, title_of), _vaccine(pathogen, title_of)]
    return "\n".join(sentence for sentence in sentences if sentence)


def regimens_of(pathogen: Pathogen, title_of: TitleOf) -> tuple[str, ...]:
    """One line for each regimen that a card may draft: its drugs with their doses, whom it is for, what excludes it."""
    return tuple(_regimen(regimen, title_of) for regimen in pathogen.regimens if regimen.drugs)


def _regimen(regimen: Regimen, title_of: TitleOf) -> str:
    drugs = "; ".join(f"{drug.text}: {_dosage(drug)}" for drug in regimen.drugs)
    only = " and ".join(_words(row, title_of) for row in regimen.only if not _is_without(row))
    without = _either(
        [_words(replace(row, negated=False), title_of) for row in regimen.only if _is_without(row)]
    )
    against = _either([_words(row, title_of) for row in regimen.excluded])
    return (
        drugs
        + (f". Only with {only}" if only else "")
        + (f". Only without {without}" if without else "")
        + (f". Not with {against}" if against else "")
        + (". Asks for the weight" if regimen.by_weight else "")
        + "."
    )


def _is_without(row: Caution) -> bool:
    return row.negated and row.when not in NEGATED


def _dosage(drug: Drug) -> str:
    """The dosage with its rule of dose: `{dose}` stands for the dose by weight."""
    if drug.per_kg is None:
        return drug.dosage
    most = "" if drug.most is None else f", at most {drug.most:f} mg"
    return drug.dosage.replace("{dose}", f"{drug.per_kg:f} mg/kg{most}")


def _situation(pathogen: Pathogen, rule: str) -> str:
    """Which of the pathogen's cards the id leads."""
    parts = (
        (rule == pathogen.treat_rule, f"proven or reported ({pathogen.recorded.word})"),
        (rule == pathogen.test_rule, f"only suspected ({pathogen.suspected.word})"),
        (rule == pathogen.id and bool(pathogen.therapy_sets), "under therapy (info)"),
    )
    return f"{pathogen.name}: {'; '.join(words for holds, words in parts if holds)}."


def _recognised(pathogen: Pathogen, title_of: TitleOf) -> str:
    ways = (
        ("a Condition of", pathogen.condition_sets),
        ("a positive test of", pathogen.test_sets),
        ("an organism of", pathogen.organism_sets),
    )
    told = [f"{words} {_sets(sets, title_of)}" for words, sets in ways if sets]
    return f"Recognised by {' or '.join(told)}."


def _current(pathogen: Pathogen) -> str:
    if pathogen.chronic:
        return "It is current until it is cured."
    return f"It is current for {pathogen.current_window_days} days after its onset."


def _suspicion(pathogen: Pathogen) -> str:
    match pathogen.treat_suspected:
        case TreatSuspected.ALWAYS:
            return "A suspicion alone is treated, for waiting is worse."
        case TreatSuspected.CRITICAL:
            return "A suspicion is tested; with a critical sign it is treated."
    return "A suspicion is tested, not treated."


def _test_reasons(pathogen: Pathogen) -> str:
    """A test of what nobody recorded."""
    ways = []
    if pathogen.chronic:
        ways.append("antibodies alone are known and the count is below {limit:normal}")
    if pathogen.tested_when_unexplained:
        ways.append(
            "an adult who is not pregnant has a count below {limit:workup_count} and either a recorded immune "
            "thrombocytopenia, or low counts for {limit:mon_default_weeks} weeks that nothing explains"
        )
    if not ways:
        return ""
    return (
        f"A test is also suggested where {', or '.join(ways)}, and none was done in "
        "{limit:proven_chronic_months} months."
    )


def _severity(pathogen: Pathogen, title_of: TitleOf) -> list[str]:
    signs = [SIGNS.get(sign, sign.value) for sign in pathogen.critical_when]
    critical = [*signs, *(_words(row, title_of) for row in pathogen.critical)]
    warning = [_words(row, title_of) for row in pathogen.warn_when]
    return [
        f"Critical with {_either(critical)}." if critical else "",
        f"A warning with {_either(warning)}." if warning else "",
    ]


def _treatment(pathogen: Pathogen, title_of: TitleOf) -> str:
    """Who is treated, and who is not treated now."""
    if pathogen.treat_when:
        rows = _either([_words(row, title_of) for row in pathogen.treat_when])
        said = f"Treated ({pathogen.treated.word}) only with {rows}; else care is supportive."
    else:
        said = "Care is supportive: no drug against it is drafted." if pathogen.supportive else ""
    later = [_words(one.caution, title_of) for one in pathogen.deferrals]
    return f"{said} Not treated now with {_either(later)}.".strip() if later else said


def _therapy(pathogen: Pathogen, title_of: TitleOf) -> str:
    if not pathogen.therapy_sets:
        return ""
    least = "a drug" if pathogen.therapy_minimum == 1 else f"{pathogen.therapy_minimum} drugs"
    packs = f" or one of {_sets(pathogen.therapy_packs, title_of)}" if pathogen.therapy_packs else ""
    route = f", {pathogen.therapy_route.value}" if pathogen.therapy_route else ""
    return (
        f"Its therapy is {least} of {_sets(pathogen.therapy_sets, title_of)}{packs}{route}; the platelets may take "
        f"{pathogen.window_weeks} weeks."
    )


def _vaccine(pathogen: Pathogen, title_of: TitleOf) -> str:
    if not pathogen.vaccines:
        return ""
    return (
        f"Information too where it is not recorded, the count is below {{limit:mild}} and a vaccine of "
        f"{_sets(pathogen.vaccines, title_of)} was given within {pathogen.vaccine_days} days."
    )


def _words(row: Caution, title_of: TitleOf) -> str:
    phrase = PHRASES[row.when]
    if row.negated:
        phrase = NEGATED.get(row.when, f"not {phrase}")
    sets = _sets(row.sets, title_of)
    return phrase.format(
        sets=sets.replace("Allergy to ", "") if row.when is When.ALLERGY else sets,
        limit="" if row.limit is None else f"{row.limit:f}",
        unit=unit_of(row.sets[0]) if row.sets else "",
        days="" if row.days is None else days_in_words(row.days),
    )


def unit_of(set_id: str) -> str:
    """The unit in which a value of the set is compared, as it is written behind the number."""
    unit = UNITS[set_id][0] if set_id in UNITS else OTHER_UNITS.get(set_id, "")
    return f" {unit.replace('10*9', 'x10^9')}" if unit else ""


def _sets(ids: Iterable[str], title_of: TitleOf) -> str:
    return ", ".join(f"{title_of(one)} (`{one}`)" for one in ids)


def _either(words: list[str]) -> str:
    return ", or ".join(words)
