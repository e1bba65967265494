"""StorageClass (storage.k8s.io/v1): how volumes are made is fixed; PriorityClass likewise: its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from changeover.objects import KubeObject
from changeover.plan.diff import ABSENT, overlay_values
from changeover.plan.immutables.frozen import Frozen
from changeover.plan.immutables.remedy import REPLACE, Remedy
from changeover.plan.model import Effect

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


def cure(_live: KubeObject, _desired: KubeObject, _frozen: Sequence[Frozen]) -> Remedy | None:
    """Deleted and made again."""
    return Remedy(
        Effect.RECREATE,
        REPLACE,
        "it is deleted and made again at once; what already uses it is not touched",
    )
