"""A plan takes work in proportion to its objects: what is looked up per object must not be searched among all."""

import base64
import sys
from types import FrameType
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.dress import dress
from changeover.plan.intent import Intent
from changeover.plan.planner import make_plan
from changeover.strategies.plain import Plain
from tests.unit.plan.world import NAMESPACE, config_map, deployment, obj, revision, snapshot

SMALL, TIMES = 60, 4
SLACK = 1.2
"""A square would be 4."""


def objects(number: int, version: str) -> list[KubeObject]:
    """Of ten four settings that change, three workloads that read them, and three Secrets."""
    made = []
    for one in range(number):
        if one % 10 < 4:
            made.append(config_map(f"n{one}", value=version, text="x" * 200))
        elif one % 10 < 7:
            source = {"envFrom": [{"configMapRef": {"name": f"n{one - 4}"}}]}
            made.append(deployment(f"n{one}", replicas=0, container=source))
        else:
            hidden = base64.b64encode(f"Hidden-{one}-{one * 7919}".encode()).decode()
            made.append(obj("v1", "Secret", f"n{one}", data={"hidden": hidden}))
    return made


def work(number: int) -> int:
    """Lines of Python that a plan of so many objects goes through: no clock is asked."""
    old, new = revision("1", *objects(number, "1")), revision("2", *objects(number, "2"))
    seen = snapshot(new, [dress(one, old.digest) for one in old.objects])
    intent = Intent("update", new, old, NAMESPACE, masking_key=b"k")
    lines = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    sys.settrace(count)
    try:
        plan = make_plan(intent, seen, strategy=Plain())
    finally:
        sys.settrace(None)
    assert len(plan.changes) == number
    return lines


def test_four_times_as_many_objects_take_four_times_the_work() -> None:
    work(SMALL)  # what is kept between plans is kept now
    assert work(SMALL * TIMES) < work(SMALL) * TIMES * SLACK
