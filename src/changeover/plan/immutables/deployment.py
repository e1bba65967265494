"""Deployment (apps/v1): only `spec.selector` is fixed."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen
from changeover.plan.immutables.selectors import selector_changes

HINT = "the Deployment has to be deleted, its pods left or replaced, and created again; this version does not do that"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """The selector."""
    return selector_changes(live, desired, hint=HINT)
