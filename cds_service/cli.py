"""`platelet-hooks`: its commands and where they are. A command's module is imported when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

# name -> (module, what it does). The command is the module's attribute of the same name.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "serve": ("cds_service.commands.serve", "Answer CDS Hooks calls over HTTP."),
    "call": ("cds_service.commands.call", "Send a request or a patient's records, and read the cards."),
    "content": ("cds_service.commands.content", "Check a site's content, and show what is in force."),
    "example": ("cds_service.commands.example", "Print a made-up request with fresh dates."),
    "insights": ("cds_service.commands.insights", "Count what became of the cards that were shown."),
    "replay": ("cds_service.commands.replay", "Replay a Bulk FHIR export: what the cards would have been."),
    "pack-export": ("cds_service.commands.pack_export", "Write a Bulk FHIR export as Parquet."),
    "demo-export": ("cds_service.commands.demo_export", "Write a made-up Bulk FHIR export."),
    "doctor": ("cds_service.commands.doctor", "Look whether the service can work here, and say what to do."),
    "client": ("cds_service.commands.client", "Make the configuration's entry for an EHR."),
    "completion": ("cds_service.commands.completion", "Print the script that completes commands in a shell."),
    "purge": ("cds_service.commands.purge", "Delete what was kept longer than the retention."),
}


class LazyGroup(click.Group):
    """Lists its commands without importing them, so that help and completion are instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="platelet-hooks", message="%(prog)s %(version)s")
def main() -> None:
    """CDS Hooks service: advice on platelets, treatment of infection and TPO-RA when platelets are low.

    For evaluation only: not a medical device, not cleared for clinical use.
    """
