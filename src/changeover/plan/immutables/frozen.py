"""A field that Kubernetes refuses to change, with what a person needs to know about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from changeover.objects import KubeObject
from changeover.plan.diff import ABSENT, Difference, overlay_values


@dataclass(frozen=True, slots=True)
class Frozen:
    """One refused difference: where, why Kubernetes refuses it, and what can be done."""

    difference: Difference
    reason: str
    hint: str


Rule = Callable[[KubeObject, KubeObject], Iterator[Frozen]]
"""From the live object and the manifest to the fields that cannot be changed in place."""


def differing(live: KubeObject, desired: KubeObject, *path: str) -> tuple[Difference, ...]:
    """How a part of the manifest differs from what lives; a part the manifest does not mention does not differ."""
    wanted = desired.get(*path, default=ABSENT)
    if wanted is ABSENT:
        return ()
    return overlay_values(live.get(*path, default=ABSENT), wanted, path)
