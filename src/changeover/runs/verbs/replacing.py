"""How APPLY replaces what Kubernetes does not change: deleted by uid and made again, with as little felt as can be.

* a Service keeps its node ports, and its address where the manifest leaves it open (`service_form.py`)
* a binding is covered by a second one with the old role until the new role counts, so that no right is lacking
"""

from __future__ import annotations

import copy
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.immutables.remedy import BRIDGE_BINDING
from changeover.plan.steps import Step
from changeover.ports import AlreadyExists
from changeover.runs.scene import Scene
from changeover.runs.verbs import service_form
from changeover.settings import RUN_LABEL

EFFECTIVE_SECONDS = 2.0
"""How long a binding may take to count on every API server (measured: less than 1 s)."""
POLL = 0.2


async def removed(step: Step, scene: Scene, live: KubeObject) -> None:
    """Take the old object away, and wait until it is gone."""
    await service_form.remember(step, scene, live)
    if step.arguments.get("handler") == BRIDGE_BINDING:
        await _cover(step, scene, live)
    await scene.checkpoint(step)
    await scene.cluster.delete(live.ref, uid=live.uid, version=live.resource_version)
    while (again := await scene.cluster.get(live.ref)) is not None and again.uid == live.uid:
        scene.progress(step, f"waiting until the old {live.ref} is gone")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def finished(step: Step, scene: Scene, ref_of: KubeObject) -> None:
    """After the new object is there: the cover goes when the new role counts."""
    if step.arguments.get("handler") != BRIDGE_BINDING:
        return
    cover = _cover_of(ref_of, scene.subject.run)
    live = await scene.cluster.get(cover.ref)
    if live is None or live.labels.get(RUN_LABEL) != scene.subject.run:
        return
    await scene.checkpoint(step)
    await scene.clock.sleep(EFFECTIVE_SECONDS)
    await scene.checkpoint(step)
    await scene.cluster.delete(live.ref, uid=live.uid, version=live.resource_version)


async def _cover(step: Step, scene: Scene, live: KubeObject) -> None:
    cover = _cover_of(live, scene.subject.run)
    if await scene.cluster.get(cover.ref) is None:
        await scene.checkpoint(step)
        try:
            await scene.cluster.create(cover)
        except AlreadyExists:
            return
    await scene.clock.sleep(EFFECTIVE_SECONDS)


def _cover_of(live: KubeObject, run: str) -> KubeObject:
    metadata: dict[str, Any] = {"name": f"{live.name[:230]}-changeover-bridge", "labels": {RUN_LABEL: run}}
    if live.namespace:
        metadata["namespace"] = live.namespace
    raw = {"apiVersion": live.api_version, "kind": live.kind, "metadata": metadata, "roleRef": live.raw["roleRef"]}
    return KubeObject({**raw, "subjects": copy.deepcopy(live.raw.get("subjects") or [])})
