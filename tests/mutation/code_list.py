"""What each code means, as it is written in `fixtures/codes/`, apart from the value sets: a record has to say it too.

[inf-dengue]
icd-10-cm = ["A90", "A97*"]            # with everything below it
"snomed, history" = ["..."]             # read as an earlier one
"loinc, exposure" = ["..."]             # a positive test that proves contact alone
"icd-10, not" = ["A98.4"]               # below one of the others, and not meant
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from cards import code_systems as systems
from cards.valueset_files import PROOFS, STATUSES
from cards.valuesets import Membership, Terminology
from cds_service.fixture_files import fixtures_folder

SHORT: Final = {
    "snomed": systems.SNOMED,
    "loinc": systems.LOINC,
    "rxnorm": systems.RXNORM,
    "icd-10": systems.ICD_10,
    "icd-10-cm": systems.ICD_10_CM,
    "atc": systems.ATC,
    "cvx": systems.CVX,
    "ucum": systems.UCUM,
    "cdc-race": systems.CDC_RACE,
    **{one.rpartition("/")[2]: one for one in systems.HL7_SYSTEMS},
}
BELOW: Final = "9"
"""A character that makes a code below a category: the category with its dot and it, or the code and it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One line of the list: the code, with all below it where it is a category, is (or is not) in the set."""

    set_id: str
    system: str
    code: str
    category: bool = False
    status: str | None = None
    proves: str | None = None
    excluded: bool = False

    def wrong(self, terms: Terminology) -> str | None:
        """In which way the value sets say something else of the code."""
        for code in self._asked():
            found = next((m for m in terms.sets_of(self.system, code) if m.set_id == self.set_id), None)
            if (told := self._says_else(found)) is not None:
                return f"{self.set_id}: {code} {told}"
        return None

    def _says_else(self, found: Membership | None) -> str | None:
        if self.excluded:
            return None if found is None else "is in the set"
        if found is None:
            return "is not in the set"
        read = found.code.status, found.code.proves
        return None if read == (self.status, self.proves) else f"is read as {read}"

    def _asked(self) -> Iterator[str]:
        yield self.code
        if self.category:
            yield f"{self.code}.{BELOW}" if len(self.code) == systems._CATEGORY else self.code + BELOW


@cache
def meanings() -> tuple[Meaning, ...]:
    """Every line of every file, in its order."""
    return tuple(
        _meaning(set_id, key, code)
        for path in sorted((fixtures_folder() / "codes").glob("*.toml"))
        for set_id, rows in tomllib.loads(path.read_text(encoding="utf-8")).items()
        for key, codes in rows.items()
        for code in codes
    )


def _meaning(set_id: str, key: str, code: str) -> Meaning:
    short, *how = key.split(", ")
    unknown = set(how) - STATUSES - PROOFS - {"not"}
    if unknown or short not in SHORT:
        raise ValueError(f"{set_id}: {key!r} is not understood")
    return Meaning(
        set_id=set_id,
        system=SHORT[short],
        code=code.removesuffix("*"),
        category=code.endswith("*"),
        status=next((word for word in how if word in STATUSES), None),
        proves=next((word for word in how if word in PROOFS), None),
        excluded="not" in how,
    )
