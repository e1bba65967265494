"""Decides what an analyzer of a spec says of collected files; what cannot be judged is unknown, never passed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from changeover.checks import (
    certificates,
    cluster,
    databases,
    documents,
    happenings,
    hosts,
    kernels,
    longhorn,
    machines,
    network,
    nodes,
    presence,
    requests,
    storage,
    texts,
    velero,
    workloads,
)
from changeover.checks.finding import CannotJudge, Finding, NotCollected
from changeover.checks.specs import kind_of
from changeover.errors import Problem
from changeover.package.application import mapping, text

Judge = Callable[[Mapping[str, Any], Mapping[str, str]], list[Finding]]
TimedJudge = Callable[[Mapping[str, Any], Mapping[str, str], datetime | None], list[Finding]]

JUDGES: Mapping[str, Judge] = {
    "clusterVersion": cluster.cluster_version,
    "containerRuntime": cluster.container_runtime,
    "distribution": cluster.distribution,
    "nodeResources": nodes.node_resources,
    "textAnalyze": texts.text_analyze,
    "deploymentStatus": workloads.replicas("deployment"),
    "statefulsetStatus": workloads.replicas("statefulset"),
    "jobStatus": workloads.job,
    "replicasetStatus": workloads.replicaset,
    "clusterPodStatuses": workloads.pods,
    "clusterContainerStatuses": happenings.container_statuses,
    "event": happenings.event,
    "registryImages": happenings.registry_images,
    "sysctl": happenings.sysctl,
    "http": requests.of_cluster,
    "jsonCompare": documents.compared(documents.read_json, "jsonCompare"),
    "yamlCompare": documents.compared(documents.read_yaml, "yamlCompare"),
    "clusterResource": documents.cluster_resource,
    "cephStatus": storage.ceph_status,
    "nodeMetrics": storage.node_metrics,
    "longhorn": longhorn.longhorn,
    "velero": velero.velero,
    "goldpinger": network.goldpinger,
    "weaveReport": network.weave_report,
    **{kind: databases.database(kind) for kind in ("postgres", "mysql", "redis", "mssql", "clickhouse", "s3Status")},
}
"""By the name that specs use; those of presence stand in `presence.KINDS`."""


TIMED: Mapping[str, TimedJudge] = {"certificates": certificates.of_cluster}
HOST_TIMED: Mapping[str, TimedJudge] = {"certificatesCollection": certificates.of_host}
"""Those that ask what day it is."""
HOST_JUDGES: Mapping[str, Judge] = {
    **hosts.STATUSES,
    **machines.JUDGES,
    **kernels.JUDGES,
    "http": requests.of_host,
    "registryImages": hosts.registry_images,
    "textAnalyze": texts.text_analyze,
    "jsonCompare": JUDGES["jsonCompare"],
}
"""Analyzers of a host; some have the name of one of the cluster and look at other files."""


BY_HAND = "what it would look at may be in the bundle: judge it by hand"
VENDORS = "only whoever wrote the spec can correct this"


def knows(kind: str, *, host: bool = False) -> bool:
    """Whether analyzers of this kind are judged at all."""
    return _judge_of(kind, host, None) is not None or (not host and kind in presence.KINDS)


def analyze(
    analyzer: Mapping[str, Any], files: Mapping[str, str], *, host: bool = False, now: datetime | None = None
) -> list[Finding]:
    """Judge one entry of a spec's analyzers by the files (path -> text); never raises for what they say.

    `host`: it is one of a host; `now` (with a time zone): what "Today" means, else that is unknown.
    """
    kind = kind_of(analyzer)
    spec = mapping(analyzer.get(kind))
    title = text(spec.get("checkName")) or kind
    if not host and kind in presence.KINDS:
        found = presence.judge(kind, spec, files)
        return [found] if found else []
    judge = _judge_of(kind, host, now)
    if judge is None:
        return [Finding("unknown", title, f"Analyzers of kind {kind} cannot be judged yet.", hint=BY_HAND)]
    try:
        return judge(spec, files)
    except NotCollected as gap:
        return [Finding("unknown", title, f"This cannot be judged: {gap}.", missing=gap.path)]
    except CannotJudge as reason:
        return [Finding("unknown", title, f"This cannot be judged: {reason}.", hint=VENDORS)]
    except (Problem, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as wrong:
        return [
            Finding("unknown", title, f"What it says, or what was collected, cannot be read: {wrong}", hint=VENDORS)
        ]


def _judge_of(kind: str, host: bool, now: datetime | None) -> Judge | None:  # noqa: FBT001 - a value
    timed = (HOST_TIMED if host else TIMED).get(kind)
    if timed is not None:
        return lambda spec, files: timed(spec, files, now)
    return (HOST_JUDGES if host else JUDGES).get(kind)
