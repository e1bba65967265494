"""The journal of one run: a chain of append-only segments, each a Secret of at most 64 KiB.

* An append rewrites only the last segment, by compare-and-swap on its resourceVersion; a full one becomes immutable and
  the next is created. Bytes and time per append are therefore bounded, however long the run is.
* Whoever appends carries the head it has read. If the head moved, somebody else executes: Fenced.
* After a network error nobody knows whether the write was done: the segment is read again, and the attempt's id, which
  is written with the records, tells. The id follows from the head and the records, so that whoever gives up and appends
  the same again later does not write it twice.
* Segments bear the run's uid in name and label: a journal outlives its Changeover object, and a run that comes later
  under the same name must not take the old records for its own.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from changeover.errors import Problem
from changeover.objects import GROUP, Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, Busy, Cluster, Conflict, Fenced, Json, Unreachable
from changeover.settings import INSTALLATION_LABEL, RUN_LABEL, SEGMENT_BYTES

SECRET = Kind("v1", "Secret")
TYPE = "changeover.dev/journal"
UID_LABEL = f"{GROUP}/run-uid"
ATTEMPTS = 5
BATCH_BYTES = 8 * SEGMENT_BYTES
"""A single append beyond a segment's size gets a segment of its own; beyond this it is refused."""


class TooMuch(Problem):
    """Records that do not belong into a journal."""

    reference = "journal-record-too-large"


class Journal:
    """Implements `ports.JournalStore` for the Changeover object it is given."""

    def __init__(self, cluster: Cluster, run: KubeObject, *, pause: float = 0.2) -> None:
        self._cluster = cluster
        self._run = run
        self._pause = pause
        self._number = 0
        self._version = ""
        self._lines = b""
        self._sealed = False
        self._in_doubt = False

    async def read(self) -> Sequence[Mapping[str, Json]]:
        """All records, in order; remembers the head."""
        selector = f"{RUN_LABEL}={self._run.name},{UID_LABEL}={self._run.uid},changeover.dev/part=journal"
        segments = sorted(
            await self._cluster.list(SECRET, namespace=self._run.namespace, selector=selector), key=_number
        )
        text = b""
        for segment in segments:
            text += _content(segment)
        if segments:
            self._take(segments[-1])
        return [json.loads(line)["r"] for line in text.splitlines() if line]

    async def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Write them all or none."""
        if not records:
            return
        texts = [json.dumps(record, separators=(",", ":"), ensure_ascii=False) for record in records]
        head = f"{self._number}/{len(self._lines)}"
        attempt = hashlib.sha256("\n".join((head, *texts)).encode()).hexdigest()[:12]
        lines = "".join(f'{{"a":"{attempt}","r":{text}}}\n' for text in texts).encode()
        if len(lines) > BATCH_BYTES:
            raise TooMuch(
                f"One append to a journal has at most {BATCH_BYTES} bytes.",
                found=f"{len(lines)} bytes in {len(records)} records",
                hint="keep large things in blobs and write their digest",
            )
        for number in range(ATTEMPTS):
            try:
                if self._in_doubt and await self._was_done(attempt):
                    return
                await self._write(lines)
            except (Unreachable, Busy):
                self._in_doubt = True
                if number == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(self._pause * 2**number)
            else:
                return

    async def _write(self, lines: bytes) -> None:
        try:
            if self._number and not self._sealed and len(self._lines) + len(lines) <= SEGMENT_BYTES:
                self._take(await self._replace(self._lines + lines))
                return
            if self._number and not self._sealed:
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
        self._take(await self._cluster.patch(self._ref(self._number), patch))

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
                self._take(found)
                return False
            raise Fenced(f"Another process writes the journal of {self._run.name}.", found="its records are there")
        self._in_doubt = False
        return False

    def _ref(self, number: int) -> Ref:
        return Ref(SECRET, self._run.namespace, f"{self._run.name}-journal-{self._run.uid[:8]}-{number:04d}")

    def _take(self, segment: KubeObject) -> None:
        self._number = _number(segment)
        self._version = segment.resource_version
        self._lines = _content(segment)
        self._sealed = bool(segment.get("immutable", default=False))
        self._in_doubt = False

    def _segment(self, number: int, lines: bytes) -> KubeObject:
        ref = self._ref(number)
        labels = {
            RUN_LABEL: self._run.name,
            UID_LABEL: self._run.uid,
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


def _number(segment: KubeObject) -> int:
    return int(segment.name.rpartition("-")[2])


def _content(segment: KubeObject) -> bytes:
    return base64.b64decode(segment.get("data", "records", default=""))
