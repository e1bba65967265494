"""What a finished run teaches the next plan.

How long the change took, how long each workload's restart, and how long a workload that restarted had no ready pod
meanwhile; the last only where it was seen whole.

Kept in the Installation's status, bounded: the last 20 times, and one figure per workload, which a later run replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from changeover.actions import installations
from changeover.actions.outside import Outside
from changeover.evidence import predicted
from changeover.evidence.measured import measured
from changeover.objects import KubeObject
from changeover.plan.estimate import History
from changeover.plan.model import Plan
from changeover.runs.state import Record, fold

KEPT = 20
WORKLOADS = 300


def history_of(installation: KubeObject) -> History:
    """What this Installation's earlier runs took."""
    pieces = installation.get("status", "lastBackup", "pieces", default=[])
    return History(
        seconds_taken=tuple(float(one) for one in installation.get("status", "secondsTaken", default=[])),
        restart_seconds=_figures(installation, "restartSeconds"),
        away_seconds=_figures(installation, "awaySeconds"),
        copy_seconds=sum(float(one.get("seconds") or 0) for one in pieces),
    )


def _figures(installation: KubeObject, name: str) -> dict[str, float]:
    known = installation.get("status", name, default={})
    return {str(key): float(value) for key, value in known.items()}


async def learn(outside: Outside, installation: KubeObject, run: KubeObject, plan: Plan) -> None:
    """Keep what this committed run took."""
    records = await outside.journal(run).read()
    live = await outside.cluster.get(installation.ref)
    if live is None:
        return
    status: dict[str, Any] = {}
    took = predicted.change_seconds(plan, records)
    if took is not None:
        status["secondsTaken"] = [*live.get("status", "secondsTaken", default=[]), took][-KEPT:]
    seen = predicted.observed(plan, fold(records)) or {}
    restarted = {key: float(one["readySeconds"]) for key, one in seen.items() if one["new"] and one["readySeconds"]}
    status |= _kept(live, "restartSeconds", restarted)
    status |= _kept(live, "awaySeconds", _away(plan, records, restarted))
    if status:
        await installations.patch_status(outside, installation, status)


def _away(plan: Plan, records: Sequence[Record], restarted: Iterable[str]) -> dict[str, float]:
    """How long those that restarted had no ready pod; nothing when that was not seen whole."""
    found = measured(records, plan)
    if found is None or not found.is_whole:
        return {}
    told = {one.ref.key for one in plan.changes if one.restarts and one.availability and not one.availability.down}
    return {key: round(found.of(key).away_seconds, 1) for key in restarted if key in told}


def _kept(live: KubeObject, name: str, figures: Mapping[str, float]) -> dict[str, Any]:
    """As a merge patch of the status: these figures are set, and others go that there is no room for any more."""
    if not figures:
        return {}
    others = {key: one for key, one in live.get("status", name, default={}).items() if key not in figures}
    going = list(others)[: max(0, len(others) + len(figures) - WORKLOADS)]
    return {name: {**dict.fromkeys(going), **figures}}
