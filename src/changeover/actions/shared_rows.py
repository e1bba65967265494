"""Small rows that replicas of the console share: one Secret, a row an entry, written by compare-and-swap.

Who writes names the version that was read; when another replica was faster the cluster refuses, and we decide
again on what is kept by then. While the cluster does not answer, reading goes on with what was read last.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping

from changeover.actions.in_accounts import books
from changeover.actions.installations import SECRET
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject, Ref
from changeover.ports import AlreadyExists, Conflict
from changeover.settings import CONSOLE_LABEL

SECONDS = 1.0
"""How old may be what is read: as long as a revoked session may still open a page of another replica."""
_TRIES = 20


class RowsBusy(Problem):
    """So many replicas write at once that ours could not."""

    reference = "rows-busy"


class SharedRows:
    """The rows of one Secret of the namespace."""

    def __init__(self, outside: Outside, name: str) -> None:
        self._outside = outside
        self._ref = Ref(SECRET, outside.namespace, name)
        self._lock = asyncio.Lock()
        self._at = float("-inf")
        self._version = ""
        self._rows: Mapping[str, str] = {}

    async def read(self, *, fresh: bool = False) -> Mapping[str, str]:
        """What is kept: as of a second ago, or as of now. Raises when it was never read."""
        asked = self._outside.clock.monotonic()
        async with self._lock:
            if self._at > (asked if fresh else asked - SECONDS):  # another who waited here may have read it meanwhile
                return self._rows
            try:
                await self._look()
            except Problem:
                if self._at == float("-inf"):
                    raise
            return self._rows

    async def change(self, decide: Callable[[Mapping[str, str]], Mapping[str, str | None]]) -> None:
        """Decide on what is kept now, and write it before anybody else writes. Raises RowsBusy."""
        async with self._lock:
            for attempt in range(_TRIES):
                if attempt or not self._version:
                    await self._look()
                changes = decide(self._rows)
                if not changes:
                    if not attempt and self._version:  # nothing to do only if that is still so
                        await self._look()
                        if decide(self._rows):
                            continue
                    return
                try:
                    await self._write(changes)
                except (Conflict, AlreadyExists):
                    continue
                return
        raise RowsBusy("What the console's replicas share could not be written.", hint="try again")

    async def _look(self) -> None:
        began = self._outside.clock.monotonic()
        self._take(await books(self._outside.cluster).get(self._ref), began)

    async def _write(self, changes: Mapping[str, str | None]) -> None:
        data = {key: None if row is None else base64.b64encode(row.encode()).decode() for key, row in changes.items()}
        began = self._outside.clock.monotonic()
        if not self._version:
            made = {key: row for key, row in data.items() if row is not None}
            self._take(await books(self._outside.cluster).create(self._secret(made)), began)
            return
        patch = {"metadata": {"resourceVersion": self._version}, "data": data}
        self._take(await books(self._outside.cluster).patch(self._ref, patch), began)

    def _take(self, live: KubeObject | None, began: float) -> None:
        data = (live.get("data", default={}) or {}) if live else {}
        self._rows = {key: base64.b64decode(row).decode() for key, row in data.items()}
        self._version = str(live.get("metadata", "resourceVersion", default="")) if live else ""
        self._at = began

    def _secret(self, data: Mapping[str, str]) -> KubeObject:
        return KubeObject(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "Opaque",
                "metadata": {
                    "name": self._ref.name,
                    "namespace": self._ref.namespace,
                    "labels": {CONSOLE_LABEL: "shared"},
                },
                "data": dict(data),
            }
        )
