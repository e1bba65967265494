"""Analyzers and redactors of Troubleshoot.

Where the reference erred we must say unknown or nothing; where it is silent also pass is allowed, never warn or fail.
Cases whose mocks the replay lost (`replayMatchesGoTest: false`): reports of weave and missing files of fio are judged
by what the Go test got (the report under the name that the glob asks for); the others by the replay, whose files are
all that we are given, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from changeover.checks import analyzers as analyzers_
from changeover.checks import redactors
from changeover.checks.specs import kind_of
from tools.conformance.case import Case, Skipped, read, same

Judge = Callable[[Mapping[str, Any]], None]
RECORDED = datetime(2026, 11, 23, 3, 10, 35, tzinfo=UTC)
"""When the cases were recorded: their certificates end so many days later."""
ERRED = "Analyzer Failed:"
MOCKED = frozenset({"weaveReport", "filesystemPerformance"})
SILENCE = frozenset({"unknown", "pass"})
UNSEEN = frozenset({"emits_warning_when_nodes.json_is_not_collected"})
"""Cases in which the reference warns about what it could not see; we say unknown."""


def redactions(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``troubleshoot-redact``."""
    yield from _cases(folder, _redacted)


def analyzers(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``troubleshoot-analyzers``."""
    yield from _cases(folder, _analyzed)


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


def _analyzed(case: Mapping[str, Any]) -> None:
    kind = kind_of(case["spec"])
    case = _with_mocks(case, kind)
    expected = case["expected"]
    host = case["kind"] == "host"
    if not analyzers_.knows(kind, host=host):
        raise Skipped(f"analyzers of kind {kind} are not there yet")
    said = analyzers_.analyze(case["spec"], case["files"], host=host, now=RECORDED)
    found = [(one.verdict, one.title, one.message) for one in said]
    results = expected.get("results") or []
    if expected.get("error") or case["name"].rpartition("/")[2] in UNSEEN:
        same(sorted({verdict for verdict, _, _ in found} - {"unknown"}), [], "verdicts where the reference erred")
        return
    wanted = [_result(one) for one in results]
    # What the reference could not read it calls a failure of the host; we say unknown, which is no pass either.
    wanted = [("unknown", *one[1:]) if one[2].startswith(ERRED) else one for one in wanted]
    if not wanted:
        same(sorted({verdict for verdict, _, _ in found} - SILENCE), [], "verdicts where the reference is silent")
    elif any(verdict == "unknown" for verdict, _, _ in wanted):
        same(sorted(one[0] for one in found), sorted(one[0] for one in wanted), "verdicts")
    else:
        same(sorted(set(found)), sorted(set(wanted)), "results")


def _with_mocks(case: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    if case.get("replayMatchesGoTest") is not False or kind not in MOCKED:
        return case
    told = {**case, "expected": {"results": case["goTestResults"]}}
    if kind != "weaveReport":
        return told
    spec = {kind: {**case["spec"][kind], "reportFileGlob": "weave/*.json"}}
    return {**told, "spec": spec, "files": {"weave/report.json": case["files"]["."]}}


def _result(one: Mapping[str, Any]) -> tuple[str, str, str]:
    """The worst flag of a result; unknown for none."""
    verdict = next((word for word in ("fail", "warn", "pass") if one[f"is{word.title()}"]), "unknown")
    return verdict, one["title"], one["message"]
