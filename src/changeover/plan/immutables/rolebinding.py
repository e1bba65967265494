"""RoleBinding and ClusterRoleBinding (rbac.authorization.k8s.io/v1): `roleRef` is fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen, differing
from changeover.plan.immutables.remedy import BRIDGE_BINDING, Remedy
from changeover.plan.model import Effect

HINT = "the binding is made again, while a second one keeps the rights"


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """The role it grants."""
    for change in differing(live, desired, "roleRef"):
        yield Frozen(change, "the role of a binding is fixed, so that a binding cannot grant more unseen", HINT)


def cure(_live: KubeObject, _desired: KubeObject, _frozen: Sequence[Frozen]) -> Remedy | None:
    """Made again under the cover of a second binding."""
    return Remedy(
        Effect.RECREATE,
        BRIDGE_BINDING,
        "it is made again; a second binding keeps the rights meanwhile",
    )
