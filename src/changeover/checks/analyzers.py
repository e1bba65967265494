"""Decides what an analyzer of a spec says of collected files; what cannot be judged is unknown, never passed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from changeover.checks import cluster, nodes, presence, texts, workloads
from changeover.checks.finding import CannotJudge, Finding
from changeover.checks.specs import kind_of
from changeover.package.application import mapping, text

Judge = Callable[[Mapping[str, Any], Mapping[str, str]], list[Finding]]

JUDGES: Mapping[str, Judge] = {
    "clusterVersion": cluster.cluster_version,
    "containerRuntime": cluster.container_runtime,
    "distribution": cluster.distribution,
    "nodeResources": nodes.node_resources,
    "textAnalyze": texts.text_analyze,
    "deploymentStatus": workloads.replicas("deployment"),
    "statefulsetStatus": workloads.replicas("statefulset"),
    "jobStatus": workloads.job,
    "clusterPodStatuses": workloads.pods,
}
"""By the name that specs use; those of presence stand in `presence.KINDS`."""


HOST_JUDGES: Mapping[str, Judge] = {}
"""Analyzers of a host; some have the name of one of the cluster and look at other files."""


def knows(kind: str, *, host: bool = False) -> bool:
    """Whether analyzers of this kind are judged at all."""
    return kind in HOST_JUDGES if host else kind in JUDGES or kind in presence.KINDS


def analyze(analyzer: Mapping[str, Any], files: Mapping[str, str], *, host: bool = False) -> list[Finding]:
    """Judge one entry of a spec's analyzers by the files (path -> text); never raises for what they say."""
    kind = kind_of(analyzer)
    spec = mapping(analyzer.get(kind))
    title = text(spec.get("checkName")) or kind
    if not host and kind in presence.KINDS:
        found = presence.judge(kind, spec, files)
        return [found] if found else []
    judge = (HOST_JUDGES if host else JUDGES).get(kind)
    if judge is None:
        return [Finding("unknown", title, f"Analyzers of kind {kind} cannot be judged yet.")]
    try:
        return judge(spec, files)
    except CannotJudge as reason:
        return [Finding("unknown", title, f"This cannot be judged: {reason}.")]
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as wrong:
        return [Finding("unknown", title, f"What it says, or what was collected, cannot be read: {wrong}")]
