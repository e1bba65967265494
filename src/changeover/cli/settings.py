"""Commands about how an Installation is looked after: show, set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from changeover.cli import output
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.policies import View


@click.group(invoke_without_command=True)
@located
@installation_option
@click.pass_context
def settings(ctx: click.Context, installation: str) -> None:
    """Strategy, backups, approvals, webhook."""
    from changeover.actions import policies

    if not ctx.invoked_subcommand:
        _tell(ctx.obj, run(ctx.obj, lambda outside: policies.show(outside, installation)))


@settings.command("set")
@located
@click.argument("pairs", nargs=-1, required=True, metavar="NAME=TEXT...")
@installation_option
@click.pass_obj
def set_(where: Where, pairs: tuple[str, ...], installation: str) -> None:
    """Set some; an empty text takes one back: `changeover settings set strategy=window backup-to=pvc:backups`."""
    from changeover.actions import policies

    broken = [pair for pair in pairs if "=" not in pair]
    if broken:
        raise click.UsageError(f"Say NAME=TEXT, not {broken[0]!r}.")
    wanted = {name: text for name, _, text in (pair.partition("=") for pair in pairs)}
    _tell(where, run(where, lambda outside: policies.change(outside, installation, wanted)))


def _tell(where: Where, view: View) -> None:
    if where.json:
        output.show_json(view.as_json())
        return
    output.heading(f"Settings of {view.installation}")
    output.show_facts({name: text or "-" for name, text in view.values.items()})
