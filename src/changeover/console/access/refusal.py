"""A request that is turned away: what is told, as a page, as JSON, or as a way to the sign-in."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response


class Refusal(HTTPException):
    """Why a request goes no further. An HTTPException, so that it is told as what it is wherever it is raised."""

    def __init__(self, status: int, reference: str, message: str, hint: str = "") -> None:
        super().__init__(status, message)
        self.reference = reference
        self.hint = hint


Show = Callable[[Request, Refusal], Response]
"""How a refusal becomes a page: the console hands its own in."""


def plainly(request: Request, refusal: Refusal) -> Response:
    """A refusal without any template: JSON for programs, a few lines of HTML for people."""
    if wants_json(request):
        body = {"code": refusal.reference, "message": refusal.detail, "hint": refusal.hint}
        return JSONResponse(body, status_code=refusal.status_code)
    text = (
        f"<!doctype html><title>{refusal.status_code}</title><h1>{escape(refusal.detail)}</h1><p>{escape(refusal.hint)}"
    )
    return HTMLResponse(text, status_code=refusal.status_code)


def to_sign_in(request: Request) -> Response:
    """Where somebody without a session is sent: programs are told 401, htmx moves the whole page, others follow."""
    if wants_json(request) or request.headers.get("accept", "").startswith("text/event-stream"):
        refusal = Refusal(401, "not-signed-in", "Sign in first.", "the session is over, or there was none")
        return plainly(request, refusal)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"/login?next={quote(asked, safe='')}" if request.method == "GET" and asked != "/" else "/login"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    return RedirectResponse(address, status_code=303)


def wants_json(request: Request) -> bool:
    """Whether a program asks: everything under ``/api/`` is for programs."""
    return request.url.path.startswith("/api/")


def safe_next(address: str) -> str:
    """Where to go after the sign-in: a path of this console, or its front page. Never another site.

    Browsers read a backslash as a slash, drop tabs and newlines, and take ``//host`` for another site.
    """
    plain = address.startswith("/") and not address.startswith("//")
    if not plain or "\\" in address or any(ord(sign) <= ord(" ") or ord(sign) == 0x7F for sign in address):
        return "/"
    return "/" if address.startswith(("/login", "/logout")) else address
