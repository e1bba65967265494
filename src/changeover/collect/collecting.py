"""Carries collectors out, side by side, each with its deadline and its limit; the rest goes on when one hangs.

* a collector whose rights are missing, or whose kind is not known, is not begun and named as skipped
* one that is cut off, or brings too much, keeps what it had by then and is named as partial
* host collectors that are to look at every node are carried out there together, in one pod
* how each fared stands in the bundle: ``skipped-collectors.json``, ``collector-errors/<title>-error.json``
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from changeover.collect import scene as scenes
from changeover.collect.host import each_node
from changeover.collect.scene import Scene, Sink, TooMuch
from changeover.collect.table import COLLECTORS, DAEMON_RIGHTS, HOST_COLLECTORS, Row
from changeover.errors import Problem
from changeover.ports import Bounds, Cluster, ClusterProblem, Collected, Collector, Fetched, Http, Progress, Resource
from changeover.settings import IMAGE, SKIPPED_FILE

AT_ONCE = 6
NOT_SUPPORTED = "not supported"

Done = tuple[Fetched, Mapping[str, bytes]]
"""How a collector fared, and its files."""


class InspectableCluster(Cluster, Protocol):
    """A cluster that also gives bounded reads."""

    @property
    def inspector(self) -> scenes.Inspector:
        """Of its paths and pods."""
        ...


class ClusterCollecting:
    """Implements `ports.Collecting` on one cluster, for the application of one namespace."""

    def __init__(
        self, cluster: InspectableCluster, http: Http, *, namespace: str, find_images: scenes.FindImages
    ) -> None:
        self._cluster = cluster
        self._http = http
        self._namespace = namespace
        self._find_images = find_images

    async def __call__(self, collectors: Sequence[Collector], *, bounds: Bounds, tell: Progress) -> Collected:
        """Everything that could be had."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(collector: Collector) -> list[Done]:
            async with turn:
                tell(collector.title)
                return _telling([await self._one(collector, bounds)], tell)

        async def of_nodes(several: Sequence[Collector]) -> list[Done]:
            tell(f"each node: {', '.join(one.kind for one in several)}")
            return _telling(await self._of_nodes(several, bounds), tell)

        nodes = [one for one in collectors if one.place == "nodes" and one.kind in HOST_COLLECTORS]
        rest = [one(collector) for collector in collectors if collector not in nodes]
        done = await asyncio.gather(*rest, *([of_nodes(nodes)] if nodes else []))
        return gathered([each for several in done for each in several], total=bounds.total)

    async def _one(self, collector: Collector, bounds: Bounds) -> Done:
        row = _row(collector)
        if row is None:
            return Fetched(collector.title, "skipped", NOT_SUPPORTED), {}
        scene = self._scene(collector, bounds)

        async def act() -> str:
            missing = await self._missing(row.needs, scene)
            if not missing:
                await row.act(scene)
            return missing

        return await _attempted(scene, act)

    async def _of_nodes(self, collectors: Sequence[Collector], bounds: Bounds) -> list[Done]:
        """One pod for each node carries all of them out."""
        image = next((str(one.spec[IMAGE]) for one in collectors if one.spec.get(IMAGE)), "")
        if not image:
            return [(Fetched(one.title, "skipped", each_node.NO_IMAGE), {}) for one in collectors]
        scene = self._scene(Collector("hosts", {"name": "changeover-hosts", IMAGE: image}, "nodes"), bounds)
        done: list[Done] = []

        async def act() -> str:
            missing = await self._missing(DAEMON_RIGHTS, scene)
            done.extend([] if missing else await each_node.of_each_node(scene, collectors))
            return missing

        told, _ = await _attempted(scene, act)
        return done or [(replace(told, title=one.title), {}) for one in collectors]

    def _scene(self, collector: Collector, bounds: Bounds) -> Scene:
        inspector, sink = self._cluster.inspector, Sink(bounds.bytes)
        return Scene(
            self._cluster, inspector, self._http, self._namespace, collector, sink, bounds.seconds, self._find_images
        )

    async def _missing(self, needs: Sequence[tuple[str, Resource]], scene: Scene) -> str:
        for verb, resource in needs:
            try:
                allowed = await self._cluster.allowed(verb, resource, namespace=scene.namespace)
            except ClusterProblem:
                return ""
            if not allowed:
                return f"{verb} {resource.plural} in {scene.namespace}"
        return ""


class HostCollecting:
    """Implements `ports.Collecting` for the machine whose files lie at `root` alone: what runs in a pod of a node."""

    def __init__(self, http: Http, *, root: Path, find_images: scenes.FindImages) -> None:
        self._http = http
        self._root = root
        self._find_images = find_images

    async def __call__(self, collectors: Sequence[Collector], *, bounds: Bounds, tell: Progress) -> Collected:
        """Everything that could be had."""
        done = await asyncio.gather(*(self._one(collector, bounds) for collector in collectors))
        return gathered(_telling(done, tell), total=bounds.total)

    async def _one(self, collector: Collector, bounds: Bounds) -> Done:
        row = HOST_COLLECTORS.get(collector.kind)
        if row is None:
            return Fetched(collector.title, "skipped", NOT_SUPPORTED), {}
        nowhere: Any = None
        sink = Sink(bounds.bytes)
        scene = Scene(nowhere, nowhere, self._http, "", collector, sink, bounds.seconds, self._find_images, self._root)

        async def act() -> str:
            await row.act(scene)
            return ""

        return await _attempted(scene, act)


async def _attempted(scene: Scene, act: Callable[[], Awaitable[str]]) -> Done:
    """How an act ended that says which right it lacks; a cut-off, a limit and any trouble end it alone."""
    began = time.monotonic()
    state, reason = "failed", ""
    try:
        async with asyncio.timeout(scene.seconds):
            missing = await act()
            state, reason = ("skipped", f"no right to {missing}") if missing else ("done", "")
    except TimeoutError:
        reason = f"not finished after {scene.seconds:g} s"
    except TooMuch as problem:
        reason = problem.message
    except Problem as problem:
        reason = " ".join(filter(None, (problem.message, problem.found)))
    except OSError as wrong:
        reason = f"the machine says: {wrong}"
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError) as wrong:
        reason = f"its spec, or what it found, has an unexpected shape: {wrong}"
    kept = "partial" if state == "failed" and scene.sink.files else state
    return Fetched(scene.collector.title, kept, reason, time.monotonic() - began), scene.sink.files  # type: ignore[arg-type]


def _telling(done: Sequence[Done], tell: Progress) -> list[Done]:
    for fetched, _ in done:
        if fetched.state != "done":
            tell(f"{fetched.title}: {fetched.state}, {fetched.reason}")
    return list(done)


def _row(collector: Collector) -> Row | None:
    """How it is carried out; None for a kind, or a place, that is not supported."""
    return {"cluster": COLLECTORS, "host": HOST_COLLECTORS}.get(collector.place, {}).get(collector.kind)


def gathered(done: Sequence[Done], *, total: int) -> Collected:
    """All files together, up to `total` bytes, with the list of what is missing."""
    files: dict[str, bytes] = {}
    used, fetched = 0, []
    for told, brought in done:
        here = told
        for path, content in brought.items():
            if used + len(content) > total:
                here = Fetched(told.title, "partial", "the bundle would be too large", told.seconds)
                continue
            files[path] = content
            used += len(content)
        fetched.append(here)
    for one in fetched:
        if one.state in {"failed", "partial"}:
            files[one.error_file] = json.dumps([one.reason], indent=2).encode()
    skipped = [one.as_json() for one in fetched if one.state == "skipped"]
    if skipped:
        files[SKIPPED_FILE] = json.dumps(skipped, indent=2).encode()
    return Collected(files, tuple(fetched))
