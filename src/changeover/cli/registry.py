"""Commands about the private registry of an Installation: show, set, remove. What runs is not touched by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from changeover.cli import asking, output
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.render.context import Registry


@click.group()
def registry() -> None:
    """The private registry that images are pulled from."""


@registry.command("show")
@located
@installation_option
@click.pass_obj
def show(where: Where, installation: str) -> None:
    """Its address, and who logs in there."""
    from changeover.actions import registries

    _tell(where, run(where, lambda outside: registries.show(outside, installation)))


@registry.command("set")
@located
@click.argument("address", metavar="HOST[/NAMESPACE]")
@click.option("--username", default="", help="Who pulls images there.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@installation_option
@click.pass_obj
def set_(where: Where, address: str, username: str, password_stdin: bool, installation: str) -> None:
    """Pull images from there, from the next change on."""
    from changeover.actions import registries

    wanted = asking.registry(address, username, password=password_stdin)
    _tell(where, run(where, lambda outside: registries.change(outside, installation, wanted)))


@registry.command("remove")
@located
@installation_option
@click.pass_obj
def remove(where: Where, installation: str) -> None:
    """Pull images from where they come from, from the next change on."""
    from changeover.actions import registries

    _tell(where, run(where, lambda outside: registries.change(outside, installation, None)))


def _tell(where: Where, held: Registry | None) -> None:
    from changeover.actions import registries

    told = registries.as_json(held)
    if where.json:
        output.show_json(told)
    elif held is None:
        output.heading("Images are pulled from where they come from.")
    else:
        output.heading(f"Images are pulled from {told['address']}.")
        output.show_facts({"login": told["username"] or "none", "password": "kept" if told["password"] else "none"})
