"""Commands about fields that others have set: show, keep, take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from changeover.cli import output
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.fields import Kept


@click.group()
def fields() -> None:
    """Fields that others have set and keep: show them, keep another, let the release take them back."""


@fields.command("show")
@located
@installation_option
@click.pass_obj
def show(where: Where, installation: str) -> None:
    """List what no release sets any more."""
    from changeover.actions import fields as action

    _tell(where, run(where, lambda outside: action.look(outside, installation)))


@fields.command("keep")
@located
@click.argument("name", metavar="KIND/NAME")
@click.argument("field")
@installation_option
@click.pass_obj
def keep(where: Where, name: str, field: str, installation: str) -> None:
    """Leave FIELD of an object as somebody else has set it, from the next change on."""
    from changeover.actions import fields as action

    _tell(where, run(where, lambda outside: action.keep(outside, installation, name, field)))


@fields.command("take")
@located
@click.argument("name", metavar="KIND/NAME")
@click.argument("field", default="")
@installation_option
@click.pass_obj
def take(where: Where, name: str, field: str, installation: str) -> None:
    """Let releases set FIELD again (every kept field of the object when none is named)."""
    from changeover.actions import fields as action

    _tell(where, run(where, lambda outside: action.take(outside, installation, name, field)))


def _tell(where: Where, kept: Iterable[Kept]) -> None:
    kept = tuple(kept)
    if where.json:
        output.show_json([one.as_json() for one in kept])
        return
    for one in kept:
        click.echo(f"{one.called}  {one.field}  by {one.manager}")
    if not kept:
        click.echo("Releases set every field of theirs.")
