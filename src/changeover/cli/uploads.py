"""``changeover upload``: a version that the channel does not list, given by hand."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import output
from changeover.cli.options import Where, installation_option, located, push_options, run

if TYPE_CHECKING:
    from changeover.actions.outside import Outside
    from changeover.actions.shipping import How, Shipment
    from changeover.images import Copied, Moving

_SHOWN_SECONDS = 0.5


@click.command()
@located
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--version", default="", help="Its version, when the package does not say it.")
@click.option("--remove", default="", metavar="VERSION", help="Forget a version that was given by hand.")
@click.option("--push-username", default="", help="Of an air-gap bundle: another login, for pushing its images only.")
@click.option("--push-password-stdin", is_flag=True, help="Read the password of that login from standard input.")
@push_options
@installation_option
@click.pass_obj
def upload(where: Where, /, file: Path | None, remove: str, installation: str, **chosen: Any) -> None:
    """Give an Installation a version by hand: a .tgz, a manifest file, or an air-gap bundle.

    It is offered beside those of its channel. The images of a bundle (.airgap) go to the Installation's registry first.
    """
    from changeover.actions import uploads
    from changeover.arrivals import BUNDLE

    if (file is None) == (not remove):
        raise click.UsageError("Name a file to give, or with --remove a version to forget.")
    if file is None:
        run(where, lambda outside: uploads.remove(outside, installation, remove))
        document, words = {"removed": remove}, f"{remove} is forgotten."
    elif file.name.endswith(BUNDLE):
        document = _bundle(where, file, installation, chosen)
        words = _next(document["version"])
    else:
        content, name, version = file.read_bytes(), file.name, chosen["version"]
        document = run(
            where, lambda outside: uploads.add(outside, installation, name, content, version=version)
        ).as_json()
        words = _next(document["version"])
    if where.json:
        output.show_json(document)
    else:
        click.echo(words)


def _next(version: str) -> str:
    return f"{version} is there; `changeover plan --to {version}` shows what it would do."


def _bundle(where: Where, path: Path, installation: str, chosen: dict[str, Any]) -> dict[str, Any]:
    from changeover.actions import shipping, uploads

    how = _how(chosen)

    async def through(outside: Outside) -> dict[str, Any]:
        file = uploads.file_of(path)
        shipment = await shipping.look(outside, installation, path, file)
        if not where.json:
            _show(shipment, how)
        kept = await shipping.send(outside, installation, (path, file), how, tell=_Told(quiet=where.json))
        return {**kept.as_json(), **shipment.as_json(), "offered": True}

    return run(where, through)


def _how(chosen: dict[str, Any]) -> How:
    from changeover.actions.shipping import How

    if chosen["push_password_stdin"] != bool(chosen["push_username"]):
        raise click.UsageError(
            "A login to push with has a name and a password: --push-username, --push-password-stdin."
        )
    password = sys.stdin.readline().rstrip("\n") if chosen["push_password_stdin"] else ""
    return How(
        push=not chosen["no_push"],
        plain=bool(chosen["plain_http"]),
        username=chosen["push_username"],
        password=password,
    )


def _show(shipment: Shipment, how: How) -> None:
    """What is in the bundle, and what it asks for."""
    output.heading(
        f"{shipment.version}: {len(shipment.listed.moves)} images for {shipment.registry or 'no registry yet'}"
    )
    for one in shipment.findings:
        click.echo(f"{one.severity.value:6} {one.message}{f' ({one.found})' if one.found else ''}", err=True)
        if one.hint:
            click.echo(f"       {one.hint}", err=True)
    if not how.push:
        click.echo("Its images are not pushed: you said that they are there.", err=True)


class _Told:
    """Shows how far a push is: a line an image, and on a terminal one that moves."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._moves = sys.stderr.isatty() and not quiet
        self._shown = 0.0

    def __call__(self, event: Copied | Moving) -> None:
        from changeover.images import Copied

        if isinstance(event, Copied):
            self._copied(event)
        elif self._moves and time.monotonic() - self._shown > _SHOWN_SECONDS:
            self._shown = time.monotonic()
            what = event.move.source if event.move else "unpacking"
            far = f"{event.bytes / 1e6:.1f}" + (f" of {event.of / 1e6:.1f}" if event.of else "")
            click.echo(f"\r\033[K{what}: {far} MB", nl=False, err=True)

    def _copied(self, one: Copied) -> None:
        if self._moves:
            click.echo("\r\033[K", nl=False, err=True)
        if self._quiet:
            return
        if one.problem:
            click.echo(f"{click.style('failed', fg='red')}  {one.move.source}: {one.problem}", err=True)
        else:
            size = f"{one.sent_bytes / 1e6:.1f} MB" if one.sent_bytes else "was there"
            click.echo(f"{one.move.destination}  {one.digest[:19]}  {size}")
