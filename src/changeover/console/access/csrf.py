"""Whether a form is ours: it carries its session's token, in a field or in a header.

Where the header is absent the form has to be read before the page sees it; it is bounded already, and handed on whole.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from changeover.console.access.refusal import Refusal

HEADER = "x-csrf-token"
FIELD = "csrf"
MOST_FIELDS = 5000
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def checked(scope: Scope, receive: Receive, token: str) -> Receive:
    """The request's body as the page may read it. Raises Refusal when the token is not the session's."""
    headers = Headers(scope=scope)
    said = headers.get(HEADER)
    if said is None and headers.get("content-type", "").startswith(_FORMS):
        body = await _body(receive)
        said = await _field(scope, body)
        receive = _again(body, receive)
    if not hmac.compare_digest((said or "").encode(), token.encode()):
        raise Refusal(403, "foreign-form", "This form is older than your session.", "load the page again, then repeat")
    return receive


async def _body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _field(scope: Scope, body: bytes) -> str | None:
    request = Request(dict(scope), _again(body))
    try:
        async with request.form(max_fields=MOST_FIELDS) as form:
            found = form.get(FIELD)
    except MultiPartException as error:
        raise Refusal(400, "broken-form", "This form cannot be read.", error.message) from None
    return found if isinstance(found, str) else None


def _again(body: bytes, after: Receive | None = None) -> Receive:
    """The same body once more, then what comes after it."""
    told = False

    async def inner() -> Message:
        nonlocal told
        if not told:
            told = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await after() if after else {"type": "http.disconnect"}

    return inner
