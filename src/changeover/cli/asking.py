"""From options to an Ask, from a plan to a person's yes, and from a yes to a run with its timeline."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from changeover.cli import output, overlays
from changeover.cli.options import KOTS_KEY, Where, agree, run
from changeover.errors import Problem

if TYPE_CHECKING:
    from changeover.actions import licensing
    from changeover.actions.ask import Ask, Checks
    from changeover.actions.hand_over import Place
    from changeover.actions.outside import Desk, Outside
    from changeover.actions.prepare import Prepared
    from changeover.actions.uninstall import Removal
    from changeover.package.answers import Given
    from changeover.render.context import Registry


T = TypeVar("T")
_NOUNS = {"configure": "change of answers"}


class PlanBlocked(Problem):
    """The plan has findings that keep it from running."""

    reference = "plan-blocked"
    exit_code = 3


class OtherPlan(Problem):
    """The plan is not the one that was approved."""

    reference = "other-plan"
    exit_code = 3


def ask(kind: str, *, pairs: Sequence[str] = (), files: Sequence[Path] = (), **chosen: Any) -> Ask:
    """The Ask of a command's options."""
    from changeover.actions.ask import Ask, Override
    from changeover.plan.strategy import Parameters

    at = chosen.get("at") or ""
    return Ask(
        kind=kind,
        version=chosen.get("version") or "",
        revision=chosen.get("revision") or 0,
        strategy=chosen.get("strategy") or "",
        source=chosen.get("source") or "",
        next_window=at == "next",
        parameters=Parameters(
            not_before="" if at == "next" else at,
            not_after=chosen.get("until") or "",
            announce_seconds=chosen.get("announce"),
            soak_seconds=chosen.get("soak"),
            hold_seconds=chosen.get("hold"),
            backup=not chosen.get("no_backup"),
            conflicts=chosen.get("conflicts") or "take",
            message=chosen.get("message") or "",
        ),
        answers=answers(pairs, files) if pairs or files else None,
        grants=tuple(chosen.get("grants") or ()),
        checks=_checks(chosen),
        acknowledged=frozenset(chosen.get("acknowledged") or ()),
        accept_data_loss=frozenset(chosen.get("typed") or ()),
        override=Override(frozenset(chosen.get("frozen") or ()), chosen.get("override_reason") or ""),
        customisations=overlays.entries(chosen["customisations"]) if chosen.get("customisations") else None,
    )


def _checks(chosen: Mapping[str, Any]) -> Checks:
    from changeover.actions.ask import Checks
    from changeover.cli.checks import allowed

    return Checks(
        skip=bool(chosen.get("skip_preflights")),
        allowed=frozenset(one.value for one in allowed(chosen.get("allow") or ())),
        accepted=frozenset(chosen.get("accepted") or ()),
    )


def licence(path: Path | None, key: Path | None = None) -> licensing.Given | None:
    """A licence file and its key, read; None when none is named."""
    from changeover.actions import licensing

    if path is None:
        return None
    text = path.read_text(errors="replace")
    return licensing.Given(text, str(path), key.read_text(errors="replace") if key else "", str(key or ""))


def signed(address: str, cosign_key: Path | None, keyring: Path | None) -> str:
    """The address with the key or the keyring that what lies there must be signed with."""
    from changeover.release import signed_address

    if cosign_key and keyring:
        raise click.UsageError("Give a cosign key or a keyring, not both.")
    if (cosign_key or keyring) and not address:
        raise click.UsageError("A key belongs to an address: give it with --from.")
    if keyring:
        return signed_address.join_keyring(address, keyring.read_bytes())
    return signed_address.join(address, cosign_key.read_text()) if cosign_key else address


def registry(address: str, username: str = "", *, password: bool = False) -> Registry | None:
    """The private registry of these options, its password read from standard input; None when none is named."""
    from changeover.actions import registries

    if not address:
        if username or password:
            raise click.UsageError("A login needs the registry that it is for: --registry HOST[/NAMESPACE].")
        return None
    secret = sys.stdin.readline().rstrip("\n") if password else ""
    return registries.read(address, username=username, password=secret)


def offline(action: Callable[[Desk], Awaitable[T]]) -> T:
    """Do what needs no cluster."""
    import asyncio

    from changeover import wiring

    async def inside() -> T:
        return await action(wiring.desk())

    return asyncio.run(inside())


def answers(pairs: Sequence[str], files: Sequence[Path]) -> Given:
    """Answers from files, opened with KOTS's key when it was named, then from NAME=VALUE; the later ones win."""
    from changeover.actions import kots_answers
    from changeover.package import answers as written

    layers = [written.from_file(path.read_text(), name=str(path)) for path in files]
    if cipher := _cipher():
        layers = [kots_answers.with_key(layer, cipher) for layer in layers]
    return written.layered([*layers, written.from_pairs(pairs)])


def _cipher() -> str:
    """KOTS's key as named with ``--kots-encryption-key``; empty when it was not. Raises BadEncryptionKey."""
    from changeover.package import kots_cipher

    path = click.get_current_context().meta.get(KOTS_KEY)
    return kots_cipher.read_key(path.read_text(errors="replace"), name=str(path)) if path else ""


def go(where: Where, prepare: Callable[[Outside], Awaitable[Prepared]], chosen: Mapping[str, Any]) -> None:
    """Show the plan, ask, carry it out with a live timeline, write the evidence, exit with the verdict's code."""
    from changeover.actions import execute, follow, hand_over
    from changeover.cli import timeline

    async def through(outside: Outside) -> Any:
        prepared = await prepare(outside)
        if chosen.get("in_cluster"):
            await hand_over.refuse(outside, prepared, place(chosen))
        _agree(where, prepared, chosen)
        with timeline.live(where) as tell:
            if chosen.get("in_cluster"):
                begun = await hand_over.begin(outside, prepared, place(chosen))
                done = await follow.follow(outside, prepared.installation.name, begun.name, tell=tell)
            else:
                done = await execute.begin(outside, prepared, tell=tell)
        return done, [release.notes for release in prepared.new.charts if release.notes.strip()]

    done, notes = run(where, through)
    timeline.finish(where, done, out=chosen.get("out"), notes=notes)


def place(chosen: Mapping[str, Any]) -> Place:
    """What executes a run in the cluster."""
    from changeover.actions.hand_over import Place

    return Place(image=chosen.get("image") or "", account=chosen.get("account") or "")


def _agree(where: Where, prepared: Prepared, chosen: Mapping[str, Any]) -> None:
    plan = prepared.plan
    if plan.blocked:
        blocking = [finding for finding in plan.findings if finding.severity == "blocks"]
        raise PlanBlocked(
            f"The {_NOUNS.get(plan.kind, plan.kind)} to {plan.to_version} cannot run: {blocking[0].message}",
            found="; ".join(finding.message for finding in blocking[1:]) or blocking[0].found or None,
            hint=blocking[0].hint or "`changeover plan` shows every object and field",
        )
    if not where.json:
        show_plan(where, prepared)
    if chosen.get("digest") and chosen["digest"] != plan.digest:
        raise OtherPlan(
            "The plan is not the one that was named with --plan.",
            found=plan.digest,
            hint="read the new plan; something changed since the other one was made",
        )
    agree("\nGo?", yes=bool(chosen.get("yes")))


def show_plan(where: Where, prepared: Prepared, *, full: bool = False) -> None:
    """The plan in words, or as JSON."""
    from changeover.plan import explain

    if where.json:
        output.show_json(explain.plan_as_json(prepared.plan))
        return
    for line in explain.lines(prepared.plan, full=full):
        click.echo(line)


def show_removal(where: Where, removal: Removal, *, yes: bool, with_hooks: bool) -> None:
    """What an uninstall removes and what it keeps, and the question."""
    if not where.json:
        going, staying = len(removal.removes), len(removal.keeps)
        output.heading(
            f"{removal.installation}: {going} objects go, {staying} stay: they hold data, or are marked to be kept."
        )
        for name in removal.removes:
            click.echo(f"  remove  {name}")
        for title in removal.hooks.titles if with_hooks else ():
            click.echo(f"  run     {title} (hook)")
        for name in removal.keeps:
            click.echo(f"  keep    {name}")
    agree("\nRemove?", yes=yes)
