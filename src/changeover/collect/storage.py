"""ceph and longhorn: what operators of storage say of it, by commands in Rook's tools and by Longhorn's own objects."""

from __future__ import annotations

import asyncio

from changeover.collect import logs
from changeover.collect.facts import seconds_of
from changeover.collect.scene import POD, CannotCollect, Scene, containers_of, together
from changeover.objects import Kind, KubeObject
from changeover.package import yaml_text
from changeover.ports import ClusterProblem

ROOK, LONGHORN = "rook-ceph", "longhorn-system"
PATIENCE = 30.0
"""Seconds for one command, when the spec says nothing: some wait for what is down."""
_JSON = ("-f", "json-pretty")
COMMANDS = {
    "status.json": ("ceph", "status", *_JSON),
    "fs.json": ("ceph", "fs", "status", *_JSON),
    "fs-ls.json": ("ceph", "fs", "ls", *_JSON),
    "osd-status.txt": ("ceph", "osd", "status", *_JSON),
    "osd-tree.json": ("ceph", "osd", "tree", *_JSON),
    "osd-pool.json": ("ceph", "osd", "pool", "ls", "detail", *_JSON),
    "health.json": ("ceph", "health", "detail", *_JSON),
    "rgw-stats.txt": ("radosgw-admin", "bucket", "stats", "--rgw-cache-enabled=false"),
    "rbd-du.txt": ("rbd", "du", "--pool=replicapool"),
}
"""By file; the reference also asks for Ceph's keys (``ceph auth ls``), which nothing reads: they are not taken."""
KINDS = {
    "nodes": "Node",
    "volumes": "Volume",
    "replicas": "Replica",
    "engines": "Engine",
    "engineimages": "EngineImage",
    "instancemanagers": "InstanceManager",
    "backingimagemanagers": "BackingImageManager",
    "backingimages": "BackingImage",
    "sharemanagers": "ShareManager",
}
_GROUP = "longhorn.io/"
_MOST_LOGS = 40


async def ceph(scene: Scene) -> None:
    """``[<collectorName>/][<namespace>/]ceph/status.json`` and more, the namespace where it is not Rook's own."""
    namespace = scene.said("namespace", ROOK)
    pod = await _tools(scene, namespace)
    place = "/".join(filter(None, (scene.said("collectorName"), namespace if namespace != ROOK else "", "ceph")))
    await together(*(_command(scene, pod, f"{place}/{file}", command) for file, command in COMMANDS.items()))


async def _tools(scene: Scene, namespace: str) -> KubeObject:
    for app in ("rook-ceph-tools", "rook-ceph-operator"):
        for pod in await scene.cluster.list(POD, namespace=namespace, selector=f"app={app}"):
            if pod.get("status", "phase") == "Running":
                return pod
    raise CannotCollect(f"no pod of Rook's tools runs in {namespace}", hint="install rook-ceph-tools")


async def _command(scene: Scene, pod: KubeObject, path: str, command: tuple[str, ...]) -> None:
    within = min(seconds_of(scene.collector.spec.get("timeout"), PATIENCE), scene.seconds)
    stem, most = path.rpartition(".")[0], max(scene.sink.most - scene.sink.used, 1)
    container = str(pod.get("spec", "containers", 0, "name", default=""))
    try:
        async with asyncio.timeout(within):
            code, output, errors = await scene.inspector.run(pod.ref, command, container=container, most=most)
    except (ClusterProblem, TimeoutError) as problem:
        scene.sink.write_json(f"{stem}-errors.json", [str(problem) or f"not finished after {within:g} s"])
        return
    if output:
        scene.sink.write(path, output)
    if errors:
        scene.sink.write(f"{stem}-stderr.txt", errors)
    if code:
        scene.sink.write_json(f"{stem}-errors.json", [f"command terminated with exit code {code}"])


async def longhorn(scene: Scene) -> None:
    """``longhorn/<namespace>/<plural>/<name>.yaml``, ``settings.yaml``, and the logs of its pods."""
    namespace = scene.said("namespace", LONGHORN)
    served = sorted({version for version, _ in await scene.cluster.served() if version.startswith(_GROUP)})
    if not served:
        raise CannotCollect("the cluster has no kinds of Longhorn")
    version, place = served[-1], f"longhorn/{namespace}"
    for plural, name in KINDS.items():
        for one in await scene.cluster.list(Kind(version, name), namespace=namespace):
            scene.sink.write(f"{place}/{plural}/{one.name}.yaml", yaml_text.dump(dict(one.raw)))
    settings = await scene.cluster.list(Kind(version, "Setting"), namespace=namespace)
    values = {one.name: one.get("value", default="") for one in settings}
    scene.sink.write(f"{place}/settings.yaml", yaml_text.dump(values))
    for pod in (await scene.cluster.list(POD, namespace=namespace))[:_MOST_LOGS]:
        for container in containers_of(pod):
            await _log(scene, pod, container, f"{place}/logs/{pod.name}/{container}")


async def _log(scene: Scene, pod: KubeObject, container: str, place: str) -> None:
    try:
        scene.sink.write(f"{place}.log", await logs.read(scene, pod, container, logs.limits(scene)))
    except ClusterProblem as problem:
        scene.sink.write(f"{place}-logs-errors.log", str(problem))
