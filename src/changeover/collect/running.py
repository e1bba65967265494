"""run and runPod: a pod of the package's own, whose log is what was asked for; it is removed whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

from changeover.collect.facts import seconds_of
from changeover.collect.logs import BYTES
from changeover.collect.scene import POD, CannotCollect, Scene, containers_of
from changeover.objects import GROUP, KubeObject, Ref
from changeover.ports import ClusterProblem

COLLECTOR_LABEL = f"{GROUP}/collector"
"""On what a collector runs: the collector's name, with letters of its own."""

PAUSE = 0.5
MARGIN = 3.0
"""Seconds kept for reading the log and removing the pod."""

STUCK = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"})
LINES = 10_000


async def run(scene: Scene) -> None:
    """``<name>/<collectorName>.log`` of a pod with one container."""
    spec = scene.collector.spec
    container: dict[str, Any] = {"name": "collector", "image": scene.said("image")}
    container |= {key: spec[key] for key in ("command", "args", "imagePullPolicy") if spec.get(key)}
    account = {"serviceAccountName": scene.said("serviceAccountName")} if scene.said("serviceAccountName") else {}
    await _carry_out(scene, {"containers": [container], **account, **pull_secret(scene)})


def pull_secret(scene: Scene) -> dict[str, Any]:
    """A pod spec's part for the collector's pull secret. Raises CannotCollect for one that would have to be made."""
    pull = scene.collector.spec.get("imagePullSecret") or {}
    if pull.get("data"):
        raise CannotCollect("imagePullSecret.data is not supported", hint="create the Secret and give its name")
    return {"imagePullSecrets": [{"name": str(pull["name"])}]} if pull.get("name") else {}


async def run_pod(scene: Scene) -> None:
    """The same of a pod that the spec describes itself."""
    wanted = scene.collector.spec.get("podSpec") or {}
    if not wanted.get("containers"):
        raise CannotCollect("its podSpec has no containers")
    await _carry_out(scene, dict(wanted))


async def _carry_out(scene: Scene, pod_spec: dict[str, Any]) -> None:
    within = min(seconds_of(scene.collector.spec.get("timeout"), scene.seconds), scene.seconds - MARGIN)
    body = {**pod_spec, "restartPolicy": "Never", "activeDeadlineSeconds": max(int(within), 1)}
    pod = await scene.cluster.create(KubeObject(_pod(scene, body)))
    try:
        ended, why = await _until_ended(scene, pod, within)
        await _logs(scene, ended)
    finally:
        with contextlib.suppress(ClusterProblem):
            await asyncio.shield(scene.cluster.delete(pod.ref, uid=pod.uid, grace_seconds=0))
    if why:
        raise CannotCollect(why)


def _pod(scene: Scene, body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = named(scene)
    return {"apiVersion": "v1", "kind": POD.name, "metadata": metadata, "spec": dict(body)}


def named(scene: Scene) -> dict[str, Any]:
    """The metadata of what a collector creates: a name of its own, and labels by which it is found again."""
    short = re.sub(r"[^a-z0-9-]+", "-", scene.collector.name.lower()).strip("-")[:40] or "run"
    own = f"{short}-{uuid.uuid4().hex[:6]}"
    labels = {COLLECTOR_LABEL: own, "app.kubernetes.io/managed-by": "changeover"}
    return {"name": own, "namespace": scene.namespace, "labels": labels}


async def _until_ended(scene: Scene, pod: KubeObject, within: float) -> tuple[KubeObject, str]:
    """The pod as it was last seen, and why waiting ended early; empty when it ended by itself."""
    patient = scene.collector.spec.get("allowImagePullRetries") is True
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    seen = pod
    while (left := until - loop.time()) > 0:
        seen = await scene.cluster.get(pod.ref) or seen
        if seen.get("status", "phase") in {"Succeeded", "Failed"}:
            return seen, ""
        stuck = waits_for(seen)
        if stuck and not patient:
            return seen, f"its pod cannot start: {stuck}"
        await asyncio.sleep(min(PAUSE, left))
    return seen, f"its pod had not ended after {within:.0f} s{_unscheduled(seen)}"


def waits_for(pod: KubeObject) -> str:
    """Why a pod cannot start, as its containers tell; empty when nothing is wrong."""
    for one in (
        *pod.get("status", "initContainerStatuses", default=()),
        *pod.get("status", "containerStatuses", default=()),
    ):
        waiting = (one.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in STUCK:
            return f"{waiting['reason']} {waiting.get('message', '')}".strip()
    return ""


def _unscheduled(pod: KubeObject) -> str:
    for one in pod.get("status", "conditions", default=()):
        if one.get("type") == "PodScheduled" and one.get("status") == "False":
            return f": {one.get('message') or one.get('reason')}"
    return ""


async def _logs(scene: Scene, pod: KubeObject) -> None:
    """One container: ``<name>/<own>.log``; several: ``<name>/<own>/<container>.log`` each."""
    own = scene.said("collectorName") or scene.said("name", "run")
    place = f"{scene.said('name', own)}/{own}"
    names = containers_of(pod)
    for container in names:
        path = f"{place}.log" if len(names) == 1 else f"{place}/{container}.log"
        query = {"container": container, "tailLines": str(LINES), "limitBytes": str(BYTES)}
        with contextlib.suppress(ClusterProblem):
            content = await scene.inspector.read(log_path(pod.ref), query=query, most=BYTES)
            scene.sink.write(path, content)
    scene.sink.write_json(f"{place}.json", {"phase": pod.get("status", "phase"), "status": pod.get("status")})


def log_path(pod: Ref) -> str:
    """Where the API server has a pod's log."""
    return f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/log"
