"""Analyzers and redactors of Troubleshoot. Whoever brings them registers here what judges their cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from changeover.checks import redactors
from tools.conformance.case import Case, Skipped, read, same

Judge = Callable[[Mapping[str, Any]], None]


def redactions(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``troubleshoot-redact``."""
    yield from _cases(folder, _redacted)


def analyzers(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``troubleshoot-analyzers``."""
    yield from _cases(folder, _not_there("analyzers"))


def _cases(folder: Path, judge: Judge) -> Iterator[Case]:
    for path in sorted(folder.glob("*.json")):
        for number, one in enumerate(read(path)):
            yield Case(f"{path.stem}/{number} {one['name']}", partial(judge, one))


def _redacted(case: Mapping[str, Any]) -> None:
    expected = case["expected"]
    done = redactors.redact(case["input"], case["path"], case["redactors"] or ())
    same(done.output, expected["output"], "output")
    found = [
        {
            "redactorName": one.name,
            "charactersRemoved": one.characters_removed,
            "line": one.line,
            "file": one.file,
            "isDefaultRedactor": one.is_default,
        }
        for one in done.redactions
    ]
    same(sorted(found, key=_order), sorted(expected.get("redactions") or [], key=_order), "redactions")


def _order(one: Mapping[str, Any]) -> tuple[int, str, int]:
    return one["line"], one["redactorName"], one["charactersRemoved"]


def _not_there(what: str) -> Judge:
    def judge(_: Mapping[str, Any]) -> None:
        raise Skipped(f"{what} are not there yet")

    return judge
