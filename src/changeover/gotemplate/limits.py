"""How much a template may do: what it writes, how many steps it takes, how large a text or list one call may make."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.gotemplate.problem import CallFailed


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one rendering."""

    output: int = 16 * 1024 * 1024
    """Characters that a rendering may write."""
    steps: int = 2_000_000
    """Nodes that a rendering may carry out."""
    depth: int = 100
    """Templates within templates."""


TEXT = 8 * 1024 * 1024
"""Characters that one call may make."""
ENTRIES = 200_000
"""Entries of a list that one call may make."""


def check_text(size: int) -> None:
    """Refuse a text of this many characters when it is too large. Raises CallFailed."""
    if size > TEXT:
        raise CallFailed(f"the result would have {size} characters, {TEXT} are allowed")


def check_entries(count: int) -> None:
    """Refuse a list of this many entries when it is too large. Raises CallFailed."""
    if count > ENTRIES:
        raise CallFailed(f"the list would have {count} entries, {ENTRIES} are allowed")
