"""What the console in the cluster is made of, as values: the one source of the command, the chart and the manifests.

Its pods run as the engine, one of three accounts (`settings.ACCOUNTS`): each has what a run needs of it in this
namespace (`plan.rbac`). The engine may speak as the other two, and as one of four groups: what a person decides is done
with that person's rights, not the console's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from changeover.actions.accounts import Role
from changeover.errors import Problem
from changeover.objects import GROUP, KubeObject
from changeover.plan import rbac
from changeover.plan.rbac import Right
from changeover.settings import ACCOUNTS, CONSOLE_LABEL, ENGINE

NAME = "changeover-console"
PORT = 8800
SETTINGS_ANNOTATION = f"{GROUP}/console-settings"
"""On the Deployment: what it was installed with, so that an upgrade need not be told again."""
SELECTOR = {"app.kubernetes.io/name": NAME}
LABELS = {**SELECTOR, CONSOLE_LABEL: "service"}
PERSON_EXTRA = f"{GROUP}/person"
"""The extra of an impersonated user that names the person, in the API server's audit log."""
ROOM = "CHANGEOVER_ROOM"
"""Tells the console how much its volume may hold: the disk beneath it does not say so."""
_TMP = "/tmp"  # noqa: S108 - inside the pod
_RBAC = "rbac.authorization.k8s.io"


class UnpinnedImage(Problem):
    """The image of the console is not named by its digest."""

    reference = "unpinned-image"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How the console is installed."""

    image: str
    """With its digest: ``registry.example/changeover@sha256:…``"""
    public: tuple[str, ...] = ()
    """Addresses that people reach it under, beside a port-forward."""
    ingress_class: str = ""
    """Make an Ingress of this class for the first public address."""
    tls_secret: str = ""
    """Secret with the certificate, for the Ingress."""
    proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded headers count."""
    pull_secret: str = ""
    replicas: int = 2
    room: str = "20Gi"
    """Disk of a pod for air-gap bundles, as a Kubernetes quantity: a bundle, and its images unpacked."""

    def as_text(self) -> str:
        """For the annotation."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def of_text(text: str) -> ConsoleSettings:
        """From the annotation; fields that we do not know are left out."""
        known = ConsoleSettings.__dataclass_fields__
        found: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in known}
        lists = {name: tuple(one) for name, one in found.items() if isinstance(one, list)}
        return ConsoleSettings(**{**found, **lists})

    def refuse_unpinned(self) -> None:
        """Raise UnpinnedImage unless the image names a digest."""
        if "@sha256:" not in self.image:
            raise UnpinnedImage(
                "The console's image must be named by its digest.",
                found=self.image or "no image",
                hint="--image registry/changeover@sha256:… or CHANGEOVER_IMAGE; `make image` builds it and prints it",
            )


def objects(namespace: str, settings: ConsoleSettings, rights: Iterable[Right]) -> list[KubeObject]:
    """All objects, in the order in which they are applied; `rights` are the accounts'."""
    rights = tuple(rights)
    found = [
        *(_object("v1", "ServiceAccount", namespace, {}, name) for name in ACCOUNTS),
        *(one for name in ACCOUNTS for one in _roles(namespace, name, rights)),
        *(_group(namespace, role) for role in Role),
        _deployment(namespace, settings),
        _object("v1", "Service", namespace, {"spec": _service()}),
        _object("policy/v1", "PodDisruptionBudget", namespace, {"spec": _budget()}),
        _object("networking.k8s.io/v1", "NetworkPolicy", namespace, {"spec": _network()}),
    ]
    if settings.ingress_class:
        found.append(_object("networking.k8s.io/v1", "Ingress", namespace, {"spec": _ingress(settings)}))
    return found


def _roles(namespace: str, account: str, rights: Iterable[Right]) -> Iterator[KubeObject]:
    """What an account may do: here, in the whole cluster, and in other namespaces that a release reaches into."""
    by_place: dict[str, list[Right]] = {}
    for right in rights:
        if right.account == account:
            by_place.setdefault(right.namespace, []).append(right)
    rules = {place: rbac.rules_of(found) for place, found in by_place.items()}
    if account == ENGINE:
        rules[""] = [*rules.get("", ()), *_impersonation(namespace)]
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    for place, found in sorted(rules.items()):
        kind = "Role" if place else "ClusterRole"
        name = account if place == namespace else wide_name(account, namespace)
        yield _object(f"{_RBAC}/v1", kind, place, {"rules": found}, name)
        yield _object(f"{_RBAC}/v1", f"{kind}Binding", place, _bound(kind, name, [subject]), name)


def wide_name(account: str, namespace: str) -> str:
    """What an account's roles outside of its namespace are called: one console a namespace."""
    return f"{account}-{namespace}"


def group_of(role: Role, namespace: str) -> str:
    """The Kubernetes group whose rights an account of this role has: ``changeover:app:operator``.

    It names the namespace: a console speaks for nobody beside another application.
    """
    return f"changeover:{namespace}:{role.word}"


def _object(api_version: str, kind: str, namespace: str, more: Mapping[str, Any], name: str = NAME) -> KubeObject:
    home = {"namespace": namespace} if namespace else {}
    metadata = {"name": name, **home, "labels": dict(LABELS)}
    return KubeObject({"apiVersion": api_version, "kind": kind, "metadata": metadata, **more})


def _bound(kind: str, name: str, subjects: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {"roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name}, "subjects": list(subjects)}


def _impersonation(namespace: str) -> list[dict[str, Any]]:
    """Only these four users and groups, and any name of a person as an extra, which alone grants nothing."""
    names = [group_of(role, namespace) for role in Role]
    return [
        {"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"], "resourceNames": names},
        {
            "apiGroups": ["authentication.k8s.io"],
            "resources": [f"userextras/{PERSON_EXTRA}"],
            "verbs": ["impersonate"],
        },
    ]


def _group(namespace: str, role: Role) -> KubeObject:
    """What an account of this role may do with Changeover's own objects, as a Kubernetes right."""
    group = {"kind": "Group", "apiGroup": _RBAC, "name": group_of(role, namespace)}
    bound = _bound("ClusterRole", role.cluster_role, [group])
    return _object(f"{_RBAC}/v1", "RoleBinding", namespace, bound, f"{NAME}-{role.word}")


def _deployment(namespace: str, settings: ConsoleSettings) -> KubeObject:
    made = _object("apps/v1", "Deployment", namespace, {})
    raw = {**made.raw, "metadata": {**made.raw["metadata"], "annotations": {SETTINGS_ANNOTATION: settings.as_text()}}}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    template = {"metadata": {"labels": dict(LABELS)}, "spec": _pod(namespace, settings)}
    spec = {"replicas": settings.replicas, "selector": {"matchLabels": dict(SELECTOR)}, "strategy": rolling}
    return KubeObject({**raw, "spec": {**spec, "revisionHistoryLimit": 3, "template": template}})


def _pod(namespace: str, settings: ConsoleSettings) -> dict[str, Any]:
    spread = {"labelSelector": {"matchLabels": dict(SELECTOR)}, "topologyKey": "kubernetes.io/hostname"}
    pull = {"imagePullSecrets": [{"name": settings.pull_secret}]} if settings.pull_secret else {}
    return {
        "serviceAccountName": ENGINE,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "affinity": {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": spread}]
            }
        },
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": settings.room}}],
        "containers": [_container(namespace, settings)],
        **pull,
    }


def _container(namespace: str, settings: ConsoleSettings) -> dict[str, Any]:
    words = ["-n", namespace, "serve", "--port", str(PORT)]
    words += [word for one in settings.public for word in ("--public-url", one)]
    words += [word for one in settings.proxies for word in ("--trust-proxy", one)]
    return {
        "name": "console",
        "image": settings.image,
        "args": words,
        "env": [{"name": "TMPDIR", "value": _TMP}, {"name": ROOM, "value": settings.room}],
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {"httpGet": _probe("/readyz"), "periodSeconds": 5, "timeoutSeconds": 5},
        "livenessProbe": {
            "httpGet": _probe("/healthz"),
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "768Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": _TMP}],
    }


def _probe(path: str) -> dict[str, Any]:
    """The console answers under known names only; a probe would otherwise come under the pod's address."""
    return {"path": path, "port": "http", "httpHeaders": [{"name": "Host", "value": f"localhost:{PORT}"}]}


def _service() -> dict[str, Any]:
    return {"selector": dict(SELECTOR), "ports": [{"name": "http", "port": PORT, "targetPort": "http"}]}


def _budget() -> dict[str, Any]:
    return {"maxUnavailable": 1, "selector": {"matchLabels": dict(SELECTOR)}}


def _network() -> dict[str, Any]:
    """In: only the console's port. Out is left open: channels, registries and the API server are anywhere."""
    ports = [{"port": "http", "protocol": "TCP"}]
    return {"podSelector": {"matchLabels": dict(SELECTOR)}, "policyTypes": ["Ingress"], "ingress": [{"ports": ports}]}


def _ingress(settings: ConsoleSettings) -> dict[str, Any]:
    host = urlsplit(settings.public[0]).hostname if settings.public else ""
    if not host:
        raise Problem("An Ingress needs an address.", found="no --public-url", hint="--public-url https://…")
    backend = {"service": {"name": NAME, "port": {"name": "http"}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    tls = {"tls": [{"hosts": [host], "secretName": settings.tls_secret}]} if settings.tls_secret else {}
    return {"ingressClassName": settings.ingress_class, "rules": [rule], **tls}
