"""Commands about customisations: show, save."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from changeover.cli import output, overlays
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.customising import Customisations


@click.group()
def customisations() -> None:
    """Your labels, annotations, variables and kustomize overlays on top of every release."""


@customisations.command("show")
@located
@installation_option
@click.pass_obj
def show(where: Where, installation: str) -> None:
    """What is kept, and what was not done of it."""
    from changeover.actions import customising as action

    _tell(where, run(where, lambda outside: action.look(outside, installation)))


@customisations.command("save")
@located
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@installation_option
@click.pass_obj
def save(where: Where, paths: tuple[Path, ...], installation: str) -> None:
    """Keep those of PATHS for the next change, in place of what is kept; an empty file takes all off.

    A path is a file of entries, or the folder of a kustomize overlay.
    """
    from changeover.actions import customising as action

    entries = overlays.entries(paths)
    _tell(where, run(where, lambda outside: action.keep(outside, installation, entries)))


def _tell(where: Where, found: Customisations) -> None:
    if where.json:
        output.show_json(found.as_json())
        return
    click.echo(found.text or "There are none.", nl=not found.text)
    for remark in found.remarks:
        click.echo(f"not done: {remark}", err=True)
    if found.waiting:
        click.echo("They wait for the next change: `changeover update`, or `changeover config set`.", err=True)
