"""What a plan says about a release's own checks."""

import pytest

from changeover.actions.ask import Checks
from changeover.actions.checking import Checked, Judged, Verdict
from changeover.actions.preflights import findings
from changeover.checks.specs import Specs
from changeover.ports import Collected

NAME = "Nodes are large"


def said(verdict: Verdict, *, strict: bool = False, accepted: str = "") -> list[tuple[str, str]]:
    judged = Judged(verdict, NAME, "8 GiB\nis too little", "nodeResources", strict)
    checked = Checked(Specs(), Collected(), (judged,))
    return [(one.reference, one.severity.value) for one in findings(checked, Checks(accepted=frozenset({accepted})))]


@pytest.mark.parametrize(
    ("verdict", "loose", "strict"),
    [
        ("pass", [], []),
        ("warn", [("preflight-warned", "notes")], [("preflight-warned", "notes")]),
        ("fail", [("preflight-failed", "warns")], [("preflight-failed", "blocks")]),
        ("unknown", [("preflight-unknown", "notes")], [("preflight-failed", "blocks")]),
    ],
)
def test_each_verdict(verdict: Verdict, loose: list[tuple[str, str]], strict: list[tuple[str, str]]) -> None:
    assert said(verdict) == loose
    assert said(verdict, strict=True) == strict


def test_a_strict_one_is_accepted_by_its_exact_name() -> None:
    assert said("fail", strict=True, accepted=NAME) == [("preflight-failed", "warns")]
    assert said("fail", strict=True, accepted=NAME.lower()) == [("preflight-failed", "blocks")]


def test_nothing_judged_is_unknown_not_passed() -> None:
    assert Checked(Specs(), Collected(), ()).verdict == "unknown"


def test_the_worst_decides() -> None:
    several = tuple(Judged(one, "x", "", "k") for one in ("pass", "warn", "unknown"))
    assert Checked(Specs(), Collected(), several).verdict == "unknown"
