"""Numbers for Prometheus, read from the cluster at each scrape, so that they are true whoever carries out a run.

* changeover_run_phase{namespace, installation, run, phase} is 1 for the run under way, and absent when there is none
* changeover_gate_closed_seconds{namespace} grows while the gate is closed, and is 0 while it is open
* changeover_last_backup_age_seconds{namespace, installation} grows from the end of the last backup
* changeover_info{namespace, installation, version} is 1 for the version that was committed last
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from changeover.actions import runs_of
from changeover.actions.installations import CHANGEOVER, INSTALLATION
from changeover.actions.outside import Outside
from changeover.objects import Kind, KubeObject, Ref
from changeover.settings import GATE_POLICY

CONFIG_MAP = Kind("v1", "ConfigMap")
HELP = {
    "changeover_run_phase": "1 for the phase of the run under way.",
    "changeover_gate_closed_seconds": "For how long the gate of the namespace has been closed.",
    "changeover_last_backup_age_seconds": "Since the last backup.",
    "changeover_info": "1 for the version that was committed last.",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One number with its labels."""

    name: str
    labels: Mapping[str, str]
    value: float


async def metrics(outside: Outside) -> str:
    """Everything about the namespace, in Prometheus' text format."""
    gate = await outside.cluster.get(Ref(CONFIG_MAP, outside.namespace, GATE_POLICY))
    installed = await outside.cluster.list(INSTALLATION, namespace=outside.namespace)
    runs = await outside.cluster.list(CHANGEOVER, namespace=outside.namespace)
    return text(samples(outside.namespace, installed, runs, gate=gate, now=outside.clock.now()))


def samples(
    namespace: str,
    installed: Iterable[KubeObject],
    runs: Iterable[KubeObject],
    *,
    gate: KubeObject | None,
    now: datetime,
) -> Sequence[Sample]:
    """The numbers of a namespace, from its objects."""
    closed = _age(str(gate.metadata.get("creationTimestamp", "")), now) if gate else 0.0
    found = [Sample("changeover_gate_closed_seconds", {"namespace": namespace}, closed or 0.0)]
    for run in runs:
        phase = str(run.get("status", "phase", default=""))
        if phase and runs_of.verdict(run) not in runs_of.ENDED:
            owner = str(run.get("spec", "installation", default=""))
            labels = {"namespace": namespace, "installation": owner, "run": run.name, "phase": phase}
            found.append(Sample("changeover_run_phase", labels, 1.0))
    for one in installed:
        labels = {"namespace": namespace, "installation": one.name}
        version = str(one.get("status", "running", "version", default=""))
        if version:
            found.append(Sample("changeover_info", {**labels, "version": version}, 1.0))
        age = _age(str(one.get("status", "lastBackup", "at", default="")), now)
        if age is not None:
            found.append(Sample("changeover_last_backup_age_seconds", labels, age))
    return found


def text(found: Iterable[Sample]) -> str:
    """Samples in Prometheus' text format."""
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for one in found:
        if one.name not in gauges:
            gauges[one.name] = Gauge(one.name, HELP[one.name], tuple(one.labels), registry=registry)
        gauges[one.name].labels(**one.labels).set(one.value)
    return generate_latest(registry).decode()


def _age(time: str, now: datetime) -> float | None:
    return max(0.0, (now - datetime.fromisoformat(time)).total_seconds()) if time else None
