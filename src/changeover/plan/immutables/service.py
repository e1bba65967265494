"""Service (v1): its cluster address stays while it has one; the first IP family and the balancer's class too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.objects import KubeObject
from changeover.plan.diff import ABSENT, Difference
from changeover.plan.immutables.frozen import Frozen
from changeover.plan.immutables.remedy import REPLACE, Remedy
from changeover.plan.model import Effect

HINT = "the Service has to be deleted and created again with that address; connections stall for about a second"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """Address, first family, class of the load balancer; a change to or from ExternalName is free."""
    if "ExternalName" in (live.get("spec", "type"), desired.get("spec", "type")):
        return
    if _from_headless(live, desired):
        yield Frozen(
            Difference(("spec", "clusterIP"), "None", ABSENT), "a headless Service gets no address later", HINT
        )
    for path, reason in (
        (("spec", "clusterIP"), "a Service keeps the address it was given"),
        (("spec", "clusterIPs", 0), "a Service keeps the address it was given"),
        (("spec", "ipFamilies", 0), "the first IP family is fixed at creation"),
        (("spec", "loadBalancerClass"), "the class of a load balancer is fixed while the Service has one"),
    ):
        before, after = live.get(*path), desired.get(*path)
        if after not in (None, "") and before not in (None, "") and before != after:
            yield Frozen(Difference(_named(path), before, after), reason, HINT)


def _from_headless(live: KubeObject, desired: KubeObject) -> bool:
    """No address to one that node ports lead to: an address that nobody asked for is not given afterwards."""
    leads = desired.get("spec", "type") in {"NodePort", "LoadBalancer"}
    return live.get("spec", "clusterIP") == "None" and leads and not desired.get("spec", "clusterIP")


def cure(live: KubeObject, _desired: KubeObject, frozen: Sequence[Frozen]) -> Remedy | None:
    """Made again; it keeps its node ports, and loses its connections for a moment."""
    price = "it is deleted and made again: new connections fail for about a second"
    if any(one.difference.path[1] != "loadBalancerClass" for one in frozen):
        price += ", and its address changes"
    if live.get("spec", "type") == "LoadBalancer":
        price += "; the load balancer outside is made anew, which can take minutes"
    return Remedy(Effect.RECREATE, REPLACE, price)


def _named(path: tuple[str | int, ...]) -> tuple[str, ...]:
    return tuple(f"[{part}]" if isinstance(part, int) else part for part in path)
