"""Commands about the vendor's notes for an update: list those that concern this installation, acknowledge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from changeover.cli import asking, output
from changeover.cli.change import look_ahead
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.guiding import Told


@click.group(invoke_without_command=True)
@located
@click.option("--to", "version", default="", help="Release; the newest otherwise.")
@installation_option
@click.pass_context
def guides(ctx: click.Context, /, version: str, installation: str) -> None:
    """The vendor's notes of every release that an update passes: which concern you, and why the others do not."""
    if ctx.invoked_subcommand:
        return
    prepared = look_ahead(ctx.obj, installation, asking.ask("update", version=version))
    told = prepared.guides.told
    if ctx.obj.json:
        output.show_json({"to": prepared.plan.to_version, "guides": [one.as_json() for one in told]})
        return
    if not told:
        click.echo(f"On the way to {prepared.plan.to_version} the vendor says nothing that must be known.")
    output.show_table((_row(one) for one in told), head=("id", "release", "", "how it stands", "what it says"))


@guides.command("acknowledge")
@located
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--to", "version", default="", help="Release; the newest otherwise.")
@installation_option
@click.pass_obj
def acknowledge(where: Where, /, ids: tuple[str, ...], version: str, installation: str) -> None:
    """Say once, for everybody, that you have read these notes and taken care of them."""
    from changeover.actions import guiding

    prepared = look_ahead(where, installation, asking.ask("update", version=version))
    done = run(where, lambda outside: guiding.acknowledge(outside, prepared, ids))
    if where.json:
        output.show_json({"acknowledged": done})
    else:
        click.echo(f"Acknowledged: {', '.join(done)}.")


def _row(told: Told) -> tuple[Any, ...]:
    guide = told.note.guide
    return guide.id, told.note.release, guide.severity, _standing(told), " ".join(guide.text.split())


def _standing(told: Told) -> str:
    if not told.concerns:
        return f"not about you: {told.judgement.why}"
    if told.read:
        return f"read by {told.read.by}"
    if told.waits:
        return "to be acknowledged"
    return f"checked: {told.check.verdict}" if told.check else "to be read"
