"""Exactly the rights that a change needs: this revision, its way back, the gate, the drain and the waiting.

* every kind of the old and the new revision: get, list, watch, create, patch; delete where something of it may be
  removed, recreated, or taken back
* what every run does: watch pods, claims, ReplicaSets and events, keep state in our kinds, Secrets and a Lease
* what only some steps do: close the gate, hold sessions by a finalizer, copy volumes by pods, probe by Jobs
* a role may only grant what its maker has: a release that brings Roles needs their own rules too (`escalate` is not
  asked for); a binding to a role that is not of the release needs `bind` on that one
* each right is of one account: the observer reads all but Secrets, the engine keeps Changeover's own books, the
  deployer changes the application and reads its Secrets; whoever works alone (a laptop) needs those of all three
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.objects import API_VERSION, Kind, KubeObject
from changeover.plan.intent import Intent
from changeover.plan.model import Plan
from changeover.plan.steps import Verb
from changeover.ports import Resource
from changeover.release.profile import Profile
from changeover.render.revision import Revision
from changeover.settings import ACCOUNTS, DEPLOYER, ENGINE, OBSERVER

LOOKING = frozenset({"get", "list", "watch"})
"""What an account does that only reads."""
_CHANGE = frozenset({"create", "patch", "delete"})
_OWN = LOOKING | _CHANGE

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"

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
    name: str = ""
    """Of one object only; empty = of all."""
    account: str = DEPLOYER
    """Which of the accounts needs it, where they are told apart."""

    @property
    def text(self) -> str:
        """``patch deployments.apps in gitpod``."""
        where = f" in {self.namespace}" if self.namespace else " in the whole cluster"
        named = f" {self.name}" if self.name else ""
        return f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}{named}{where}"

    def as_json(self) -> dict[str, str]:
        """For programs."""
        names = ("account", "namespace", "group", "resource", "verb", "name")
        return {name: value for name in names if (value := getattr(self, name)) or name == "group"}

    @property
    def asked_of(self) -> Resource:
        """The form in which the cluster is asked about it."""
        return Resource(Kind(self.api_version, self.kind), self.resource, bool(self.namespace))


_ALWAYS: Mapping[str, tuple[Row, ...]] = {
    OBSERVER: (
        ("v1", "Pod", "pods", LOOKING),
        ("v1", "Pod", "pods/log", frozenset({"get"})),
        ("v1", "Event", "events", frozenset({"list"})),
        ("v1", "ConfigMap", "configmaps", LOOKING),
        ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", LOOKING),
        ("v1", "Service", "services", LOOKING),
        ("v1", "ServiceAccount", "serviceaccounts", LOOKING),
        ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", LOOKING),
        ("apps/v1", "Deployment", "deployments", LOOKING),
        ("apps/v1", "ReplicaSet", "replicasets", LOOKING),
        ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", frozenset({"list"})),
        ("coordination.k8s.io/v1", "Lease", "leases", frozenset({"get"})),
        (API_VERSION, "Installation", "installations", LOOKING),
        (API_VERSION, "Changeover", "changeovers", LOOKING),
        (API_VERSION, "Approval", "approvals", LOOKING),
    ),
    ENGINE: (
        ("v1", "Event", "events", frozenset({"create", "patch"})),
        ("events.k8s.io/v1", "Event", "events", frozenset({"create"})),
        ("v1", "Secret", "secrets", _OWN),
        ("coordination.k8s.io/v1", "Lease", "leases", frozenset({"get", "create", "patch", "update"})),
        (API_VERSION, "Installation", "installations", frozenset({"patch"})),
        (API_VERSION, "Installation", "installations/status", frozenset({"patch"})),
        (API_VERSION, "Changeover", "changeovers", _CHANGE),
        (API_VERSION, "Changeover", "changeovers/status", frozenset({"patch"})),
    ),
    DEPLOYER: (("v1", "Secret", "secrets", LOOKING),),
}
_LISTED: Row = ("apps/v1", "ControllerRevision", "controllerrevisions", frozenset({"list"}))
_FOR_STEPS: tuple[tuple[frozenset[Verb], str, Row], ...] = (
    (frozenset({Verb.CLOSE_GATE, Verb.OPEN_GATE}), DEPLOYER, ("v1", "ConfigMap", "configmaps", _CHANGE)),
    (frozenset({Verb.CLOSE_GATE, Verb.BACK_UP, Verb.RESTORE}), DEPLOYER, ("v1", "Pod", "pods", frozenset({"create"}))),
    (frozenset({Verb.DRAIN, Verb.BRIDGE, Verb.READOPT}), DEPLOYER, ("v1", "Pod", "pods", frozenset({"patch"}))),
    (frozenset({Verb.READOPT}), DEPLOYER, ("apps/v1", "ReplicaSet", "replicasets", frozenset({"create", "delete"}))),
    (frozenset({Verb.READOPT}), OBSERVER, _LISTED),
    (frozenset({Verb.READOPT}), DEPLOYER, (*_LISTED[:3], frozenset({"delete"}))),
    (frozenset({Verb.DRAIN, Verb.BACK_UP, Verb.RESTORE}), DEPLOYER, ("v1", "Pod", "pods", frozenset({"delete"}))),
    (frozenset({Verb.BACK_UP, Verb.RESTORE}), DEPLOYER, ("v1", "Pod", "pods/proxy", frozenset({"get", "update"}))),
    (frozenset({Verb.WAIT_READY}), OBSERVER, ("v1", "Endpoints", "endpoints", frozenset({"list"}))),
    (frozenset({Verb.PROBE, Verb.SOAK, Verb.RUN_INSTALLER}), OBSERVER, ("batch/v1", "Job", "jobs", LOOKING)),
    (frozenset({Verb.PROBE, Verb.SOAK, Verb.RUN_INSTALLER}), DEPLOYER, ("batch/v1", "Job", "jobs", _CHANGE)),
)
_ANYWHERE_FOR_STEPS: tuple[tuple[frozenset[Verb], Row], ...] = (
    (frozenset({Verb.BACK_UP, Verb.RESTORE}), ("v1", "PersistentVolume", "persistentvolumes", frozenset({"get"}))),
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
    found = set(_run_rights(namespace, verbs))
    for revision in revisions:
        for release in revision.charts if revision else ():
            found.update(_rights([("v1", "Secret", "secrets", _OWN)], release.namespace, DEPLOYER))  # Helm's own record
        for obj in revision.everything if revision else ():
            resource = served.get((obj.api_version, obj.kind)) if served is not None else _guessed(obj)
            if resource is not None:
                found.update(_rights_on(obj, resource, namespace))
        found.update(_granting(revision.everything if revision else (), namespace))
    return tuple(sorted(found))


def _rights_on(obj: KubeObject, resource: Resource, namespace: str) -> Iterator[Right]:
    """To see it and to change it; a Secret is seen by the deployer alone."""
    home = (obj.namespace or namespace) if resource.namespaced else ""
    looks = DEPLOYER if (obj.api_version, obj.kind) == ("v1", "Secret") else OBSERVER
    yield from _rights([(obj.api_version, obj.kind, resource.plural, LOOKING)], home, looks)
    yield from _rights([(obj.api_version, obj.kind, resource.plural, _CHANGE)], home, DEPLOYER)


def speaking(namespace: str) -> tuple[Right, ...]:
    """With which the engine speaks as the other two of its namespace."""
    others = (OBSERVER, DEPLOYER)
    return tuple(
        Right("", "serviceaccounts", "impersonate", namespace, "v1", "ServiceAccount", one, ENGINE) for one in others
    )


def without_unneeded(
    denied: Iterable[str], revisions: Iterable[Revision | None], *, namespace: str, verbs: frozenset[Verb]
) -> tuple[str, ...]:
    """Of rights in words those that steps of these verbs need."""
    needed = {right.text for right in rights_needed(revisions, namespace=namespace, verbs=verbs)}
    optional = {right.text for right in _run_rights(namespace, frozenset(Verb))} - needed
    return tuple(text for text in denied if text not in optional)


def rights_of(intent: Intent, plan: Plan) -> tuple[Right, ...]:
    """All rights for one plan and its way back."""
    verbs = frozenset(step.verb for step in (*plan.steps.forward, *plan.steps.back))
    needed = rights_needed((intent.new, intent.old), namespace=intent.namespace, verbs=verbs)
    commands = command_rights(intent.profile, intent.namespace) if Verb.DRAIN in verbs else ()
    return tuple(sorted({*needed, *commands}))


def command_rights(profile: Profile, namespace: str) -> tuple[Right, ...]:
    """To end sessions by a command inside of them, where the profile says so."""
    by_command = profile.sessions is not None and profile.sessions.stop.method == "exec"
    row = ("v1", "Pod", "pods/exec", frozenset({"get", "create"}))  # a stream that is upgraded is a GET
    return tuple(_rights([row] if by_command else (), namespace, DEPLOYER))


def _run_rights(namespace: str, verbs: frozenset[Verb]) -> Iterable[Right]:
    for account, rows in _ALWAYS.items():
        yield from _rights(rows, namespace, account)
    for wanted, account, row in _FOR_STEPS:
        yield from _rights([row] if wanted & verbs else (), namespace, account)
    yield from _rights((row for wanted, row in _ANYWHERE_FOR_STEPS if wanted & verbs), "", OBSERVER)
    yield from _rights(_ANYWHERE, "", OBSERVER)


def _granting(objects: Iterable[KubeObject], namespace: str) -> Iterator[Right]:
    """What its maker must have to make the release's Roles and bindings."""
    objects = tuple(objects)
    made = {(obj.kind, obj.name) for obj in objects if obj.kind in ("Role", "ClusterRole")}
    for obj in objects:
        home = (obj.namespace or namespace) if obj.kind in ("Role", "RoleBinding") else ""
        if obj.kind in ("Role", "ClusterRole"):
            yield from _ruled(obj.get("rules", default=[]) or [], home)
        elif obj.kind in ("RoleBinding", "ClusterRoleBinding"):
            kind, name = str(obj.get("roleRef", "kind", default="")), str(obj.get("roleRef", "name", default=""))
            if (kind, name) not in made:
                at = home if kind == "Role" else ""
                yield Right(_RBAC, f"{kind.lower()}s", "bind", at, f"{_RBAC}/v1", kind, name)


def _ruled(rules: Iterable[Mapping[str, Any]], home: str) -> Iterator[Right]:
    for rule in rules:
        for group in rule.get("apiGroups") or ():
            for resource, verb in itertools.product(rule.get("resources") or (), rule.get("verbs") or ()):
                for name in rule.get("resourceNames") or ("",):
                    version = f"{group}/v1" if group else "v1"
                    yield Right(group, resource, verb, home, version, "", name)


def _guessed(obj: KubeObject) -> Resource:
    name = obj.kind.lower()
    if name.endswith(("s", "x", "ch", "sh")):
        plural = name if name == "endpoints" else name + "es"
    else:
        plural = name[:-1] + "ies" if name.endswith("y") and name[-2] not in "aeiou" else name + "s"
    return Resource(obj.ref.kind, plural, namespaced=bool(obj.namespace))


def _rights(rows: Iterable[Row], namespace: str, account: str) -> Iterable[Right]:
    for version, kind, resource, verbs in rows:
        for verb in verbs:
            yield Right(Kind(version, kind).group, resource, verb, namespace, version, kind, account=account)


def as_yaml(rights: Iterable[Right], *, name: str, account: tuple[str, str] | None = None) -> str:
    """A Role per namespace and a ClusterRole, ready for `kubectl apply`; rules with the same verbs share a line.

    With an account (namespace, name) each is bound to it.
    """
    by_place: dict[str, list[Right]] = {}
    for right in rights:
        by_place.setdefault(right.namespace, []).append(right)
    texts = []
    for place, inside in sorted(by_place.items()):
        # a ClusterRole has no namespace of its own: the account's keeps two of one name apart
        called = f"{name}-{account[0]}" if account and not place else name
        texts.append(_role(place, inside, called))
        if account:
            texts.append(_binding(place, called, account))
    return "".join(texts)


def accounts_as_yaml(rights: Iterable[Right], *, name: str, namespace: str) -> str:
    """The three accounts, each with its Roles bound to it, ready for `kubectl apply`."""
    rights = (*rights, *speaking(namespace))
    texts = [account_as_yaml(account, namespace) for account in ACCOUNTS]
    for account in ACCOUNTS:
        inside = [right for right in rights if right.account == account]
        called = f"{name}-{account.removeprefix('changeover-')}"
        texts.append(as_yaml(inside, name=called, account=(namespace, account)))
    return "".join(texts)


def _quoted(word: str) -> str:
    return f'"{word}"' if "*" in word else word


def account_as_yaml(name: str, namespace: str) -> str:
    """A ServiceAccount."""
    return f"---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"


def _binding(place: str, name: str, account: tuple[str, str]) -> str:
    kind = "Role" if place else "ClusterRole"
    text = ["---", "apiVersion: rbac.authorization.k8s.io/v1", f"kind: {kind}Binding", "metadata:", f"  name: {name}"]
    text += [f"  namespace: {place}"] if place else []
    text += ["roleRef:", "  apiGroup: rbac.authorization.k8s.io", f"  kind: {kind}", f"  name: {name}", "subjects:"]
    text += ["  - kind: ServiceAccount", f"    name: {account[1]}", f"    namespace: {account[0]}"]
    return "\n".join(text) + "\n"


def rules_of(rights: Iterable[Right]) -> list[dict[str, list[str]]]:
    """The rules of a Role with these rights, whatever their namespace."""
    rules = []
    for (group, verbs, named), resources in _together(rights).items():
        names = {"resourceNames": [named]} if named else {}
        rules.append({"apiGroups": [group], "resources": resources, "verbs": list(verbs), **names})
    return rules


def run_rights(namespace: str) -> tuple[Right, ...]:
    """What runs need of a namespace whatever they change: for an account that is to carry out any."""
    return tuple(sorted({*_run_rights(namespace, frozenset(Verb)), *speaking(namespace)}))


def _together(rights: Iterable[Right]) -> dict[tuple[str, tuple[str, ...], str], list[str]]:
    """Resources by group, verbs and name: those with the same verbs share a rule."""
    verbs_of: dict[tuple[str, str, str], list[str]] = {}
    for right in rights:
        verbs_of.setdefault((right.group, right.resource, right.name), []).append(right.verb)
    rules: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for (group, resource, named), verbs in sorted(verbs_of.items()):
        rules.setdefault((group, tuple(sorted(set(verbs))), named), []).append(resource)
    return rules


def _role(namespace: str, rights: Iterable[Right], name: str) -> str:
    rules = _together(rights)
    text = ["---", "apiVersion: rbac.authorization.k8s.io/v1", f"kind: {'Role' if namespace else 'ClusterRole'}"]
    text += ["metadata:", f"  name: {name}"] + ([f"  namespace: {namespace}"] if namespace else []) + ["rules:"]
    for (group, together, named), resources in rules.items():
        text.append(f'  - apiGroups: ["{group}"]')
        text.append(f"    resources: [{', '.join(_quoted(one) for one in resources)}]")
        text.append(f"    verbs: [{', '.join(_quoted(verb) for verb in together)}]")
        text += [f"    resourceNames: [{named}]"] if named else []
    return "\n".join(text) + "\n"
