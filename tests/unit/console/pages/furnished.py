"""The console's pages over an API server in memory: an Installation of one package, three people."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from starlette.testclient import TestClient
from starlette.types import ASGIApp

from changeover import wiring
from changeover.actions import accounts, answers, audit, passwords, revisions
from changeover.actions.accounts import Account, Role
from changeover.actions.answers import Answers
from changeover.actions.installations import INSTALLATION
from changeover.actions.outside import Outside
from changeover.channel.arriving import FolderArrivals
from changeover.channel.generators import produce
from changeover.channel.sources import open_source
from changeover.console.access.origins import Addresses
from changeover.console.app import Where, build, room_of
from changeover.console.rendering import Place
from changeover.kube.blobs import KubeBlobs
from changeover.kube.journal import Journal
from changeover.objects import KubeObject
from changeover.package.answers import Given
from changeover.ports import Collected
from changeover.render.revision import Revision
from tests.crash.api_server import ApiServer

Result = TypeVar("Result")
PASSWORD = "correct-horse-battery"
_HASH = passwords.hashed(PASSWORD, name="")
MAP = KubeObject(
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "desk", "namespace": "desk"}, "data": {"host": "a"}}
)
HOME = "http://localhost:8800"


def done(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work gives, carried out in a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


class Clock:
    """Time as the test sets it."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 15, tzinfo=UTC)

    def monotonic(self) -> float:
        return 7.0


async def nothing_collected(*_: Any, **__: Any) -> Collected:
    """A cluster in which no collector finds anything."""
    return Collected()


@dataclass
class Furnished:
    """The console over a package, with an operator's answers on file."""

    package: Path
    held: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.cluster = ApiServer()
        self.time = 1000.0
        cluster = cast("Any", self.cluster)
        nothing: Any = None
        self.outside = Outside(
            cluster=cluster,
            clock=cast("Any", Clock()),
            http=nothing,
            charts=nothing,
            namespace="desk",
            person="nora@laptop",
            source=open_source,
            blobs=lambda installation: KubeBlobs(cluster, installation),
            journal=lambda run: Journal(cluster, run, pause=0),
            lease=nothing,
            volumes=nothing,
            collect=nothing_collected,
            events=nothing,
            webhook=nothing,
            definitions=nothing,
            profiles=nothing,
            faults=nothing,
            produce=produce,
            copy_images=wiring.copy_images,
            arrivals=lambda _: FolderArrivals(self.package.parent / "arriving"),
        )
        done(self._furnish())
        self.app = self.on(8800)

    def on(self, port: int) -> ASGIApp:
        """The console as it is served at that port."""
        self.room = room_of(self.outside, Where(Addresses.of(port), Place("Desk", "desk")), now=lambda: self.time)
        return build(self.room)

    async def _furnish(self) -> None:
        raw = {
            "apiVersion": INSTALLATION.api_version,
            "kind": INSTALLATION.name,
            "metadata": {"name": "desk", "namespace": "desk"},
            "spec": {"source": {"channel": str(self.package)}},
        }
        made = await self.cluster.create(KubeObject(raw))
        blob = await revisions.keep(self.outside, made, Revision("1.0.0", (MAP,), "sha256:1"))
        listed = {"number": 1, "version": "1.0.0", "digest": "sha256:1", "blob": blob}
        available = [{"version": "1.0.0"}, {"version": "1.1.0"}]
        running = {"version": "1.0.0", "number": 1, "revision": "sha256:1"}
        status = {"running": running, "revisions": [listed], "available": available}
        made = await self.cluster.patch(made.ref, {"status": status}, subresource="status")
        given = Given(self.held, dict.fromkeys(self.held, "prod.yaml line 1"))
        await answers.keep(self.outside, made, 1, Answers(given))
        for name, role in (("vera", Role.VIEWER), ("olaf", Role.OPERATOR), ("ada", Role.ADMIN)):
            await accounts._write(self.outside, Account(name, role, _HASH, "2026-11-23T00:00:00+00:00"))

    def client(self, name: str = "") -> TestClient:
        """A browser, signed in when somebody is named."""
        client = TestClient(self.app, base_url=HOME, follow_redirects=False)
        if name:
            assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
            page = client.get("/account").text
            client.headers["x-csrf-token"] = page.partition('name="csrf" value="')[2].partition('"')[0]
        return client

    def log(self) -> list[tuple[str, str, str, str]]:
        """The audit log, oldest first: who, what, result, detail."""
        found = done(audit.entries(self.outside))
        return [(one.who, one.what, one.result, one.detail) for one in reversed(found)]

    def saved(self) -> Given:
        """What waits for the next change."""
        return done(self._saved())

    async def _saved(self) -> Given:
        installations = await self.cluster.list(INSTALLATION, namespace="desk")
        return await answers.saved(self.outside, installations[0])
