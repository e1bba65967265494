"""Commands about a package, without a cluster: show, lint, render."""

from __future__ import annotations

from pathlib import Path

import click

from changeover.cli import asking, output, overlays
from changeover.cli.options import Where, customisations_option, licence_options, located, registry_options


@click.group()
def package() -> None:
    """Look into a package."""


@package.command()
@located
@click.argument("path")
@click.option("--version", default="", help="Release, when PATH is a channel.")
@click.pass_obj
def show(where: Where, path: str, version: str) -> None:
    """What the package is: version, documents, config, charts, images, checks."""
    from changeover.actions import packages as action

    facts = asking.offline(lambda desk: action.show(desk, path, version))
    if where.json:
        output.show_json(facts)
        return
    output.heading(f"{facts.pop('title')} {facts.pop('version') or ''}".rstrip())
    output.show_facts(facts)


@package.command()
@located
@click.argument("path")
@click.option("--version", default="", help="Release, when PATH is a channel.")
@click.option(
    "--after", default="", metavar="PATH", help="The release that customers update from: what stops them there."
)
@click.option("--sarif", is_flag=True, help="As SARIF 2.1.0, which code hosts show beside the lines.")
@click.pass_obj
def lint(where: Where, path: str, version: str, after: str, sarif: bool) -> None:
    """Findings for the package's author; exits with 3 when one is an error."""
    from changeover.actions import packages as action

    findings = asking.offline(lambda desk: action.lint(desk, path, version, after=after))
    if sarif:
        output.show_json(action.as_sarif(findings))
    elif where.json:
        output.show_json([one.as_json() for one in findings])
    elif not findings:
        output.heading("Nothing to say against this package.")
    else:
        output.show_table(
            ((one.level.value, one.where, one.rule, one.message) for one in findings),
            head=("level", "where", "rule", "finding"),
        )
    if any(one.level == "error" for one in findings):
        raise click.exceptions.Exit(3)


@click.command()
@located
@click.argument("path")
@click.option("--version", default="", help="Release, when PATH is a channel.")
@click.option(
    "--kept", type=click.Path(dir_okay=False, path_type=Path), help="File of generated values to keep (JSON)."
)
@click.option(
    "--answers", "--config-values", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE")
@click.option("--show-secrets", is_flag=True, help="Print secret values instead of masking them.")
@customisations_option
@licence_options
@registry_options
@click.pass_obj
def render(
    where: Where,
    path: str,
    version: str,
    kept: Path | None,
    files: tuple[Path, ...],
    pairs: tuple[str, ...],
    show_secrets: bool,
    licence: Path | None,
    licence_key: Path | None,
    registry: str,
    registry_username: str,
    registry_password_stdin: bool,
    customisations: tuple[Path, ...],
) -> None:
    """Render a package to manifests on standard output; no cluster is asked."""
    from changeover.actions import packages as action

    namespace = where.namespace or "default"
    before = kept.read_text() if kept and kept.exists() else ""
    wanted = action.Wanted(
        path,
        version=version,
        namespace=namespace,
        kept=before,
        answers=asking.answers(pairs, files),
        licence=asking.licence(licence, licence_key),
        registry=asking.registry(registry, registry_username, password=registry_password_stdin),
        customisations=overlays.entries(customisations),
    )
    rendered = asking.offline(lambda desk: action.render(desk, wanted))
    if kept:
        kept.write_text(rendered.kept)
        kept.chmod(0o600)
    if where.json:
        output.show_json(rendered.as_json(show_secrets=show_secrets))
    else:
        click.echo(rendered.as_yaml(show_secrets=show_secrets), nl=False)
        for words in rendered.undone:
            click.echo(f"# not done: {words}", err=True)
        click.echo(f"# {rendered.count} objects, digest {rendered.digest}", err=True)
