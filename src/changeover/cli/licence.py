"""Commands about the licence of an Installation: show, set. Its id and its signature are never printed whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from changeover.cli import asking, output
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.licensing import View
    from changeover.actions.outside import Desk

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def licence() -> None:
    """Look at the licence that an Installation is rendered with, or give it another."""


@licence.command("show")
@located
@click.argument("file", type=_FILE, required=False)
@click.option("--key", type=_FILE, help="The vendor's public key (PEM) that must have signed FILE.")
@installation_option
@click.pass_obj
def show(where: Where, file: Path | None, key: Path | None, installation: str) -> None:
    """Whom the licence is for, what it entitles to, until when, and what its signature proves; of FILE, or as held."""
    from changeover.actions import licensing

    given = asking.licence(file, key)
    if given is None:
        _tell(where, run(where, lambda outside: licensing.show(outside, installation)))
        return

    async def read(desk: Desk) -> View:
        return licensing.read(given, desk.clock.now())

    view = asking.offline(read)
    _tell(where, view)
    if view.checked.proof == "wrong" or view.checked.licence.expired(view.now):
        raise click.exceptions.Exit(3)


@licence.command("set")
@located
@click.argument("file", type=_FILE)
@click.option("--key", type=_FILE, help="The vendor's public key (PEM) that must have signed it.")
@installation_option
@click.pass_obj
def set_(where: Where, file: Path, key: Path | None, installation: str) -> None:
    """Take FILE for the next rendering: the next update or change of answers; what runs is not touched."""
    from changeover.actions import licensing

    given = asking.licence(file, key)
    if given is None:
        return
    _tell(where, run(where, lambda outside: licensing.take(outside, installation, given)))
    if not where.json:
        click.echo("\nTaken. It counts from the next `changeover update` or `changeover config set` on.")


def _tell(where: Where, view: View) -> None:
    facts = view.as_json()
    if where.json:
        output.show_json(facts)
        return
    output.heading(f"Licence of {facts['customer'] or 'nobody named'} for {facts['application'] or 'nothing named'}.")
    proof = f"{facts['proof']}: {facts['words']}"
    expires = f"{facts['expires']}{' (expired)' if facts['expired'] else ''}"
    output.show_facts(
        {
            "type": facts["type"],
            "channel": facts["channel"],
            "id": facts["licenseID"],
            "expires": expires,
            "signature": f"{facts['signature']} {proof}".strip(),
            "edited after signing": ", ".join(facts["differs"]),
        }
    )
    rows = ((one["name"], one["value"], one["type"], one["title"]) for one in facts["entitlements"])
    output.show_table(rows, head=("entitlement", "value", "type", ""))
    for one in facts["changes"]:
        click.echo(f"  {one['fate']:<8} {one['name']}: {one['words']}")
