"""The parts of an application as they live: pods that are ready, their images, what is not well, where it is reached.

Pure: judged from live objects, never from what was last deployed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from changeover.actions.truth import images
from changeover.objects import KubeObject
from changeover.runs.health import kstatus

_READY = {
    "Deployment.apps": ("spec", "replicas", "readyReplicas"),
    "StatefulSet.apps": ("spec", "replicas", "readyReplicas"),
    "DaemonSet.apps": ("status", "desiredNumberScheduled", "numberReady"),
}

_HTTP, _HTTPS = 80, 443


@dataclass(frozen=True, slots=True)
class Component:
    """One workload of the application."""

    name: str
    kind: str
    healthy: bool
    why: str
    """Why it is not healthy; empty when it is."""
    ready: int
    """Pods that are ready."""
    wanted: int
    """Pods that should be."""
    images: tuple[str, ...]
    """Images of its containers, each once, without registry and digest: ``server:2022.07.1``."""


def components(live: Mapping[str, KubeObject | None]) -> tuple[Component, ...]:
    """The workloads among live objects, by name; those that are not well come first."""
    found = [_component(obj) for obj in live.values() if obj is not None and obj.ref.kind.group_kind in _READY]
    return tuple(sorted(found, key=lambda one: (one.healthy, one.name, one.kind)))


def addresses(live: Mapping[str, KubeObject | None]) -> tuple[str, ...]:
    """Where people reach the application: hosts of its Ingresses (https with a certificate), its load balancers."""
    return tuple(sorted({url for obj in live.values() if obj is not None for url in _hosts(obj)}))


def _component(obj: KubeObject) -> Component:
    where, wanted, ready = _READY[obj.ref.kind.group_kind]
    health = kstatus.judge(obj)
    return Component(
        name=obj.name,
        kind=obj.kind,
        healthy=health.current,
        why=health.message,
        ready=int(obj.get("status", ready, default=0)),
        wanted=int(obj.get(where, wanted, default=1 if where == "spec" else 0)),
        images=tuple(dict.fromkeys(_short(image) for image in images(obj))),
    )


def _short(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2]


def _hosts(obj: KubeObject) -> Iterable[str]:
    if obj.ref.kind.group_kind == "Service":
        yield from _balanced(obj)
    if obj.ref.kind.group_kind != "Ingress.networking.k8s.io":
        return
    covered = {host for one in obj.get("spec", "tls", default=[]) for host in one.get("hosts") or ()}
    for rule in obj.get("spec", "rules", default=[]):
        host = str(rule.get("host") or "")
        if host and "*" not in host:
            yield f"{'https' if host in covered else 'http'}://{host}"


def _balanced(service: KubeObject) -> Iterable[str]:
    """Of a load balancer that has an address: its ports for the web."""
    ports = [int(one.get("port") or 0) for one in service.get("spec", "ports", default=[])]
    for one in service.get("status", "loadBalancer", "ingress", default=[]):
        host = str(one.get("hostname") or one.get("ip") or "")
        host = f"[{host}]" if ":" in host else host
        if host and _HTTPS in ports:
            yield f"https://{host}"
        elif host and _HTTP in ports:
            yield f"http://{host}"
