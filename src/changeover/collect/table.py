"""Which collectors there are, and the rights that each must have before it is begun."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.collect import certificates, facts, inside, logs, resources, running, stored
from changeover.collect.scene import Act
from changeover.objects import Kind
from changeover.ports import Resource

POD = Kind("v1", "Pod")
SECRETS = Resource(Kind("v1", "Secret"), "secrets", namespaced=True)
CONFIG_MAPS = Resource(Kind("v1", "ConfigMap"), "configmaps", namespaced=True)
PODS, LOGS, EXEC = (Resource(POD, plural, namespaced=True) for plural in ("pods", "pods/log", "pods/exec"))


@dataclass(frozen=True, slots=True)
class Row:
    """How a kind of collector is carried out; `needs` = (verb, resource) in the namespace where it looks."""

    act: Act
    needs: tuple[tuple[str, Resource], ...] = ()


_SEE_PODS = (("list", PODS),)
_RUN = (("create", PODS), ("get", PODS), ("delete", PODS), ("get", LOGS))

COLLECTORS = {
    "clusterInfo": Row(facts.cluster_info),
    "clusterResources": Row(resources.cluster_resources),
    "secret": Row(stored.secret, (("get", SECRETS),)),
    "configMap": Row(stored.config_map, (("get", CONFIG_MAPS),)),
    "logs": Row(logs.logs, (*_SEE_PODS, ("get", LOGS))),
    "exec": Row(inside.execute, (*_SEE_PODS, ("create", EXEC))),
    "copy": Row(inside.copy, (*_SEE_PODS, ("create", EXEC))),
    "run": Row(running.run, _RUN),
    "runPod": Row(running.run_pod, _RUN),
    "data": Row(facts.data),
    "http": Row(facts.http),
    "certificates": Row(certificates.certificates),
}
"""By the name that specs use; anything else is skipped, by its name."""
