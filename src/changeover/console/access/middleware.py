"""The one gate in front of the console: everything about access is decided here, in this order.

Address (Host, Origin), size and speed of the body, session, role, the form's token; then the page; then the audit log.
Every answer gets the security headers, also those of refusals.
"""

from __future__ import annotations

from typing import Any, cast

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from changeover.actions.audit import Result
from changeover.console.access import csrf
from changeover.console.access.guard import Guard, Visit
from changeover.console.access.headers import security_headers
from changeover.console.access.limits import bounded, too_large
from changeover.console.access.origins import SAFE, refused
from changeover.console.access.permissions import Rule, rule_for
from changeover.console.access.refusal import Refusal, to_sign_in, wants_json
from changeover.console.access.sessions import Session


def access(app: ASGIApp, guard: Guard) -> ASGIApp:
    """The app behind the gate."""
    return _Gate(app, guard)


class _Gate:
    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        sending = _Sending(send, scope, secure=is_https(scope, self._guard))
        try:
            await self._pass(scope, receive, sending)
        except ClientDisconnect:
            return

    async def _pass(self, scope: Scope, receive: Receive, sending: _Sending) -> None:
        guard, request = self._guard, Request(scope, receive)
        rule = rule_for(request.url.path, guard.table)
        visit: Visit | None = None
        refusal: Refusal | None = None
        try:
            receive = self._checked_outside(request, receive)
            visit = await self._visit(request)
            if visit is not None:
                request.state.visit = visit
            answer = self._admitted(request, rule, visit)
            if answer is not None:
                await answer(scope, receive, sending)
                return
            if visit is not None and not visit.token and request.method not in SAFE:
                receive = await csrf.checked(scope, receive, visit.csrf)
            await self._app(scope, receive, sending)
        except Refusal as raised:
            if sending.began:
                raise
            refusal = raised
            await guard.show(request, raised)(scope, receive, sending)
        finally:  # a fault of ours is told as well
            await self._tell(request, rule, visit, status=sending.status, refusal=refusal)

    def _checked_outside(self, request: Request, receive: Receive) -> Receive:
        """Everything that can be said without knowing who asks. Raises Refusal."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        refusal = refused(request.method, headers, self._guard.addresses)
        if refusal is not None:
            raise refusal
        most = self._guard.limits.of(request.url.path)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise Refusal(400, "bad-length", "Content-Length must be a number.")
        if int(length) > most:
            raise too_large(most)
        return bounded(receive, self._guard.limits, most=most, now=self._guard.now)

    async def _visit(self, request: Request) -> Visit | None:
        said = request.headers.get("authorization")
        if said is not None and wants_json(request):
            return await self._bearer(said)
        token = request.cookies.get(self._guard.cookie(https=is_https(request.scope, self._guard)), "")
        if not token:
            return None
        found = await self._guard.sessions.find(token, await self._guard.accounts())
        return Visit(found[1], found[0]) if found else None

    async def _bearer(self, said: str) -> Visit:
        """Who a program acts for. Raises Refusal; guessing 256 bits needs no waits."""
        scheme, _, text = said.partition(" ")
        found = None
        if scheme.lower() == "bearer":
            found = await self._guard.tokens(text.strip(), await self._guard.accounts())
        if found is None:
            raise Refusal(
                401, "unknown-token", "This token opens nothing.", "it is over or revoked: `changeover token create`"
            )
        token, account = found
        now = self._guard.now()
        return Visit(account, Session(token.digest, account.name, account.epoch, "", now, now), token.id)

    def _admitted(self, request: Request, rule: Rule, visit: Visit | None) -> Response | None:
        """None when the request may go on, else where to go instead. Raises Refusal for a role that is too small."""
        needed = rule.needs(request.method)
        if needed is None:
            return None
        if visit is None:
            return to_sign_in(request)
        if visit.account.role < needed:
            raise Refusal(
                403,
                "role-too-small",
                f"This needs the role {needed.word}; {visit.name} is {visit.account.role.word}.",
                "an administrator changes roles on the page Users, or with `changeover users role`",
            )
        return None

    async def _tell(
        self, request: Request, rule: Rule, visit: Visit | None, *, status: int, refusal: Refusal | None
    ) -> None:
        if request.method in SAFE or visit is None:
            return  # what a stranger tries is counted, not kept: it would let them fill the log
        state: dict[str, Any] = cast("dict[str, Any]", request.scope.get("state", {}))
        if status < 400 and not (rule.tells or "detail" in state):
            return
        result: Result = "done" if status < 400 else "refused" if status < 500 else "failed"
        detail = refusal.reference if refusal else str(state.get("detail", ""))
        detail = f"by token {visit.token} {detail}".rstrip() if visit.token else detail
        what = f"{request.method} {request.url.path}"
        await self._guard.tell(visit.name, what, result, address=address_of(request), detail=detail)


class _Sending:
    """Adds the headers to whatever is answered, and remembers its status."""

    def __init__(self, send: Send, scope: Scope, *, secure: bool) -> None:
        self._send = send
        self._headers = security_headers(scope["path"], secure=secure)
        self.status = 500
        self.began = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers[name] = value
        await self._send(message)


def address_of(request: Request) -> str:
    """Where the request comes from: the peer, not what a header claims."""
    return request.client.host if request.client else ""


def is_https(scope: Scope, guard: Guard) -> bool:
    """Whether the browser speaks HTTPS with us, or with the Ingress before us."""
    host = Headers(scope=scope).get("host", "").lower()
    return scope.get("scheme") == "https" or f"https://{host}" in guard.addresses.origins
