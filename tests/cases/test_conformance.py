"""Every recorded case, judged as `make conformance` judges it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.conformance import shapes
from tools.conformance.__main__ import main
from tools.conformance.case import Case, Skipped

ROOT = Path(__file__).parents[3] / "shared" / "cases"
AT_LEAST = {
    "kots-template": 2_200 + 69 + 55,
    "kots-render": 16,
    "kots-status": 16 + 158 + 381,
    "kots-behaviour": 100,
    "troubleshoot-redact": 154,
    "troubleshoot-analyzers": 562,
}
EVERY = (
    [(folder.name, case) for folder in shapes.folders(ROOT) for case in shapes.every(folder)] if ROOT.is_dir() else []
)


@pytest.mark.skipif(not ROOT.is_dir(), reason=f"the real cases are not here: {ROOT} does not exist")
@pytest.mark.parametrize("folder", AT_LEAST)
def test_the_cases_are_there(folder: str) -> None:
    assert sum(name == folder for name, _ in EVERY) >= AT_LEAST[folder]


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{name}/{case.name}".replace("\n", " ")) for name, case in EVERY]
)
def test_we_answer_as_the_reference_did(case: Case) -> None:
    try:
        case.judge()
    except Skipped as reason:
        pytest.skip(str(reason))


def test_a_disagreement_is_printed_and_counted(tmp_path: Path) -> None:
    (tmp_path / "kots-template").mkdir()
    (tmp_path / "other").mkdir()
    right = {"name": "right", "template": "repl{{ add 1 2 }}", "expected": {"text": "3"}}
    wrong = {**right, "name": "wrong", "expected": {"text": "4"}}
    text = json.dumps({"environment": {}, "cases": [right, wrong]})
    (tmp_path / "kots-template" / "env-x.json").write_text(text)
    done = CliRunner().invoke(main, [str(tmp_path)])
    assert done.exit_code == 1
    assert "FAILED kots-template/env-x/wrong: wanted '4', found '3'" in done.output
    assert "other: not a folder of cases that is known here" in done.output
    assert done.output.endswith("3 passed, 1 failed, 0 skipped\n")
    assert CliRunner().invoke(main, [str(tmp_path / "kots-template"), "--only", "right"]).exit_code == 0


def test_a_file_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "kots-status").mkdir()
    (tmp_path / "kots-status" / "x.json").write_text("{")
    done = CliRunner().invoke(main, [str(tmp_path / "kots-status")])
    assert done.exit_code == 1
    assert "0 passed, 1 failed" in done.output
