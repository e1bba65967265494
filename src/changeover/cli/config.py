"""Commands about answers: get, set, edit, diff, export, import, check, forget.

A changed answer is carried out as an update to the same release: plan, question, run. ``--preview`` only looks,
``--no-run`` saves the answers for the next change.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import asking, output
from changeover.cli.change import change_options
from changeover.cli.options import Where, answers_option, installation_option, kots_key_option, located, run

if TYPE_CHECKING:
    from changeover.actions.config import Difference, View
    from changeover.actions.outside import Outside
    from changeover.actions.prepare import Prepared
    from changeover.package.answers import Given

_LONG = 60
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def config() -> None:
    """Look at the answers that an Installation is rendered with, and change them."""


def _going(command: Any) -> Any:
    command = click.option("--preview", is_flag=True, help="Show what would differ and the plan; change nothing.")(
        command
    )
    command = click.option("--no-run", is_flag=True, help="Save the answers for the next change; run nothing now.")(
        command
    )
    return change_options(command)


@config.command("get")
@located
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Also what is hidden or not asked.")
@click.option("--to", "version", default="", help="As this release would ask; the running one otherwise.")
@click.option("--reveal", is_flag=True, help="Show secret values.")
@installation_option
@click.pass_obj
def get_(where: Where, names: tuple[str, ...], every: bool, version: str, reveal: bool, installation: str) -> None:
    """Show the answers with their origins; of one NAME only its value."""
    from changeover.actions import config as action

    view = run(where, lambda outside: action.look(outside, installation, version=version))
    named = [one for one in view.settings if one.name in names]
    missing = [name for name in names if name not in {one.name for one in named}]
    if missing:
        raise _not_asked(view, missing[0])
    settings = named if names else [one for one in view.settings if every or one.visible]
    if where.json:
        output.show_json(dataclasses.replace(view, settings=tuple(settings)).as_json(reveal=reveal))
        return
    shown = [one.as_json(reveal=reveal) for one in settings]
    if len(names) == 1:
        click.echo(shown[0]["value"] or shown[0]["default"])
        return
    output.heading(f"{view.installation}, as {view.version} asks.")
    rows = ((one["name"], _cut(one["value"] or one["default"]), _state(one), one["origin"]) for one in shown)
    output.show_table(rows, head=("name", "value", "", "origin"))
    if view.saved:
        click.echo(f"\nSaved for the next change: {', '.join(view.saved)} (`changeover config diff`)")


@config.command("set")
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--answers", "--config-values", "--values", "files", multiple=True, type=_FILE, help="File of answers; may repeat."
)
@click.option("--file", "contents", multiple=True, metavar="NAME=PATH", help="Answer a file item with a file.")
@click.option("--unset", multiple=True, metavar="NAME", help="Take an answer back.")
@kots_key_option
@_going
@click.pass_obj
def set_(
    where: Where,
    /,
    pairs: tuple[str, ...],
    files: tuple[Path, ...],
    contents: tuple[str, ...],
    unset: tuple[str, ...],
    installation: str,
    **chosen: Any,
) -> None:
    """Answer questions. A NAME without a value is asked for, unseen: passwords need not stand in a shell's history."""
    from changeover.package import answers as written

    asked = [pair if "=" in pair else f"{pair}={click.prompt(pair, hide_input=True)}" for pair in pairs]
    gone = written.Given(removed=frozenset(unset))
    given = written.layered([asking.answers(asked, files), _files(contents), gone])
    if not given.values and not given.removed:
        raise click.UsageError("Say what to answer: NAME=VALUE, --answers FILE, --file NAME=PATH or --unset NAME.")
    _go(where, installation, given, chosen)


@config.command("edit")
@click.option("--reveal", is_flag=True, help="Let secret values be edited as they are.")
@_going
@click.pass_obj
def edit(where: Where, /, reveal: bool, installation: str, **chosen: Any) -> None:
    """Edit the answers in $EDITOR."""
    from changeover.actions import config as action
    from changeover.cli import config_text

    view = run(where, lambda outside: action.look(outside, installation))
    text = click.edit(config_text.to_edit(view.installation, view.settings, reveal=reveal), extension=".yaml")
    given = config_text.changed_by(text or "", view.settings, reveal=reveal)
    if not given.values and not given.removed:
        click.echo("Nothing was changed.", err=True)
        return
    _go(where, view.installation, given, chosen)


@config.command("import")
@click.argument("file", type=_FILE)
@click.option("--merge", is_flag=True, help="Keep answers that the file does not hold.")
@kots_key_option
@_going
@click.pass_obj
def import_(where: Where, /, file: Path, merge: bool, installation: str, **chosen: Any) -> None:
    """Answer with FILE: a ConfigValues document of KOTS, a plain mapping, or Helm values."""
    from changeover.actions import config as action

    given = asking.answers((), (file,))
    if not merge:
        given = run(where, lambda outside: action.replacing(outside, installation, given))
    _go(where, installation, given, chosen)


@config.command("export")
@located
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File; standard output otherwise.")
@click.option("--reveal", is_flag=True, help="With the secret answers, readable; otherwise they are left out.")
@installation_option
@click.pass_obj
def export(where: Where, out: Path | None, reveal: bool, installation: str) -> None:
    """Write the answers as a ConfigValues document, which KOTS reads as well."""
    from changeover.actions import config as action
    from changeover.package import yaml_text

    text = run(where, lambda outside: action.export(outside, installation, reveal=reveal))
    if out:
        out.touch(mode=0o600)
        out.write_text(text)
    elif where.json:
        output.show_json(yaml_text.load(text))
    else:
        click.echo(text, nl=False)


@config.command("diff")
@located
@click.argument("one", type=int, default=0, metavar="[REVISION]")
@click.argument("other", type=int, default=0, metavar="[REVISION]")
@installation_option
@click.pass_obj
def diff(where: Where, one: int, other: int, installation: str) -> None:
    """Compare what holds with what is saved, with those of a REVISION, or those of two."""
    from changeover.actions import config as action

    found = run(where, lambda outside: action.diff(outside, installation, one, other))
    if where.json:
        output.show_json([dataclasses.asdict(each) for each in found])
        return
    _tell(found)
    if not found:
        click.echo("No answer differs.")


@config.command("forget")
@located
@installation_option
@click.pass_obj
def forget(where: Where, installation: str) -> None:
    """Forget the answers that were saved for the next change."""
    from changeover.actions import config as action

    names = run(where, lambda outside: action.forget(outside, installation))
    if where.json:
        output.show_json(list(names))
    else:
        click.echo(f"Forgotten: {', '.join(names) or 'nothing was saved'}.")


@config.command("check")
@located
@click.option("--to", "version", default="", help="The release to check against; the running one otherwise.")
@click.option("--package", "path", default="", help="Check against this package or channel, without a cluster.")
@click.option("--before", default="", help="With --package: the package that the answers were made for.")
@answers_option
@installation_option
@click.pass_obj
def check(
    where: Where,
    version: str,
    path: str,
    before: str,
    pairs: tuple[str, ...],
    files: tuple[Path, ...],
    installation: str,
) -> None:
    """What becomes of every answer, what is missing, what is refused; exits with 3 when a release could not run."""
    from changeover.actions import config as action

    given = asking.answers(pairs, files)
    if path:
        view = asking.offline(
            lambda desk: action.check_package(desk, path, version=version, given=given, before=before)
        )
    else:
        view = run(where, lambda outside: action.look(outside, installation, version=version, over=given))
    if where.json:
        output.show_json(view.as_json(reveal=False))
    else:
        _tell_check(view)
    if view.wrong:
        raise click.exceptions.Exit(3)


def _go(where: Where, installation: str, given: Given, chosen: dict[str, Any]) -> None:
    """Show what differs; then save, preview, or change over like an update."""
    from changeover.actions import config as action

    preview, later = chosen.pop("preview"), chosen.pop("no_run")
    if later:
        waiting = run(where, lambda outside: action.save(outside, installation, given))
        if where.json:
            output.show_json([dataclasses.asdict(each) for each in waiting])
        else:
            _tell(waiting)
            click.echo("Saved for the next change: `changeover update`, or `changeover config set` without --no-run.")
        return
    ask = dataclasses.replace(asking.ask("configure", **chosen), answers=given)

    async def prepared(outside: Outside) -> Prepared:
        found = await action.change(outside, installation, ask)
        if not where.json:
            _tell(await action.answer_changes(outside, found))
            click.echo()
        return found

    if preview:
        asking.show_plan(where, run(where, prepared))
    else:
        asking.go(where, prepared, chosen)


def _tell(found: Iterable[Difference]) -> None:
    for one in found:
        if one.before == one.after:
            click.echo(f"  {one.name}: another secret value")
        elif one.before is None:
            click.echo(f"  {one.name}: {_cut(one.after or '')}  (new answer)")
        elif one.after is None:
            click.echo(f"  {one.name}: answer taken back, was {_cut(one.before)}")
        else:
            click.echo(f"  {one.name}: {_cut(one.before)} -> {_cut(one.after)}")


def _tell_check(view: View) -> None:
    wrong = len(view.wrong)
    words = f"answers that keep it from running: {wrong}" if wrong else "every required question has an answer"
    output.heading(f"{view.version}: {words}.")
    for one in view.wrong:
        for said in (*(("must be answered",) if one.missing else ()), *one.errors):
            click.echo(f"  {click.style('wrong', fg='red')}  {one.name}: {said}  {one.origin}".rstrip())
    for line in view.report:
        click.echo(f"  {line.fate.value:<8} {line.name}{f'  ({line.words})' if line.words else ''}")


def _files(pairs: Iterable[str]) -> Given:
    """A file item's answer: the content as base64, and the file's name."""
    from changeover.package import answers as written

    values: dict[str, Any] = {}
    for name, path in written.from_pairs(pairs, origin="--file").values.items():
        found = Path(path)
        if not found.is_file():
            raise click.UsageError(f"--file {name}: there is no file {path}")
        values[name] = {"value": base64.b64encode(found.read_bytes()).decode(), "filename": found.name}
    return written.Given(values, dict.fromkeys(values, "--file"), frozenset(values))


def _not_asked(view: View, name: str) -> Exception:
    from changeover.package.asked import UnknownAnswer, nearest

    near = nearest(name, [one.name for one in view.settings])
    return UnknownAnswer(f"{view.version} does not ask for {name}.", hint=f"did you mean {near}?" if near else None)


def _state(one: dict[str, Any]) -> str:
    words = ["missing"] if one["missing"] else []
    return ", ".join([*words, *one["errors"], *(() if one["visible"] else ("hidden",))])


def _cut(text: str) -> str:
    line = text.partition("\n")[0]
    return line if line == text and len(line) <= _LONG else f"{line[:_LONG]}…"
