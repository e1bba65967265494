"""Failed sign-ins: who guesses waits longer each time, and after ten failures a quarter of an hour.

Counted for the account and for the address the guesses come from, so neither many names from one place nor many places
for one name go fast. A success forgets the account's failures; a password reset does as well (the account's epoch is
part of what is counted), so nobody can keep an administrator out for good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from changeover.console.access.shelf import Changes, OwnShelf, Rows, Shelf

FREE = 4
"""Failures that cost no wait: a typing mistake is no attack."""
LOCKED_AFTER = 10
LOCKED_SECONDS = 15 * 60.0
FORGOTTEN_SECONDS = 60 * 60.0
_MOST = 2_000
"""Names and addresses that are counted at a time: they must fit into one Secret."""


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float


class Attempts:
    """Failures by account and by address."""

    def __init__(self, now: Callable[[], float], shelf: Shelf | None = None) -> None:
        self._now = now
        self._shelf = shelf or OwnShelf()

    async def wait(self, *who: str) -> float:
        """Seconds that must pass before the next try; 0 = now."""
        return self._longest(await self._shelf.read(fresh=True), who)

    async def left(self, who: str) -> int:
        """Tries left before the long wait."""
        return max(0, LOCKED_AFTER - self._of(await self._shelf.read(), who).count)

    async def begin(self, *who: str) -> float:
        """Count a try as failed before it is checked and return 0; or count nothing and return how long to wait.

        One decision for all replicas: tries side by side are no way around.
        """
        wait = 0.0

        def decide(rows: Rows) -> Changes:
            nonlocal wait
            wait = self._longest(rows, who)
            return {} if wait > 0 else self._counted(rows, who)

        await self._shelf.change(decide)
        return wait

    async def succeeded(self, *who: str) -> None:
        """Forget the failures."""
        keys = [_key(one) for one in who]
        await self._shelf.change(lambda rows: {key: None for key in keys if key in rows})

    def _counted(self, rows: Rows, who: tuple[str, ...]) -> dict[str, str | None]:
        changes: dict[str, str | None] = {_key(one): f"{self._of(rows, one).count + 1} {self._now()}" for one in who}
        kept = sorted((key for key in rows if key not in changes), key=lambda key: _failures(rows[key]).last)
        old = [key for key in kept if self._now() - _failures(rows[key]).last > FORGOTTEN_SECONDS]
        return dict.fromkeys([*old, *kept[: max(0, len(kept) + len(changes) - _MOST)]]) | changes

    def _longest(self, rows: Rows, who: tuple[str, ...]) -> float:
        found = (self._of(rows, one) for one in who)
        return max(max(0.0, one.last + _pause(one.count) - self._now()) for one in found)

    def _of(self, rows: Rows, who: str) -> _Failures:
        row = rows.get(_key(who))
        found = _failures(row) if row else _Failures(0, self._now())
        return _Failures(0, self._now()) if self._now() - found.last > FORGOTTEN_SECONDS else found


def _key(who: str) -> str:
    return hashlib.sha256(who.encode()).hexdigest()[:32]


def _failures(row: str) -> _Failures:
    count, _, last = row.partition(" ")
    return _Failures(int(count), float(last))


def _pause(count: int) -> float:
    if count >= LOCKED_AFTER:
        return LOCKED_SECONDS
    return 0.0 if count <= FREE else float(2 ** (count - FREE))
