"""What the tests of clauses share: walks over JSON, strict reading, calls of each service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.service.hook_calls import call, nosebleed, platelets, post

Json = dict[str, Any]
SERVICES = {
    "itp-patient-view": "patient-view",
    "itp-order-select": "order-select",
    "itp-order-sign": "order-sign",
    "itp-encounter-discharge": "encounter-discharge",
}


def strict(text: bytes | str) -> Any:
    """JSON without doubled members, NaN or Infinity."""

    def members(pairs: list[tuple[str, Any]]) -> Json:
        found = dict(pairs)
        assert len(found) == len(pairs), [name for name, _ in pairs]
        return found

    def constant(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, object_pairs_hook=members, parse_constant=constant)


def empties(value: Any, path: str = "") -> Iterator[str]:
    """Where a member is null, "", [] or {}."""
    if value is None or (isinstance(value, str | list | dict) and not value):
        yield path
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from empties(one, f"{path}.{name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from empties(one, f"{path}[{number}]")


def good(service: str) -> Json:
    """A call of a service that gives cards."""
    return call(platelets(22), platelets(31, "older", "2026-06-12"), nosebleed(), hook=SERVICES[service])


def answer(service: str, body: Json | None = None) -> Json:
    """Its answer, read strictly."""
    response = post(body or good(service), service)
    assert response.status_code == 200
    found: Json = strict(response.get_data())
    return found


def all_cards() -> list[Json]:
    """The cards of all services."""
    return [card for service in SERVICES for card in answer(service)["cards"]]


def references(value: Any) -> Iterator[str]:
    """Every `reference` inside."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "reference" and isinstance(one, str):
                yield one
            else:
                yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)
