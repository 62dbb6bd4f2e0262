"""The made-up requests of `fixtures/`, with fresh dates, under the prefetch keys that discovery announces.

A request names its patient; a patient is a Bundle. Times in both are relative (`{{now - 3h}}`) and filled in when the
request is made, so that it is as good on any day.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cards.frozen import dataclass
from cds_service.discovery import PrefetchKey
from cds_service.fixture_files import fixtures_folder
from cds_service.stories.request import FAILED, hook_request
from cds_service.stories.times import fill_times

_MEMBERS: Final = frozenset(
    {"about", "patient", "hook", "userId", "encounterId", "draftOrders", "failed", "absent"}
)


class NoExampleError(LookupError):
    """There is no made-up request of that name."""


@dataclass(frozen=True, slots=True)
class Example:
    """A made-up request. `expects` is the HTTP status of its answer, by the name (`NAME.expect-412`)."""

    name: str
    about: str
    hook: str

    @property
    def expects(self) -> int:
        return int(self.name.rpartition(".expect-")[2]) if ".expect-" in self.name else 200


def _folder() -> Path:
    return fixtures_folder() / "requests"


def list_examples() -> tuple[Example, ...]:
    """All made-up requests by name."""
    found = []
    for path in sorted(_folder().glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        found.append(Example(path.stem, content["about"], content["hook"]))
    return tuple(found)


def example_request(name: str, now: datetime, keys: Sequence[PrefetchKey]) -> dict[str, Any]:
    """The body of the call. NoExampleError for an unknown name; ValueError for a file that is wrong."""
    if name not in {one.name for one in list_examples()}:
        raise NoExampleError(name)
    content = _read(_folder() / f"{name}.json", now)
    if unknown := content.keys() - _MEMBERS:
        raise ValueError(f"{name}.json: nothing is called {sorted(unknown)}")
    patient = content["patient"]
    request = hook_request(
        content["hook"],
        patient,
        example_patient(patient, now),
        keys,
        content.get("draftOrders", ()),
        content.get("encounterId"),
    )
    request["context"]["userId"] = content["userId"]
    for key in content.get("failed", ()):
        request["prefetch"][key] = FAILED
    for key in content.get("absent", ()):
        del request["prefetch"][key]
    return request


def example_patient(name: str, now: datetime) -> list[dict[str, Any]]:
    """The resources of a made-up patient."""
    bundle = _read(fixtures_folder() / "patients" / f"{name}.json", now)
    return [entry["resource"] for entry in bundle["entry"]]


def _read(path: Path, now: datetime) -> dict[str, Any]:
    text = fill_times(path.read_text(encoding="utf-8"), now)
    content: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return content
