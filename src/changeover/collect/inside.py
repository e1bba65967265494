"""exec and copy: a command in the selected pods, and the files that they hold."""

from __future__ import annotations

import asyncio
import posixpath

from changeover.collect.facts import seconds_of
from changeover.collect.scene import CannotCollect, Scene, containers_of, together
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package.archive import read_tar
from changeover.ports import ClusterProblem

MOST_PODS = 20


async def execute(scene: Scene) -> None:
    """``<name>/<namespace>/<pod>/<collectorName>-stdout.txt``, ``-stderr.txt``, ``-errors.json``."""
    spec = scene.collector.spec
    command = [str(word) for word in (*(spec.get("command") or ()), *(spec.get("args") or ()))]
    if not command:
        raise CannotCollect("it says no command")
    within = min(seconds_of(spec.get("timeout"), scene.seconds), scene.seconds)
    await together(*(_run(scene, pod, command, within) for pod in await _running(scene)))


async def _run(scene: Scene, pod: KubeObject, command: list[str], within: float) -> None:
    own = scene.said("collectorName")
    place = "/".join(filter(None, (scene.said("name"), pod.namespace, pod.name, own)))
    most = max(scene.sink.most - scene.sink.used, 1)
    try:
        async with asyncio.timeout(within):
            code, output, errors = await scene.inspector.run(
                pod.ref, command, container=_container(scene, pod), most=most
            )
    except ClusterProblem as problem:
        scene.sink.write_json(f"{place}-errors.json", [str(problem)])
        return
    except TimeoutError:
        scene.sink.write_json(f"{place}-errors.json", [f"not finished after {within:g} s"])
        return
    for ending, content in (("stdout", output), ("stderr", errors)):
        if content:
            scene.sink.write(f"{place}-{ending}.txt", content)
    if code:
        scene.sink.write_json(f"{place}-errors.json", [f"command terminated with exit code {code}"])


async def copy(scene: Scene) -> None:
    """``<name>/<namespace>/<pod>/<container>/<path>``: a file or folder of each pod, by the tar that is in it."""
    path = posixpath.normpath(scene.said("containerPath"))
    if not path.startswith("/"):
        raise CannotCollect("containerPath must be absolute", found=scene.said("containerPath") or "nothing")
    for pod in await _running(scene):
        place = "/".join(filter(None, (scene.said("name"), pod.namespace, pod.name, scene.said("containerName"))))
        try:
            await _copied(scene, pod, path, place)
        except (ClusterProblem, CannotCollect) as problem:
            scene.sink.write_json(f"{place}-errors.json", [str(problem)])


async def _copied(scene: Scene, pod: KubeObject, path: str, place: str) -> None:
    parent, base = posixpath.split(path)
    command = ["tar", "-C", parent, "-cf", "-", base]
    most = max(scene.sink.most - scene.sink.used, 1)
    code, content, errors = await scene.inspector.run(pod.ref, command, container=_container(scene, pod), most=most)
    if code:
        why = "it is larger than the limit" if code < 0 else errors.decode(errors="replace").strip()
        raise CannotCollect(f"{path} could not be read from {pod.name}", found=why)
    if scene.collector.spec.get("extractArchive") is False:
        scene.sink.write(f"{place}{path}.tar", content)
        return
    try:
        files = read_tar(content, name=f"{path} of {pod.name}")
    except Problem as problem:
        raise CannotCollect(f"{path} of {pod.name} could not be read", found=problem.message) from problem
    for name, inside in files.items():
        scene.sink.write(f"{place}{parent.rstrip('/')}/{name}", inside)


async def _running(scene: Scene) -> list[KubeObject]:
    found = [pod for pod in await scene.pods() if pod.get("status", "phase") == "Running"]
    if not found:
        raise CannotCollect(f"no running pod in {scene.namespace} has {scene.selector()}")
    return found[:MOST_PODS]


def _container(scene: Scene, pod: KubeObject) -> str:
    first = pod.get("spec", "containers", 0, "name", default="")
    wanted = scene.said("containerName", str(first))
    if wanted not in containers_of(pod):
        raise CannotCollect(f"{pod.name} has no container {wanted}", found=", ".join(containers_of(pod)))
    return wanted
