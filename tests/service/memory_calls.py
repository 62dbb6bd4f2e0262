"""An application that remembers in a store of its own, at times that the test chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.config_file import Memory as MemoryTable
from cds_service.memory import Memory
from cds_service.settings import Settings
from tests.service.build import NOW, Json
from tests.service.hook_calls import CARD, SERVICES

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


@dataclass
class Running:
    """A service and its clock."""

    settings: Settings
    at: datetime = NOW
    client: FlaskClient = field(init=False)
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        app = create_app(self.settings, lambda: self.at)
        self.client, self.memory = app.test_client(), app.extensions["memory"]

    def wait(self, **span: float) -> None:
        """Lets time pass."""
        self.at += timedelta(**span)

    def call(self, body: Json, service: str | None = None) -> list[Json]:
        """The cards of a call that has to succeed; they are stored when this returns."""
        url = f"/cds-services/{service or SERVICES[body['hook']]}"
        response = self.client.post(url, json=body)
        assert response.status_code == 200, response.get_data(as_text=True)
        assert self.memory.writer.flush(10)
        self.body: Json = response.get_json()
        found: list[Json] = self.body["cards"]
        return found

    def told(self, body: Json) -> dict[str, str]:
        """Indicator by the rule that leads each card."""
        return {card["extension"][CARD]["rules"][0]: card["indicator"] for card in self.call(body)}

    def send(self, *entries: Any, service: str = "itp-patient-view") -> Any:
        """The response to feedback."""
        return self.client.post(f"/cds-services/{service}/feedback", json={"feedback": list(entries)})

    def override(self, card: Json, reason: str | None = None, **members: Any) -> None:
        """A clinician overrides a card now."""
        assert self.send(overridden(card["uuid"], self.at, reason, **members)).status_code == 200

    def rows(self, table: str) -> list[Mapping[str, Any]]:
        """What a table holds."""
        from sqlalchemy import text

        return self.memory.database.commit(
            lambda connection: [
                dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()
            ]
        )


def started(folder: Path, at: datetime = NOW, **members: Any) -> Running:
    """A service with a store in this folder."""
    waiting = MemoryTable(wait_milliseconds=10_000, **members.pop("memory", {}))
    return Running(Settings(**{"log_level": "error", "state_dir": folder, "memory": waiting, **members}), at)


def overridden(card: str, at: datetime = NOW, reason: str | None = None, **members: Any) -> Json:
    """An entry; `reason` is an HL7 code."""
    entry: Json = {"card": card, "outcome": "overridden", "outcomeTimestamp": at.isoformat()}
    if reason is not None:
        entry["overrideReason"] = {"reason": {"system": HL7, "code": reason}}
    return entry | members


def accepted(card: str, suggestion: str | None = None, at: datetime = NOW) -> Json:
    """An entry for an accepted suggestion."""
    return {
        "card": card,
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": suggestion or str(uuid4())}],
        "outcomeTimestamp": at.isoformat(),
    }
