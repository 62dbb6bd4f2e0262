"""`platelet-hooks completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

PROGRAM = "platelet-hooks"
VARIABLE = "_PLATELET_HOOKS_COMPLETE"


@click.command(epilog='Example: eval "$(platelet-hooks completion bash)", for ever in ~/.bashrc')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL."""
    found = get_completion_class(shell)
    if found is None:
        click.echo(f"{PROGRAM}: no completion for {shell}", err=True)
        sys.exit(2)
    click.echo(found(context.find_root().command, {}, PROGRAM, VARIABLE).source())
