"""Commands about the console in the cluster: install, upgrade, uninstall."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import output
from changeover.cli.options import Where, agree, located, run

if TYPE_CHECKING:
    from changeover.actions.console_service import Planned

KINDS_PHRASE = "delete the kinds of changeover.dev"


def _settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--replicas", type=click.IntRange(1, 10), default=None, help="How many pods; 2 at first."),
        click.option("--room", default=None, metavar="SIZE", help="Disk for air-gap bundles; 20Gi at first."),
        click.option("--pull-secret", default=None, help="Secret to pull the image with."),
        click.option("--trust-proxy", "proxies", multiple=True, metavar="NETWORK", help="The Ingress's network."),
        click.option("--tls-secret", default=None, help="Secret with the Ingress's certificate."),
        click.option("--ingress-class", default=None, help="Make an Ingress of this class for the public address."),
        click.option("--public-url", "public", multiple=True, help="An address that people reach it under."),
        click.option("--image", envvar="CHANGEOVER_IMAGE", default="", help="The product's image, by its digest."),
    ):
        command = option(command)
    return located(command)


@click.command("install-console")
@_settings_options
@click.pass_obj
def install(where: Where, /, **chosen: Any) -> None:
    """Install the admin console in the cluster, in two replicas; what it adds is shown first."""
    _change(where, chosen, must_exist=False)


@click.command("upgrade-console")
@_settings_options
@click.pass_obj
def upgrade(where: Where, /, **chosen: Any) -> None:
    """Bring the console in the cluster to another image or other settings, and its rights to what runs now."""
    _change(where, chosen, must_exist=True)


def _change(where: Where, chosen: dict[str, Any], *, must_exist: bool) -> None:
    from dataclasses import replace

    from changeover.actions import console_service as action
    from changeover.actions.console_objects import ConsoleSettings

    before = run(where, action.installed)
    if before is None and must_exist:
        raise action.NoConsole("There is no console here to upgrade.", hint="`changeover install-console`")
    yes = chosen.pop("yes")
    given = {name: value for name, value in chosen.items() if value not in (None, "", ())}
    settings = replace(before or ConsoleSettings(image=""), **given)
    planned = run(where, lambda outside: action.plan(outside, settings))
    if not where.json:
        _show(planned)
    agree("\nApply it?", yes=yes)
    password = run(where, lambda outside: action.carry_out(outside, planned))
    if where.json:
        output.show_json({**planned.as_json(), **({"firstAccount": "admin", "password": password} if password else {})})
        return
    click.echo("The console serves. `changeover admin-console` opens it.")
    if password:
        click.echo(f"Name admin, password {password} (shown only now)")


def _show(planned: Planned) -> None:
    output.heading(f"{len(planned.adds)} objects are added, {len(planned.changes)} changed, {planned.same} stay.")
    for name in planned.definitions:
        click.echo(f"  for the whole cluster, only ever added to: {name}")
    for name in planned.adds:
        click.echo(f"  add {name}")
    for name in planned.changes:
        click.echo(f"  change {name}")
    click.echo(f"  image {planned.image}")


@click.command("uninstall-console")
@located
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--delete-kinds", "typed", default="", help=f'Also our kinds: type "{KINDS_PHRASE}".')
@click.pass_obj
def uninstall(where: Where, yes: bool, typed: str) -> None:
    """Remove the console from the cluster; accounts, audit log, runs and the application stay."""
    from changeover.actions import console_service as action

    if typed and typed != KINDS_PHRASE:
        raise click.UsageError(f'Our kinds are deleted only when you type --delete-kinds "{KINDS_PHRASE}".')
    going = run(where, action.removal)
    going += run(where, action.kinds) if typed else []
    if not where.json:
        output.heading(f"{len(going)} objects are removed; accounts and audit log stay.")
        for one in going:
            click.echo(f"  {one.ref}")
    agree("\nRemove them?", yes=yes)
    removed = run(where, lambda outside: action.remove(outside, going))
    if where.json:
        output.show_json({"removed": removed})
    else:
        click.echo(f"{len(removed)} objects removed.")
