"""Sessions of signed-in people: kept on the server, revocable, with an end.

* The cookie holds 256 random bits; we keep only their SHA-256, so what is kept opens nothing.
* Signing in always makes a new session and ends the one that the browser brought: nobody can fix one beforehand.
* A session ends after half an hour without a request, after twelve hours at the latest, at sign-out, and as soon as the
  account's password or role changes (its epoch moves on) or the account goes.
* Replicas share them by their shelf: each use is not written, only one a minute.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from changeover.actions.accounts import Account
from changeover.console.access.shelf import Changes, OwnShelf, Rows, Shelf
from changeover.errors import Problem

IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 60 * 60
NOTED_SECONDS = 60
"""How often the last use of a session is written down."""
PER_PERSON = 10
"""Sessions of one account; the one unused for longest goes first."""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of one person."""

    key: str
    """SHA-256 of what the cookie holds."""
    name: str
    epoch: int
    csrf: str
    """What every form of this session carries."""
    began: float
    seen: float
    """Seconds of the clock that is handed in."""


class Sessions:
    """All sessions of this console."""

    def __init__(self, now: Callable[[], float], shelf: Shelf | None = None) -> None:
        self._now = now
        self._shelf = shelf or OwnShelf()

    async def open(self, account: Account, *, instead_of: str = "") -> str:
        """Begin a session and return what the cookie shall hold; the old cookie's session ends."""
        token, now = secrets.token_urlsafe(32), self._now()
        made = Session(_key(token), account.name, account.epoch, secrets.token_urlsafe(32), now, now)

        def decide(rows: Rows) -> Changes:
            every = [_session(key, row) for key, row in rows.items()]
            over = {one.key for one in every if self._is_over(one) or one.key == _key(instead_of)}
            own = [one for one in every if one.name == account.name and one.key not in over]
            own.sort(key=lambda one: one.seen)
            over |= {one.key for one in own[: max(0, len(own) - PER_PERSON + 1)]}
            return {**dict.fromkeys(over), made.key: _row(made)}

        await self._shelf.change(decide)
        return token

    async def find(self, token: str, accounts: Mapping[str, Account]) -> tuple[Session, Account] | None:
        """The session of a cookie with its account as it is now; None when it is over or never was."""
        found = await self._kept(_key(token)) if token else None
        if found is None:
            return None
        account = accounts.get(found.name)
        if account is None or account.epoch != found.epoch or self._is_over(found):
            await self._end({found.key})
            return None
        if self._now() - found.seen >= NOTED_SECONDS:
            found = replace(found, seen=self._now())
            with contextlib.suppress(Problem):  # a cluster that does not answer signs nobody out
                await self._shelf.change(lambda rows: {found.key: _row(found)} if found.key in rows else {})
        return found, account

    async def end(self, token: str) -> None:
        """Sign out."""
        if token:
            await self._end({_key(token)})

    async def end_all_of(self, name: str) -> int:
        """Sign a person out everywhere; returns of how many browsers."""
        rows = await self._shelf.read(fresh=True)
        own = {key for key, row in rows.items() if _session(key, row).name == name}
        await self._end(own)
        return len(own)

    async def count_of(self, name: str) -> int:
        """How many browsers a person is signed in with."""
        every = [_session(key, row) for key, row in (await self._shelf.read()).items()]
        return sum(one.name == name and not self._is_over(one) for one in every)

    async def _kept(self, key: str) -> Session | None:
        row = (await self._shelf.read()).get(key)
        if row is None:  # it may have been begun with another replica just now
            row = (await self._shelf.read(fresh=True)).get(key)
        return _session(key, row) if row is not None else None

    async def _end(self, keys: set[str]) -> None:
        await self._shelf.change(lambda rows: {key: None for key in keys if key in rows})

    def _is_over(self, session: Session) -> bool:
        now = self._now()
        return now - session.seen > IDLE_SECONDS or now - session.began > LONGEST_SECONDS


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _row(session: Session) -> str:
    return json.dumps({name: value for name, value in asdict(session).items() if name != "key"})


def _session(key: str, row: str) -> Session:
    return Session(key, **json.loads(row))
