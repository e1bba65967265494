"""Commands about when runs may happen: windows and freezes, each list, add, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from changeover.cli import output
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.calendar import View
    from changeover.actions.fit import Fit


@click.group(invoke_without_command=True)
@located
@installation_option
@click.pass_context
def windows(ctx: click.Context, installation: str) -> None:
    """When runs may happen; `update --at next` waits for the next window in which it fits."""
    if not ctx.invoked_subcommand:
        _show(ctx.obj, installation)


@windows.command("list")
@located
@installation_option
@click.pass_obj
def list_windows(where: Where, installation: str) -> None:
    """Show windows, freezes, and the next times that they leave open."""
    _show(where, installation)


@windows.command("add")
@located
@click.argument("window")
@click.option("--instead-of", default="", metavar="WINDOW", help="Another one, which goes.")
@installation_option
@click.pass_obj
def add_window(where: Where, window: str, instead_of: str, installation: str) -> None:
    r"""Add a WINDOW: a cron expression, how long in minutes, the time zone.

    \b
    changeover windows add "0 22 * * 6 for 120 in Europe/Berlin"
    """
    from changeover.actions import calendar

    _tell(where, run(where, lambda outside: calendar.add_window(outside, installation, window, instead=instead_of)))


@windows.command("remove")
@located
@click.argument("window")
@installation_option
@click.pass_obj
def remove_window(where: Where, window: str, installation: str) -> None:
    """Remove a WINDOW, by its text as it is listed."""
    from changeover.actions import calendar

    _tell(where, run(where, lambda outside: calendar.remove_window(outside, installation, window)))


@windows.command("fit")
@located
@installation_option
@click.pass_obj
def fit_(where: Where, installation: str) -> None:
    """Plan the update to the newest release and show in which windows it fits; nothing is changed."""
    from changeover.actions import fit

    found = run(where, lambda outside: fit.look(outside, installation))
    if where.json:
        output.show_json(found.as_json() if found else None)
    elif found is None:
        click.echo("Nothing newer is there.")
    else:
        _tell_fit(found)


@click.group(invoke_without_command=True)
@located
@installation_option
@click.pass_context
def freezes(ctx: click.Context, installation: str) -> None:
    """When no run may begin. The way back is never frozen; `--override-freeze` begins one nevertheless."""
    if not ctx.invoked_subcommand:
        _show(ctx.obj, installation)


@freezes.command("list")
@located
@installation_option
@click.pass_obj
def list_freezes(where: Where, installation: str) -> None:
    """Show windows, freezes, and the next times that they leave open."""
    _show(where, installation)


@freezes.command("add")
@located
@click.argument("name")
@click.option("--from", "begins", default="", help="2026-12-24 or 2026-12-24T18:00, by the clocks of the zone.")
@click.option("--to", "ends", default="", help="The same; a date alone is frozen to its end.")
@click.option("--every", "cron", default="", metavar="CRON", help='Again and again instead: "0 18 L 3,6,9,12 *".')
@click.option("--minutes", type=int, default=0, help="How long each lasts, with --every.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone, as Europe/Berlin.")
@click.option("--reason", required=True, help="Why; whoever is stopped reads it.")
@click.option("--instead-of", default="", metavar="NAME", help="Another one, which goes.")
@installation_option
@click.pass_obj
def add_freeze(where: Where, /, installation: str, instead_of: str, **wanted: Any) -> None:
    r"""Freeze: no run begins from a day to another, or again and again.

    \b
    changeover freezes add holidays --from 2026-12-24 --to 2027-01-02 --zone Europe/Berlin --reason "Nobody is here."
    """
    from changeover.actions import calendar
    from changeover.runs.freezes import Freeze

    if bool(wanted["cron"]) == bool(wanted["begins"] or wanted["ends"]):
        raise click.UsageError("Say either --from and --to, or --every and --minutes.")
    freeze = Freeze(**wanted)
    _tell(where, run(where, lambda outside: calendar.add_freeze(outside, installation, freeze, instead=instead_of)))


@freezes.command("remove")
@located
@click.argument("name")
@installation_option
@click.pass_obj
def remove_freeze(where: Where, name: str, installation: str) -> None:
    """Remove a freeze, by its NAME."""
    from changeover.actions import calendar

    _tell(where, run(where, lambda outside: calendar.remove_freeze(outside, installation, name)))


def _show(where: Where, installation: str) -> None:
    from changeover.actions import calendar

    _tell(where, run(where, lambda outside: calendar.show(outside, installation)))


def _tell(where: Where, view: View) -> None:
    from changeover.actions.calendar import in_words

    if where.json:
        output.show_json(view.as_json())
        return
    for one in view.frozen:
        output.heading(f"{one.told}.")
    if view.trouble:
        output.heading(view.trouble)
    if not view.windows:
        click.echo('There is no window: `changeover windows add "0 22 * * 6 for 120 in Europe/Berlin"`.')
    output.show_table(((one.text, in_words(one)) for one in view.windows), head=("window", ""))
    output.show_table(
        ((one.name, in_words(one), one.zone, one.reason, one.by) for one in view.freezes),
        head=("freeze", "", "zone", "why", "set by"),
    )
    for time in view.upcoming:
        click.echo(f"open from {time.begins:%a %d %b %Y %H:%M} to {time.ends:%a %H:%M} UTC")


def _tell_fit(found: Fit) -> None:
    from changeover.evidence import words

    output.heading(
        f"{found.version} ({found.strategy}) needs {words.duration(found.need.change)} at worst "
        f"and {words.duration(found.need.reserve)} to go back."
    )
    if found.in_the_way:
        click.echo(f"In its way: {found.in_the_way}")
    output.show_table(
        (
            (
                f"{one.time.begins:%a %d %b %Y %H:%M}",
                f"{one.time.ends:%a %H:%M}",
                f"{one.latest:%a %H:%M}",
                "fits" if one.fits else "does not fit",
            )
            for one in found.rows
        ),
        head=("opens, UTC", "ends", "latest safe start", ""),
    )
