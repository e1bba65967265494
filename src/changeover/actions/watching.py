"""Look at one run as it stands: its plan, its journal told, who executes it, what it waits for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from changeover.actions import installations, runs_of
from changeover.actions.outside import Outside
from changeover.evidence.model import Evidence
from changeover.evidence.tell import Whose, tell
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.explain import plan_from_json
from changeover.plan.model import Plan
from changeover.runs.state import RunState, fold
from changeover.settings import LEASE_SECONDS

LEASE = Kind("coordination.k8s.io/v1", "Lease")


@dataclass(frozen=True, slots=True)
class Seen:
    """A run at one moment."""

    name: str
    by: str
    plan: Plan
    state: RunState
    evidence: Evidence
    waiting_for: str
    holder: str
    """Who executes it now; empty when nobody does."""
    window: Mapping[str, Any]
    """The parameters it was begun with."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state.verdict is not None

    @property
    def abandoned(self) -> bool:
        """Whether it should go on and nobody executes it."""
        return not (self.ended or self.holder or self.state.question)


class Watching:
    """Looks at runs; plans do not change and are read once."""

    def __init__(self, outside: Outside, installation: str = "") -> None:
        self._outside = outside
        self._installation = installation
        self._plans: dict[str, Plan] = {}
        self._cluster_uid = ""

    async def look(self, name: str = "") -> Seen:
        """The named run, or the newest. Raises NoRun."""
        outside = self._outside
        followed = await installations.find(outside, self._installation)
        run = await runs_of.named(outside, followed.name, name)
        plan = await self._plan(followed, run)
        records = await outside.journal(run).read()
        self._cluster_uid = self._cluster_uid or await outside.cluster.uid()
        said = (tuple(run.get("spec", name, default=())) for name in ("acknowledged", "overrides"))
        whose = Whose(run.name, followed.name, outside.namespace, self._cluster_uid, *said)
        return Seen(
            name=run.name,
            by=str(run.get("spec", "by", default="")),
            plan=plan,
            state=fold(records),
            evidence=tell(records, plan, whose),
            waiting_for=str(run.get("status", "waitingFor", default="")),
            holder=await holder(self._outside, followed.name),
            window=dict(run.get("spec", "parameters", default={})),
        )

    async def _plan(self, installation: KubeObject, run: KubeObject) -> Plan:
        blob = str(run.get("spec", "planBlob"))
        if blob not in self._plans:
            self._plans[blob] = plan_from_json(json.loads(await self._outside.blobs(installation).get(blob)))
        return self._plans[blob]


async def holder(outside: Outside, installation: str, *, seconds: float = 2 * LEASE_SECONDS) -> str:
    """Who executes a run of this Installation now; empty when nobody renewed the lease for so many seconds."""
    lease = await outside.cluster.get(Ref(LEASE, outside.namespace, f"changeover-{installation}"))
    renewed = str(lease.get("spec", "renewTime", default="")) if lease else ""
    if lease is None or not renewed:
        return ""
    age = outside.clock.now() - datetime.fromisoformat(renewed)
    return str(lease.get("spec", "holderIdentity", default="") or "") if age < timedelta(seconds=seconds) else ""
