"""The journal of one run: a chain of append-only segments, each a Secret of at most 64 KiB.

* An append rewrites only the last segment, by compare-and-swap on its resourceVersion; a full one becomes immutable and
  the next is created. Bytes and time per append are therefore bounded, however long the run is.
* Whoever appends carries the head it has read. If the head moved, somebody else executes: Fenced.
* After a network error nobody knows whether the write was done: the segment is read again, and the attempt's id, which
  is written with the records, tells.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence

from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, Busy, Cluster, Conflict, Fenced, Json, Unreachable
from changeover.settings import INSTALLATION_LABEL, RUN_LABEL, SEGMENT_BYTES

SECRET = Kind("v1", "Secret")
TYPE = "changeover.dev/journal"
ATTEMPTS = 5


class Journal:
    """Implements `ports.JournalStore` for the Changeover object it is given."""

    def __init__(self, cluster: Cluster, run: KubeObject, *, pause: float = 0.2) -> None:
        self._cluster = cluster
        self._run = run
        self._pause = pause
        self._number = 0
        self._version = ""
        self._lines = b""

    async def read(self) -> Sequence[Mapping[str, Json]]:
        """All records, in order; remembers the head."""
        found = await self._cluster.list(
            SECRET, namespace=self._run.namespace, selector=f"{RUN_LABEL}={self._run.name},changeover.dev/part=journal"
        )
        segments = sorted(found, key=lambda one: one.name)
        text = b""
        for segment in segments:
            text += _content(segment)
        if segments:
            self._take(segments[-1])
        return [json.loads(line)["r"] for line in text.splitlines() if line]

    async def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Write them all or none."""
        attempt = uuid.uuid4().hex[:12]
        lines = b"".join(
            json.dumps({"a": attempt, "r": record}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
            for record in records
        )
        for last in (False,) * (ATTEMPTS - 1) + (True,):
            try:
                await self._write(lines)
            except (Unreachable, Busy):
                if last:
                    raise
                if await self._was_done(attempt):
                    return
            else:
                return

    async def _write(self, lines: bytes) -> None:
        try:
            if self._number and len(self._lines) + len(lines) <= SEGMENT_BYTES:
                self._take(await self._replace(self._lines + lines))
                return
            if self._number:
                await self._seal()
            self._take(await self._cluster.create(self._segment(self._number + 1, lines)))
        except (Conflict, AlreadyExists) as moved:
            raise Fenced(
                f"Another process writes the journal of {self._run.name}.",
                found="the journal moved on since it was read",
                hint="only one process executes a run; this one stops, nothing is lost",
            ) from moved

    async def _replace(self, content: bytes) -> KubeObject:
        patch = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": self._version},
            {"op": "replace", "path": "/data/records", "value": base64.b64encode(content).decode()},
        ]
        return await self._cluster.patch(self._ref(self._number), patch)

    async def _seal(self) -> None:
        patch = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": self._version},
            {"op": "add", "path": "/immutable", "value": True},
        ]
        await self._cluster.patch(self._ref(self._number), patch)

    async def _was_done(self, attempt: str) -> bool:
        """Whether the write whose answer was lost is there; also brings the head up to date when it is ours."""
        before = self._lines
        for number in (self._number + 1, self._number):
            found = await self._cluster.get(self._ref(number)) if number else None
            if found is None:
                continue
            content = _content(found)
            if attempt.encode() in content:
                self._take(found)
                return True
            if number == self._number and content == before:
                self._version = found.resource_version
                return False
            raise Fenced(f"Another process writes the journal of {self._run.name}.", found="its records are there")
        return False

    def _ref(self, number: int) -> Ref:
        return Ref(SECRET, self._run.namespace, f"{self._run.name}-journal-{number:04d}")

    def _take(self, segment: KubeObject) -> None:
        self._number = int(segment.name.rpartition("-")[2])
        self._version = segment.resource_version
        self._lines = _content(segment)

    def _segment(self, number: int, lines: bytes) -> KubeObject:
        ref = self._ref(number)
        labels = {
            RUN_LABEL: self._run.name,
            INSTALLATION_LABEL: self._run.labels.get(INSTALLATION_LABEL, ""),
            "changeover.dev/part": "journal",
        }
        return KubeObject(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": TYPE,
                "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": labels},
                "data": {"records": base64.b64encode(lines).decode()},
            }
        )


def _content(segment: KubeObject) -> bytes:
    return base64.b64decode(segment.get("data", "records", default=""))
