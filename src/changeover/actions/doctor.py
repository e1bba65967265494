"""Look for what stands in the way of updates: one finding a line, each with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from changeover.actions import installations, runs_of
from changeover.actions.outside import Outside
from changeover.actions.status import CONFIG_MAP, POD
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import ClusterProblem
from changeover.settings import EXECUTOR_LABEL, GATE_POLICY, RECEIPT_FINALIZER, RUN_LABEL, SCALED_ANNOTATION

OLDEST, NEWEST = (1, 30), (1, 36)
"""Kubernetes versions that are supported; the newest is the newest that was tested."""

WORKLOADS = (Kind("apps/v1", "Deployment"), Kind("apps/v1", "StatefulSet"))


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at."""

    state: Literal["pass", "warns", "fail"]
    subject: str
    text: str


async def doctor(outside: Outside, installation: str = "") -> list[Found]:
    """Look at the cluster, the definitions, and the namespace."""
    try:
        version = await outside.cluster.version()
    except ClusterProblem as problem:
        return [Found("fail", "cluster", str(problem))]
    found = [_version(version), *await _definitions(outside)]
    if any(one.state == "fail" for one in found):
        return found
    try:
        followed = await installations.find(outside, installation)
    except installations.NoInstallation as none:
        return [*found, Found("warns", "installation", none.message)]
    return [*found, *await _leftovers(outside, followed)]


def _version(version: str) -> Found:
    major, minor = (int(part.rstrip("+")) for part in version.removeprefix("v").split(".")[:2])
    if (major, minor) < OLDEST:
        return Found("fail", "Kubernetes", f"{version} is older than 1.{OLDEST[1]}; upgrade the cluster")
    if (major, minor) > NEWEST:
        return Found("warns", "Kubernetes", f"{version} is newer than 1.{NEWEST[1]}, the newest that was tested")
    return Found("pass", "Kubernetes", version)


async def _definitions(outside: Outside) -> list[Found]:
    missing = await outside.definitions.missing(outside.cluster)
    if not missing:
        return [Found("pass", "definitions", "our kinds, the gate's policy and the roles are there")]
    serious = [name for name in missing if name.startswith("CustomResourceDefinition/")]
    hint = "an administrator runs `changeover setup`"
    if serious:
        return [Found("fail", "definitions", f"missing: {', '.join(serious)}; {hint}")]
    return [Found("warns", "definitions", f"missing or older: {', '.join(missing)}; {hint}")]


async def _leftovers(outside: Outside, followed: KubeObject) -> list[Found]:
    run = await runs_of.under_way(outside, followed.name)
    found = [Found("warns", "run", f"{run.name} has not ended: `changeover resume {run.name}`")] if run else []
    name = run.name if run else ""
    gate = await outside.cluster.get(Ref(CONFIG_MAP, outside.namespace, GATE_POLICY))
    if gate is not None:
        by = str(gate.get("data", "run", default="")) or "a person"
        state: Literal["warns", "fail"] = "warns" if by in (name, "a person") else "fail"
        found.append(Found(state, "gate", f"closed by {by}; `changeover sessions open` opens it"))
    for pod in await outside.cluster.list(POD, namespace=outside.namespace):
        if RECEIPT_FINALIZER in pod.finalizers and not run:
            found.append(Found("fail", str(pod.ref), "still carries our finalizer although no run goes on"))
        executed = EXECUTOR_LABEL in pod.labels and pod.get("status", "phase") in ("Succeeded", "Failed")
        if pod.labels.get(RUN_LABEL, name) != name and not executed:  # what executed it goes with its run
            found.append(Found("warns", str(pod.ref), f"was left by {pod.labels[RUN_LABEL]}; delete it"))
    if not run:
        found += await _scaled_down(outside)
    return found or [Found("pass", "leftovers", "none")]


async def _scaled_down(outside: Outside) -> list[Found]:
    found = []
    for kind in WORKLOADS:
        for obj in await outside.cluster.list(kind, namespace=outside.namespace):
            before = obj.annotations.get(SCALED_ANNOTATION)
            if before is not None and str(obj.get("spec", "replicas")) != before:
                found.append(Found("fail", str(obj.ref), f"was scaled down, and not back to {before}"))
    return found
