"""Where sessions and failed sign-ins are kept: in this process, or in the cluster for all replicas of a console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

Rows = Mapping[str, str]
"""Rows by key; what a row says is whoever keeps it's own."""
Changes = Mapping[str, str | None]
"""Rows to write; None takes one away."""
Decide = Callable[[Rows], Changes]
"""From what is kept now to what shall change. Pure: it may be asked again when another replica was faster."""


class Shelf(Protocol):
    """Rows that all replicas see."""

    async def read(self, *, fresh: bool = False) -> Rows:
        """What is kept; `fresh` = as of now, otherwise as of a moment ago."""
        ...

    async def change(self, decide: Decide) -> None:
        """Decide on what is kept now, and write it before anybody else writes."""
        ...


class OwnShelf:
    """Rows of a console that runs once: gone when it ends."""

    def __init__(self) -> None:
        self._rows: dict[str, str] = {}

    async def read(self, *, fresh: bool = False) -> Rows:  # noqa: ARG002 - always as of now
        """What is kept."""
        return self._rows

    async def change(self, decide: Decide) -> None:
        """Decide and write."""
        for key, row in decide(self._rows).items():
            if row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = row
