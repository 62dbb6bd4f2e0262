"""`platelet-hooks serve`: the service on a port, under granian."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import click
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from cds_service.auth.gate import open_gate
from cds_service.content import ContentError, load_contents
from cds_service.dialects.choice import check_order_codes
from cds_service.metrics_folder import forget_metrics, share_metrics
from cds_service.settings import PREFIX, Settings, SettingsError, load_settings
from cds_service.traces import check_traces

APP = "cds_service.worker:start"
STOP_SECONDS = 10
MOST_HEADER_BYTES = 65_536
HEADER_MILLISECONDS = 30_000
"""For the line and the headers of a request; also how long a connection may lie idle between two requests."""
THREADS = 8
"""Calls that a worker answers at a time. One computes; the others may wait for FHIR servers meanwhile."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port to listen on."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer."
)
def serve(host: str, port: int, workers: int) -> None:
    """Answer CDS Hooks calls over HTTP until interrupted. SIGHUP reads the configuration again."""
    try:
        settings = check_configuration()
        address = find_free_address(host, port)
    except (SettingsError, ContentError, OSError) as error:
        click.echo(f"platelet-hooks: {error}", err=True)
        sys.exit(2)
    if "public_url" not in settings.model_fields_set:
        # The workers read the environment too, and only this command knows the port.
        os.environ[f"{PREFIX}PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    if settings.sandbox:
        click.echo(describe_sandbox(address, port))
    share_metrics(settings.state_dir)
    try:
        run(APP, address, port, workers)
    finally:
        forget_metrics(settings.state_dir)


def check_configuration() -> Settings:
    """The settings, with all that they name looked at: the workers do this too; here a fault is one line.

    SettingsError or ContentError.
    """
    settings = load_settings()
    check_traces(settings)
    check_order_codes(settings, load_contents(settings).general.templates)
    open_gate(settings, lambda: datetime.now(UTC))
    return settings


def find_free_address(host: str, port: int) -> str:
    """The IP address of `host`, after trying to listen there. OSError in one line when that fails."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        with socket.socket(family, kind, protocol) as trial:
            # granian shares its port among workers: a second service would start beside the first, unnoticed.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(where)
    except OSError as error:
        raise OSError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return str(where[0])


def describe_sandbox(address: str, port: int) -> str:
    """Where to point a client, and who is answered there."""
    within = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # nosec B104 # read, not bound
    host = f"[{within}]" if ":" in within else within
    text = (
        f"Discovery at http://{host}:{port}/cds-services (sandbox mode: for evaluation only). Ctrl-C ends it."
    )
    if address.startswith("127.") or address == "::1":
        return text
    return f"{text}\nEveryone who reaches {address} is answered: sandbox mode does not authenticate clients."


def run(target: str, address: str, port: int, workers: int) -> None:
    """Serves the WSGI factory `target` ("module:function") until SIGINT or SIGTERM, workers included.

    On SIGHUP new workers take over from the old ones, unless the configuration that they would read is wrong.
    """
    server = Granian(
        target,
        factory=True,
        interface=Interfaces.WSGI,
        address=address,
        port=port,
        workers=workers,
        blocking_threads=THREADS,
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=MOST_HEADER_BYTES
        ),
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
    )
    server.signal_handler_reload = reload_if_right(server.signal_handler_reload)  # type: ignore[method-assign]
    server.serve()


def reload_if_right(reload: Callable[..., None]) -> Callable[..., None]:
    """A handler of SIGHUP that says in one line what is wrong, and leaves everything as it is."""

    def handle(*signal: object) -> None:
        try:
            check_configuration()
        except (SettingsError, ContentError, OSError) as error:
            click.echo(f"platelet-hooks: the configuration stays as it was: {error}", err=True)
        else:
            reload(*signal)

    return handle
