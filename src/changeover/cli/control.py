"""Commands about a run: resume, pause, abort, answer, watch, evidence."""

from __future__ import annotations

from pathlib import Path

import click

from changeover.cli.options import Where, installation_option, located, run


@click.command()
@located
@click.argument("name", default="")
@installation_option
@click.option("--to-the-end", is_flag=True, help="Also wait for the answers to its questions, and go on.")
@click.pass_obj
def resume(where: Where, name: str, installation: str, *, to_the_end: bool) -> None:
    """Go on with a run that was paused or cut off: here, in this process."""
    from changeover.actions import execute, hand_over
    from changeover.cli import timeline

    carry = hand_over.to_the_end if to_the_end else execute.go_on
    with timeline.live(where) as tell:
        done = run(where, lambda outside: carry(outside, installation, name, tell=tell))
    timeline.finish(where, done)


@click.command()
@located
@click.argument("name", default="")
@installation_option
@click.pass_obj
def pause(where: Where, name: str, installation: str) -> None:
    """Pause a run at its next safe point; what is closed stays closed."""
    _ask(where, installation, name, "pause")


@click.command()
@located
@click.argument("name", default="")
@installation_option
@click.option("--reason", default="", help="Why; goes into the evidence.")
@click.pass_obj
def abort(where: Where, name: str, installation: str, reason: str) -> None:
    """Stop a run and go back; before the point of no return this needs no further question."""
    _ask(where, installation, name, "abort", reason=reason)


@click.command()
@located
@click.argument("name", default="")
@click.option("--choice", type=click.Choice(["waive", "finish", "back", "restore", "again"]), required=True)
@click.option("--session", "sessions", multiple=True, help="waive: the session's name; may be repeated.")
@click.option("--reason", default="", help="Why; goes into the evidence. Required to waive.")
@installation_option
@click.pass_obj
def answer(where: Where, name: str, choice: str, sessions: tuple[str, ...], reason: str, installation: str) -> None:
    """Answer what a held run asks; waiving a session needs its name and a reason."""
    if choice == "waive" and not (sessions and reason):
        raise click.UsageError("To waive, name each session with --session and say why with --reason.")
    _ask(where, installation, name, "answer", choice=choice, subjects=list(sessions), reason=reason)


def _ask(where: Where, installation: str, name: str, do: str, **more: object) -> None:
    from changeover.actions import control as action
    from changeover.actions import installations, runs_of
    from changeover.actions.outside import Outside
    from changeover.cli import output

    async def ask(outside: Outside) -> str:
        owner = name.rpartition("-")[0] or (await installations.find(outside, installation)).name
        found = await runs_of.named(outside, owner, name)
        await action.request(outside, found, do, **more)
        return found.name

    asked = run(where, ask)
    if where.json:
        output.show_json({"run": asked, "request": do})
    else:
        click.echo(f"Asked {asked} to {do}. A process that executes it sees this within two seconds.")
        click.echo(f"If none does: `changeover resume {asked}`.")


@click.command()
@located
@click.argument("name", default="")
@installation_option
@click.pass_obj
def watch(where: Where, name: str, installation: str) -> None:
    """Follow a run that goes on elsewhere, until it ends or waits for a person."""
    from changeover.actions import follow
    from changeover.cli import timeline

    with timeline.live(where) as tell:
        done = run(where, lambda outside: follow.follow(outside, installation, name, tell=tell))
    timeline.finish(where, done)


@click.command()
@located
@click.argument("name", default="")
@installation_option
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for evidence.json, .md and .html."
)
@click.pass_obj
def evidence(where: Where, name: str, installation: str, out: Path | None) -> None:
    """Tell what a run did, from its journal; signed with the Installation's key."""
    from changeover.actions import account
    from changeover.cli import output
    from changeover.evidence import report

    told = run(where, lambda outside: account.account(outside, installation, name))
    if out is not None:
        output.write_evidence(told, out)
        click.echo(f"{out}/evidence.json, evidence.md, evidence.html")
    elif where.json:
        click.echo(report.as_json(told.evidence, told.signature), nl=False)
    else:
        click.echo(report.as_markdown(told.evidence), nl=False)
