"""A plan takes time in proportion to its objects: what is looked up per object must not be searched among all."""

import base64
import time

from changeover.objects import KubeObject
from changeover.plan.dress import dress
from changeover.plan.intent import Intent
from changeover.plan.planner import make_plan
from changeover.strategies.plain import Plain
from tests.unit.plan.world import NAMESPACE, config_map, deployment, obj, revision, snapshot

SMALL, TIMES = 300, 8
SLACK = 2.5
"""A square would be 8 times as much; what a busy machine adds is less than this."""


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


def seconds(number: int) -> float:
    old, new = revision("1", *objects(number, "1")), revision("2", *objects(number, "2"))
    seen = snapshot(new, [dress(one, old.digest) for one in old.objects])
    intent = Intent("update", new, old, NAMESPACE, masking_key=b"k")
    begun = time.process_time()
    plan = make_plan(intent, seen, strategy=Plain())
    assert len(plan.changes) == number
    return time.process_time() - begun


def test_eight_times_as_many_objects_take_eight_times_as_long() -> None:
    seconds(SMALL)
    small = min(seconds(SMALL) for _ in range(3))
    assert seconds(SMALL * TIMES) < small * TIMES * SLACK
