"""Exactly the rights that a change needs: this revision, its way back, the gate, the drain and the waiting.

* every kind of the old and the new revision: get, list, watch, create, patch; delete where something of it may be
  removed, recreated, or taken back
* what the run itself does: scale workloads, watch pods, claims, ReplicaSets and events, hold sessions by a finalizer,
  keep state in our kinds, Secrets, a Lease and the gate's ConfigMap
* a role may only grant what its maker has: a release that brings Roles needs their own rules too (`escalate` is not
  asked for; the API server names the missing rule)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from changeover.objects import GROUP, Kind
from changeover.ports import Resource
from changeover.render.revision import Revision

_OWN = frozenset({"get", "list", "watch", "create", "patch", "delete"})
_LOOK = frozenset({"get", "list", "watch"})

Served = Mapping[tuple[str, str], Resource]


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one resource; `namespace` empty = cluster-wide."""

    group: str
    resource: str
    verb: str
    namespace: str = ""
    api_version: str = "v1"
    kind: str = ""

    @property
    def text(self) -> str:
        """``patch deployments.apps in gitpod``."""
        where = f" in {self.namespace}" if self.namespace else " in the whole cluster"
        return f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}{where}"

    @property
    def asked_of(self) -> Resource:
        """The form in which the cluster is asked about it."""
        return Resource(Kind(self.api_version, self.kind), self.resource, bool(self.namespace))


_RUN: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("v1", "Pod", "pods", frozenset({*_LOOK, "patch", "delete", "create"})),
    ("v1", "Pod", "pods/log", frozenset({"get"})),
    ("v1", "Event", "events", frozenset({"get", "list", "create", "patch"})),
    ("v1", "ConfigMap", "configmaps", _OWN),
    ("v1", "Secret", "secrets", _OWN),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", _LOOK),
    ("v1", "Service", "services", _LOOK),
    ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", _LOOK),
    ("apps/v1", "ReplicaSet", "replicasets", _LOOK),
    ("apps/v1", "Deployment", "deployments/scale", frozenset({"get", "patch"})),
    ("apps/v1", "StatefulSet", "statefulsets/scale", frozenset({"get", "patch"})),
    ("batch/v1", "Job", "jobs", _OWN),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", frozenset({"list"})),
    ("coordination.k8s.io/v1", "Lease", "leases", frozenset({"get", "create", "patch", "update"})),
    (f"{GROUP}/v1alpha1", "Installation", "installations", frozenset({*_LOOK, "patch"})),
    (f"{GROUP}/v1alpha1", "Installation", "installations/status", frozenset({"patch"})),
    (f"{GROUP}/v1alpha1", "Changeover", "changeovers", frozenset({*_LOOK, "create", "patch"})),
    (f"{GROUP}/v1alpha1", "Changeover", "changeovers/status", frozenset({"patch"})),
)
_LOOKED_AT_ANYWHERE: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("v1", "Namespace", "namespaces", frozenset({"get"})),
    ("v1", "Node", "nodes", frozenset({"get", "list"})),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        frozenset({"get"}),
    ),
)


def rights_needed(revisions: Iterable[Revision | None], *, namespace: str, served: Served) -> tuple[Right, ...]:
    """All rights for going between these revisions in this namespace, sorted; unserved kinds need none."""
    found = set(_rights(_RUN, namespace)) | set(_rights(_LOOKED_AT_ANYWHERE, ""))
    for revision in revisions:
        for obj in revision.objects if revision else ():
            resource = served.get((obj.api_version, obj.kind))
            if resource is not None:
                home = (obj.namespace or namespace) if resource.namespaced else ""
                found.update(_rights([(obj.api_version, obj.kind, resource.plural, _OWN)], home))
    return tuple(sorted(found))


def _rights(rows: Iterable[tuple[str, str, str, frozenset[str]]], namespace: str) -> Iterable[Right]:
    for version, kind, resource, verbs in rows:
        for verb in verbs:
            yield Right(Kind(version, kind).group, resource, verb, namespace, version, kind)


def as_yaml(rights: Iterable[Right], *, name: str) -> str:
    """A Role per namespace and a ClusterRole, ready for `kubectl apply`; rules with the same verbs share a line."""
    by_place: dict[str, list[Right]] = {}
    for right in rights:
        by_place.setdefault(right.namespace, []).append(right)
    return "".join(_role(place, inside, name) for place, inside in sorted(by_place.items()))


def _role(namespace: str, rights: Iterable[Right], name: str) -> str:
    verbs_of: dict[tuple[str, str], list[str]] = {}
    for right in rights:
        verbs_of.setdefault((right.group, right.resource), []).append(right.verb)
    rules: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), verbs in sorted(verbs_of.items()):
        rules.setdefault((group, tuple(sorted(set(verbs)))), []).append(resource)
    text = ["---", "apiVersion: rbac.authorization.k8s.io/v1", f"kind: {'Role' if namespace else 'ClusterRole'}"]
    text += ["metadata:", f"  name: {name}"] + ([f"  namespace: {namespace}"] if namespace else []) + ["rules:"]
    for (group, together), resources in rules.items():
        text.append(f'  - apiGroups: ["{group}"]')
        text.append(f"    resources: [{', '.join(resources)}]")
        text.append(f"    verbs: [{', '.join(together)}]")
    return "\n".join(text) + "\n"
