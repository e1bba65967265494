"""Decides the form in which an object is applied, planned and hashed: only what its author wants, nothing of a server.

* ``status`` goes, and ``creationTimestamp: null``, ``labels: null``, ``annotations: null`` in any metadata;
* ``status: {}`` in claim templates goes, as an API server never keeps it;
* a Secret's ``stringData`` becomes ``data`` (it wins over an equal key there);
* an object of a namespaced kind names its namespace; one of a cluster-scoped kind names none;
* a ``List`` is its items.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from changeover.errors import Problem
from changeover.objects import Kind

Namespaced = Callable[[Kind], bool | None]
IsNamespaced = Callable[[Kind], bool]
"""Whether a kind is namespaced; None = do not know."""

CLUSTER_SCOPED = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("", "ComponentStatus"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
        ("cert-manager.io", "ClusterIssuer"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("policy", "PodSecurityPolicy"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
        ("snapshot.storage.k8s.io", "VolumeSnapshotContent"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    }
)
"""(group, kind) of what Kubernetes and its usual companions serve without a namespace."""

_NOTHING = ("creationTimestamp", "labels", "annotations")


class UnusableObject(Problem):
    """A manifest that no API server could take."""

    reference = "unusable-object"


def scopes(objects: Iterable[Mapping[str, Any]], told: Namespaced | None = None) -> IsNamespaced:
    """How to know whether a kind is namespaced: the package's own CRDs, then who was told, then the table."""
    own: dict[tuple[str, str], bool] = {}
    for raw in objects:
        if raw.get("kind") == "CustomResourceDefinition":
            spec = raw.get("spec") or {}
            names = spec.get("names") or {}
            own[str(spec.get("group")), str(names.get("kind"))] = spec.get("scope") != "Cluster"

    def namespaced(kind: Kind) -> bool:
        key = (kind.group, kind.name)
        if key in own:
            return own[key]
        answer = told(kind) if told else None
        return key not in CLUSTER_SCOPED if answer is None else answer

    return namespaced


def items(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The object itself, or the items of a List, however deep."""
    inside = raw.get("items")
    if str(raw.get("kind", "")).endswith("List") and isinstance(inside, list):
        for item in inside:
            if isinstance(item, Mapping):
                yield from items(item)
        return
    yield raw


def normal(raw: Mapping[str, Any], *, namespace: str, namespaced: IsNamespaced) -> dict[str, Any]:
    """The object in its form. Raises UnusableObject when it has no name."""
    cleaned: dict[str, Any] = {key: _without_nothing(key, value) for key, value in raw.items() if key != "status"}
    given = cleaned.get("metadata")
    metadata = dict(given) if isinstance(given, Mapping) else {}
    kind = Kind(str(raw.get("apiVersion", "")), str(raw.get("kind", "")))
    if not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise UnusableObject(
            f"A {kind.name} has no name.",
            found="generateName" if metadata.get("generateName") else f"metadata.name {metadata.get('name')!r}",
            hint="what is updated must have a name of its own; quote names that look like numbers",
        )
    if not namespaced(kind):
        metadata.pop("namespace", None)
    elif namespace and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    cleaned["metadata"] = metadata
    if kind == Kind("v1", "Secret"):
        _encode(cleaned)
    return cleaned


def _without_nothing(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        dropped = [name for name in _NOTHING if key == "metadata" and name in value and value[name] is None]
        return {name: _without_nothing(name, item) for name, item in value.items() if name not in dropped}
    if isinstance(value, list):
        if key == "volumeClaimTemplates":
            value = [_without_status(item) for item in value]
        return [_without_nothing("", item) for item in value]
    return value


def _without_status(claim: Any) -> Any:
    if not isinstance(claim, Mapping):
        return claim
    return {name: item for name, item in claim.items() if name != "status" or item}


def _encode(secret: dict[str, Any]) -> None:
    plain = secret.pop("stringData", None)
    if isinstance(plain, Mapping):
        data = dict(secret.get("data") or {})
        data.update({key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()})
        secret["data"] = data
