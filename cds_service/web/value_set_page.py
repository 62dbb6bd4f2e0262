"""What `/valuesets` and `/valuesets/{id}` show: the codes by which a fact is known, and what is known of each code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from cards.frozen import dataclass
from cards.valueset_files import ROLES, Code, ValueSet
from cds_service.content import Content
from cds_service.web.rule_list import Asked

_SYSTEM_NAMES = (
    ("loinc.org", "LOINC"),
    ("snomed.info", "SNOMED CT"),
    ("icd-10-cm", "ICD-10-CM"),
    ("icd-10-gm", "ICD-10-GM"),
    ("icd-10", "ICD-10 (WHO)"),
    ("icd-9", "ICD-9-CM"),
    ("rxnorm", "RxNorm"),
    ("atc", "ATC"),
    ("cvx", "CVX (vaccines)"),
    ("unitsofmeasure", "UCUM (units)"),
    ("cpt", "CPT"),
)
KINDS = {
    "obs": "Measurements",
    "lab": "Tests for infections",
    "inf": "Infections",
    "bleed": "Bleeding",
    "sign": "Signs",
    "med": "Medicines",
    "proc": "Procedures and products",
    "risk": "Risks and other conditions",
    "mimic": "Mimics",
    "vax": "Vaccines",
    "allergy": "Allergies",
    "not": "Recognised, never read as the fact",
}
OTHERS = "Others"


@dataclass(frozen=True, slots=True)
class SystemTable:
    """The codes of one code system."""

    name: str
    uri: str
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ValueSetPage:
    """Everything that the template prints."""

    value_set: ValueSet
    roles: tuple[str, ...]
    rules: tuple[str, ...]
    facts: tuple[str, ...]
    tables: tuple[SystemTable, ...]
    version: str


def value_set_page(set_id: str, content: Content) -> ValueSetPage:
    """The page of a value set. KeyError for an unknown one."""
    found = content.terminology[set_id]
    rules = tuple(feed for feed in found.feeds if feed in content.words)
    roles = tuple(feed for feed in found.feeds if feed in ROLES)
    by_system = groupby(sorted(found.codes, key=lambda code: code.system), key=lambda code: code.system)
    return ValueSetPage(
        value_set=found,
        roles=roles,
        rules=rules,
        facts=tuple(feed for feed in found.feeds if feed not in rules and feed not in roles),
        tables=tuple(SystemTable(system_name(uri), uri, tuple(codes)) for uri, codes in by_system),
        version=content.version,
    )


def value_set_groups(content: Content, asked: Asked) -> tuple[tuple[str, tuple[ValueSet, ...]], ...]:
    """The value sets by kind, as far as every word of the search stands in id, title, purpose or a code."""
    words = asked.words.casefold().split()
    groups: dict[str, list[ValueSet]] = {name: [] for name in (*KINDS.values(), OTHERS)}
    for set_id in content.terminology:
        one = content.terminology[set_id]
        if all(word in text for text in [_text(one)] for word in words):
            groups[KINDS.get(set_id.partition("-")[0], OTHERS)].append(one)
    return tuple((name, tuple(some)) for name, some in groups.items() if some)


def system_name(uri: str) -> str:
    """What people call a code system."""
    for part, name in _SYSTEM_NAMES:
        if re.search(re.escape(part), uri, re.IGNORECASE):
            return name
    return uri


def _text(one: ValueSet) -> str:
    return " ".join((one.id, one.title, one.purpose, *_codes(one.codes))).casefold()


def _codes(codes: Iterable[Code]) -> Iterable[str]:
    return (f"{code.code} {code.display}" for code in codes)
