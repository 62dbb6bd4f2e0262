"""Every rule id of the rulebook has a story in which it speaks, one in which it does not, and both sides of its number.

The ids are written out, so that a rule that is forgotten in the code is missed here too.
"""

from __future__ import annotations

import pytest

from tests.cards.telling import BY_ID, RULES, ask, outcomes, rules_of


def ids(family: str, numbers: range) -> list[str]:
    return [f"{family}-{n:02}" for n in numbers]


AGENTS = [
    *(
        "HCV",
        "HBV",
        "HIV",
        "EBV",
        "CMV",
        "VZV",
        "HSV",
        "B19",
        "MMR",
        "DEN",
        "ZIK",
        "CHIK",
        "MAL",
        "RICK",
        "LEPTO",
    ),
    *(
        "BRU",
        "TYPH",
        "SEP",
        "MEN",
        "IE",
        "TB",
        "VL",
        "BAB",
        "HAN",
        "SFTS",
        "COV",
        "FLU",
        "VIR",
        "STEC",
        "ADV",
    ),
    *("HLH", "VHF"),
]
RULEBOOK = [
    *ids("DATA", range(1, 9)),
    *ids("PLT", range(1, 9)),
    *ids("BLD", range(1, 6)),
    *ids("SAFE", range(1, 16)),
    *ids("TRF", range(1, 17)),
    *ids("PROC", range(1, 12)),
    *ids("IMM", range(1, 5)),
    *ids("INF-GEN", range(1, 7)),
    *ids("INF-HP", range(1, 4)),
    *(f"INF-{agent}" for agent in AGENTS),
    *ids("TPO", range(1, 15)),
    *ids("ORD", range(1, 33)),
    *ids("MON", range(1, 8)),
    *ids("POP", range(1, 11)),
]

NO_CARD = {
    "PLT-01": "the grade of the count: its limits are those of MON-01 and TRF-04 to -06, told on both sides",
    "PLT-02": "below 10: TRF-06 and TRF-01 speak",
    "PLT-07": "chronic and stable: SAFE-09 speaks (B-211)",
    "PLT-08": "too high on a TPO receptor agonist: TPO-14 speaks",
    "BLD-01": "site and grade of a finding: read by every TRF rule",
    "BLD-02": "skin bleeding only: TRF-04 speaks (B-02, V-158)",
    "DATA-07": "void facts give no card at all (B-26, V-29, V-35)",
    "ORD-32": "an unmapped order gives no card, and the explanation says so (V-122)",
    "INF-STEC": "SAFE-03 leads its card (B-302/Shiga toxin)",
    "INF-HLH": "SAFE-05 is its card (B-234)",
    "INF-VHF": "SAFE-13 leads its card (B-302/yellow fever)",
}
"""Rules that class what others judge, and how they are tested."""

AT_THE_NUMBER = {
    "DATA-01": ("B-201/31 days", "B-201/30 days"),
    "DATA-02": ("B-202/outpatient, 169 h", "B-202/outpatient, 7 days"),
    "DATA-03": ("B-203/low 99", "B-203/low 200"),
    "DATA-04": ("B-204/2500.1", "B-204/2500"),
    "DATA-05": ("B-205/60", "B-205/59.9"),
    "DATA-06": ("B-206/44 and 88, 12 h", "B-206/44 and 88, 721 minutes"),
    "PLT-03": ("B-207/100 to 50", "B-207/100 to 50.1"),
    "PLT-04": ("B-208/99.9", "B-208/100.0"),
    "PLT-05": ("B-209/haemoglobin 9.9", "B-209/haemoglobin 10.0"),
    "PLT-06": ("B-210/100.0", "B-210/99.9"),
    "BLD-03": ("B-212/seizure at 49.9", "B-212/seizure at 50.0"),
    "BLD-04": ("B-213/14 days", "B-213/15 days"),
    "BLD-05": ("B-03/50.0", "B-03/49.9"),
    "SAFE-01": ("B-230/99.9", "B-230/100.0"),
    "SAFE-02": ("B-231/fall of 30 %", "B-231/fall of 29 %"),
    "SAFE-03": ("B-232/21 days", "B-232/22 days"),
    "SAFE-04": ("B-233/D-dimer 4001", "B-233/D-dimer 4000"),
    "SAFE-05": ("B-234/2000", "B-234/1999"),
    "SAFE-06": ("B-235/white cells 2.9", "B-235/white cells 3.0"),
    "SAFE-07": ("B-236/score 5", "B-236/score 4"),
    "SAFE-08": ("B-237/20 weeks", "B-237/19 weeks"),
    "SAFE-09": ("B-211/64 beside 80", "B-211/63.9 beside 80"),
    "SAFE-10": ("B-238/5 days", "B-238/4 days"),
    "SAFE-12": ("B-61/38.0", "B-61/37.9"),
    "SAFE-13": ("B-239/21 days", "B-239/22 days"),
    "SAFE-14": ("B-240/89 systolic", "B-240/90 systolic"),
    "SAFE-15": ("B-241/19.9", "B-241/20.0"),
    "TRF-01": ("B-05/49.9", "B-05/50.0"),
    "TRF-02": ("B-03/49.9", "B-03/50.0"),
    "TRF-03": ("B-214/49.9", "B-214/50.0"),
    "TRF-04": ("B-02/30.0", "B-02/29.9"),
    "TRF-05": ("B-01/29.9", "B-01/30.0"),
    "TRF-06": ("B-01/9.9", "B-01/10.0"),
    "TRF-07": ("B-215/19.9", "B-215/20.0"),
    "TRF-08": ("B-216/petechiae at 49.9", "B-216/petechiae at 50.0"),
    "TRF-09": ("B-217/29.9", "B-217/30.0"),
    "TRF-10": ("B-218/149.9", "B-218/150"),
    "TRF-11": ("B-219/24 h ago", "B-219/25 h ago"),
    "TRF-12": ("B-220/19.9", "B-220/20.0"),
    "TRF-13": ("B-221/49.9", "B-221/50.0"),
    "TRF-14": ("B-222/100.0", "B-222/99.9"),
    "TRF-15": ("B-223/25 h", "B-223/24 h"),
    "TRF-16": ("B-03/49.9", "B-03/50.0"),
    "PROC-01": ("B-115/39.9", "B-115/40.0"),
    "PROC-02": ("B-285/central line at 49.9", "B-285/central line at 50.0"),
    "PROC-03": ("B-111/19.9", "B-111/20.0"),
    "PROC-04": ("V-139/liver biopsy at 49.9", "B-285/liver biopsy at 50.0"),
    "PROC-05": ("V-139/surgery at 49.9", "V-139/surgery at 50.0"),
    "PROC-06": ("B-285/craniotomy at 99.9", "B-285/craniotomy at 100.0"),
    "PROC-07": ("B-285/epidural at 79.9", "B-285/epidural at 80.0"),
    "PROC-08": ("B-286/delivery at 49.9", "B-286/delivery at 50.0"),
    "PROC-10": ("B-113/29.9", "B-113/30.0"),
    "PROC-11": ("B-285/endoscopy with biopsy at 49.9", "B-285/endoscopy with biopsy at 50.0"),
    "IMM-01": ("B-03/49.9", "B-03/50.0"),
    "IMM-03": ("B-224/29.9", "B-224/30.0"),
    "IMM-04": ("B-03/49.9", "B-03/50.0"),
    "INF-GEN-05": ("V-94", "B-255/37.9 degrees"),
    "INF-HP-03": ("B-228/28 days", "B-228/27 days"),
    "INF-EBV": ("B-300/mononucleosis, 8 weeks", "B-300/mononucleosis, 57 days"),
    "INF-CMV": ("B-300/CMV infection, 6 weeks", "B-300/CMV infection, 43 days"),
    "INF-VZV": ("B-300/varicella, 4 weeks", "B-300/varicella, 29 days"),
    "INF-HSV": ("B-300/disseminated HSV infection, 3 weeks", "B-300/disseminated HSV infection, 22 days"),
    "INF-B19": ("B-300/parvovirus infection, 3 weeks", "B-300/parvovirus infection, 22 days"),
    "INF-MMR": ("B-300/measles, 8 weeks", "B-300/measles, 57 days"),
    "INF-DEN": ("B-300/dengue, 2 weeks", "B-300/dengue, 15 days"),
    "INF-ZIK": ("B-300/Zika virus disease, 3 weeks", "B-300/Zika virus disease, 22 days"),
    "INF-CHIK": ("B-300/chikungunya, 3 weeks", "B-300/chikungunya, 22 days"),
    "INF-MAL": ("B-300/malaria, 2 weeks", "B-300/malaria, 15 days"),
    "INF-RICK": ("B-300/scrub typhus, 2 weeks", "B-300/scrub typhus, 15 days"),
    "INF-LEPTO": ("B-300/leptospirosis, 2 weeks", "B-300/leptospirosis, 15 days"),
    "INF-TYPH": ("B-300/typhoid fever, 2 weeks", "B-300/typhoid fever, 15 days"),
    "INF-SEP": ("B-300/sepsis, 2 weeks", "B-300/sepsis, 15 days"),
    "INF-MEN": ("B-300/meningococcaemia, 2 weeks", "B-300/meningococcaemia, 15 days"),
    "INF-IE": ("B-300/endocarditis, 4 weeks", "B-300/endocarditis, 29 days"),
    "INF-BAB": ("B-300/babesiosis, 3 weeks", "B-300/babesiosis, 22 days"),
    "INF-HAN": ("B-300/HFRS, 2 weeks", "B-300/HFRS, 15 days"),
    "INF-SFTS": ("B-300/SFTS, 2 weeks", "B-300/SFTS, 15 days"),
    "INF-COV": ("B-300/COVID-19, 4 weeks", "B-300/COVID-19, 29 days"),
    "INF-FLU": ("B-300/influenza, 2 weeks", "B-300/influenza, 15 days"),
    "INF-VIR": (
        "B-300/viral upper respiratory infection, 4 weeks",
        "B-300/viral upper respiratory infection, 29 days",
    ),
    "INF-ADV": ("B-300/adenovirus infection, 4 weeks", "B-300/adenovirus infection, 29 days"),
    "TPO-01": ("V-98/3 months", "V-98/a day under 3 months"),
    "TPO-02": ("B-291/65 years", "B-291/64 years"),
    "TPO-04": ("B-293/50.0", "B-293/49.9"),
    "TPO-05": ("B-256/Chinese, 26 mg", "B-256/Chinese, 25 mg"),
    "TPO-12": ("B-295/31 days", "B-295/30 days"),
    "TPO-13": ("B-296/28 days", "B-296/27 days"),
    "TPO-14": ("V-104/260", "V-104/199"),
    "ORD-01": ("B-91/49.9", "B-91/50.0"),
    "ORD-02": ("V-109/99.9", "V-109/100.0"),
    "ORD-03": ("V-107/49.9", "V-107/50.0"),
    "ORD-04": ("B-261/24.9", "B-261/25.0"),
    "ORD-05": ("B-262/149.9", "B-262/150"),
    "ORD-06": ("B-263/99.9", "B-263/100.0"),
    "ORD-07": ("B-264/49.9", "B-264/50.0"),
    "ORD-09": ("B-265/10.0", "B-265/9.9"),
    "ORD-10": ("B-267/5 h", "B-267/7 h"),
    "ORD-15": ("B-268/99.9", "B-268/100.0"),
    "ORD-17": ("B-269/13 days", "B-269/14 days"),
    "ORD-20": ("B-293/50.0", "B-293/49.9"),
    "ORD-21": ("B-270/prednisone for 14 days", "B-270/prednisone for 13 days"),
    "ORD-22": ("B-271/18 years", "B-271/19 years"),
    "ORD-27": ("V-139/craniotomy at 45", "V-119/82"),
    "ORD-28": ("B-275/7 years", "B-275/8 years"),
    "ORD-30": ("B-277/sertraline at 49.9", "B-277/sertraline at 50.0"),
    "ORD-31": ("B-278/24.9", "B-278/25.0"),
    "MON-02": ("B-210/99.9", "B-210/100.0"),
    "MON-03": ("B-226/60 to 48", "B-226/60 to 48.1"),
    "MON-04": ("B-210/100.0", "B-210/99.9"),
    "MON-05": ("B-227/57 days", "B-227/8 weeks"),
    "MON-06": ("B-228/28 days", "B-228/27 days"),
    "MON-07": ("B-225/99.9", "B-225/100.0"),
    "POP-01": ("B-250/27 days", "B-250/28 days"),
    "POP-02": ("B-251/17 years", "B-251/18 years"),
    "POP-04": ("B-252/65 years", "B-252/64 years"),
}
"""A rule with a number: the story on the side on which it speaks, and the one on which it is silent."""

BY_LEVEL = {
    "MON-01": ("B-225/49.9", "B-225/50.0", "every 2 to 3 days"),
    "ORD-24": ("B-272/7.9", "B-272/8.0", "[critical]"),
    "ORD-25": ("B-273/eGFR 59", "B-273/eGFR 60", "[warning]"),
    "ORD-23": ("V-148/prednisone for 4 weeks", "V-148/prednisone for 27 days", "[critical]"),
    "INF-HP-02": ("V-64", "V-136", "[warning]"),
}
"""A rule that speaks on both sides of its number: what is said, or how urgently, on the first only."""

NO_NUMBER = {
    "DATA-08": ("V-43", "V-01"),
    "SAFE-11": ("V-62", "V-53"),
    "PROC-09": ("B-112", "B-285/marrow biopsy at 150"),
    "IMM-02": ("B-279/CMV, prednisone in use", "B-279/mononucleosis, prednisone in use"),
    "INF-GEN-01": ("B-301/hepatitis C", "B-301/hepatitis C, resolved"),
    "INF-GEN-02": ("B-71", "B-70"),
    "INF-GEN-03": ("B-70", "B-71"),
    "INF-GEN-04": ("B-292/under therapy", "B-292/untreated"),
    "INF-GEN-06": ("B-73", "B-71"),
    "INF-HP-01": ("B-301/H. pylori, only a test asked for", "B-301/H. pylori tested negative"),
    "INF-HP-02": ("B-301/H. pylori", "B-301/H. pylori, breath test negative since"),
    "INF-HCV": ("B-301/hepatitis C", "B-301/hepatitis C, RNA gone"),
    "INF-HBV": ("B-301/hepatitis B", "B-301/hepatitis B, only anti-HBc"),
    "INF-HIV": ("B-301/HIV", "V-145"),
    "INF-TB": ("B-301/tuberculosis", "B-301/tuberculosis long ago"),
    "INF-BRU": ("B-301/brucellosis", "B-301/brucellosis long ago"),
    "INF-VL": ("B-301/leishmaniasis", "B-301/leishmaniasis long ago"),
    "TPO-03": ("B-292/untreated", "B-292/under therapy"),
    "TPO-06": ("B-83", "V-157"),
    "TPO-07": ("V-103/antiphospholipid syndrome", "B-293/nothing against it"),
    "TPO-08": ("B-82", "B-293/nothing against it"),
    "TPO-09": ("V-106", "B-293/nothing against it"),
    "TPO-10": ("V-143", "B-293/nothing against it"),
    "TPO-11": ("V-101", "V-157"),
    "ORD-08": ("V-44", "V-113/nosebleed"),
    "ORD-11": ("B-92", "B-281/platelets, a fresh count, a nosebleed"),
    "ORD-12": ("B-90", "B-280/amoxicillin, mononucleosis over"),
    "ORD-13": ("V-112/influenza", "V-112/septic shock"),
    "ORD-14": ("B-97/ciprofloxacin", "B-281/loperamide without Shiga toxin"),
    "ORD-16": ("V-65", "B-281/amoxicillin and an aspirin allergy"),
    "ORD-18": ("V-101", "V-157"),
    "ORD-19": ("V-106", "B-293/nothing against it"),
    "ORD-26": ("V-116/tranexamic acid in DIC", "B-274/nosebleed"),
    "ORD-29": ("B-276/primaquine", "B-276/chloroquine"),
    "POP-03": ("B-253/pregnant", "B-253/not pregnant"),
    "POP-05": ("B-254/kidney transplant", "B-254/nothing else"),
    "POP-06": ("B-254/cirrhosis", "B-254/nothing else"),
    "POP-07": ("B-254/chronic kidney disease", "B-254/nothing else"),
    "POP-08": ("B-255/no spleen", "B-255/spleen"),
    "POP-09": ("B-254/refusal of blood", "B-254/nothing else"),
    "POP-10": ("B-256/not recorded", "V-157"),
}
"""A rule without a number of its own: a story in which it speaks, and one like it in which it does not."""


def named(story: str) -> set[str]:
    """The rules that the cards of a story name."""
    return {rule for card in ask(BY_ID[story])["cards"] for rule in rules_of(card)}


def test_every_rule_of_the_rulebook_has_its_stories() -> None:
    told = {*AT_THE_NUMBER, *BY_LEVEL, *NO_NUMBER, *NO_CARD}
    assert set(RULEBOOK) - told == set(), "a rule without a story"
    assert told - set(RULEBOOK) == set(), "a story of a rule that the rulebook does not know"


def test_every_rule_of_the_rulebook_is_built() -> None:
    without_code = {"TRF-16", "PLT-08", "INF-HLH", *ids("POP", range(1, 11))}
    assert set(RULEBOOK) - RULES <= without_code
    assert {rule for rule in RULES if rule.startswith(("TPO", "ORD", "SAFE"))} <= set(RULEBOOK)


@pytest.mark.parametrize("rule", AT_THE_NUMBER)
def test_both_sides_of_a_number(rule: str) -> None:
    speaks, silent = AT_THE_NUMBER[rule]
    assert rule in named(speaks)
    assert rule not in named(silent)


@pytest.mark.parametrize("rule", NO_NUMBER)
def test_a_rule_speaks_and_is_silent(rule: str) -> None:
    speaks, silent = NO_NUMBER[rule]
    assert rule in named(speaks)
    assert rule not in named(silent)


@pytest.mark.parametrize("rule", BY_LEVEL)
def test_what_is_said_changes_at_the_number(rule: str) -> None:
    above, below, what = BY_LEVEL[rule]

    def said(story: str) -> str:
        cards = [card for card in ask(BY_ID[story])["cards"] if rule in rules_of(card)]
        return " ".join(f"[{card['indicator']}] {card['summary']} {card['detail']}" for card in cards)

    assert said(above).startswith("[")
    assert said(below).startswith("[")
    assert what in said(above)
    assert what not in said(below)


@pytest.mark.parametrize("rule", [rule for rule in NO_CARD if rule in RULES])
def test_a_rule_that_only_classes_is_explained(rule: str) -> None:
    """It is evaluated and named in the explanation, and leads no card."""
    for story in ("V-02", "V-53", "V-122", "B-302/Shiga toxin", "B-302/yellow fever"):
        assert rule in outcomes(ask(BY_ID[story]))
        assert rule not in [rules_of(card)[0] for card in ask(BY_ID[story])["cards"]]
