"""``changeover preflight`` and ``changeover support-bundle``: check a cluster, and collect what helps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import asking, output
from changeover.cli.options import (
    Where,
    answers_option,
    installation_option,
    licence_options,
    located,
    registry_options,
    run,
)

if TYPE_CHECKING:
    from changeover.actions.checking import Checked, How, Judged
    from changeover.actions.preflight import Agree
    from changeover.checks.consent import Consent

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NAMED = 5
"""Objects of a finding that are shown; as JSON all are."""
CLASSES = ("exec", "run", "privileged", "http", "secrets", "host")


def check_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What both commands take."""
    for option in (
        click.option("--spec", "specs", multiple=True, type=_FILE, help="File with Troubleshoot documents."),
        click.option("--spec-values", "values", type=_FILE, help="YAML file of values for templated (v1beta3) specs."),
        click.option(
            "--allow",
            "allow",
            multiple=True,
            metavar="CLASS",
            help=f"What collectors may do beyond reading: {', '.join(CLASSES)}, all.",
        ),
        click.option(
            "--image", envvar="CHANGEOVER_IMAGE", default="", help="The product's image, for pods on the nodes."
        ),
        click.option("--timeout", "seconds", type=float, default=60.0, show_default=True, help="Seconds a collector."),
    ):
        command = option(command)
    return command


@click.command()
@located
@click.argument("what", metavar="[PACKAGE|RELEASE]", default="")
@click.option("--version", default="", help="Release, when PACKAGE is a channel; the newest otherwise.")
@check_options
@answers_option
@licence_options
@registry_options
@installation_option
@click.pass_obj
def preflight(
    where: Where,
    /,
    what: str,
    version: str,
    installation: str,
    pairs: tuple[str, ...],
    files: tuple[Path, ...],
    licence: Path | None,
    licence_key: Path | None,
    registry: str,
    registry_username: str,
    registry_password_stdin: bool,
    **chosen: Any,
) -> None:
    """Check the cluster by the preflights of a package, of a release of what runs (the newest), or of --spec files.

    Exits with 3 when a check fails or cannot be judged.
    """
    from changeover.actions import checking
    from changeover.actions import preflight as action

    place = asking.registry(registry, registry_username, password=registry_password_stdin)
    is_package = "/" in what or Path(what).exists() if what else False
    wanted = action.Wanted(
        package=what if is_package else "",
        release=version if is_package else what,
        installation=installation,
        files=_texts(chosen["specs"]),
        values=_values(chosen["values"]),
        answers=asking.answers(pairs, files) if pairs or files else None,
        place=checking.Place(asking.licence(licence, licence_key), place),
    )
    checked = run(where, lambda outside: action.preflight(outside, wanted, _how(where, chosen), agree=_agree(where)))
    show_checked(where, checked)
    if checked.verdict in {"fail", "unknown"}:
        raise click.exceptions.Exit(3)


@click.command("support-bundle")
@located
@check_options
@click.option("--load-cluster-specs", "from_cluster", is_flag=True, help="Also specs in labelled Secrets, ConfigMaps.")
@click.option("--run", "run_name", default="", help="The bundle that this run kept when it failed; collects nothing.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="File or folder to write to.")
@installation_option
@click.pass_obj
def support_bundle(
    where: Where, /, run_name: str, out: Path, installation: str, from_cluster: bool, **chosen: Any
) -> None:
    """Collect the state of the namespace into one file, without secrets, for somebody who helps."""
    from changeover.actions import support_bundle as action

    if run_name:
        file, content = run(where, lambda outside: action.of_run(outside, installation, run_name))
        _written(where, out, file, content, {})
        return
    wanted = action.Wanted(
        installation=installation,
        files=_texts(chosen["specs"]),
        values=_values(chosen["values"]),
        from_cluster=from_cluster,
    )
    made = run(where, lambda outside: action.support_bundle(outside, wanted, _how(where, chosen), agree=_agree(where)))
    if not where.json:
        show_checked(where, made.checked)
    _written(where, out, made.file, made.content, made.checked.as_json())


@click.command()
@located
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option("--spec", "specs", multiple=True, type=_FILE, help="File with analyzers; without any, those within.")
@click.option("--spec-values", "values", type=_FILE, help="YAML file of values for templated (v1beta3) specs.")
@click.pass_obj
def analyze(where: Where, bundle: Path, specs: tuple[Path, ...], values: Path | None) -> None:
    """Judge a support BUNDLE (.tar.gz or folder) by the analyzers of a spec; no cluster is asked.

    Exits with 3 when a check fails or cannot be judged.
    """
    from changeover import wiring
    from changeover.actions import analyzing

    files = wiring.support_bundle_files(bundle)
    checked = analyzing.analyze(files, _texts(specs), now=wiring.desk().clock.now(), values=_values(values))
    show_checked(where, checked)
    if checked.verdict in {"fail", "unknown"}:
        raise click.exceptions.Exit(3)


def _written(where: Where, out: Path, file: str, content: bytes, told: Mapping[str, Any]) -> None:
    path = out / file if out.is_dir() else out
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if where.json:
        output.show_json({"file": str(path), "bytes": len(content), **told})
    else:
        output.heading(f"{path}, {len(content) / 1024:.0f} KiB. Nothing was sent anywhere.")


def show_checked(where: Where, checked: Checked) -> None:
    """Verdict, title and message of every check, worst first; what was not collected; the count of verdicts."""
    if where.json:
        output.show_json(checked.as_json())
        return
    for one in checked.judged:
        for line in judged_lines(one):
            click.echo(line)
    for fetched in checked.collected.fetched:
        if fetched.state != "done":
            click.echo(f"{fetched.state}: {fetched.title}, {fetched.reason}", err=True)
    counts = {one: sum(each.verdict == one for each in checked.judged) for one in ("pass", "warn", "fail", "unknown")}
    output.heading(", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing was judged")


def judged_lines(one: Judged) -> Iterator[str]:
    """The verdict and the title; below, indented, what was found and what to do."""
    yield f"{output.state(one.verdict, 9)}{one.title}"
    more = [*one.message.strip().splitlines()]
    more += ["strict: the vendor wants this settled before anything is changed"] if _blocks(one) else []
    more += [f"measured: {one.measured}"] if one.measured else []
    more += [f"threshold: {one.threshold}"] if one.threshold else []
    more += [f"object: {named(one)}"] if one.about else []
    more += [f"to do: {one.hint}"] if one.hint else []
    more += [f"see: {one.uri}"] if one.uri and one.verdict != "pass" else []
    for line in more:
        yield f"{'':9}{line}"


def _blocks(one: Judged) -> bool:
    return one.strict and one.verdict in {"fail", "unknown"}


def named(one: Judged) -> str:
    """The objects that a finding is about; of many the first."""
    more = len(one.about) - NAMED
    return ", ".join(str(about) for about in one.about[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _texts(paths: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    return tuple((str(path), _read(path)) for path in paths)


def _read(path: Path) -> str:
    """What is no text is told by whoever reads the YAML in it."""
    return path.read_text(encoding="utf-8", errors="replace")


def _values(path: Path | None) -> Mapping[str, Any]:
    from changeover.package import yaml_text

    loaded = yaml_text.load(_read(path), file=str(path)) if path else {}
    return loaded if isinstance(loaded, Mapping) else {}


def _how(where: Where, chosen: Mapping[str, Any]) -> How:
    from changeover.actions.checking import How
    from changeover.ports import Bounds

    bounds = Bounds(seconds=chosen["seconds"])
    tell = (lambda _: None) if where.json else _progress
    return How(allowed(chosen["allow"]), bounds, tell, chosen["image"])


def allowed(words: Sequence[str]) -> frozenset[Consent]:
    """The classes that were named, by commas or one by one. Raises UsageError for another word."""
    from changeover.checks.consent import Consent

    named = {one.strip() for word in words for one in word.split(",") if one.strip()}
    unknown = named - {*CLASSES, "all"}
    if unknown:
        raise click.UsageError(f"--allow takes {', '.join(CLASSES)} or all, not {', '.join(sorted(unknown))}.")
    return frozenset(Consent(one) for one in (CLASSES if "all" in named else named))


def _progress(words: str) -> None:
    click.echo(click.style(f"  {words}", dim=True), err=True)


def _agree(where: Where) -> Agree:
    from changeover.checks.consent import WORDS

    def agree(asked: Mapping[Consent, Sequence[str]]) -> frozenset[Consent]:
        if where.json or not sys.stdin.isatty():
            return frozenset()
        return frozenset(
            one
            for one, titles in asked.items()
            if click.confirm(f"{', '.join(titles)} would {WORDS[one]}. Allow it?", default=False, err=True)
        )

    return agree
