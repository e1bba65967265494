"""Which documents are kept or left out, as the reference implementation answered."""

import json
from pathlib import Path

import pytest

from changeover.render import admission

CASES = Path(__file__).parents[3] / "shared" / "cases" / "kots-template" / "include-annotations.json"


def _load() -> list[dict]:
    return json.loads(CASES.read_text()) if CASES.is_file() else []


@pytest.mark.skipif(not CASES.is_file(), reason=f"the real cases are not here: {CASES} does not exist")
def test_the_cases_are_there() -> None:
    assert len(_load()) >= 50


@pytest.mark.parametrize("case", _load(), ids=lambda case: case["name"].replace("\n", " "))
def test_a_document_is_kept_or_left_out(case: dict) -> None:
    expected = case["expected"]
    vendor_kinds = not case["excludeKotsKinds"]
    if "error" in expected and not expected["parseError"]:
        with pytest.raises(admission.BadAnnotation):
            admission.admit(case["path"], case["content"], vendor_kinds=vendor_kinds)
        return
    judged = admission.admit(case["path"], case["content"], vendor_kinds=vendor_kinds)
    assert (judged.raw is not None) == expected["include"]
    assert (judged.remark is not None) == ("error" in expected)
