"""Small acts of the crash tests' own, for verbs that have no real one yet."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.steps import Step, Verb
from changeover.ports import AlreadyExists, BackupPiece, Json
from changeover.runs.scene import Act, Scene
from changeover.settings import GATE_POLICY

CONFIG_MAP = Kind("v1", "ConfigMap")
POD = Kind("v1", "Pod")
KINDS = {
    "deployment": Kind("apps/v1", "Deployment"),
    "statefulset": Kind("apps/v1", "StatefulSet"),
}


def acts() -> Mapping[Verb, Act]:
    """By verb: the real one where there is one."""
    found: dict[Verb, Act] = dict(TOYS)
    for verb in Verb:
        name = verb.value.replace("-", "_")
        try:
            module = importlib.import_module(f"changeover.runs.verbs.{name}")
        except ModuleNotFoundError:
            continue
        found[verb] = getattr(module, name)
    return found


async def _nothing(step: Step, scene: Scene) -> Mapping[str, Json]:
    await scene.checkpoint(step)
    return {}


async def _wait(step: Step, scene: Scene) -> Mapping[str, Json]:
    end = scene.clock.monotonic() + float(step.arguments.get("seconds", 0))
    while scene.clock.monotonic() < end:
        await scene.checkpoint(step)
        await scene.clock.sleep(1.0)
    return {}


async def _close(step: Step, scene: Scene) -> Mapping[str, Json]:
    await scene.checkpoint(step)
    metadata = {"name": GATE_POLICY, "namespace": scene.subject.namespace}
    data = {"selector": "component=workspace", "message": "closed", "run": scene.subject.run}
    try:
        await scene.cluster.create(
            KubeObject({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        )
    except AlreadyExists:
        return {"repeated": True}
    return {}


async def _open(step: Step, scene: Scene) -> Mapping[str, Json]:
    await scene.checkpoint(step)
    ref = Ref(CONFIG_MAP, scene.subject.namespace, GATE_POLICY)
    live = await scene.cluster.get(ref)
    if live is not None:
        await scene.cluster.delete(ref, uid=live.uid)
    return {}


async def _drain(step: Step, scene: Scene) -> Mapping[str, Json]:
    while True:
        pods = await scene.cluster.list(POD, namespace=scene.subject.namespace, selector="component=workspace")
        if not pods:
            return {}
        for pod in pods:
            if not pod.terminating:
                await scene.checkpoint(step)
                await scene.cluster.delete(pod.ref, uid=pod.uid)
        await scene.checkpoint(step)
        await scene.clock.sleep(1.0)


async def _scale(step: Step, scene: Scene) -> Mapping[str, Json]:
    kind, _, name = step.target.partition("/")
    ref = Ref(KINDS[kind.lower()], scene.subject.namespace, name)
    live = await scene.cluster.get(ref)
    if live is None:
        return {}
    replicas = step.arguments["replicas"]
    if replicas == "restore":
        sources = step.arguments["of"]
        sources = [sources] if isinstance(sources, str) else sources
        before = next((scene.notes(one)["before"] for one in sources if "before" in scene.notes(one)), None)
        replicas = live.get("spec", "replicas") if before is None else before
    elif "before" not in scene.notes(step.id):
        await scene.note(step, "before", live.get("spec", "replicas"))
    await scene.checkpoint(step)
    await scene.cluster.patch(ref, {"spec": {"replicas": replicas}})
    while True:
        live = await scene.cluster.get(ref)
        if live is None or live.get("status", "readyReplicas", default=0) == replicas:
            return {}
        await scene.checkpoint(step)
        await scene.clock.sleep(1.0)


async def _back_up(step: Step, scene: Scene) -> Mapping[str, Json]:
    assert scene.volumes is not None
    await scene.checkpoint(step)
    key = f"{scene.subject.run}/{step.id}"
    piece = await scene.volumes.back_up(step.arguments["claim"], name=step.arguments["name"], key=key)
    return {"piece": piece.as_json()}


async def _restore(step: Step, scene: Scene) -> Mapping[str, Json]:
    assert scene.volumes is not None
    piece = BackupPiece(**scene.data(str(step.arguments["of"]))["piece"])
    await scene.checkpoint(step)
    await scene.volumes.restore(piece, key=f"{scene.subject.run}/{step.id}")
    return {}


async def _recheck(step: Step, scene: Scene) -> Mapping[str, Json]:
    await scene.checkpoint(step)
    again = await scene.replan()
    assert again.digest == scene.subject.plan.digest
    return {"digest": again.digest}


TOYS: Mapping[Verb, Act] = {
    Verb.WAIT_WINDOW: _nothing,
    Verb.ANNOUNCE: _wait,
    Verb.CLOSE_GATE: _close,
    Verb.OPEN_GATE: _open,
    Verb.DRAIN: _drain,
    Verb.RECHECK: _recheck,
    Verb.SCALE: _scale,
    Verb.BACK_UP: _back_up,
    Verb.RESTORE: _restore,
    Verb.PROBE: _nothing,
    Verb.SOAK: _wait,
    Verb.RECORD: _nothing,
}
