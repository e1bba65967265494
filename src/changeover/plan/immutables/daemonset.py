"""DaemonSet (apps/v1): only `spec.selector` is fixed; the DaemonSet is made again around its pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen
from changeover.plan.immutables.remedy import KEEPING_PODS, Remedy
from changeover.plan.immutables.selectors import selector_changes

HINT = "the release's own selector does not match the labels of its pods; ask its vendor"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """The selector."""
    return selector_changes(live, desired, hint=HINT)


def cure(_live: KubeObject, _desired: KubeObject, _frozen: Sequence[Frozen]) -> Remedy | None:
    """Its pods are kept, whatever the selector becomes."""
    return KEEPING_PODS
