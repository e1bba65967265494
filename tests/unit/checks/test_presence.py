"""What is there, what is not, and what nobody looked at."""

from __future__ import annotations

import pytest

from changeover.checks.presence import judge

OUTCOMES = [{"fail": {"message": "first"}}, {"fail": {"message": "gone"}}, {"pass": {"message": "there"}}]
SPEC = {"secretName": "key", "namespace": "shop", "outcomes": OUTCOMES}


@pytest.mark.parametrize(
    ("files", "verdict", "said"),
    [
        ({"secrets/shop/key.json": '{"secretExists": true}'}, "pass", "there"),
        ({"secrets/shop/key.json": '{"secretExists": false}'}, "fail", "gone"),
        ({}, "unknown", "Nothing was collected"),
        ({"secrets/shop/key.json": "{"}, "unknown", "cannot be read"),
        ({"secrets/shop/key.json": "[]"}, "unknown", "cannot be read"),
    ],
)
def test_presence_takes_the_last_outcome_of_its_sort(files: dict[str, str], verdict: str, said: str) -> None:
    finding = judge("secret", SPEC, files)
    assert finding is not None
    assert finding.verdict == verdict
    assert said in finding.message
