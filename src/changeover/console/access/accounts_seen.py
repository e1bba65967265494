"""The accounts as of a moment ago: a page must not wait for the cluster, and a removed account not stay for long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from changeover.actions.accounts import Account
from changeover.errors import Problem

SECONDS = 3.0


class AccountsSeen:
    """Reads the accounts at most every three seconds; while the cluster does not answer, the last ones hold."""

    def __init__(self, read: Callable[[], Awaitable[Mapping[str, Account]]], now: Callable[[], float]) -> None:
        self._read = read
        self._now = now
        self._at = float("-inf")
        self._last: Mapping[str, Account] | None = None

    async def __call__(self) -> Mapping[str, Account]:
        """The accounts by name. Raises what reading raises only when they were never read."""
        if self._last is not None and self._now() - self._at < SECONDS:
            return self._last
        try:
            self._last = await self._read()
        except Problem:
            if self._last is None:
                raise
        self._at = self._now()
        return self._last

    def forget(self) -> None:
        """Read anew next time: an account was just changed here."""
        self._at = float("-inf")
