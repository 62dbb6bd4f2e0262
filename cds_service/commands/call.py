"""`platelet-hooks call`: a request file or a patient's records in, cards out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NoReturn

import click
from msgspec.json import format as indented
from rich.console import Console

from cards.precedence import ORDER_HOOKS
from cds_service.calling import CallError, Reply, Service, ServiceAt, ServiceHere
from cds_service.card_print import print_answer
from cds_service.content import ContentError
from cds_service.discovery import SERVICES
from cds_service.hooks.wire import encode
from cds_service.input_files import InputError, Records, Request, read_input
from cds_service.settings import SettingsError
from cds_service.stories.prefetch import left_over
from cds_service.stories.request import encounter_of, hook_request

NOBODY = "unknown"
DRAFTS = ("MedicationRequest", "ServiceRequest", "NutritionOrder", "DeviceRequest")


def read_time(_: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    """A dateTime (UTC without an offset), or a date: the end of that day. A usage error for anything else."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-06-15"):
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is no date or dateTime such as 2026-06-15T10:00") from None


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--url", help="Base URL of a running service; without it the cards are made here.")
@click.option(
    "--hook",
    type=click.Choice([row.hook for row in SERVICES]),
    help="Hook to call with a patient's records. [default: patient-view]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("--patient", help="Id of the patient, where the records are of several.")
@click.option(
    "--as-of", callback=read_time, metavar="DATETIME", help="Evaluate as if it were this day or time."
)
@click.option(
    "--explain", is_flag=True, help="Print every rule's outcome and reason, and what was set aside."
)
def call(
    file: Path,
    url: str | None,
    hook: str | None,
    as_json: bool,
    patient: str | None,
    as_of: datetime | None,
    explain: bool,
) -> None:
    """Send FILE to the service and print the cards.

    FILE is a hook request, or FHIR R4 as JSON: a Bundle, a resource, NDJSON, or a folder of these, of which the
    request is made. Exit status: 0 answered, 1 refused by the service, 2 FILE cannot be read.
    """
    if url is not None and as_of is not None:
        raise click.UsageError("--as-of cannot be used with --url: a running service has its own clock.")
    try:
        given = read_input(file)
        service: Service = (
            ServiceAt(url) if url is not None else ServiceHere(lambda: as_of or datetime.now(UTC))
        )
        if isinstance(given, Request):
            reply = _send_request(given, hook, patient, service)
        else:
            reply = _send_records(given, hook or "patient-view", patient, service, explain)
    except (InputError, CallError, SettingsError, ContentError) as error:
        _stop(str(error), 2)
    _print(reply, as_json, explain)


def _send_request(given: Request, hook: str | None, patient: str | None, service: Service) -> Reply:
    if patient is not None:
        raise InputError("a hook request names its patient itself: --patient is for records")
    if hook not in (None, given.hook):
        raise InputError(f"the request is for {given.hook}, not for {hook}")
    return service.call(given.hook, given.body)


def _send_records(given: Records, hook: str, patient: str | None, service: Service, explain: bool) -> Reply:
    patient = _choose(given, patient)
    resources: list[dict[str, Any]] = list(given.resources)
    if not any((r["resourceType"], r["id"]) == ("Patient", patient) for r in resources):
        _note("no Patient in the records: age and sex are not known")
        resources.append({"resourceType": "Patient", "id": patient})
    keys = service.keys(hook)
    unasked = left_over(keys, resources)
    if explain and unasked:
        _note(f"no prefetch key asks for {len(unasked)} of {len(resources)} resources: {_kinds(unasked)}")
    drafts = _drafts(resources) if hook in ORDER_HOOKS else ()
    request = hook_request(hook, patient, resources, keys, drafts, encounter_of(resources, patient, hook))
    return service.call(hook, encode(request))


def _choose(given: Records, patient: str | None) -> str:
    patients = given.patients()
    if patient is not None:
        if patient not in patients:
            raise InputError(f"no patient {patient!r} in the records")
        return patient
    if len(patients) > 1:
        some = ", ".join(patients[:5]) + (", ..." if len(patients) > 5 else "")
        raise InputError(f"records of {len(patients)} patients: name one with --patient ({some})")
    return patients[0] if patients else NOBODY


def _drafts(resources: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [r for r in resources if r["resourceType"] in DRAFTS and r.get("status") == "draft"]
    if not found:
        raise InputError("no draft orders in the records: an order hook needs one")
    return found


def _kinds(resources: Sequence[Mapping[str, Any]]) -> str:
    kinds = [r["resourceType"] for r in resources]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))


def _print(reply: Reply, as_json: bool, explain: bool) -> None:
    if as_json:
        click.echo(indented(encode(reply.body)).decode())
    elif reply.is_answered:
        print_answer(reply.body, Console(highlight=False), explain)
    if not reply.is_answered:
        _stop(f"HTTP {reply.status}: " + "; ".join(reply.issues()), 1)


def _note(text: str) -> None:
    click.echo(f"platelet-hooks: {text}", err=True)


def _stop(text: str, status: int) -> NoReturn:
    _note(text)
    sys.exit(status)
