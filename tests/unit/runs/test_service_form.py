"""What a Service had been given is asked for again: by whom it was given up, and by the step that undoes that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from changeover.objects import KubeObject
from changeover.plan.steps import Phase, Step, Verb
from changeover.runs.scene import Scene
from changeover.runs.verbs import service_form
from tests.unit.plan.world import obj

STEP = Step("apply/x", Verb.APPLY, "x", Phase.CHANGE)
BACK = Step("back/apply/x", Verb.APPLY, "x", Phase.CHANGE, undoes=("apply/x", "prune/x"))


@dataclass
class Noting:
    """Only the journal of a scene."""

    noted: dict[str, dict[str, Any]] = field(default_factory=dict)

    def notes(self, step_id: str) -> dict[str, Any]:
        return self.noted.get(step_id, {})

    async def note(self, step: Step, key: str, data: Any) -> None:
        self.noted.setdefault(step.id, {})[key] = data


def service(kind: str = "", **spec: Any) -> KubeObject:
    typed = {"type": kind} if kind else {}
    return obj("v1", "Service", "front", spec={"ports": [{"port": 80}], **typed, **spec})


LIVE = service("NodePort", clusterIP="10.0.0.7", ports=[{"port": 80, "protocol": "TCP", "nodePort": 30123}])


async def remembered() -> Scene:
    scene = cast("Scene", Noting())
    await service_form.remember(STEP, scene, LIVE)
    return scene


async def test_a_service_made_again_asks_for_its_port_and_its_address() -> None:
    scene = await remembered()
    for step in (STEP, BACK):
        asked = service_form.as_before(step, scene, service("NodePort"), None)
        assert asked.get("spec", "ports", 0, "nodePort") == 30123
        assert asked.get("spec", "clusterIP") == "10.0.0.7"


async def test_one_that_becomes_a_node_port_again_keeps_the_address_that_it_has() -> None:
    asked = service_form.as_before(BACK, await remembered(), service("NodePort"), service(clusterIP="10.0.0.7"))
    assert asked.get("spec", "ports", 0, "nodePort") == 30123
    assert asked.get("spec", "clusterIP") is None


async def test_what_the_manifest_says_counts() -> None:
    scene = await remembered()
    headless = service(clusterIP="None")
    assert service_form.as_before(STEP, scene, headless, None) == headless
    given = service("NodePort", ports=[{"port": 80, "nodePort": 30555}])
    assert service_form.as_before(STEP, scene, given, None).get("spec", "ports", 0, "nodePort") == 30555
    other_family = service(ipFamilies=["IPv6"])
    assert service_form.as_before(STEP, scene, other_family, None).get("spec", "clusterIP") is None


async def test_an_external_name_has_no_address_and_gets_the_old_one_back_afterwards() -> None:
    scene, external = await remembered(), service("ExternalName", externalName="x.example")
    assert service_form.as_before(STEP, scene, external, LIVE) == external
    assert service_form.as_before(BACK, scene, service(), external).get("spec", "clusterIP") == "10.0.0.7"


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ("NodePort", "", True),
        ("LoadBalancer", "NodePort", True),
        ("", "ExternalName", True),
        ("", "NodePort", False),
        ("ExternalName", "", False),
        ("NodePort", "NodePort", False),
    ],
)
def test_what_is_given_up(before: str, after: str, *, lost: bool) -> None:
    assert service_form.is_lost(service(before), service(after)) is lost


async def test_nothing_is_noted_twice() -> None:
    scene = await remembered()
    await service_form.remember(STEP, scene, service(clusterIP="10.0.0.9"))
    assert service_form.as_before(BACK, scene, service(), None).get("spec", "clusterIP") == "10.0.0.7"
