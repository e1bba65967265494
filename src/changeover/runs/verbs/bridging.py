"""BRIDGE and UNBRIDGE: Services and policies keep their hold on pods while the labels of these change.

* a Service selects its pods by a label of its own for that time, put on the pods that it selects now; then it gets the
  selector of the revision. The endpoints are the same pods throughout.
* a policy (NetworkPolicy, PodDisruptionBudget) has a second one beside it with the new form; then it gets that form
  itself and the second one goes. Rules of several policies add up, so what was allowed stays allowed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping

from changeover.objects import GROUP, KubeObject
from changeover.plan.steps import Step
from changeover.ports import AlreadyExists, Json
from changeover.runs.health.causes import POD
from changeover.runs.scene import Scene
from changeover.runs.verbs.identity.pods import label
from changeover.runs.verbs.manifests import manifest
from changeover.settings import RUN_LABEL

BRIDGE_LABEL = f"{GROUP}/bridge"
"""On pods, for the time of a change of labels: the run's name."""


async def bridge(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Every named object holds its pods by the bridge."""
    for key in step.arguments["objects"]:
        wanted = manifest(step, scene, str(key))
        live = await scene.cluster.get(wanted.ref)
        if live is None:
            continue
        if live.kind == "Service":
            await _bridge_service(step, scene, live, wanted)
        elif live.get("spec") != wanted.get("spec"):
            await _second(step, scene, wanted)
    return {"bridge": scene.subject.run}


async def _bridge_service(step: Step, scene: Scene, live: KubeObject, wanted: KubeObject) -> None:
    selector, across = live.get("spec", "selector", default={}), {BRIDGE_LABEL: scene.subject.run}
    if selector in (across, wanted.get("spec", "selector", default={})):
        return
    text = ",".join(f"{name}={value}" for name, value in selector.items())
    pods = await scene.cluster.list(POD, namespace=live.namespace, selector=text)
    await label(step, scene, [pod for pod in pods if not pod.terminating], across)
    await _select(step, scene, live, across)


async def _select(step: Step, scene: Scene, live: KubeObject, selector: Mapping[str, str]) -> None:
    await scene.checkpoint(step)
    await scene.cluster.patch(
        live.ref,
        [
            {"op": "test", "path": "/metadata/uid", "value": live.uid},
            {"op": "test", "path": "/spec/selector", "value": live.get("spec", "selector")},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live.resource_version},
            {"op": "replace", "path": "/spec/selector", "value": dict(selector)},
        ],
    )


def _second_of(wanted: KubeObject, run: str) -> KubeObject:
    form = hashlib.sha256(json.dumps(wanted.get("spec"), sort_keys=True).encode()).hexdigest()[:8]
    name = f"{wanted.name[:220]}-changeover-{form}"
    kept = {part: value for part, value in wanted.raw.items() if part not in ("metadata", "status")}
    return KubeObject({**kept, "metadata": {"name": name, "namespace": wanted.namespace, "labels": {RUN_LABEL: run}}})


async def _second(step: Step, scene: Scene, wanted: KubeObject) -> None:
    second = _second_of(wanted, scene.subject.run)
    if await scene.cluster.get(second.ref) is None:
        await scene.checkpoint(step)
        with contextlib.suppress(AlreadyExists):
            await scene.cluster.create(second)


async def unbridge(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Every named object knows its pods by the labels of the revision; nothing of the bridge is left."""
    namespaces = set()
    for key in step.arguments["objects"]:
        wanted = manifest(step, scene, str(key))
        namespaces.add(wanted.namespace)
        live = await scene.cluster.get(wanted.ref)
        if wanted.kind == "Service":
            selector = wanted.get("spec", "selector", default={})
            if live is not None and live.get("spec", "selector", default={}) != selector:
                await _select(step, scene, live, selector)
        else:
            await _formed(step, scene, live, wanted)
            await _seconds_removed(step, scene, wanted)
    for namespace in sorted(namespaces):
        pods = await scene.cluster.list(POD, namespace=namespace, selector=f"{BRIDGE_LABEL}={scene.subject.run}")
        await label(step, scene, pods, {BRIDGE_LABEL: None})
    return {}


async def _formed(step: Step, scene: Scene, live: KubeObject | None, wanted: KubeObject) -> None:
    if live is None or live.get("spec") == wanted.get("spec"):
        return
    await scene.checkpoint(step)
    await scene.cluster.patch(
        live.ref,
        [
            {"op": "test", "path": "/metadata/uid", "value": live.uid},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live.resource_version},
            {"op": "replace", "path": "/spec", "value": wanted.get("spec")},
        ],
    )


async def _seconds_removed(step: Step, scene: Scene, wanted: KubeObject) -> None:
    own = f"{RUN_LABEL}={scene.subject.run}"
    for second in await scene.cluster.list(wanted.ref.kind, namespace=wanted.namespace, selector=own):
        if second.name.startswith(f"{wanted.name[:220]}-changeover-") and not second.terminating:
            await scene.checkpoint(step)
            await scene.cluster.delete(second.ref, uid=second.uid, version=second.resource_version)
