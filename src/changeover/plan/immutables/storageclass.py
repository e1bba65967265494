"""StorageClass (storage.k8s.io/v1): how volumes are made is fixed; PriorityClass likewise: its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from changeover.objects import KubeObject
from changeover.plan.diff import ABSENT, overlay_values
from changeover.plan.immutables.frozen import Frozen

FIXED: Mapping[str, tuple[str, ...]] = {
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "PriorityClass": ("value", "preemptionPolicy"),
}
HINT = "the class has to be deleted and created again; what already uses it is not touched by that"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """What defines the class."""
    for name in FIXED[live.kind]:
        wanted = desired.get(name, default=ABSENT)
        if wanted is not ABSENT:
            for change in overlay_values(live.get(name, default=ABSENT), wanted, (name,)):
                yield Frozen(change, "what a class stands for is fixed at creation", HINT)
