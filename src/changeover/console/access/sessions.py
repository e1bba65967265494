"""Sessions of signed-in people: kept on the server, revocable, with an end.

* The cookie holds 256 random bits; we keep only their SHA-256, so what is kept opens nothing.
* Signing in always makes a new session and ends the one that the browser brought: nobody can fix one beforehand.
* A session ends after half an hour without a request, after twelve hours at the latest, at sign-out, and as soon as the
  account's password or role changes (its epoch moves on) or the account goes.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from changeover.actions.accounts import Account

IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 60 * 60
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

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: dict[str, Session] = {}

    def open(self, account: Account, *, instead_of: str = "") -> str:
        """Begin a session and return what the cookie shall hold; the old cookie's session ends."""
        self.end(instead_of)
        self._forget_old()
        own = sorted((one for one in self._open.values() if one.name == account.name), key=lambda one: one.seen)
        for one in own[: max(0, len(own) - PER_PERSON + 1)]:
            del self._open[one.key]
        token, now = secrets.token_urlsafe(32), self._now()
        made = Session(_key(token), account.name, account.epoch, secrets.token_urlsafe(32), now, now)
        self._open[made.key] = made
        return token

    def find(self, token: str, accounts: Mapping[str, Account]) -> tuple[Session, Account] | None:
        """The session of a cookie with its account as it is now; None when it is over or never was."""
        found = self._open.get(_key(token)) if token else None
        if found is None:
            return None
        account = accounts.get(found.name)
        if account is None or account.epoch != found.epoch or self._is_over(found):
            del self._open[found.key]
            return None
        found = replace(found, seen=self._now())
        self._open[found.key] = found
        return found, account

    def end(self, token: str) -> None:
        """Sign out."""
        self._open.pop(_key(token), None)

    def end_all_of(self, name: str) -> int:
        """Sign a person out everywhere; returns of how many browsers."""
        own = [key for key, one in self._open.items() if one.name == name]
        for key in own:
            del self._open[key]
        return len(own)

    def count_of(self, name: str) -> int:
        """How many browsers a person is signed in with."""
        return sum(one.name == name and not self._is_over(one) for one in self._open.values())

    def _is_over(self, session: Session) -> bool:
        now = self._now()
        return now - session.seen > IDLE_SECONDS or now - session.began > LONGEST_SECONDS

    def _forget_old(self) -> None:
        self._open = {key: one for key, one in self._open.items() if not self._is_over(one)}


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
