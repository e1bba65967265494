"""Named points at which the plug is pulled in tests: around every journal write, and before every mutation."""

from __future__ import annotations

from collections.abc import Callable


class PowerCut(BaseException):
    """The process is gone. A BaseException, so that no handler can swallow it."""


class Faults:
    """Counts points; at the one it was told to, it cuts, and at all later ones: what goes on beside is gone as well."""

    def __init__(self, cut_at: int = 0, cut: Callable[[str], None] | None = None) -> None:
        self.cut_at = cut_at
        self.seen: list[str] = []
        self._cut = cut

    def point(self, name: str) -> None:
        """A place where a process may die."""
        self.seen.append(name)
        if 0 < self.cut_at <= len(self.seen):
            if self._cut:
                self._cut(name)
            raise PowerCut(name)
