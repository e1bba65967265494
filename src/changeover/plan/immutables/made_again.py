"""Small objects of which Kubernetes fixes what they stand for, made again at once: nothing of them is lost.

StorageClass, PriorityClass, IngressClass, RuntimeClass and CSIDriver, of which others know the name only; a
ResourceQuota's scopes; what kind of addresses an EndpointSlice holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen, differing
from changeover.plan.immutables.remedy import REPLACE, Remedy
from changeover.plan.model import Effect

_CLASS = "it is deleted and made again at once; what already uses it is not touched"
_PRICES: Mapping[str, str] = {
    "ResourceQuota": "it is deleted and made again at once; for that moment it limits nothing",
    "EndpointSlice": "it is deleted and made again at once; new connections to what it names fail for about a second",
}
FIXED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "StorageClass.storage.k8s.io": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
    "PriorityClass.scheduling.k8s.io": (("value",), ("preemptionPolicy",)),
    "IngressClass.networking.k8s.io": (("spec", "controller"),),
    "RuntimeClass.node.k8s.io": (("handler",),),
    "CSIDriver.storage.k8s.io": (("spec", "attachRequired"), ("spec", "volumeLifecycleModes")),
    "ResourceQuota": (("spec", "scopes"),),
    "EndpointSlice.discovery.k8s.io": (("addressType",),),
}
HINT = "it has to be deleted and created again"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """What it stands for."""
    for path in FIXED[live.ref.kind.group_kind]:
        for change in differing(live, desired, *path):
            yield Frozen(change, f"what a {live.kind} stands for is fixed at creation", HINT)


def cure(live: KubeObject, _desired: KubeObject, _frozen: Sequence[Frozen]) -> Remedy | None:
    """Deleted and made again."""
    return Remedy(Effect.RECREATE, REPLACE, _PRICES.get(live.kind, _CLASS))
