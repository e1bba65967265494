"""Shell completion, printed so that a shell can source it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell: ``source <(changeover completion bash)``."""
    from changeover.cli.main import cli

    if kind := get_completion_class(shell):
        click.echo(kind(cli, {}, "changeover", "_CHANGEOVER_COMPLETE").source())
