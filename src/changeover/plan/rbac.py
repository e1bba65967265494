"""Exactly the rights that a change needs: this revision, its way back, the gate, the drain and the waiting.

* every kind of the old and the new revision: get, list, watch, create, patch; delete where something of it may be
  removed, recreated, or taken back
* what every run does: watch pods, claims, ReplicaSets and events, keep state in our kinds, Secrets and a Lease
* what only some steps do: close the gate, hold sessions by a finalizer, copy volumes by pods, probe by Jobs
* a role may only grant what its maker has: a release that brings Roles needs their own rules too (`escalate` is not
  asked for; the API server names the missing rule)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from changeover.objects import API_VERSION, Kind, KubeObject
from changeover.plan.intent import Intent
from changeover.plan.model import Plan
from changeover.plan.steps import Verb
from changeover.ports import Resource
from changeover.render.revision import Revision

_OWN = frozenset({"get", "list", "watch", "create", "patch", "delete"})
_LOOK = frozenset({"get", "list", "watch"})

_ADMISSION = "admissionregistration.k8s.io"

Served = Mapping[tuple[str, str], Resource]
Row = tuple[str, str, str, frozenset[str]]
"""apiVersion, kind, resource, verbs"""


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


_ALWAYS: tuple[Row, ...] = (
    ("v1", "Pod", "pods", _LOOK),
    ("v1", "Pod", "pods/log", frozenset({"get"})),
    ("v1", "Event", "events", frozenset({"list", "create", "patch"})),
    ("v1", "Secret", "secrets", _OWN),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", _LOOK),
    ("v1", "Service", "services", _LOOK),
    ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", _LOOK),
    ("apps/v1", "ReplicaSet", "replicasets", _LOOK),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", frozenset({"list"})),
    ("coordination.k8s.io/v1", "Lease", "leases", frozenset({"get", "create", "patch", "update"})),
    (API_VERSION, "Installation", "installations", frozenset({*_LOOK, "patch"})),
    (API_VERSION, "Installation", "installations/status", frozenset({"patch"})),
    (API_VERSION, "Changeover", "changeovers", frozenset({*_LOOK, "create", "patch"})),
    (API_VERSION, "Changeover", "changeovers/status", frozenset({"patch"})),
)
_REVISIONS: Row = ("apps/v1", "ControllerRevision", "controllerrevisions", frozenset({"list", "delete"}))
_FOR_STEPS: tuple[tuple[frozenset[Verb], Row], ...] = (
    (frozenset({Verb.CLOSE_GATE, Verb.OPEN_GATE}), ("v1", "ConfigMap", "configmaps", _OWN)),
    (frozenset({Verb.CLOSE_GATE, Verb.BACK_UP, Verb.RESTORE}), ("v1", "Pod", "pods", frozenset({"create"}))),
    (frozenset({Verb.DRAIN, Verb.BRIDGE, Verb.READOPT}), ("v1", "Pod", "pods", frozenset({"patch"}))),
    (frozenset({Verb.READOPT}), ("apps/v1", "ReplicaSet", "replicasets", frozenset({"create", "delete"}))),
    (frozenset({Verb.READOPT}), _REVISIONS),
    (frozenset({Verb.DRAIN, Verb.BACK_UP, Verb.RESTORE}), ("v1", "Pod", "pods", frozenset({"delete"}))),
    (frozenset({Verb.BACK_UP, Verb.RESTORE}), ("v1", "Pod", "pods/proxy", frozenset({"get", "update"}))),
    (frozenset({Verb.WAIT_READY}), ("v1", "Endpoints", "endpoints", frozenset({"list"}))),
    (frozenset({Verb.PROBE, Verb.SOAK, Verb.RUN_INSTALLER}), ("batch/v1", "Job", "jobs", _OWN)),
)
_ANYWHERE: tuple[Row, ...] = (
    ("v1", "Namespace", "namespaces", frozenset({"get"})),
    (f"{_ADMISSION}/v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", frozenset({"get"})),
    (f"{_ADMISSION}/v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", frozenset({"get"})),
)


def rights_needed(
    revisions: Iterable[Revision | None],
    *,
    namespace: str,
    served: Served | None = None,
    verbs: frozenset[Verb] = frozenset(Verb),
) -> tuple[Right, ...]:
    """All rights for going between these revisions by steps of these verbs, sorted.

    `served` names the resources and leaves out what is not served; without it names are formed as Kubernetes does.
    """
    found = set(_run_rights(namespace, verbs)) | set(_rights(_ANYWHERE, ""))
    for revision in revisions:
        for release in revision.charts if revision else ():
            found.update(_rights([("v1", "Secret", "secrets", _OWN)], release.namespace))  # Helm's own record
        for obj in revision.objects if revision else ():
            resource = served.get((obj.api_version, obj.kind)) if served is not None else _guessed(obj)
            if resource is not None:
                home = (obj.namespace or namespace) if resource.namespaced else ""
                found.update(_rights([(obj.api_version, obj.kind, resource.plural, _OWN)], home))
    return tuple(sorted(found))


def without_unneeded(
    denied: Iterable[str], revisions: Iterable[Revision | None], *, namespace: str, verbs: frozenset[Verb]
) -> tuple[str, ...]:
    """Of rights in words those that steps of these verbs need."""
    needed = {right.text for right in rights_needed(revisions, namespace=namespace, verbs=verbs)}
    optional = {right.text for right in _run_rights(namespace, frozenset(Verb))} - needed
    return tuple(text for text in denied if text not in optional)


def manifests(intent: Intent, plan: Plan, *, installation: str) -> str:
    """The Roles for one plan and its way back, as YAML."""
    verbs = frozenset(step.verb for step in (*plan.steps.forward, *plan.steps.back))
    rights = rights_needed((intent.new, intent.old), namespace=intent.namespace, verbs=verbs)
    return as_yaml(rights, name=f"changeover-{installation}")


def _run_rights(namespace: str, verbs: frozenset[Verb]) -> Iterable[Right]:
    yield from _rights(_ALWAYS, namespace)
    yield from _rights((row for wanted, row in _FOR_STEPS if wanted & verbs), namespace)


def _guessed(obj: KubeObject) -> Resource:
    name = obj.kind.lower()
    if name.endswith(("s", "x", "ch", "sh")):
        plural = name if name == "endpoints" else name + "es"
    else:
        plural = name[:-1] + "ies" if name.endswith("y") and name[-2] not in "aeiou" else name + "s"
    return Resource(obj.ref.kind, plural, namespaced=bool(obj.namespace))


def _rights(rows: Iterable[Row], namespace: str) -> Iterable[Right]:
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
