"""Carries collectors out, side by side, each with its deadline and its limit; the rest goes on when one hangs.

* a collector whose rights are missing, or whose kind is not known, is not begun and named as skipped
* one that is cut off, or brings too much, keeps what it had by then and is named as partial
* how each fared stands in the bundle: ``skipped-collectors.json``, ``collector-errors/<title>-error.json``
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from changeover.collect import scene as scenes
from changeover.collect.scene import Scene, Sink, TooMuch
from changeover.collect.table import COLLECTORS, HOST_COLLECTORS, Row
from changeover.errors import Problem
from changeover.ports import Bounds, Cluster, ClusterProblem, Collected, Collector, Fetched, Http, Progress
from changeover.settings import SKIPPED_FILE

AT_ONCE = 6
NOT_SUPPORTED = "not supported"


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

        async def one(collector: Collector) -> tuple[Fetched, Mapping[str, bytes]]:
            async with turn:
                tell(collector.title)
                fetched, files = await self._one(collector, bounds)
            if fetched.state != "done":
                tell(f"{fetched.title}: {fetched.state}, {fetched.reason}")
            return fetched, files

        done = await asyncio.gather(*(one(collector) for collector in collectors))
        return gathered(done, total=bounds.total)

    async def _one(self, collector: Collector, bounds: Bounds) -> tuple[Fetched, Mapping[str, bytes]]:
        row = _row(collector)
        if row is None:
            return Fetched(collector.title, "skipped", NOT_SUPPORTED), {}
        sink = Sink(bounds.bytes)
        scene = Scene(
            self._cluster,
            self._cluster.inspector,
            self._http,
            self._namespace,
            collector,
            sink,
            bounds.seconds,
            self._find_images,
        )
        began = time.monotonic()

        def told(state: str, reason: str = "") -> tuple[Fetched, Mapping[str, bytes]]:
            kept = "partial" if state == "failed" and sink.files else state
            return Fetched(collector.title, kept, reason, time.monotonic() - began), sink.files  # type: ignore[arg-type]

        try:
            async with asyncio.timeout(bounds.seconds):
                missing = await self._missing(row, scene)
                if missing:
                    return told("skipped", f"no right to {missing}")
                await row.act(scene)
        except TimeoutError:
            return told("failed", f"not finished after {bounds.seconds:g} s")
        except TooMuch as problem:
            return told("failed", problem.message)
        except Problem as problem:
            return told("failed", " ".join(filter(None, (problem.message, problem.found))))
        except (ValueError, TypeError, AttributeError, KeyError) as wrong:
            return told("failed", f"its spec, or what it found, has an unexpected shape: {wrong}")
        return told("done")

    async def _missing(self, row: Row, scene: Scene) -> str:
        for verb, resource in row.needs:
            try:
                allowed = await self._cluster.allowed(verb, resource, namespace=scene.namespace)
            except ClusterProblem:
                return ""
            if not allowed:
                return f"{verb} {resource.plural} in {scene.namespace}"
        return ""


def _row(collector: Collector) -> Row | None:
    """How it is carried out; None for a kind, or a place, that is not supported."""
    return {"cluster": COLLECTORS, "host": HOST_COLLECTORS}.get(collector.place, {}).get(collector.kind)


def gathered(done: Sequence[tuple[Fetched, Mapping[str, bytes]]], *, total: int) -> Collected:
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
