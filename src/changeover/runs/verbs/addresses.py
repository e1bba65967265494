"""Where users reach a Service: what it says itself, its load balancer, else its cluster address."""

from __future__ import annotations

from changeover.errors import Problem
from changeover.objects import Kind, Ref
from changeover.runs.scene import Scene
from changeover.settings import ADDRESS_ANNOTATION

SERVICE = Kind("v1", "Service")


class NoAddress(Problem):
    """A Service that users should reach has no address yet."""

    reference = "no-address"


async def address_of(scene: Scene, service: str, port: int) -> str:
    """``http://host:port`` without a slash at the end. Raises NoAddress."""
    live = await scene.cluster.get(Ref(SERVICE, scene.subject.namespace, service))
    stated = live.annotations.get(ADDRESS_ANNOTATION, "") if live else ""
    if stated:
        return stated.rstrip("/")
    entry = (live.get("status", "loadBalancer", "ingress", default=[{}]) or [{}])[0] if live else {}
    host = entry.get("ip") or entry.get("hostname") or (live.get("spec", "clusterIP", default="") if live else "")
    if not host or host == "None":
        raise NoAddress(
            f"Service/{service} must have an address that users reach.",
            found="there is no such Service" if live is None else "no load balancer address and no cluster address",
            hint=f"annotate it with {ADDRESS_ANNOTATION}: https://… when users come another way",
        )
    return f"http://{host}:{port}"
