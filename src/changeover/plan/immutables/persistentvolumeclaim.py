"""PersistentVolumeClaim (v1): it may only grow, and only when bound and its class allows that."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from changeover.objects import KubeObject
from changeover.plan.diff import Difference
from changeover.plan.immutables.frozen import Frozen, differing
from changeover.quantity import amount

_SIZE = ("spec", "resources", "requests", "storage")
_COPY = "a new claim is needed and the data copied into it"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """Everything in the spec but a larger request; and a larger one where the claim cannot grow."""
    for name in desired.get("spec", default={}):
        if name in {"resources", "volumeAttributesClassName"}:
            continue
        for change in differing(live, desired, "spec", name):
            yield Frozen(change, "a claim's form is fixed at creation", _COPY)
    yield from _size(live, desired)


def shrinks(before: KubeObject, after: KubeObject) -> bool:
    """Whether less is asked for than before."""
    have, want = amount(before.get(*_SIZE)), amount(after.get(*_SIZE))
    return have is not None and want is not None and want < have


def as_large(desired: KubeObject, live: KubeObject) -> KubeObject:
    """The manifest with the size that the claim has, where it asks for less: a claim that has grown stays so."""
    if not shrinks(live, desired):
        return desired
    raw = copy.deepcopy(dict(desired.raw))
    raw["spec"]["resources"]["requests"]["storage"] = live.get(*_SIZE)
    return KubeObject(raw)


def _size(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    before, after = live.get(*_SIZE), desired.get(*_SIZE)
    have, want = amount(before), amount(after)
    if have is None or want is None or have == want:
        return
    change = Difference(_SIZE, before, after)
    if want < have:
        yield Frozen(change, "a claim cannot shrink", _COPY)
    elif live.get("status", "phase") != "Bound":
        yield Frozen(change, "a claim grows only when it is bound", "bind it first (a pod that uses it), then grow it")
    else:
        yield Frozen(change, "its storage class does not let claims grow", "set allowVolumeExpansion, or copy the data")
