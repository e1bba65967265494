"""CustomResourceDefinition (apiextensions.k8s.io/v1): scope, group and plural are fixed once it is established."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen, differing

HINT = "deleting a definition deletes every object of its kind; save them and ask the vendor how to move them"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """Scope, group, plural and kind."""
    for path in (("spec", "scope"), ("spec", "group"), ("spec", "names", "plural"), ("spec", "names", "kind")):
        for change in differing(live, desired, *path):
            yield Frozen(change, "the objects of the kind are stored under it", HINT)
