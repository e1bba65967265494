"""runDaemonSet, copyFromHost and sysctl: a pod on every node, by a DaemonSet that is removed whatever happens.

* a pod that cannot start on a node is told for that node; the others' files are there
* what a container said is its log of the first time: a DaemonSet starts again what ended
* files of a node are mounted to be read only
"""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from changeover.collect.facts import seconds_of
from changeover.collect.logs import BYTES
from changeover.collect.running import COLLECTOR_LABEL, MARGIN, PAUSE, log_path, named, pull_secret, waits_for
from changeover.collect.scene import POD, CannotCollect, Scene
from changeover.errors import Problem
from changeover.objects import Kind, KubeObject
from changeover.package.archive import read_tar
from changeover.ports import ClusterProblem

DAEMON_SET = Kind("apps/v1", "DaemonSet")
AT_ONCE = 8
EVERYWHERE = [{"operator": "Exists"}]
"""Tolerations of our own pods: also nodes that take no ordinary ones are looked at."""
_IDLE = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"]
_SYSCTL = """
walk() {
  for one in "$1"/*; do
    if [ -d "$one" ]; then walk "$one"; elif read -r value < "$one"; then echo "$one = $value"; fi
  done 2>/dev/null
}
walk /proc/sys/net/ipv4
walk /proc/sys/net/bridge
"""
"""Needs nothing of the image but a shell."""
_CHANGED = 1
"""What tar ends with when a file changed while it was read."""
_NOT_RUN = frozenset({"StartError", "ContainerCannotRun"})
Of = Callable[[KubeObject, str], Awaitable[None]]
"""What is done with the pod of a node; it raises CannotCollect for that node alone."""


async def run_daemon_set(scene: Scene) -> None:
    """``<name>/<node>.log`` of a pod that the spec describes, when its first container has ended."""
    wanted = scene.collector.spec.get("podSpec") or {}
    if not wanted.get("containers"):
        raise CannotCollect("its podSpec has no containers")
    pod_spec = {**wanted, **pull_secret(scene), "restartPolicy": "Always"}
    await _logged(scene, pod_spec, lambda node: f"{scene.said('name', 'run-daemonset')}/{node}.log")


async def sysctl(scene: Scene) -> None:
    """``sysctl/<node>``: the kernel's network parameters."""
    container = _container(scene) | {"command": ["sh", "-c", _SYSCTL]}
    pod_spec = {"containers": [container], "hostNetwork": True, "tolerations": EVERYWHERE, **pull_secret(scene)}
    await _logged(scene, pod_spec, lambda node: f"sysctl/{node}")


async def copy_from_host(scene: Scene) -> None:
    """``<name>/<node>/…``: a file or folder of every node."""
    path = posixpath.normpath(scene.said("hostPath"))
    if not path.startswith("/"):
        raise CannotCollect("hostPath must be absolute", found=scene.said("hostPath") or "nothing")
    folder, name = posixpath.split(path)
    if folder == "/":
        folder, name = path, "."
    mount = {"name": "host", "mountPath": "/host", "readOnly": True}
    pod_spec = {
        "containers": [_container(scene) | {"command": _IDLE, "volumeMounts": [mount]}],
        "volumes": [{"name": "host", "hostPath": {"path": folder, "type": "Directory"}}],
        "tolerations": EVERYWHERE,
        "terminationGracePeriodSeconds": 0,
        **pull_secret(scene),
    }

    async def copied(pod: KubeObject, node: str) -> None:
        await _copied(scene, pod, name, f"{scene.said('name', path.strip('/'))}/{node}")

    await each(scene, pod_spec, _runs, copied)


def _container(scene: Scene) -> dict[str, Any]:
    image = scene.said("image")
    if not image:
        raise CannotCollect("it names no image", hint="give it an image with sh and tar")
    return {"name": "collector", "image": image, "imagePullPolicy": scene.said("imagePullPolicy", "IfNotPresent")}


async def _logged(scene: Scene, pod_spec: Mapping[str, Any], place: Callable[[str], str]) -> None:
    async def logged(pod: KubeObject, node: str) -> None:
        scene.sink.write(place(node), await said_first(scene, pod, most=BYTES))

    await each(scene, pod_spec, ended, logged)


async def said_first(scene: Scene, pod: KubeObject, *, most: int) -> bytes:
    """The log of the first container's first time. Raises ClusterProblem."""
    query = {"container": _first(pod), "limitBytes": str(most)}
    again = _state(pod).get("restartCount", 0) > 0
    return await scene.inspector.read(
        log_path(pod.ref), query=query | ({"previous": "true"} if again else {}), most=most
    )


async def each(scene: Scene, pod_spec: Mapping[str, Any], ready: Callable[[KubeObject], bool], act: Of) -> None:
    """Do it on every node as soon as its pod is ready. Raises CannotCollect naming the nodes without it."""
    within = min(seconds_of(scene.collector.spec.get("timeout"), scene.seconds), scene.seconds - MARGIN)
    until = asyncio.get_running_loop().time() + within
    failed: dict[str, str] = {}
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(pod: KubeObject) -> None:
        node = str(pod.get("spec", "nodeName", default="")) or f"unknown-node-{pod.name}"
        try:
            async with turn, asyncio.timeout_at(until + MARGIN / 2):
                await act(await _until(scene, pod, ready, until=until), node)
        except (ClusterProblem, CannotCollect) as problem:
            failed[node] = " ".join(filter(None, (problem.message, problem.found)))
        except TimeoutError:
            failed[node] = f"not finished after {within:.0f} s"

    async with _everywhere(scene, pod_spec, until=until) as pods:
        await asyncio.gather(*(one(pod) for pod in pods))
    if failed:
        raise CannotCollect("; ".join(f"{node}: {why}" for node, why in sorted(failed.items())))


@asynccontextmanager
async def _everywhere(scene: Scene, pod_spec: Mapping[str, Any], *, until: float) -> AsyncIterator[list[KubeObject]]:
    """The pods of a DaemonSet, one for each node that takes it, for as long as the block lasts."""
    metadata = named(scene)
    template = {"metadata": {"labels": metadata["labels"]}, "spec": dict(pod_spec)}
    selector = {"matchLabels": {COLLECTOR_LABEL: metadata["name"]}}
    body = {"apiVersion": DAEMON_SET.api_version, "kind": DAEMON_SET.name, "metadata": metadata}
    made = await scene.cluster.create(KubeObject({**body, "spec": {"selector": selector, "template": template}}))
    try:
        yield await _pods(scene, made, until=until)
    finally:
        with contextlib.suppress(ClusterProblem):
            await asyncio.shield(scene.cluster.delete(made.ref, uid=made.uid, grace_seconds=0))


async def _pods(scene: Scene, made: KubeObject, *, until: float) -> list[KubeObject]:
    """As many as the controller wants. Raises CannotCollect when it wants none, or they do not come."""
    loop = asyncio.get_running_loop()
    found: list[KubeObject] = []
    while loop.time() < until:
        seen = await scene.cluster.get(made.ref) or made
        wanted = int(seen.get("status", "desiredNumberScheduled", default=0))
        selector = f"{COLLECTOR_LABEL}={made.name}"
        found = list(await scene.cluster.list(POD, namespace=scene.namespace, selector=selector))
        if wanted and len([pod for pod in found if pod.get("spec", "nodeName", default="")]) >= wanted:
            return found
        await asyncio.sleep(PAUSE)
    raise CannotCollect("its pods were not scheduled", found=f"{len(found)} pods" if found else "no node takes them")


async def _until(scene: Scene, pod: KubeObject, ready: Callable[[KubeObject], bool], *, until: float) -> KubeObject:
    loop = asyncio.get_running_loop()
    while True:
        seen = await scene.cluster.get(pod.ref) or pod
        stuck = waits_for(seen) or _not_run(seen)
        if stuck:
            raise CannotCollect(f"its pod cannot start: {stuck}")
        if ready(seen):
            return seen
        if loop.time() >= until:
            raise CannotCollect("its pod was not ready in time", found=str(seen.get("status", "phase", default="")))
        await asyncio.sleep(PAUSE)


def _runs(pod: KubeObject) -> bool:
    return pod.get("status", "phase", default="") == "Running" and "running" in (_state(pod).get("state") or {})


def ended(pod: KubeObject) -> bool:
    """Whether the first container has ended, also when it runs again."""
    state = _state(pod)
    return "terminated" in (state.get("state") or {}) or state.get("restartCount", 0) > 0


def _not_run(pod: KubeObject) -> str:
    """Why the first container's command could not be run at all; empty when it could."""
    state = _state(pod)
    for said in (state.get("state") or {}, state.get("lastState") or {}):
        ended = said.get("terminated") or {}
        if ended.get("reason") in _NOT_RUN:
            return str(ended.get("message") or ended["reason"])
    return ""


def _first(pod: KubeObject) -> str:
    return str(pod.get("spec", "containers", 0, "name", default=""))


def _state(pod: KubeObject) -> Mapping[str, Any]:
    """What is said of the pod's first container; empty before it is said."""
    said = pod.get("status", "containerStatuses", default=()) or ()
    found: Mapping[str, Any] = next((one for one in said if one.get("name") == _first(pod)), {})
    return found


async def _copied(scene: Scene, pod: KubeObject, name: str, place: str) -> None:
    most = max(scene.sink.most - scene.sink.used, 1)
    command = ["tar", "-C", "/host", "-cf", "-", name]
    code, content, errors = await scene.inspector.run(pod.ref, command, container=_first(pod), most=most)
    if code < 0:
        raise CannotCollect("it is larger than the limit")
    if code:
        scene.sink.write(f"{place}/stderr.txt", errors)
    if scene.collector.spec.get("extractArchive") is not True:
        scene.sink.write(f"{place}/archive.tar", content)
    else:
        _extracted(scene, content, place)
    if code > _CHANGED:
        raise CannotCollect("it could not be read whole", found=errors.decode(errors="replace").strip())


def _extracted(scene: Scene, content: bytes, place: str) -> None:
    try:
        files = read_tar(content, name="it")
    except Problem as problem:
        scene.sink.write(f"{place}/archive.tar", content)
        raise CannotCollect("its files stay packed", found=problem.message) from problem
    for path, inside in files.items():
        scene.sink.write(f"{place}/{path}", inside)
