"""Commands about the images of a package: list, copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import asking, output
from changeover.cli.options import Where, answers_option, licence_options, located, registry_options

if TYPE_CHECKING:
    from changeover.actions.images import Listed
    from changeover.actions.licensing import Given
    from changeover.actions.outside import Desk
    from changeover.actions.packages import Wanted
    from changeover.images import Copied, Moving
    from changeover.render.context import Registry


@click.group()
def images() -> None:
    """Images of a package, and where a private registry keeps them."""


def _package_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = licence_options(answers_option(registry_options(command)))
    return click.option("--version", default="", help="Release, when PATH is a channel.")(command)


@images.command("list")
@located
@click.argument("path")
@_package_options
@click.pass_obj
def list_(where: Where, /, **chosen: Any) -> None:
    """Every image that the package, or a check of it, starts or announces, with its place; 3 when two become one."""
    package, registry = _wanted(where, chosen), _registry(chosen)
    listed = asking.offline(lambda desk: _look(desk, package, registry))
    if where.json:
        output.show_json(listed.as_json())
    else:
        output.show_table(((one.source, one.destination) for one in listed.moves), head=("image", "place"))
        for place, names in listed.collisions:
            click.echo(f"{' and '.join(names)} both become {place}", err=True)
    if listed.collisions:
        raise click.exceptions.Exit(3)


@images.command("copy")
@located
@click.argument("path")
@_package_options
@click.option(
    "--logins",
    type=click.Path(exists=True, dir_okay=False),
    help="A docker config.json with logins for all registries.",
)
@click.option("--plain-http", multiple=True, metavar="HOST", help="Speak http to this registry; may be repeated.")
@click.pass_obj
def copy(where: Where, /, logins: str | None, plain_http: tuple[str, ...], **chosen: Any) -> None:
    """Copy every image to --registry. What is there is not sent again: a copy that was cut off is begun again."""
    from changeover.actions import images as action
    from changeover.images import Access

    package, registry = _wanted(where, chosen), _registry(chosen)
    if registry is None:
        raise click.UsageError("Say where to: --registry HOST[/NAMESPACE].")
    access = Access(login_file=logins or "", plain=frozenset(plain_http))

    async def through(desk: Desk) -> Any:
        listed = await _look(desk, package, registry)
        return await action.copy(desk, listed, registry, access=access, tell=_teller(where))

    _end(where, asking.offline(through))


def push(where: Where, bundle: str, registry: Registry, *, licence: Given | None, plain_http: tuple[str, ...]) -> None:
    """Copy the images of an air-gap bundle to the registry; exits with 1 when one cannot be copied.

    Raises ForgedBundle before the first one.
    """
    from changeover.actions import images as action
    from changeover.actions import packages
    from changeover.images import Access

    async def through(desk: Desk) -> Any:
        wanted = packages.Wanted(bundle, namespace=where.namespace or "default", licence=licence)
        listed = await _look(desk, wanted, registry)
        return await action.copy(
            desk, listed, registry, access=Access(plain=frozenset(plain_http)), tell=_teller(where)
        )

    if any(one.problem for one in asking.offline(through)):
        raise click.exceptions.Exit(1)


def _wanted(where: Where, chosen: Mapping[str, Any]) -> Wanted:
    from changeover.actions import packages

    return packages.Wanted(
        chosen["path"],
        version=chosen["version"],
        namespace=where.namespace or "default",
        answers=asking.answers(chosen["pairs"], chosen["files"]),
        licence=asking.licence(chosen["licence"], chosen["licence_key"]),
    )


def _registry(chosen: Mapping[str, Any]) -> Registry | None:
    return asking.registry(chosen["registry"], chosen["registry_username"], password=chosen["registry_password_stdin"])


async def _look(desk: Desk, wanted: Wanted, registry: Registry | None) -> Listed:
    from changeover.actions import images as action

    return await action.look(desk, wanted, registry)


def _teller(where: Where) -> Callable[[Copied | Moving], None]:
    from changeover.images import Copied

    def tell(one: Copied | Moving) -> None:
        if where.json or not isinstance(one, Copied):
            return
        if one.problem:
            click.echo(f"{click.style('failed', fg='red')}  {one.move.source}: {one.problem}", err=True)
        else:
            size = f"{one.sent_bytes / 1e6:.1f} MB" if one.sent_bytes else "was there"
            click.echo(f"{one.move.destination}  {one.digest[:19]}  {size}")

    return tell


def _end(where: Where, done: Any) -> None:
    if where.json:
        output.show_json(
            [
                {
                    "image": one.move.source,
                    "place": one.move.destination,
                    "digest": one.digest,
                    "sentBytes": one.sent_bytes,
                    "problem": one.problem,
                }
                for one in done
            ]
        )
    if any(one.problem for one in done):
        raise click.exceptions.Exit(1)
