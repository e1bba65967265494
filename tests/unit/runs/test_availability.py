"""How long workloads were short of ready pods: what a look finds, and what a stretch of looks adds up to."""

from dataclasses import replace
from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan.intent import Intent
from changeover.plan.planner import make_plan
from changeover.release.profile import Profile
from changeover.runs.availability import Stretch, Watched, judged, watched
from changeover.runs.scene import Subject
from tests.unit.plan.world import Listed, deployment, obj, revision, snapshot, with_

SEEN = snapshot(revision("2", deployment()), [deployment()])
WEB = Watched("Deployment.apps/app/web", "app", ({"app": "web"}, {"app": "web", "tier": "front"}), 2)


def pod(name: str, *, ready: bool = True, **more: Any) -> KubeObject:
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    labels = more.pop("labels", {"app": "web"})
    return obj("v1", "Pod", name, labels=labels, status={"conditions": [condition]}, **more)


@pytest.mark.parametrize(
    ("pods", "short"),
    [
        ([pod("a"), pod("b")], (False, False)),
        ([pod("a"), pod("b", ready=False)], (False, True)),
        ([pod("a"), pod("b", deletionTimestamp="2026-01-01T00:00:00Z")], (False, True)),
        ([pod("a"), pod("b", labels={"app": "web", "tier": "front"})], (False, False)),
        ([pod("a", namespace="other"), pod("b", labels={"app": "other"})], (True, True)),
        ([pod("a", deletionTimestamp="2026-01-01T00:00:00Z")], (False, True)),
        ([pod("a", ready=False)], (True, True)),
        ([], (True, True)),
    ],
)
def test_a_look(pods: list[KubeObject], short: tuple[bool, bool]) -> None:
    assert judged([WEB], pods) == {WEB.key: short}


def stretch(*looks: tuple[float, bool]) -> Stretch:
    (began, away), *others = looks
    made = Stretch(began, began, {"web": (away, away)}, changed=began)
    for at, gone in others:
        made.add(at, {"web": (gone, gone)})
    return made


def test_time_between_two_looks_counts_half_as_each() -> None:
    made = stretch((0.0, False), (0.5, False), (1.0, True), (1.5, True), (2.0, False))
    assert made.as_json() == {"seconds": 2.0, "away": {"web": [1.0, 1.0]}}
    assert stretch((0.0, False), (9.0, False)).as_json() == {"seconds": 9.0, "away": {}}


@pytest.mark.parametrize(("calm", "length"), [(0, 5), (5, 5), (10, 10), (40, 40), (500, 60)])
def test_a_stretch_is_the_longer_the_longer_nothing_has_changed(calm: float, length: float) -> None:
    made = stretch((0.0, True), (length - 0.5, True))
    made.changed = -calm
    assert not made.is_long
    made.add(length, {"web": (True, True)})
    assert made.is_long


def test_workloads_are_found_by_the_selectors_of_both_revisions() -> None:
    old = deployment()
    new = with_(deployment(image="web:2"), {"app": "web", "tier": "front"}, "spec", "selector", "matchLabels")
    plan = make_plan(Intent("update", revision("2", old), revision("1", old), "app"), SEEN, strategy=Listed())
    subject = Subject("i", "app", "uid", "run", plan, revision("1", old), revision("2", new), Profile())
    assert watched(subject) == (WEB,)
    assert watched(replace(subject, plan=replace(plan, changes=()))) == ()
