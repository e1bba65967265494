"""Why something is not ready: the first cause of its pods, hopeless ones first, always of the same pod."""

from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.runs.health import causes

WEB = KubeObject(
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "a"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
    }
)


def pod(name: str, status: dict[str, Any], **labels: str) -> KubeObject:
    metadata = {"name": name, "namespace": "a", "labels": labels or {"app": "web"}}
    return KubeObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status})


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": reason, "message": message}}}]}


UNSCHEDULED = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes: no room"}]}


@pytest.mark.parametrize(
    ("pods", "cause"),
    [
        ([], None),
        ([pod("one", waiting("ContainerCreating"))], None),
        ([pod("one", waiting("CrashLoopBackOff"))], ("one, container main: CrashLoopBackOff", False)),
        ([pod("one", UNSCHEDULED)], ("one is not scheduled: 0/1 nodes: no room", False)),
        ([pod("one", waiting("ErrImagePull", "gone"))], ("one, container main: ErrImagePull: gone", True)),
        ([pod("a", UNSCHEDULED), pod("b", waiting("InvalidImageName"))], ("b, container main: InvalidImageName", True)),
        (
            [pod("b", waiting("ErrImagePull")), pod("a", waiting("ErrImagePull"))],
            ("a, container main: ErrImagePull", True),
        ),
        ([pod("other", waiting("ErrImagePull"), app="other")], None),
    ],
)
def test_the_first_cause(pods: list[KubeObject], cause: tuple[str, bool] | None) -> None:
    found = causes.first([WEB], pods)
    assert (found and (found.text, found.hopeless)) == cause


def test_a_cause_whose_words_change_stays_about_the_same() -> None:
    """The kubelet alternates between ErrImagePull and ImagePullBackOff."""
    first = causes.first([WEB], [pod("one", waiting("ErrImagePull", "not found"))])
    second = causes.first([WEB], [pod("one", waiting("ImagePullBackOff", "back-off"))])
    assert first.about == second.about
