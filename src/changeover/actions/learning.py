"""What a finished run teaches the next plan: how long the change took, and how long each workload's restart.

Kept in the Installation's status, bounded: the last 20 times, and one figure per workload, which a later run replaces.
"""

from __future__ import annotations

from typing import Any

from changeover.actions import installations
from changeover.actions.outside import Outside
from changeover.evidence import predicted
from changeover.objects import KubeObject
from changeover.plan.estimate import History
from changeover.plan.model import Plan
from changeover.runs.state import fold

KEPT = 20
WORKLOADS = 300


def history_of(installation: KubeObject) -> History:
    """What this Installation's earlier runs took."""
    restarts = installation.get("status", "restartSeconds", default={})
    return History(
        tuple(float(one) for one in installation.get("status", "secondsTaken", default=[])),
        {str(key): float(value) for key, value in restarts.items()},
        sum(float(one.get("seconds") or 0) for one in installation.get("status", "lastBackup", "pieces", default=[])),
    )


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
    if restarted:
        known = live.get("status", "restartSeconds", default={})
        status["restartSeconds"] = dict(list({**known, **restarted}.items())[-WORKLOADS:])
    if status:
        await installations.patch_status(outside, installation, status)
