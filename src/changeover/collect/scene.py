"""What one collector works with: the cluster, where to write, and how much."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import Cluster, Collector, Http, Json

POD = Kind("v1", "Pod")


class Inspector(Protocol):
    """Bounded reads beyond `ports.Cluster`."""

    async def read(self, path: str, *, query: Mapping[str, str] | None = None, most: int) -> bytes:
        """GET, and at most so many bytes of the answer. Raises ClusterProblem."""
        ...

    async def run(self, pod: Ref, command: Sequence[str], *, container: str, most: int) -> tuple[int, bytes, bytes]:
        """Exit code (-1 when cut off), output and errors of a command. Raises ClusterProblem."""
        ...


FindImages = Callable[[Sequence[str], str, float], Awaitable[Mapping[str, tuple[bool, str]]]]
"""Of references, a docker config or nothing, and seconds: by reference whether it is there, and why nobody can tell."""


class CannotCollect(Problem):
    """A collector that cannot do what it is asked."""

    reference = "cannot-collect"


class TooMuch(Problem):
    """A collector that brought more than its limit."""

    reference = "collected-too-much"


@dataclass(slots=True)
class Sink:
    """Files of one collector, kept as they come, so that a cut-off leaves what was there."""

    most: int
    files: dict[str, bytes] = field(default_factory=dict)
    used: int = 0

    def write(self, path: str, content: bytes | str) -> None:
        """Keep a file; raises TooMuch when the limit is reached, the file cut."""
        raw = content.encode(errors="replace") if isinstance(content, str) else content
        left = self.most - self.used
        self.files[path] = raw[: max(left, 0)]
        self.used += len(self.files[path])
        if len(raw) > left:
            raise TooMuch(f"it brought more than {self.most // 1024 // 1024} MiB", found=path)

    def write_json(self, path: str, value: Json) -> None:
        """Keep a document as Go indents it: analyzers search in it by pattern."""
        self.write(path, json.dumps(value, indent=2, ensure_ascii=False))

    def also(self, path: str, original: str) -> None:
        """The same content under a second path; counts nothing."""
        self.files[path] = self.files[original]


@dataclass(frozen=True, slots=True)
class Scene:
    """One collector at work."""

    cluster: Cluster
    inspector: Inspector
    http: Http
    home: str
    """The namespace of the application: where a collector looks that names none."""
    collector: Collector
    sink: Sink
    seconds: float
    """What it may take; a collector that waits ends a little earlier."""
    find_images: FindImages
    root: Path = Path("/")
    """Where the files and programs of the machine lie that is looked at: in a pod, where the node's are mounted."""

    def said(self, field_name: str, default: str = "") -> str:
        """A text of its spec."""
        value = self.collector.spec.get(field_name)
        return str(value) if value not in (None, "") else default

    @property
    def namespace(self) -> str:
        """Where it looks."""
        return self.said("namespace", self.home)

    def selector(self) -> str:
        """Its label selector, from a list of ``a=b``."""
        given = self.collector.spec.get("selector") or ()
        return ",".join(str(one) for one in ([given] if isinstance(given, str) else given))

    async def pods(self) -> Sequence[KubeObject]:
        """The pods that it selects, by an empty list all. Raises ClusterProblem, CannotCollect without a selector."""
        if self.collector.spec.get("selector") is None:
            raise CannotCollect("it selects no pods", hint="give it a selector")
        return await self.cluster.list(POD, namespace=self.namespace, selector=self.selector())


Act = Callable[[Scene], Awaitable[None]]


async def together(*acts: Coroutine[None, None, None]) -> None:
    """Side by side; the first that fails ends the others before its exception is raised."""
    tasks = [asyncio.ensure_future(act) for act in acts]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def containers_of(pod: KubeObject) -> list[str]:
    """The names of a pod's containers, those that initialise it first."""
    both = (*pod.get("spec", "initContainers", default=()), *pod.get("spec", "containers", default=()))
    return [str(one["name"]) for one in both]
