"""What all resources of a story share: whose they are, when now is, how things are coded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import datetime
from itertools import count
from typing import Any

from cards.code_systems import HL7
from cards.frozen import dataclass
from cds_service.stories.coding import STANDARD, Dialect, concept
from cds_service.stories.story import Term
from cds_service.stories.times import When

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """Where and when a story is written: the patient's id, now, and how things are coded."""

    patient: str
    now: datetime
    dialect: Dialect = STANDARD
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def head(self, kind: str, name: str) -> Resource:
        """The members that every resource begins with."""
        return {"resourceType": kind, "id": f"{name}-{next(self.numbers)}"}

    def text(self, when: When | None) -> str | None:
        return None if when is None else when.text(self.now)

    def code(self, what: Term) -> Resource:
        return concept(what, self.dialect)

    @property
    def subject(self) -> Resource:
        return {"reference": f"Patient/{self.patient}"}


def without_none(resource: Resource) -> Resource:
    """The resource without the members that the story does not tell."""
    return {name: value for name, value in resource.items() if value is not None}


def hl7(system: str, code: str) -> Resource:
    """A CodeableConcept of one of HL7's own code systems, by the end of its address."""
    return {"coding": [{"system": HL7 + system, "code": code}]}
