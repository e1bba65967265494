"""The journal's vocabulary: what a run writes, a run can read; else the next process would refuse it as too new."""

import re
from pathlib import Path

import changeover
from changeover.runs.state import fold

RUNS = Path(changeover.__file__).parent / "runs"


def test_every_event_that_is_written_is_known() -> None:
    written = {name for file in RUNS.rglob("*.py") for name in re.findall(r'"event": "([a-z]+)"', file.read_text())}
    assert {"begun", "watched", "heard"} <= written
    for name in sorted(written):
        record = {"event": name, "step": "s", "key": "k", "data": {}, "problem": {}, "plan": "", "because": ""}
        more = {"question": {}, "answer": {}, "request": {"id": "1"}, "verdict": "committed"}
        assert fold([{**record, **more}]).unknown == (), name


def test_an_event_of_a_newer_version_is_noticed() -> None:
    assert fold([{"event": "teleported"}]).unknown == ("teleported",)
