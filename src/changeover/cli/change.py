"""Commands that change something: plan (which only looks ahead), install, update, rollback, uninstall.

Each shows the plan first and asks; ``--yes`` is for scripts. With ``--plan DIGEST`` only exactly that plan is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import asking, images, output
from changeover.cli.options import (
    Where,
    answers_option,
    customisations_option,
    in_cluster_options,
    installation_option,
    key_options,
    licence_options,
    located,
    push_options,
    registry_options,
    run,
)

if TYPE_CHECKING:
    from changeover.actions.ask import Ask
    from changeover.actions.licensing import Given
    from changeover.actions.outside import Outside
    from changeover.render.context import Registry

_KEY = click.Path(exists=True, dir_okay=False, path_type=Path)


def _optioned(command: Callable[..., Any], *options: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


def parameter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What the plan depends on: a preview needs the same words to be the same plan."""
    return _optioned(command, *_how(), *_consents())


def _how() -> Sequence[Callable[..., Any]]:
    return (
        click.option("--strategy", default="", help="plain or window; the Installation's default otherwise."),
        click.option("--at", default="", help="Not before this time (RFC 3339), or `next` for the next window."),
        click.option(
            "--until", default="", help="End of the window (RFC 3339): what cannot end by then does not start."
        ),
        click.option("--announce", type=int, default=None, help="Seconds between announcing and closing the gate."),
        click.option("--soak", type=int, default=None, help="Seconds of watching after the gate is open again."),
        click.option("--hold", type=float, default=None, help="Seconds that all must stay healthy to count."),
        customisations_option,
        click.option("--from", "source", default="", help="Another channel or package than it follows."),
        click.option("--no-backup", is_flag=True, help="Change without a backup; the plan says what that costs."),
        click.option(
            "--conflicts",
            type=click.Choice(["take", "keep", "stop"]),
            default="take",
            help="Fields that others have set: take them over, leave them as they are (also later), or do not begin.",
        ),
        click.option("--skip-preflights", is_flag=True, help="Make only the release's strict checks."),
        click.option("--message", default="", help="What users are told while the gate is closed."),
    )


def _consents() -> Sequence[Callable[..., Any]]:
    """Each names something that happens only because a person said so."""

    def named(flag: str, name: str, metavar: str, about: str) -> Callable[..., Any]:
        return click.option(flag, name, multiple=True, metavar=metavar, help=about)

    return (
        named("--allow", "allow", "CLASS", "What its checks may do beyond reading: run, exec, … or all."),
        named("--accept-check", "accepted", "TITLE", "A strict check that may fail, by its title."),
        named("--acknowledge", "acknowledged", "ID", "A note of the vendor that you have taken care of, by its id."),
        named(
            "--grant",
            "grants",
            "ACCOUNT",
            "Create this service account with the rights that the package's own installer needs.",
        ),
        named("--accept-data-loss", "typed", "NAME", "Name of a data-bearing object that may go."),
        named("--override-freeze", "frozen", "NAME", "A freeze in which it begins nevertheless; say why."),
        click.option("--override-reason", default="", metavar="WHY", help="Why the freeze is overridden; is kept."),
    )


def change_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command takes that makes a run: how to change, and whether to ask."""
    going = (
        click.option("--plan", "digest", default="", help="Go only if the plan has this digest."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the evidence."),
        *in_cluster_options("Hand the run to a Job in the cluster, which carries it to its end, and watch it."),
    )
    return located(installation_option(parameter_options(_optioned(command, *going))))


@click.group(invoke_without_command=True)
@located
@click.option("--to", "version", default="", help="Release; the newest otherwise.")
@click.option("--revision", type=int, default=0, help="Plan a rollback to this revision instead.")
@click.option("--full", is_flag=True, help="Every object and every changed field.")
@parameter_options
@installation_option
@answers_option
@click.pass_context
def plan(ctx: click.Context, /, full: bool, installation: str, **chosen: Any) -> None:
    """Show what an update would do to every object; nothing is changed."""
    if ctx.invoked_subcommand:
        return
    kind = "rollback" if chosen["revision"] else "update"
    asking.show_plan(ctx.obj, look_ahead(ctx.obj, installation, asking.ask(kind, **chosen)), full=full)


def look_ahead(where: Where, installation: str, ask: Ask) -> Any:
    """The prepared change, of which nothing is begun."""
    from changeover.actions import installations, prepare

    async def look(outside: Outside) -> prepare.Prepared:
        return await prepare.prepare(outside, await installations.find(outside, installation), ask)

    return run(where, look)


@plan.command("rbac")
@located
@click.option("--to", "version", default="")
@click.option("--account", default="", help="One account of this name for everything, instead of the three.")
@installation_option
@click.pass_obj
def plan_rbac(where: Where, version: str, account: str, installation: str) -> None:
    """Print exactly the rights that this change, its way back, gate and drain need: accounts, and Roles of each."""
    from changeover.actions import hand_over

    prepared = look_ahead(where, installation, asking.ask("update", version=version))
    if where.json:
        output.show_json([right.as_json() for right in hand_over.rights_of(prepared, account)])
    else:
        click.echo(hand_over.manifests(prepared, account), nl=False)


@click.command()
@click.argument("package", default="")
@click.option("--channel", default="", help="The same as PACKAGE.")
@push_options
@click.option("--name", default="", help="Name of the Installation; the package's own name otherwise.")
@click.option("--version", default="", help="Release, when PACKAGE is a channel; the newest otherwise.")
@click.option("--profile", default="", help="A shipped profile (workbench, gitpod) or a file.")
@key_options
@click.option("--backup-to", default="", help="Where backups go: pvc:NAME or a folder.")
@click.option("--backup-image", default="", help="Image with Python 3 whose pods copy where this machine cannot.")
@licence_options
@registry_options
@answers_option
@change_options
@click.pass_obj
def install(
    where: Where,
    /,
    package: str,
    channel: str,
    no_push: bool,
    plain_http: tuple[str, ...],
    name: str,
    version: str,
    profile: str,
    cosign_key: Path | None,
    keyring: Path | None,
    backup_to: str,
    backup_image: str,
    licence: Path | None,
    licence_key: Path | None,
    registry: str,
    registry_username: str,
    registry_password_stdin: bool,
    pairs: tuple[str, ...],
    files: tuple[Path, ...],
    installation: str,
    **chosen: Any,
) -> None:
    """Install PACKAGE: a folder, .tgz, .airgap, chart, manifest file, or a channel (folder or address)."""
    from changeover.actions import install as action

    where_to = {"backup_to": backup_to, "backup_image": backup_image}
    package = package or channel
    if not package:
        raise click.UsageError("Say what to install: a folder, .tgz, .airgap, chart, manifest file or channel.")
    place = asking.registry(registry, registry_username, password=registry_password_stdin)
    given = asking.licence(licence, licence_key)
    if place and not no_push and package.endswith(".airgap"):
        images.push(where, package, place, licence=given, plain_http=plain_http)
    wanted = action.Wanted(
        source=asking.signed(package, cosign_key, keyring),
        name=name or installation,
        profile=profile,
        licence=given,
        registry=place,
        **where_to,
    )
    ask = asking.ask("install", version=version, pairs=pairs, files=files, **chosen)
    asking.go(where, lambda outside: action.prepared(outside, wanted, ask), chosen)


@click.command()
@click.argument("version", default="")
@push_options
@key_options
@answers_option
@change_options
@click.pass_obj
def update(
    where: Where,
    /,
    version: str,
    cosign_key: Path | None,
    keyring: Path | None,
    no_push: bool,
    plain_http: tuple[str, ...],
    pairs: tuple[str, ...],
    files: tuple[Path, ...],
    installation: str,
    **chosen: Any,
) -> None:
    """Change over to VERSION, or to the newest release; of an air-gap bundle (--from) the images are pushed first."""
    chosen["source"] = asking.signed(str(chosen.get("source") or ""), cosign_key, keyring)
    bundle = str(chosen["source"])
    if bundle.endswith(".airgap") and not no_push:
        place, licence = run(where, lambda outside: _held(outside, installation))
        if place:
            images.push(where, bundle, place, licence=licence, plain_http=plain_http)
    _existing(where, installation, asking.ask("update", version=version, pairs=pairs, files=files, **chosen), chosen)


@click.command()
@click.argument("revision", type=int, default=0)
@change_options
@click.pass_obj
def rollback(where: Where, /, revision: int, installation: str, **chosen: Any) -> None:
    """Change back to an earlier REVISION: objects and answers; data as its epochs allow."""
    _existing(where, installation, asking.ask("rollback", revision=revision, **chosen), chosen)


@click.command()
@change_options
@click.option("--data", "with_data", is_flag=True, help="Also remove what holds data; every name must be accepted.")
@click.option("--no-hooks", is_flag=True, help="Leave out the pre-delete and post-delete hooks of charts.")
@click.option("--keep-history", is_flag=True, help="Helm's record stays, and says that it is uninstalled.")
@click.pass_obj
def uninstall(
    where: Where, /, installation: str, with_data: bool, no_hooks: bool, keep_history: bool, **chosen: Any
) -> None:
    """Remove the application. What holds data stays, unless its names are typed."""
    from changeover.actions import uninstall as action

    listed = run(
        where, lambda outside: action.look(outside, installation, frozenset(chosen["typed"]), with_data=with_data)
    )
    asking.show_removal(where, listed, yes=chosen["yes"], with_hooks=not no_hooks)
    done = run(
        where,
        lambda outside: action.remove(
            outside, installation, listed, with_hooks=not no_hooks, keep_history=keep_history
        ),
    )
    if where.json:
        output.show_json(done)
    else:
        click.echo(f"Removed {len(listed.removes)} objects. Kept: {', '.join(listed.keeps) or 'nothing'}.")


async def _held(outside: Outside, installation: str) -> tuple[Registry | None, Given | None]:
    """The registry and the licence of an Installation."""
    from changeover.actions import installations, licensing, registries

    found = await installations.find(outside, installation)
    return await registries.show(outside, installation), await licensing.held(outside, found)


def _existing(where: Where, installation: str, ask: Ask, chosen: dict[str, Any]) -> None:
    from changeover.actions import installations, prepare

    async def prepared(outside: Outside) -> prepare.Prepared:
        return await prepare.prepare(outside, await installations.find(outside, installation), ask)

    asking.go(where, prepared, chosen)
