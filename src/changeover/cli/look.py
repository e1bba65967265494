"""Commands that only look: status, check, releases, history."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from changeover.cli import asking, output
from changeover.cli.options import Where, installation_option, located, run

if TYPE_CHECKING:
    from changeover.actions.status import Status
    from changeover.release.catalog import Release


@click.command()
@located
@installation_option
@click.option("--drift", is_flag=True, help="Also compare every live object with the revision, field by field.")
@click.option("--components", is_flag=True, help="Also list each workload: pods ready, images.")
@click.pass_obj
def status(where: Where, installation: str, drift: bool, components: bool) -> None:
    """Say what runs, whether it is healthy, what is new, which gate is closed."""
    from changeover.actions import drift as drifting
    from changeover.actions import status as action
    from changeover.plan import explain

    seen = run(where, lambda outside: action.status(outside, installation))
    drifted = run(where, lambda outside: drifting.drift(outside, installation)) if drift else ()
    if where.json:
        document = dataclasses.asdict(seen)
        output.show_json({**document, "drift": [explain.change_as_json(one) for one in drifted]} if drift else document)
        return
    _tell(seen)
    if components:
        _tell_components(seen)
    for change in drifted:
        how = f"differs from revision {seen.revision}:" if change.fields else "is missing."
        click.echo(f"\n{change.ref} {how}")
        for field in change.fields:
            click.echo(f"  {field.path}: {field.before} instead of {field.after}")
    if drift and not drifted:
        click.echo("No live object differs from its revision.")


def _tell(seen: Status) -> None:
    health = {True: "healthy", False: "not healthy", None: "not installed"}[seen.healthy]
    output.heading(f"{seen.installation} runs {seen.runs}, {health}.")
    output.show_facts(
        {
            "namespace": seen.namespace,
            "revision": seen.revision or "",
            "sessions now": seen.sessions,
            "gate": f"closed by {seen.gate_closed_by}" if seen.gate_closed_by else "open",
            "run under way": f"{seen.run}: {seen.run_verdict or seen.run_phase}" if seen.run else "",
            "new releases": ", ".join(seen.available),
            "frozen": " ".join(seen.frozen),
            "next window": seen.opens,
            "run begins": seen.begins,
            "last check": seen.last_check,
            "last backup": seen.last_backup.get("at", ""),
            "reached at": ", ".join(seen.addresses),
        }
    )
    for what, why in seen.unhealthy:
        click.echo(f"  {click.style('not ready', fg='yellow')}  {what}: {why}")
    for what in seen.missing:
        click.echo(f"  {click.style('missing', fg='red')}    {what}")
    for what in seen.changed:
        click.echo(f"  {click.style('changed', fg='yellow')}    {what}: not as revision {seen.revision} has it")
    for what in seen.kept:
        click.echo(f"  kept       {what}: releases leave it alone")
    if seen.question:
        click.echo(f"\n{seen.run} asks: {seen.question.get('text', '')}")
        click.echo("Answer with `changeover answer`.")


def _tell_components(seen: Status) -> None:
    click.echo()
    output.show_table(
        (
            (one.name, one.kind, f"{one.ready} of {one.wanted}", one.why or "healthy", ", ".join(one.images))
            for one in seen.components
        ),
        head=("component", "kind", "ready", "state", "images"),
    )


@click.command()
@located
@installation_option
@click.option("--kubernetes", default="", metavar="1.37", help="Ahead of a cluster upgrade: what it will not serve.")
@click.pass_obj
def check(where: Where, installation: str, kubernetes: str) -> None:
    """Check the Installation's channel for an update, or a coming version of Kubernetes."""
    from changeover.actions import releases as action

    if kubernetes:
        _check_ahead(where, installation, kubernetes)
        return
    found = run(where, lambda outside: action.check(outside, installation))
    if where.json:
        output.show_json(dataclasses.asdict(found))
        return
    if not found.newer:
        output.heading(f"{found.installation} runs {found.running or 'nothing'}; there is nothing newer.")
        return
    output.heading(f"{found.installation} can go from {found.running} to {found.newer[-1].version}.")
    output.show_table(
        ((one.version, _marks(one), one.notes) for one in found.newer),
        head=("release", "", "notes"),
    )
    click.echo(f"\n`changeover plan --to {found.newer[-1].version}` shows what would happen to every object.")


def _marks(release: Release) -> str:
    marks = ("required", "preview", "deprecated")
    words = [word for word in marks if getattr(release, word)]
    return ", ".join([*words, *(["withdrawn"] if release.withdrawn else [])])


def _check_ahead(where: Where, installation: str, kubernetes: str) -> None:
    from changeover.actions import ahead

    found = run(where, lambda outside: ahead.look(outside, installation, kubernetes))
    if where.json:
        output.show_json(found.as_json())
    else:
        output.heading(f"{found.installation} on Kubernetes {found.kubernetes} (now {found.now}):")
        for version, findings in found.releases:
            click.echo(f"{version}: {'nothing is in the way' if not findings else ''}".rstrip())
            for one in findings:
                click.echo(f"  {click.style('blocks', fg='red')}  {one.message}\n          hint: {one.hint}")
    if found.blocked:
        raise click.exceptions.Exit(3)


@click.command()
@located
@installation_option
@click.option("--channel", default="", help="Of this channel (a folder or an address) instead; needs no cluster.")
@click.pass_obj
def releases(where: Where, installation: str, channel: str) -> None:
    """List every release of the channel, in its order."""
    from changeover.actions import releases as action

    if channel:
        found = asking.offline(lambda desk: action.of_channel(desk, channel))
    else:
        found = run(where, lambda outside: action.releases(outside, installation))
    if where.json:
        output.show_json([dataclasses.asdict(one) for one in found.all])
        return
    output.show_table(
        (
            (
                one.version,
                "running" if one.version == found.running else "",
                _marks(one),
                one.notes,
            )
            for one in found.all
        ),
        head=("release", "", "", "notes"),
    )


@click.command()
@located
@click.argument("before", default="")
@click.argument("after", default="")
@installation_option
@click.pass_obj
def diff(where: Where, /, before: str, after: str, installation: str) -> None:
    """Show what differs between two releases, or revisions (#3), rendered with the answers that hold.

    Without AFTER: from what runs to BEFORE, or to the newest release.
    """
    from changeover.actions import comparing

    pair = (before, after) if after else ("", before)
    found = run(where, lambda outside: comparing.compare(outside, installation, *pair))
    if where.json:
        output.show_json(found.as_json())
        return
    output.heading(f"From {found.before} to {found.after}: {len(found.changes)} objects differ, {found.same} do not.")
    for change in found.changes:
        click.echo(f"\n{change.how:<8} {change.object}")
        for field in change.fields:
            click.echo(f"  {field.path}: {_or_nothing(field.before)} -> {_or_nothing(field.after)}")


def _or_nothing(value: str | None) -> str:
    return "nothing" if value is None else value


@click.command()
@located
@installation_option
@click.pass_obj
def backups(where: Where, installation: str) -> None:
    """List the backups that runs have made and read back, newest first."""
    from changeover.actions import backups as action
    from changeover.evidence import words

    found = run(where, lambda outside: action.backups(outside, installation))
    if where.json:
        output.show_json([one.as_json() for one in found])
        return
    if not found:
        click.echo("None yet: an update in a window makes one first.")
    output.show_table(
        ((one.at, one.run, one.version, one.claim, words.size(one.bytes), one.files, one.location) for one in found),
        head=("at", "run", "holds data of", "claim", "size", "files", "lies at"),
    )


@click.command()
@located
@installation_option
@click.pass_obj
def history(where: Where, installation: str) -> None:
    """Show revisions and runs, oldest first."""
    from changeover.actions import history as action

    told = run(where, lambda outside: action.history(outside, installation))
    if where.json:
        output.show_json(dataclasses.asdict(told))
        return
    output.heading("Revisions")
    output.show_table(
        (
            (one["number"], one["version"], "running" if one["number"] == told.running else "", one.get("at", ""))
            for one in told.revisions
        ),
        head=("revision", "version", "", "since"),
    )
    click.echo()
    output.heading("Runs")
    output.show_table(
        (
            (
                one["run"],
                one["kind"],
                one["strategy"],
                f"{one['from'] or '-'} -> {one['to']}",
                one["verdict"],
                one["startedAt"],
                one["by"],
            )
            for one in told.runs
        ),
        head=("run", "kind", "strategy", "change", "verdict", "started", "by"),
    )
