"""The runs of an Installation: the Changeover objects, newest last, and the one that is under way."""

from __future__ import annotations

from datetime import datetime

from changeover.actions.installations import CHANGEOVER
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject, Ref
from changeover.settings import INSTALLATION_LABEL

ENDED = ("committed", "rolled back")


class NoRun(Problem):
    """There is no run of that name, or none that could be meant."""

    reference = "no-run"


class RunUnderWay(Problem):
    """Another run of this Installation has not ended; one at a time."""

    reference = "run-under-way"
    exit_code = 3


async def every(outside: Outside, installation: str) -> list[KubeObject]:
    """All runs, oldest first."""
    found = await outside.cluster.list(
        CHANGEOVER, namespace=outside.namespace, selector=f"{INSTALLATION_LABEL}={installation}"
    )
    return sorted(found, key=number)


def number(run: KubeObject) -> int:
    """``workbench-12`` is 12."""
    return int(run.name.rpartition("-")[2] or 0)


def verdict(run: KubeObject) -> str:
    """Committed | rolled back | held, or empty while it goes on."""
    return str(run.get("status", "verdict", default=""))


def waits_until(run: KubeObject, now: datetime) -> datetime | None:
    """When a run begins that waits for its time; None for one that does not wait."""
    text = str(run.get("spec", "parameters", "not_before", default=""))
    at = datetime.fromisoformat(text) if text and not verdict(run) else now
    return at if at > now else None


async def under_way(outside: Outside, installation: str) -> KubeObject | None:
    """The run that has not ended (a held one has not), if any."""
    return next((run for run in await every(outside, installation) if verdict(run) not in ENDED), None)


async def named(outside: Outside, installation: str, name: str = "") -> KubeObject:
    """The run of that name, or the newest."""
    if name:
        found = await outside.cluster.get(Ref(CHANGEOVER, outside.namespace, name))
        if found is None:
            raise NoRun(
                f"There is no run {name} in namespace {outside.namespace}.", hint="`changeover history` lists them"
            )
        return found
    runs = await every(outside, installation)
    if not runs:
        raise NoRun(f"{installation} has no run yet.", hint="`changeover install` or `changeover update` begins one")
    return runs[-1]


async def refuse_second(outside: Outside, installation: str) -> None:
    """One run at a time: say which one goes on, and what to do about it."""
    run = await under_way(outside, installation)
    if run is None:
        return
    raise RunUnderWay(
        f"{installation} already has a run that has not ended.",
        found=f"{run.name}: {run.get('status', 'phase', default='not begun')}",
        hint=f"follow it: `changeover watch {run.name}`; go on: `changeover resume`; undo it: `changeover abort`",
    )
