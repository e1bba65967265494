"""logs: of every container of the selected pods, the log before a restart too, within the limits that the spec sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from changeover.collect.facts import seconds_of
from changeover.collect.scene import Scene, containers_of
from changeover.objects import KubeObject
from changeover.ports import ClusterProblem

LINES = 10_000
BYTES = 5 * 1024 * 1024
"""Of one container's log."""


async def logs(scene: Scene) -> None:
    """``[<name>/]<pod>/<container>.log``, and the same under ``cluster-resources/pods/logs``."""
    wanted = {str(one) for one in scene.collector.spec.get("containerNames") or ()}
    for pod in await scene.pods():
        for container in containers_of(pod):
            if not wanted or container in wanted:
                await _container(scene, pod, container)


async def _container(scene: Scene, pod: KubeObject, container: str) -> None:
    place = "/".join(filter(None, (scene.said("name"), pod.name, container)))
    query = limits(scene)
    shared = f"cluster-resources/pods/logs/{pod.namespace}/{pod.name}/{container}"
    try:
        scene.sink.write(f"{place}.log", await read(scene, pod, container, query))
    except ClusterProblem as problem:
        scene.sink.write(f"{place}-logs-errors.log", str(problem))
        return
    finally:
        _share(scene, place, shared)
    if restarts(pod, container):
        query = {**query, "previous": "true"}
        scene.sink.write(f"{place}-previous.log", await read(scene, pod, container, query))


def _share(scene: Scene, place: str, shared: str) -> None:
    if f"{place}.log" in scene.sink.files:
        scene.sink.also(f"{shared}.log", f"{place}.log")


async def read(scene: Scene, pod: KubeObject, container: str, query: dict[str, str]) -> bytes:
    """A container's log. Raises ClusterProblem."""
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/log"
    most = min(int(query["limitBytes"]), max(scene.sink.most - scene.sink.used + 1, 1))
    return await scene.inspector.read(path, query={**query, "container": container}, most=most)


def limits(scene: Scene, *, now: datetime | None = None) -> dict[str, str]:
    """What the API server is asked for: lines, bytes, since when."""
    spec = scene.collector.spec
    given = spec.get("limits") or {}
    query = {"tailLines": str(given.get("maxLines") or LINES), "limitBytes": str(given.get("maxBytes") or BYTES)}
    if given.get("sinceTime"):
        query["sinceTime"] = str(given["sinceTime"])
    elif given.get("maxAge"):
        since = (now or datetime.now(UTC)) - timedelta(seconds=seconds_of(given["maxAge"], 0.0))
        query["sinceTime"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return query | ({"timestamps": "true"} if spec.get("timestamps") else {})


def restarts(pod: KubeObject, container: str) -> int:
    """How often a container was started again."""
    statuses = (
        *pod.get("status", "containerStatuses", default=()),
        *pod.get("status", "initContainerStatuses", default=()),
    )
    return next((int(one.get("restartCount") or 0) for one in statuses if one.get("name") == container), 0)
