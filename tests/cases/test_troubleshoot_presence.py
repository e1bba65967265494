"""The presence analyzers say what Troubleshoot said in the recorded cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from changeover.checks.presence import KINDS, judge

FOLDER = Path(__file__).parents[3] / "shared" / "cases" / "troubleshoot-analyzers"


def recorded() -> list[Any]:
    found = []
    for kind in sorted(KINDS):
        path = FOLDER / f"cluster-{kind}.json"
        cases = json.loads(path.read_text()) if path.is_file() else []
        found += [pytest.param(kind, case, id=f"{kind}-{case['name']}") for case in cases]
    return found or [
        pytest.param("", {}, marks=pytest.mark.skip(reason="the recorded cases are not beside the project"))
    ]


@pytest.mark.parametrize(("kind", "case"), recorded())
def test_says_what_troubleshoot_said(kind: str, case: dict[str, Any]) -> None:
    ours = judge(kind, case["spec"][kind], case["files"])
    theirs = case["expected"].get("results") or []
    if not theirs:
        assert ours is None or ours.verdict == "unknown"
        return
    verdicts = [word for word in ("pass", "warn", "fail") if theirs[0][f"is{word.title()}"]]
    if not verdicts:
        assert ours is None
        return
    assert ours is not None
    assert (ours.verdict, ours.title, ours.message) == (verdicts[0], theirs[0]["title"], theirs[0]["message"])
