"""ConfigMap and Secret (v1): fixed once marked immutable; a Secret's type is always fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.objects import KubeObject
from changeover.plan.diff import Difference
from changeover.plan.immutables.frozen import Frozen, differing
from changeover.plan.immutables.remedy import REPLACE, Remedy
from changeover.plan.model import Effect

HINT = "it has to be deleted and created again, or the release has to use another name"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """The type of a Secret; content and the mark itself of what is immutable."""
    if live.kind == "Secret":
        before, after = live.get("type", default="Opaque"), desired.get("type", default="Opaque")
        if before != after:
            yield Frozen(Difference(("type",), before, after), "the type of a Secret is fixed at creation", HINT)
    if live.get("immutable") is not True:
        return
    if desired.get("immutable") is not True:
        change = Difference(("immutable",), True, desired.get("immutable"))
        yield Frozen(change, "what was marked immutable stays so", HINT)
    for part in ("data", "binaryData"):
        for change in differing(live, desired, part):
            yield Frozen(change, f"the {live.kind} is marked immutable", HINT)


def cure(_live: KubeObject, _desired: KubeObject, _frozen: Sequence[Frozen]) -> Remedy | None:
    """Deleted and made again."""
    return Remedy(
        Effect.RECREATE,
        REPLACE,
        "it is deleted and made again at once; running pods keep what they have read until they restart",
    )
