"""RoleBinding and ClusterRoleBinding (rbac.authorization.k8s.io/v1): `roleRef` is fixed."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen, differing

HINT = "the binding has to be deleted and created again, with another one in between; this version does not do that"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """The role it grants."""
    for change in differing(live, desired, "roleRef"):
        yield Frozen(change, "the role of a binding is fixed, so that a binding cannot grant more unseen", HINT)
