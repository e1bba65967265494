"""Analyzers say what Troubleshoot said in the recorded cases; where it erred or was silent, we say unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from changeover.checks.analyzers import JUDGES, analyze

FOLDER = Path(__file__).parents[3] / "shared" / "cases" / "troubleshoot-analyzers"
ABOVE = {"emits_warning_when_nodes.json_is_not_collected"}
"""Cases in which the reference warns about what it could not see; we say unknown."""


def recorded() -> list[Any]:
    found = []
    for kind in sorted(JUDGES):
        path = FOLDER / f"cluster-{kind}.json"
        cases = json.loads(path.read_text()) if path.is_file() else []
        found += [pytest.param(case, id=f"{kind}-{number}-{case['name']}") for number, case in enumerate(cases)]
    return found or [pytest.param({}, marks=pytest.mark.skip(reason="the recorded cases are not beside the project"))]


def verdict_of(result: dict[str, Any]) -> str:
    """The worst of its flags; unknown for none."""
    return next((word for word in ("fail", "warn", "pass") if result[f"is{word.title()}"]), "unknown")


@pytest.mark.parametrize("case", recorded())
def test_says_what_troubleshoot_said(case: dict[str, Any]) -> None:
    ours = [(one.verdict, one.title, one.message) for one in analyze(case["spec"], case["files"])]
    theirs = case["expected"].get("results") or []
    if case["expected"].get("error") or case["name"].rpartition("/")[2] in ABOVE:
        assert {verdict for verdict, _, _ in ours} <= {"unknown"}
        return
    if not theirs:
        assert {verdict for verdict, _, _ in ours} <= {"unknown", "pass"}
        return
    said = [(verdict_of(one), one["title"], one["message"]) for one in theirs]
    if any(verdict == "unknown" for verdict, _, _ in said):
        assert [one[0] for one in ours] == [one[0] for one in said]
        return
    assert sorted(set(ours)) == sorted(set(said))
