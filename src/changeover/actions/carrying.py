"""Runs that the console in the cluster carries: when the replica that executed one dies, another goes on with it.

The mark stands on the Changeover object. A person's own computer may make such a run too and leave it to the console.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from changeover.actions import console_service, execute, hand_over, runs_of
from changeover.actions.installations import CHANGEOVER, INSTALLATION
from changeover.actions.outside import Outside
from changeover.actions.prepare import Prepared
from changeover.actions.watching import holder
from changeover.objects import Kind, KubeObject, Ref
from changeover.runs.state import fold
from changeover.settings import CARRIER_LABEL, GATE_POLICY, LEASE_SECONDS, REQUEST_ANNOTATION

CONSOLE = "console"
YOUNG = timedelta(seconds=8)
"""How long who made a run may take to begin it."""


@dataclass(frozen=True, slots=True)
class Left:
    """A run that should go on and that nobody executes."""

    name: str
    by: str
    begun: bool
    """Whether somebody has worked on it already."""
    carried: bool
    """Whether a console in the cluster is to carry it."""
    run: KubeObject


async def refuse(outside: Outside, prepared: Prepared) -> None:
    """Raise NotHandedOver or NoConsole when no console of the cluster could carry this change out."""
    settings = await console_service.installed(outside)
    if settings is None or not await console_service.ready(outside):
        raise console_service.NoConsole(
            "No console serves in the cluster.", hint="`changeover install-console` installs it"
        )
    await hand_over.refuse(outside, prepared, hand_over.Place(settings.image))


async def leave(outside: Outside, prepared: Prepared) -> str:
    """Create a run and leave it to the console in the cluster; returns its name. Raises as `refuse` does."""
    await refuse(outside, prepared)
    return (await execute.create(outside, prepared, carrier=CONSOLE)).name


async def left_alone(outside: Outside) -> list[Left]:
    """The runs of the namespace that nobody executes, and that wait for nobody."""
    found = []
    for run in await outside.cluster.list(CHANGEOVER, namespace=outside.namespace):
        if runs_of.verdict(run) in runs_of.ENDED or await _held(outside, run):
            continue
        if run.get("status", "question") and not await _answered(outside, run):
            continue
        begun = bool(await outside.journal(run).read())
        if not begun and outside.clock.now() - datetime.fromisoformat(_made_at(run)) < YOUNG:
            continue  # who made it is about to begin
        found.append(
            Left(
                name=run.name,
                by=str(run.get("spec", "by", default="")),
                begun=begun,
                carried=run.labels.get(CARRIER_LABEL) == CONSOLE,
                run=run,
            )
        )
    return found


async def _held(outside: Outside, run: KubeObject) -> bool:
    return bool(await holder(outside, str(run.get("spec", "installation")), seconds=LEASE_SECONDS))


def _made_at(run: KubeObject) -> str:
    return str(run.get("metadata", "creationTimestamp", default="")) or "1970-01-01T00:00:00+00:00"


async def tell(outside: Outside, left: Left, text: str) -> None:
    """Say it by Events on the run and on its Installation, with what is still closed."""
    gate = await outside.cluster.get(Ref(Kind("v1", "ConfigMap"), outside.namespace, GATE_POLICY))
    closed = " The gate is still closed: nobody can begin work meanwhile." if gate else " No gate is closed."
    installation = await outside.cluster.get(
        Ref(INSTALLATION, outside.namespace, str(left.run.get("spec", "installation")))
    )
    for about in (left.run, installation):
        if about is not None:
            await outside.events.emit(about, "NobodyExecutes", f"{left.name}: {text}{closed}", warning=True)


async def _answered(outside: Outside, run: KubeObject) -> bool:
    """Whether somebody has answered what the run asked, and it has not heard it yet."""
    asked = run.annotations.get(REQUEST_ANNOTATION, "")
    if not asked:
        return False
    state = fold(await outside.journal(run).read())
    return str(json.loads(asked).get("id", "")) not in state.requests
