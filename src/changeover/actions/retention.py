"""What is kept of former runs: the last 20, never less than the last committed one; older ones go with their journals.

Runs, journals and evidence have no owner references (design §3): nothing but this, or an uninstall that was told to
purge, removes them. Blobs stay as long as a run or a revision that is kept names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from changeover.actions import runs_of
from changeover.actions.in_accounts import books
from changeover.actions.outside import Outside
from changeover.objects import Kind, KubeObject
from changeover.settings import KEEP_RUNS, RUN_LABEL

SECRET = Kind("v1", "Secret")
UNNAMED = timedelta(days=1)
"""How old a blob must be that nobody names: it may belong to a change that is being prepared right now."""


async def tidy(outside: Outside, installation: KubeObject) -> tuple[str, ...]:
    """Remove what is older than is kept; returns the names of the runs that went."""
    live = await outside.cluster.get(installation.ref)
    if live is None:
        return ()
    runs = await runs_of.every(outside, installation.name)
    going = surplus(runs)
    for run in going:
        for secret in await books(outside.cluster).list(
            SECRET, namespace=outside.namespace, selector=f"{RUN_LABEL}={run.name}"
        ):
            await books(outside.cluster).delete(secret.ref, uid=secret.uid)
        await outside.cluster.delete(run.ref, uid=run.uid)
    if going:
        gone = {run.name for run in going}
        named = _digests([live.get("status", default={}), *(run.raw for run in runs if run.name not in gone)])
        await outside.blobs(live).collect(named, older_than=outside.clock.now() - UNNAMED)
    return tuple(run.name for run in going)


def surplus(runs: Sequence[KubeObject], *, keep: int = KEEP_RUNS) -> list[KubeObject]:
    """Of all runs, oldest first, those that need not be kept."""
    committed = [run for run in runs if runs_of.verdict(run) == "committed"]
    return [
        run
        for run in runs[: max(0, len(runs) - keep)]
        if runs_of.verdict(run) in runs_of.ENDED and run not in committed[-1:]
    ]


def _digests(documents: Iterable[object]) -> frozenset[str]:
    """Every text in them that is a blob's digest, wherever it stands."""
    found: set[str] = set()
    waiting: list[object] = list(documents)
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and one.startswith("sha256:"):
            found.add(one)
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return frozenset(found)
