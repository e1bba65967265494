"""What counts as reached, where the rules differ from a look at the newest generation."""

from __future__ import annotations

from changeover.objects import KubeObject
from changeover.runs.health import kstatus


def behind(api_version: str, kind: str) -> KubeObject:
    """An object whose controller has not said that it has seen the last change."""
    metadata = {"name": "web", "namespace": "app", "generation": 2}
    return KubeObject(
        {"apiVersion": api_version, "kind": kind, "metadata": metadata, "status": {"observedGeneration": 1}}
    )


def test_a_workload_is_waited_for_until_its_controller_has_seen_the_change() -> None:
    assert not kstatus.judge(behind("apps/v1", "Deployment")).current


def test_a_budget_is_there_whatever_its_controller_makes_of_it() -> None:
    """Of one over a DaemonSet's pods it can make nothing, and it never says that it has seen it."""
    assert kstatus.judge(behind("policy/v1", "PodDisruptionBudget")).current
    assert kstatus.judge(behind("autoscaling/v2", "HorizontalPodAutoscaler")).current
