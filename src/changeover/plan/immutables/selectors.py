"""Selectors of workloads: which pods are theirs is fixed at creation.

A selector counts as one field: what a person must see is the whole old and the whole new one.
"""

from __future__ import annotations

from collections.abc import Iterator

from changeover.objects import KubeObject
from changeover.plan.diff import Difference
from changeover.plan.immutables.frozen import Frozen, differing


def selector_changes(live: KubeObject, desired: KubeObject, *, hint: str) -> Iterator[Frozen]:
    """At most one: the selector differs, in keys added, removed or changed."""
    if differing(live, desired, "spec", "selector"):
        change = Difference(("spec", "selector"), live.get("spec", "selector"), desired.get("spec", "selector"))
        yield Frozen(change, "a selector is fixed at creation: it says which pods belong to the workload", hint)
