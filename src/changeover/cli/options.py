"""Options that many commands share, and where the command works."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from changeover.actions.outside import Outside

Result = TypeVar("Result")


@dataclass(slots=True)
class Where:
    """Which cluster and namespace a command works on, and how it answers."""

    kubeconfig: str | None
    context: str | None
    namespace: str | None
    output: str

    @property
    def json(self) -> bool:
        """Whether a program reads the answer."""
        return self.output == "json"


def run(where: Where, action: Callable[[Outside], Awaitable[Result]]) -> Result:
    """Connect, do it, disconnect."""

    async def inside() -> Result:
        from changeover import wiring

        async with wiring.outside(
            kubeconfig=where.kubeconfig, context=where.context, namespace=where.namespace
        ) as outside:
            return await action(outside)

    return asyncio.run(inside())


def agree(question: str, *, yes: bool) -> None:
    """Return only when a person agrees, or did so beforehand with ``--yes``; asked on standard error."""
    if yes:
        return
    try:
        agreed = click.confirm(question, default=False, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("Nobody is there to answer the question. Say --yes.") from None
    if not agreed:
        click.echo("Nothing was changed.", err=True)
        raise click.exceptions.Exit(1)


def located(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command also take ``-n``, ``-o`` and ``--context`` after its own name, as kubectl does."""

    def override(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        if value is not None:
            setattr(ctx.find_object(Where), "context" if param.name == "context_name" else str(param.name), value)

    kwargs: dict[str, Any] = {"expose_value": False, "callback": override, "hidden": True}
    for option in (
        click.option("-n", "--namespace", **kwargs),
        click.option("-o", "--output", type=click.Choice(["text", "json"]), **kwargs),
        click.option("--context", "context_name", **kwargs),
        click.option("--kubeconfig", **kwargs),
    ):
        command = option(command)
    return command


installation_option = click.option("--installation", default="", help="Which Installation, when there are several.")


customisations_option = click.option(
    "--customisations",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="File with your labels, annotations and variables, or a kustomize overlay's folder; an empty list ends all.",
)


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What the address of the package must be signed with."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    command = click.option(
        "--keyring", type=file, help="Public PGP keys: a chart must come with a .prov by one of them."
    )(command)
    return click.option("--cosign-key", type=file, help="A chart (oci://) must be signed with this public key.")(
        command
    )


def in_cluster_options(help_text: str) -> tuple[Callable[..., Any], ...]:
    """Where a run executes when it is not to be this computer."""
    return (
        click.option("--in-cluster", is_flag=True, help=help_text),
        click.option("--image", envvar="CHANGEOVER_IMAGE", default="", help="In the cluster: the product's image."),
        click.option("--account", default="changeover-engine", help="In the cluster: who executes (ServiceAccount)."),
    )


KOTS_KEY = "changeover.kots-key"
"""Where the context of a command holds the file that ``--kots-encryption-key`` names."""


def kots_key_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The key of passwords that KOTS encrypted; `asking.answers` opens them with it."""

    def remember(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
        ctx.meta[KOTS_KEY] = value

    return click.option(
        "--kots-encryption-key",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        expose_value=False,
        callback=remember,
        is_eager=True,
        help="KOTS's installation.yaml, or its Secret: opens passwords in ConfigValues. The cluster's own is found.",
    )(command)


def answers_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Answers in files and one by one; ``--config-values`` is KOTS's word for it, ``--values`` Helm's."""
    command = click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="One answer; may be repeated.")(
        kots_key_option(command)
    )
    return click.option(
        "--answers",
        "--config-values",
        "--values",
        "files",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File of answers: name: value, a ConfigValues document, or Helm values.",
    )(command)


def licence_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A licence file, and the key to check its signature by."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    command = click.option("--licence-key", type=file, help="The vendor's public key (PEM) that must have signed it.")(
        command
    )
    return click.option("--licence", "--license-file", "licence", type=file, help="The vendor's licence file.")(command)


def registry_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A private registry, and the login there; the password is read from standard input."""
    for option in (
        click.option(
            "--registry-password-stdin", is_flag=True, help="Read the registry's password from standard input."
        ),
        click.option("--registry-username", default="", help="Who pulls images there."),
        click.option(
            "--registry", default="", metavar="HOST[/NAMESPACE]", help="Private registry that images are pulled from."
        ),
    ):
        command = option(command)
    return command


def push_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Whether and how the images of an air-gap bundle go to the private registry first."""
    http = click.option("--plain-http", multiple=True, metavar="HOST", help="Speak http to this registry; may repeat.")
    push = click.option("--no-push", is_flag=True, help="Of an air-gap bundle: its images are in the registry already.")
    return push(http(command))
