"""A console with three accounts behind the real gate: no cluster, no socket, a clock that the test turns."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from changeover.actions import passwords
from changeover.actions.accounts import Account, Role
from changeover.actions.audit import Entry
from changeover.console.access.attempts import Attempts
from changeover.console.access.guard import Guard
from changeover.console.access.limits import Limits
from changeover.console.access.middleware import access
from changeover.console.access.origins import Addresses
from changeover.console.access.permissions import Rule
from changeover.console.access.refusal import safe_next
from changeover.console.access.sessions import Sessions
from changeover.console.access.shelf import OwnShelf
from changeover.console.access.signing_in import Failed, sign_in, sign_out, welcome

HOME = "http://localhost:8800"
PASSWORD = "correct-horse-battery"
_HASH = passwords.hashed(PASSWORD, name="x")
TABLE = (
    Rule("/login", read=None, write=None),
    Rule("/logout", write=Role.VIEWER, tells=False),
    Rule("/config", write=Role.OPERATOR),
    Rule("/users/*", read=Role.ADMIN),
    Rule("/upload", write=Role.OPERATOR),
)


@dataclass
class Gated:
    """The console, its clock, its accounts and its audit log."""

    time: float = 1_000_000.0
    log: list[Entry] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    public: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.accounts = {
            name: Account(name, role, _HASH, "2026-11-23", epoch=1)
            for name, role in (("vera", Role.VIEWER), ("olaf", Role.OPERATOR), ("ada", Role.ADMIN))
        }

        async def listed() -> dict[str, Account]:
            return self.accounts

        async def record(entry: Entry) -> None:
            self.log.append(entry)

        self.shelf = OwnShelf()

        def now() -> float:
            return self.time

        self.guard = Guard(
            addresses=Addresses.of(8800, *self.public),
            table=TABLE,
            accounts=listed,
            record=record,
            stamp=lambda: "2026-11-23T15:00:00+00:00",
            now=now,
            sessions=Sessions(now, self.shelf),
            attempts=Attempts(now),
            limits=Limits(bytes=4096, larger={"/upload": 65536}),
        )

    def client(self, base: str = HOME) -> TestClient:
        """A browser without a session; it follows no redirects."""
        routes = [
            Route("/login", self._login, methods=["GET", "POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/{rest:path}", self._page, methods=["GET", "POST"]),
        ]
        app = access(Starlette(routes=routes), self.guard)
        return TestClient(app, base_url=base, follow_redirects=False)

    def signed_in(self, name: str, base: str = HOME) -> TestClient:
        """A browser with a session; its forms carry the token."""
        client = self.client(base)
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        client.headers["x-csrf-token"] = client.get("/config").json()["csrf"]
        return client

    async def _login(self, request: Request) -> Response:
        if request.method == "GET":
            return PlainTextResponse("who are you")
        form = await request.form()
        found = await sign_in(request, self.guard, str(form["name"]), str(form["password"]))
        if isinstance(found, Failed):
            return JSONResponse({"wait": found.wait, "left": found.left}, status_code=401)
        target = safe_next(request.query_params.get("next", "/"))
        return welcome(request, self.guard, found, RedirectResponse(target, status_code=303))

    async def _logout(self, request: Request) -> Response:
        return await sign_out(request, self.guard, RedirectResponse("/login", status_code=303))

    async def _page(self, request: Request) -> Response:
        if request.method == "POST":
            self.received.append(await request.body())
        return JSONResponse({"who": request.state.visit.name, "csrf": request.state.visit.csrf})
