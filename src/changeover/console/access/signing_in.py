"""Signing in and out: name and password against the account's hash, with waits for who guesses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from changeover.actions import passwords
from changeover.console.access.guard import Guard
from changeover.console.access.middleware import address_of, is_https
from changeover.console.access.sessions import LONGEST_SECONDS

_ONE_AT_A_TIME = asyncio.Semaphore(1)
"""Each hash takes 19 MiB for as long as it is computed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a sign-in failed, as the page tells it: never whether the name exists."""

    wait: float
    """Seconds until the next try counts."""
    left: int
    """Tries until the long wait."""


async def sign_in(request: Request, guard: Guard, name: str, password: str) -> str | Failed:
    """The token of a new session, or why there is none. The session that the browser came with is over either way."""
    address = address_of(request)
    account = (await guard.accounts()).get(name)
    person = f"name {name[:64]} {account.epoch if account else 0}"
    place = f"address {address}"
    wait = await guard.attempts.begin(person, place)
    if wait > 0:
        return Failed(wait, await guard.attempts.left(person))
    async with _ONE_AT_A_TIME:
        right = await asyncio.to_thread(passwords.matches, account.password if account else "", password)
    if not right or account is None:
        await guard.tell(name if account else "?", "sign in", "refused", address=address)
        return Failed(await guard.attempts.wait(person, place), await guard.attempts.left(person))
    await guard.attempts.succeeded(person, place)
    await guard.tell(name, "sign in", "done", address=address)
    return await guard.sessions.open(account, instead_of=_token(request, guard))


def welcome(request: Request, guard: Guard, token: str, response: Response) -> Response:
    """The answer with the cookie that holds the session."""
    https = is_https(request.scope, guard)
    response.set_cookie(
        guard.cookie(https=https),
        token,
        max_age=LONGEST_SECONDS,
        path="/",
        secure=https,
        httponly=True,
        samesite="strict",
    )
    return response


async def sign_out(request: Request, guard: Guard, response: Response) -> Response:
    """End the session and take the cookie back."""
    visit = getattr(request.state, "visit", None)
    await guard.sessions.end(_token(request, guard))
    if visit is not None:
        await guard.tell(visit.name, "sign out", "done", address=address_of(request))
    https = is_https(request.scope, guard)
    response.delete_cookie(guard.cookie(https=https), path="/", secure=https, httponly=True, samesite="strict")
    return response


def _token(request: Request, guard: Guard) -> str:
    return request.cookies.get(guard.cookie(https=is_https(request.scope, guard)), "")
