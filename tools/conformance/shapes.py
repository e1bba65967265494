"""Which folders of cases are known, and what reads each: a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tools.conformance import kots_behaviour, kots_render, kots_status, kots_template, troubleshoot
from tools.conformance.case import Case

SHAPES: Mapping[str, Callable[[Path], Iterator[Case]]] = {
    "kots-template": kots_template.cases,
    "images": kots_template.cases,
    "include-annotations": kots_template.cases,
    "kots-render": kots_render.cases,
    "kots-status": kots_status.cases,
    "kots-behaviour": kots_behaviour.cases,
    "troubleshoot-redact": troubleshoot.redactions,
    "troubleshoot-analyzers": troubleshoot.analyzers,
}
"""By the folder's name; images and include-annotations may lie in ``kots-template`` or in folders of their own."""
MATERIAL = frozenset({"gitpod"})
"""Folders that cases refer to and that hold none themselves."""


def folders(root: Path) -> list[Path]:
    """The folders of cases in a folder, or the folder itself when it is one; by name."""
    root = root.resolve()
    if root.name in SHAPES:
        return [root]
    return [root / name for name in sorted(SHAPES) if (root / name).is_dir()]


def unknown(root: Path) -> list[str]:
    """Folders in it that nobody reads."""
    if root.resolve().name in SHAPES or not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if path.is_dir() and path.name not in {*SHAPES, *MATERIAL})


def every(folder: Path) -> Iterator[Case]:
    """The cases of one of these folders."""
    yield from SHAPES[folder.name](folder)
