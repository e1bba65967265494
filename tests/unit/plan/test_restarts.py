from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan.diff import compare
from changeover.plan.restarts import pods_of, restart_causes, restart_text, why_not_now
from changeover.settings import SCALED_ANNOTATION
from tests.unit.plan.world import deployment, job, obj, stateful_set, with_

POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)


def text(live: KubeObject, after: KubeObject) -> str:
    causes = restart_causes(live.ref.kind.group_kind, compare(live, after))
    return restart_text(live, after, causes) if causes else ""


NOTED = with_(deployment(), {"checksum/settings": "a", "note": "a"}, "spec", "template", "metadata", "annotations")


@pytest.mark.parametrize(
    ("live", "value", "path", "expected"),
    [
        (deployment(), "web:2", (*CONTAINER, "image"), "2 pods: image of web 1 -> 2"),
        (deployment(), "hub/web:1", (*CONTAINER, "image"), "2 pods: image of web web:1 -> hub/web:1"),
        (deployment(), [{"name": "A", "value": "1"}], (*CONTAINER, "env"), "2 pods: env of web"),
        (deployment(), "sa", (*POD, "serviceAccountName"), "2 pods: serviceAccountName"),
        (deployment(), {"limits": {"cpu": "1"}}, (*CONTAINER, "resources"), "2 pods: resources of web"),
        (
            NOTED,
            "b",
            ("spec", "template", "metadata", "annotations", "checksum/settings"),
            "2 pods: checksum annotation checksum/settings",
        ),
        (NOTED, "b", ("spec", "template", "metadata", "annotations", "note"), "2 pods: annotation note"),
        (deployment(), {"app": "web", "x": "y"}, ("spec", "template", "metadata", "labels"), "2 pods: labels"),
        (stateful_set(), "db:2", (*CONTAINER, "image"), "1 pod: image of db 1 -> 2"),
        (deployment(), 5, ("spec", "replicas"), ""),
        (deployment(), 5, ("spec", "minReadySeconds"), ""),
        (job(), "tool:2", (*CONTAINER, "image"), ""),
    ],
)
def test_why_pods_restart(live: KubeObject, value: Any, path: tuple[str | int, ...], expected: str) -> None:
    assert text(live, with_(live, value, *path)) == expected


def test_many_causes_are_counted() -> None:
    names = "ABCDEF"
    live, after = (
        with_(deployment(), [{"name": name, "value": value} for name in names], *CONTAINER, "env") for value in "12"
    )
    assert text(live, after).endswith("env C of web; env D of web and 2 more")


def test_how_many_pods() -> None:
    scaled = with_(with_(deployment(), 0, "spec", "replicas"), {SCALED_ANNOTATION: "3"}, "metadata", "annotations")
    daemon = obj("apps/v1", "DaemonSet", "d", spec={}, status={"desiredNumberScheduled": 4})
    assert (pods_of(deployment(replicas=2)), pods_of(scaled), pods_of(daemon)) == (2, 3, 4)


def test_no_restart_now() -> None:
    assert "paused" in why_not_now(with_(deployment(), True, "spec", "paused"))
    assert "OnDelete" in why_not_now(stateful_set(updateStrategy={"type": "OnDelete"}))
    assert why_not_now(deployment()) == ""


def test_a_partition_keeps_the_pods_below_it() -> None:
    parted = stateful_set(replicas=3, updateStrategy={"rollingUpdate": {"partition": 2}})
    assert text(parted, with_(parted, "db:2", *CONTAINER, "image")).startswith("1 pod: image")
    assert "partition 3" in why_not_now(with_(parted, 3, "spec", "updateStrategy", "rollingUpdate", "partition"))
    assert why_not_now(parted) == ""
