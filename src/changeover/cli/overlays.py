"""Customisations as people have them on disk: files of entries, and folders with a kustomize overlay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click


def entries(paths: Sequence[Path]) -> tuple[dict[str, Any], ...]:
    """All entries of files and overlays, in their order; an empty file has none. Raises Problem."""
    return tuple(entry for path in paths for entry in _entries(path))


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    from changeover.actions import customising as action

    if path.is_dir():
        yield {action.OVERLAY: _overlay(path, _kustomization(path))}
    elif path.name in action.NAMES:
        yield {action.OVERLAY: _overlay(path.parent, path)}
    elif text := _read(path).strip():
        yield from action.from_text(text, name=str(path))


def _kustomization(folder: Path) -> Path:
    from changeover.actions import customising as action

    found = [folder / name for name in action.NAMES if (folder / name).is_file()]
    if not found:
        raise click.UsageError(f"{folder} has none of {', '.join(action.NAMES)}.")
    return found[0]


def _overlay(folder: Path, kustomization: Path) -> dict[str, str]:
    """The kustomization and the files that it names, by path; what is not there is told when it is read."""
    from changeover.actions import customising as action

    text = _read(kustomization)
    files = {kustomization.name: text}
    inside = folder.resolve()
    for name in action.named_files(text, name=str(kustomization)):
        path = (folder / name).resolve()
        if path.is_relative_to(inside) and path.is_file():
            files[path.relative_to(inside).as_posix()] = _read(path)
    return files


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        raise click.UsageError(f"{path} is no text.") from None
