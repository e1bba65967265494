from typing import Any

import pytest

from changeover.objects import REVISION_ANNOTATION, KubeObject
from changeover.plan import diff
from changeover.plan.dress import dress
from changeover.settings import SCALED_ANNOTATION
from tests.unit.plan.world import config_map, deployment, obj, with_

CONTAINER = ("spec", "template", "spec", "containers", 0)
TEXT = "spec.template.spec.containers[name=web]"


def paths(before: KubeObject, after: KubeObject) -> list[str]:
    return [change.text for change in diff.compare(before, after)]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ((*CONTAINER, "image"), "web:2", [f"{TEXT}.image"]),
        ((*CONTAINER, "env"), [{"name": "A", "value": "1"}], [f"{TEXT}.env"]),
        ((*CONTAINER, "name"), "other", [TEXT, "spec.template.spec.containers[name=other]"]),
        (("spec", "replicas"), 3, ["spec.replicas"]),
        (("metadata", "labels"), {"a/b.c": "x"}, ["metadata.labels"]),
        (("metadata", "annotations"), {REVISION_ANNOTATION: "x"}, []),
        (("metadata", "managedFields"), [{}], []),
        (("metadata", "generation"), 7, []),
        (("status",), {"replicas": 9}, []),
    ],
)
def test_one_change_is_one_difference(path: tuple[str | int, ...], value: Any, expected: list[str]) -> None:
    assert paths(deployment(), with_(deployment(), value, *path)) == expected


def test_an_inserted_element_is_one_difference() -> None:
    env = [{"name": name, "value": "1"} for name in "ABC"]
    before = with_(deployment(), [env[0], env[2]], *CONTAINER, "env")
    after = with_(deployment(), env, *CONTAINER, "env")
    assert paths(before, after) == [f"{TEXT}.env[name=B]"]


def test_the_order_of_env_is_a_difference_because_it_restarts_pods() -> None:
    env = [{"name": name, "value": "1"} for name in "AB"]
    before = with_(deployment(), env, *CONTAINER, "env")
    after = with_(deployment(), env[::-1], *CONTAINER, "env")
    assert paths(before, after) == [f"{TEXT}.env[order]"]


def test_ports_are_keyed_by_number_and_protocol() -> None:
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53}]
    before = obj("v1", "Service", "dns", spec={"ports": ports})
    after = with_(before, [{"port": 53, "targetPort": 5353}, {"port": 53, "protocol": "UDP"}], "spec", "ports")
    assert paths(before, after) == [
        "spec.ports[port=53,protocol=TCP].targetPort",
    ]


def test_elements_with_the_same_key_are_compared_by_position() -> None:
    before = with_(deployment(), [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}], *CONTAINER, "env")
    after = with_(deployment(), [{"name": "A", "value": "1"}, {"name": "A", "value": "3"}], *CONTAINER, "env")
    assert paths(before, after) == [f"{TEXT}.env[1].value"]


def test_a_key_with_dots_is_quoted() -> None:
    assert paths(config_map(**{"a.json": "1"}), config_map(**{"a.json": "2"})) == ['data["a.json"]']


def test_a_workload_that_we_scaled_down_counts_with_what_it_had() -> None:
    live = with_(
        with_(deployment(replicas=2), 0, "spec", "replicas"), {SCALED_ANNOTATION: "2"}, "metadata", "annotations"
    )
    result = with_(dress(deployment(replicas=2), "d"), {SCALED_ANNOTATION: "2"}, "metadata", "annotations")
    assert paths(live, result) == []


def test_an_overlay_ignores_defaults_but_not_what_was_dropped_from_what_a_manifest_owns() -> None:
    live = with_(deployment(), "Always", *CONTAINER, "imagePullPolicy")
    live = with_(live, [{"name": "A", "value": "1"}], *CONTAINER, "env")
    live = with_(live, {"app": "web", "old": "x"}, "spec", "template", "metadata", "labels")
    desired = with_(deployment(), [], *CONTAINER, "env")
    assert [change.text for change in diff.overlay(live, desired)] == [
        "spec.template.metadata.labels.old",
        f"{TEXT}.env[name=A]",
    ]


def test_an_overlay_knows_quantities() -> None:
    live = with_(deployment(), {"requests": {"cpu": "1", "memory": "1Gi"}}, *CONTAINER, "resources")
    desired = with_(deployment(), {"requests": {"cpu": "1000m", "memory": "2Gi"}}, *CONTAINER, "resources")
    assert [change.text for change in diff.overlay(live, desired)] == [f"{TEXT}.resources.requests.memory"]
