"""What Kubernetes refuses to change, one file per kind.

The API server is the judge: these rules only name, for a person, the field that it refused, with the old and the new
value, the reason and what can be done. They are asked when a dry run was refused. A kind without a rule is named by the
causes in the server's answer.

Beside its rule, a kind has a cure where there is one: by what, and at which price, the change is brought about
nevertheless. Claims (which only grow) and definitions (whose objects would go) have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changeover.objects import KubeObject
from changeover.plan.immutables import (
    configuration,
    customresourcedefinition,
    daemonset,
    deployment,
    job,
    made_again,
    persistentvolumeclaim,
    rolebinding,
    service,
    statefulset,
)
from changeover.plan.immutables.frozen import Frozen, Rule
from changeover.plan.immutables.remedy import Cure, Remedy

RULES: Mapping[str, Rule] = {
    "Deployment.apps": deployment.frozen_fields,
    "DaemonSet.apps": daemonset.frozen_fields,
    "StatefulSet.apps": statefulset.frozen_fields,
    "Job.batch": job.frozen_fields,
    "Service": service.frozen_fields,
    "PersistentVolumeClaim": persistentvolumeclaim.frozen_fields,
    "RoleBinding.rbac.authorization.k8s.io": rolebinding.frozen_fields,
    "ClusterRoleBinding.rbac.authorization.k8s.io": rolebinding.frozen_fields,
    "ConfigMap": configuration.frozen_fields,
    "Secret": configuration.frozen_fields,
    **dict.fromkeys(made_again.FIXED, made_again.frozen_fields),
    "CustomResourceDefinition.apiextensions.k8s.io": customresourcedefinition.frozen_fields,
}


def frozen_fields(live: KubeObject, desired: KubeObject) -> tuple[Frozen, ...]:
    """The fields of the manifest that the live object cannot take over."""
    rule = RULES.get(live.ref.kind.group_kind)
    return tuple(rule(live, desired)) if rule else ()


CURES: Mapping[str, Cure] = {
    "Deployment.apps": deployment.cure,
    "DaemonSet.apps": daemonset.cure,
    "StatefulSet.apps": statefulset.cure,
    "Service": service.cure,
    "RoleBinding.rbac.authorization.k8s.io": rolebinding.cure,
    "ClusterRoleBinding.rbac.authorization.k8s.io": rolebinding.cure,
    "ConfigMap": configuration.cure,
    "Secret": configuration.cure,
    **dict.fromkeys(made_again.FIXED, made_again.cure),
}


def remedy(live: KubeObject, desired: KubeObject, frozen: Sequence[Frozen]) -> Remedy | None:
    """How a refused change is brought about nevertheless; None = it cannot be."""
    cure = CURES.get(live.ref.kind.group_kind)
    return cure(live, desired, frozen) if cure and frozen else None
