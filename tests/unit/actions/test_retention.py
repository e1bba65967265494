"""Which runs may go: the last ones stay, and so do the last committed one and what has not ended."""

import pytest

from changeover.actions import retention
from changeover.objects import API_VERSION, KubeObject

VERDICTS = {"c": "committed", "r": "rolled back", "h": "held", "-": ""}


def runs(verdicts: str) -> list[KubeObject]:
    return [
        KubeObject(
            {
                "apiVersion": API_VERSION,
                "kind": "Changeover",
                "metadata": {"name": f"shop-{number}", "namespace": "a"},
                "status": {"verdict": VERDICTS[verdict]},
            }
        )
        for number, verdict in enumerate(verdicts, 1)
    ]


@pytest.mark.parametrize(
    ("verdicts", "going"),
    [
        ("", []),
        ("ccc", []),
        ("cccc", [1]),
        ("cccccc", [1, 2, 3]),
        ("crrrr", [2]),
        ("ccrrrr", [1, 3]),
        ("hrrrc", [2]),
        ("-rrrc", [2]),
    ],
)
def test_surplus(verdicts: str, going: list[int]) -> None:
    found = retention.surplus(runs(verdicts), keep=3)
    assert [run.name for run in found] == [f"shop-{number}" for number in going]
