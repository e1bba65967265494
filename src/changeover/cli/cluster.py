"""Commands about a cluster: setup (once, by an administrator) and doctor."""

from __future__ import annotations

import dataclasses

import click

from changeover.cli import output
from changeover.cli.options import Where, agree, installation_option, located, run


@click.command()
@located
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def setup(where: Where, yes: bool) -> None:
    """Add our kinds and the gate's admission policy to the cluster; only adds, never deletes."""
    from changeover.actions import setup as action

    missing = run(where, action.missing)
    if not missing:
        _said(where, [])
        return
    if not where.json:
        output.heading("These cluster-scoped objects will be added or brought up to date:")
        for name in missing:
            click.echo(f"  {name}")
    agree("\nAdd them?", yes=yes)
    _said(where, run(where, action.set_up))


def _said(where: Where, changed: list[str]) -> None:
    if where.json:
        output.show_json({"changed": changed})
    else:
        click.echo(f"{len(changed)} objects added or brought up to date." if changed else "The cluster is set up.")


@click.command()
@located
@installation_option
@click.pass_obj
def doctor(where: Where, installation: str) -> None:
    """Look for what stands in the way: rights, versions, what earlier runs left behind."""
    from changeover.actions import doctor as action

    findings = run(where, lambda outside: action.doctor(outside, installation))
    if where.json:
        output.show_json([dataclasses.asdict(one) for one in findings])
    else:
        output.show_table(((one.state, one.subject, one.text) for one in findings), head=("", "what", "found"))
    if any(one.state == "fail" for one in findings):
        raise click.exceptions.Exit(3)
