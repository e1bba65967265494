"""Analyzers and redactors of Troubleshoot. Whoever brings them registers here what judges their cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tools.conformance.case import Case, Skipped, read

Judge = Callable[[Mapping[str, Any]], None]


def redactions(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``troubleshoot-redact``."""
    yield from _cases(folder, _not_there("redactors"))


def analyzers(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``troubleshoot-analyzers``."""
    yield from _cases(folder, _not_there("analyzers"))


def _cases(folder: Path, judge: Judge) -> Iterator[Case]:
    for path in sorted(folder.glob("*.json")):
        for number, one in enumerate(read(path)):
            yield Case(f"{path.stem}/{number} {one['name']}", partial(judge, one))


def _not_there(what: str) -> Judge:
    def judge(_: Mapping[str, Any]) -> None:
        raise Skipped(f"{what} are not there yet")

    return judge
