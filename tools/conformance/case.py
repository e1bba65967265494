"""One recorded case, and the three ways in which judging it can end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_WIDTH = 600


class Disagreement(Exception):
    """We answer otherwise than the reference did."""


class Skipped(Exception):
    """The case says nothing about us; the words say why."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case with its name (unique in its folder) and what judges it; `judge` raises Disagreement or Skipped."""

    name: str
    judge: Callable[[], None] = field(repr=False)


def same(found: Any, wanted: Any, what: str = "") -> None:
    """Both must be equal. Raises Disagreement with what differs."""
    if found != wanted:
        at = _first_difference(found, wanted)
        raise Disagreement(f"{what + ': ' if what else ''}{at}")


@cache
def read(path: Path) -> Any:
    """A file of cases."""
    return json.loads(path.read_text())


def spec(text: str | None) -> dict[str, Any] | None:
    """The spec of a document given as text."""
    from changeover.package import yaml_text

    return (yaml_text.load(text) or {}).get("spec") if text else None


def _first_difference(found: Any, wanted: Any, path: str = "") -> str:
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in sorted({*found, *wanted}, key=str):
            if found.get(key) != wanted.get(key) or (key in found) != (key in wanted):
                return _first_difference(found.get(key), wanted.get(key), f"{path}.{key}" if path else str(key))
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for at, (one, other) in enumerate(zip(found, wanted, strict=True)):
            if one != other:
                return _first_difference(one, other, f"{path}[{at}]")
    return f"{path + ': ' if path else ''}wanted {_short(wanted)}, found {_short(found)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
