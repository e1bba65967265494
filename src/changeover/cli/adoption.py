"""Commands that begin and end to follow what runs: adopt and disown. Neither restarts anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import asking, output
from changeover.cli.options import Where, agree, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.adopt import Adoption, Wanted
    from changeover.actions.disown import Leaving
    from changeover.actions.outside import Outside

_SHOWN = 10


@click.command()
@click.argument("package", default="")
@click.option("--version", default="", help="The release that runs, when PACKAGE is a channel; the newest otherwise.")
@click.option("--name", default="", help="Name of the Installation; the package's own name otherwise.")
@click.option("--profile", default="", help="A shipped profile (workbench, gitpod) or a file.")
@click.option("--helm", default="", metavar="RELEASE", help="It is this Helm release; PACKAGE may follow later.")
@click.option(
    "--kots",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="KOTS installed it: the folder that `kubectl kots download` wrote. Needs PACKAGE.",
)
@click.option("--without-overlay", is_flag=True, help="Leave KOTS's kustomize overlay behind.")
@click.option("--manager", "managers", multiple=True, help="Also take over the fields of this field manager.")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="One answer; may be repeated.")
@click.option("--answers", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what is found and how it differs.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@installation_option
@located
@click.pass_obj
def adopt(where: Where, /, package: str, helm: str, dry_run: bool, yes: bool, **chosen: Any) -> None:
    """Follow what already runs as a release of PACKAGE, a package or a channel. Nothing restarts."""
    from changeover.actions import adopt as action

    if not package and not helm:
        raise click.UsageError("Name the PACKAGE that runs, or the Helm release with --helm.")
    pairs, files = chosen["pairs"], chosen["files"]
    wanted = action.Wanted(
        source=package,
        version=chosen["version"],
        name=chosen["name"] or chosen["installation"],
        profile=chosen["profile"],
        helm=helm,
        answers=asking.answers(pairs, files) if pairs or files else None,
        managers=chosen["managers"],
        kots=_files(chosen["kots"]) if chosen["kots"] else None,
        overlay=not chosen["without_overlay"],
    )
    if dry_run:
        _show(where, run(where, lambda outside: action.look(outside, wanted)))
        return
    done = run(where, lambda outside: _adopt(where, outside, wanted, yes=yes))
    if where.json:
        output.show_json(done)
    else:
        pods = done["pods"]
        click.echo(f"{done['installation']} is followed: {done['adopted']} objects of {done['version']}.")
        click.echo(f"Pods: {pods['same']} of {pods['before']} are the same as before.")


def _files(folder: Path) -> dict[str, str]:
    """The small text files of a download that tell of the installation."""
    wanted = (*folder.glob("upstream/userdata/*.yaml"), *folder.glob("overlays/downstreams/**/*"))
    return {path.relative_to(folder).as_posix(): path.read_text(errors="replace") for path in wanted if path.is_file()}


async def _adopt(where: Where, outside: Outside, wanted: Wanted, *, yes: bool) -> dict[str, Any]:
    from changeover.actions import adopt as action

    adoption = await action.look(outside, wanted)
    if not where.json:
        _show(where, adoption)
    agree("\nFollow it?", yes=yes)
    return await action.take(outside, adoption, wanted.managers)


def _show(where: Where, adoption: Adoption) -> None:
    if where.json:
        output.show_json(adoption.as_json())
        return
    total = len(adoption.found) + len(adoption.absent)
    version = adoption.revision.version
    output.heading(
        f"{adoption.name}: {len(adoption.found)} of {total} objects of {version} run ({adoption.origin.words})."
    )
    owners = ", ".join(f"{name} ({count} objects)" for name, count in adoption.managers.items())
    click.echo(
        f"Fields are taken over from {owners or 'nobody'}. Nothing restarts; `changeover disown` gives all back."
    )
    _list("Not in the cluster", adoption.absent)
    _list("  of these, this cluster does not serve", adoption.unserved)
    _list("Differ from the release", [f"{one.ref}: {one.effect}" for one in adoption.drift])
    for change in adoption.drift[:_SHOWN]:
        for changed in change.fields[:_SHOWN]:
            click.echo(f"    {change.ref} {changed.path}: {changed.before} -> {changed.after}")
    _list(
        "Set before and not in the release; the next update removes them",
        [f"{name}: {', '.join(paths)}" for name, paths in adoption.dropped.items()],
    )
    told = adoption.as_json()
    _list("Carried along of the operator's overlay", told["overlay"])
    _list("Of the overlay, not done", told["remarks"])


def _list(title: str, names: Any) -> None:
    if not names:
        return
    click.echo(f"{title}: {len(names)}")
    for name in names[:_SHOWN]:
        click.echo(f"  {name}")
    if len(names) > _SHOWN:
        click.echo(f"  … {len(names) - _SHOWN} more; all with -o json")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be left.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@installation_option
@located
@click.pass_obj
def disown(where: Where, /, dry_run: bool, yes: bool, installation: str) -> None:
    """Stop following an application: it runs on as it is, and its fields go back to whom they came from."""
    from changeover.actions import disown as action

    leaving = run(where, lambda outside: action.look(outside, installation))
    if dry_run and where.json:
        output.show_json(leaving.as_json())
        return
    if not where.json:
        _show_leaving(leaving)
    if dry_run:
        return
    agree("\nStop following it?", yes=yes)
    done = run(where, lambda outside: action.leave(outside, leaving))
    if where.json:
        output.show_json(done)
    else:
        click.echo(f"{done['left']} objects run on as they are; Changeover does not follow them any more.")


def _show_leaving(leaving: Leaving) -> None:
    name = leaving.installation.name
    output.heading(
        f"{name}: {len(leaving.objects)} objects are left as they are ({leaving.origin or 'installed by us'})."
    )
    secrets = ", ".join(f"{name}-{part}" for part in ("answers", "kept", "keys"))
    click.echo(f"Secrets {secrets} {'go' if leaving.secrets_go else 'stay: they may be the only copy'}.")
