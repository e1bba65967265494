"""Failed sign-ins: who guesses waits longer each time, and after ten failures a quarter of an hour.

Counted for the account and for the address the guesses come from, so neither many names from one place nor many places
for one name go fast. A success forgets the account's failures; a password reset does as well (the account's epoch is
part of what is counted), so nobody can keep an administrator out for good.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE = 4
"""Failures that cost no wait: a typing mistake is no attack."""
LOCKED_AFTER = 10
LOCKED_SECONDS = 15 * 60.0
FORGOTTEN_SECONDS = 60 * 60.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float


class Attempts:
    """Failures by account and by address."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, *who: str) -> float:
        """Seconds that must pass before the next try; 0 = now."""
        return max(self._wait(one) for one in who)

    def left(self, who: str) -> int:
        """Tries left before the long wait."""
        return max(0, LOCKED_AFTER - self._of(who).count)

    def failed(self, *who: str) -> None:
        """Count a failure."""
        for one in who:
            self._failures[one] = _Failures(self._of(one).count + 1, self._now())
            self._failures.move_to_end(one)
        while len(self._failures) > _MOST:
            self._failures.popitem(last=False)

    def succeeded(self, *who: str) -> None:
        """Forget the failures."""
        for one in who:
            self._failures.pop(one, None)

    def _wait(self, who: str) -> float:
        found = self._of(who)
        return max(0.0, found.last + _pause(found.count) - self._now())

    def _of(self, who: str) -> _Failures:
        found = self._failures.get(who)
        if found is None or self._now() - found.last > FORGOTTEN_SECONDS:
            return _Failures(0, self._now())
        return found


def _pause(count: int) -> float:
    if count >= LOCKED_AFTER:
        return LOCKED_SECONDS
    return 0.0 if count <= FREE else float(2 ** (count - FREE))
