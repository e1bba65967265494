"""The console's pages over an API server in memory: an Installation of one package, three people."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.testclient import TestClient

from changeover.actions import accounts, answers, audit
from changeover.actions.accounts import Role
from changeover.actions.answers import Answers
from changeover.actions.installations import INSTALLATION
from changeover.actions.outside import Outside
from changeover.channel.generators import produce
from changeover.channel.sources import open_source
from changeover.console.access.attempts import Attempts
from changeover.console.access.guard import Guard
from changeover.console.access.middleware import access
from changeover.console.access.origins import Addresses
from changeover.console.access.sessions import Sessions
from changeover.console.pages import account, config, sign_in, users
from changeover.console.pages import audit as audit_page
from changeover.console.permitted import TABLE
from changeover.console.room import Room
from changeover.kube.blobs import KubeBlobs
from changeover.kube.journal import Journal
from changeover.objects import KubeObject
from changeover.package.answers import Given
from tests.crash.api_server import ApiServer

Result = TypeVar("Result")
PASSWORD = "correct-horse-battery"
HOME = "http://localhost:8800"
STUBS = {
    "_macros.html": "{% macro state(kind, word, ic=None) %}<span>{{ word }}</span>{% endmacro %}",
    "_base.html": "{% import '_macros.html' as m with context %}<!doctype html><html lang=en><meta charset=utf-8>"
    "<title>{% block title %}{% endblock %}</title><body>{% block main %}{% endblock %}",
    "_solo.html": "<!doctype html><html lang=en><meta charset=utf-8>"
    "<title>{% block title %}{% endblock %}</title><body>"
    "{% macro brandmark() %}{% endmacro %}{% block body %}{% endblock %}",
}
TEMPLATES = Path(config.__file__).parents[1] / "templates"


def done(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work gives, carried out in a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


class Clock:
    """Time as the test sets it."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 15, tzinfo=UTC)


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
            capture=nothing,
            events=nothing,
            webhook=nothing,
            definitions=nothing,
            profiles=nothing,
            faults=nothing,
            produce=produce,
        )
        done(self._furnish())
        self.guard = Guard(
            addresses=Addresses.of(8800),
            table=TABLE,
            accounts=lambda: accounts.listed(self.outside),
            record=audit.Log(self.outside).record,
            stamp=lambda: Clock().now().isoformat(),
            now=lambda: self.time,
            sessions=Sessions(lambda: self.time),
            attempts=Attempts(lambda: self.time),
        )
        loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(TEMPLATES), jinja2.DictLoader(STUBS)])
        self.templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        self.templates.globals["icon"] = lambda _name: ""
        self.room = Room(self.guard, lambda person: replace(self.outside, person=person), self._render)
        pages = (account, config, sign_in, users, audit_page)
        self.pages = Starlette(routes=[route for page in pages for route in page.routes(self.room)])
        self.app = access(self.pages, self.guard)

    def _render(self, request: Request, name: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        own = {
            "visit": getattr(request.state, "visit", None),
            "where": {"application": "Desk", "namespace": "desk", "cluster": ""},
            "version": "1",
        }
        return HTMLResponse(self.templates.get_template(name).render(**own, **values), status_code=status)

    async def _furnish(self) -> None:
        raw = {
            "apiVersion": INSTALLATION.api_version,
            "kind": INSTALLATION.name,
            "metadata": {"name": "desk", "namespace": "desk"},
            "spec": {"source": {"channel": str(self.package)}},
        }
        made = await self.cluster.create(KubeObject(raw))
        status = {"running": {"version": "1.0.0", "number": 1}, "revisions": [{"number": 1, "version": "1.0.0"}]}
        made = await self.cluster.patch(made.ref, {"status": status}, subresource="status")
        given = Given(self.held, dict.fromkeys(self.held, "prod.yaml line 1"))
        await answers.keep(self.outside, made, 1, Answers(given))
        for name, role in (("vera", Role.VIEWER), ("olaf", Role.OPERATOR), ("ada", Role.ADMIN)):
            await accounts.add(self.outside, name, role, password=PASSWORD)

    def client(self, name: str = "") -> TestClient:
        """A browser, signed in when somebody is named."""
        client = TestClient(self.app, base_url=HOME, follow_redirects=False)
        if name:
            assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
            sessions = [one for one in self.guard.sessions._open.values() if one.name == name]
            client.headers["x-csrf-token"] = sessions[-1].csrf
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
