"""Labels of running pods: set, each by the uid and resourceVersion that were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from changeover.objects import KubeObject
from changeover.plan.immutables.identity import pod_labels
from changeover.plan.steps import Step
from changeover.runs.health.causes import POD
from changeover.runs.scene import Scene
from changeover.runs.verbs.identity.keepsake import Keepsake, controller


async def pods_of(kept: Keepsake, scene: Scene, *, owners: frozenset[str] = frozenset()) -> list[KubeObject]:
    """The remembered pods that still run, and those that its controllers (by uid) have made since."""
    listed = await scene.cluster.list(POD, namespace=kept.workload.namespace)
    return [
        pod for pod in listed if not pod.terminating and (pod.uid in kept.pods or controller(pod).get("uid") in owners)
    ]


def manifests_of(step: Step, scene: Scene) -> list[KubeObject]:
    """The workload as the old and as the new revision have it."""
    revisions = (scene.subject.old, scene.subject.new)
    return [obj for revision in revisions if revision for obj in revision.objects if obj.ref.key == step.target]


def known_labels(step: Step, scene: Scene, kept: Keepsake) -> frozenset[str]:
    """Every label that a template of the workload gives, gave or will give."""
    return frozenset().union(*(pod_labels(obj) for obj in (kept.workload, *manifests_of(step, scene))))


async def label(step: Step, scene: Scene, pods: Iterable[KubeObject], wanted: Mapping[str, str | None]) -> None:
    """Give the pods these labels; None takes one away."""
    for pod in pods:
        if all(pod.labels.get(name) == value for name, value in wanted.items()):
            continue
        await scene.checkpoint(step)
        read = {"uid": pod.uid, "resourceVersion": pod.resource_version}
        await scene.cluster.patch(pod.ref, {"metadata": {**read, "labels": dict(wanted)}})


def labels_towards(goal: KubeObject, known: frozenset[str]) -> dict[str, str | None]:
    """The goal's labels, and None for every known one that it does not have."""
    there = pod_labels(goal)
    return {**dict.fromkeys(known - there.keys()), **there}
