"""Commands about sessions: list, stop, gate, open."""

from __future__ import annotations

import dataclasses

import click

from changeover.cli import output
from changeover.cli.options import Where, agree, installation_option, located, run


@click.group()
def sessions() -> None:
    """Work in progress inside the application."""


@sessions.command("list")
@located
@installation_option
@click.pass_obj
def list_(where: Where, installation: str) -> None:
    """Who works now, since when, and whether their work was ever saved."""
    from changeover.actions import sessions as action

    found = run(where, lambda outside: action.every(outside, installation))
    if where.json:
        output.show_json([dataclasses.asdict(one) for one in found])
        return
    output.show_table(
        ((one.name, one.owner, one.node, one.since, one.state) for one in found),
        head=("session", "owner", "node", "since", "state"),
    )
    if not found:
        click.echo("No sessions.")


@sessions.command()
@located
@click.argument("names", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="All sessions.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@installation_option
@click.pass_obj
def stop(where: Where, names: tuple[str, ...], everyone: bool, yes: bool, installation: str) -> None:
    """Stop sessions and wait for the proof that each one's work was saved."""
    from changeover.actions import sessions as action

    if bool(names) == everyone:
        raise click.UsageError("Name sessions, or say --all.")
    agree(f"Stop {'all sessions' if everyone else ', '.join(names)}?", yes=yes)
    done = run(where, lambda outside: action.stop(outside, installation, names))
    if where.json:
        output.show_json([dataclasses.asdict(one) for one in done])
    else:
        output.show_table(
            ((one.name, one.owner, one.outcome, one.reason) for one in done), head=("session", "owner", "outcome", "")
        )
    if any(one.outcome != "proven" for one in done):
        raise click.exceptions.Exit(5)


@sessions.command()
@located
@click.option("--message", default="", help="What people are told who start a session.")
@installation_option
@click.pass_obj
def gate(where: Where, message: str, installation: str) -> None:
    """Close the gate: no new sessions until `sessions open`."""
    from changeover.actions import sessions as action

    proof = run(where, lambda outside: action.close(outside, installation, message))
    _said(where, f"The gate is closed: {proof}", closed=True)


@sessions.command("open")
@located
@installation_option
@click.pass_obj
def open_(where: Where, installation: str) -> None:
    """Open the gate that a person closed, or that a run left closed."""
    from changeover.actions import sessions as action

    was = run(where, lambda outside: action.open_(outside, installation))
    _said(where, "The gate is open." if was else "The gate was open already.", closed=False)


def _said(where: Where, text: str, *, closed: bool) -> None:
    if where.json:
        output.show_json({"gateClosed": closed})
    else:
        click.echo(text)
