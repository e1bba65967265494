"""The Kubernetes objects of one version, with the templates that the operator's answers fill in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.releases.history import Version

Raw = dict[str, Any]
READ = ["get", "list", "watch"]
CONTAINER = "kubebox.changeover.dev/container"


@dataclass(frozen=True, slots=True)
class Options:
    """How packages are made: image, kind of nodes (`k=v`), storage class, pods for simulated nodes."""

    image: str = "registry.kubebox:5000/workbench:1"
    storage_class: str = ""
    simulated: bool = False
    nodes: str = ""


def meta(name: str, component: str, version: Version, **annotations: str) -> Raw:
    """Metadata with the version's labels."""
    labels = {"app": "workbench", "component": component, "instance": version.instance}
    if version.noise:
        labels["app.kubernetes.io/part-of"] = "workbench"
        annotations["wb.example/build-note"] = f"packaged for {version.number}"
    found: Raw = {"name": name, "labels": labels}
    return {**found, "annotations": annotations} if annotations else found


def selector(component: str, version: Version) -> Raw:
    """Labels of a component's pods."""
    return {"app": "workbench", "component": component, "instance": version.instance}


def image(version: Version, options: Options) -> str:
    """The image of this version's code."""
    return options.image.rpartition(":")[0] + ":does-not-exist" if version.broken_image else options.image


def ready(path: str, port: int) -> Raw:
    """A readiness probe that asks every second."""
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 2}


def pod(role: str, port: int, version: Version, options: Options, *, env: Sequence[Raw] = (), **more: Any) -> Raw:
    """A pod template with one container."""
    container: Raw = {
        "name": role,
        "image": image(version, options) if role in CHANGING else options.image,
        "args": [role],
        "env": [{"name": "WB_BUILD", "value": version.build}, *env],
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
    }
    if port:
        container["ports"] = [{"containerPort": port}]
        path = "/never" if version.never_ready and role == "dashboard" else "/healthz"
        container["readinessProbe"] = ready(path, port)
    if "mounts" in more:
        container["volumeMounts"] = more.pop("mounts")
    spec: Raw = {"terminationGracePeriodSeconds": 5, "containers": [container], **more}
    if options.nodes:
        label, _, value = options.nodes.partition("=")
        spec["nodeSelector"] = {label: value}
    if options.simulated:
        spec["tolerations"] = [{"operator": "Exists", "effect": "NoSchedule"}]
    metadata: Raw = {"labels": selector(role, version)}
    fault = "image-pull" if version.broken_image and role in CHANGING else ""
    fault = "never-ready" if version.never_ready and role == "dashboard" else fault
    if options.simulated and fault:
        metadata["annotations"] = {"kubebox.changeover.dev/fault": fault}
    return {"metadata": metadata, "spec": spec}


CHANGING = ("manager", "proxy", "dashboard")
"""Roles whose image a version may change."""


def deployment(name: str, template: Raw, version: Version, replicas: int = 1) -> Raw:
    """A Deployment that surges by one pod."""
    role = template["metadata"]["labels"]["component"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, role, version),
        "spec": {
            "replicas": replicas,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "selector": {"matchLabels": selector(role, version)},
            "template": template,
        },
    }


def stateful(name: str, size: str, template: Raw, version: Version, options: Options) -> Raw:
    """A StatefulSet with one claim `data` per pod."""
    role = template["metadata"]["labels"]["component"]
    claim: Raw = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if options.storage_class:
        claim["storageClassName"] = options.storage_class
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": meta(name, role, version),
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": selector(role, version)},
            "template": template,
            "volumeClaimTemplates": [
                {"metadata": {"name": "data", "labels": selector(role, version)}, "spec": claim},
            ],
        },
    }


def service(name: str, role: str, port: int, target: int, version: Version, **more: Any) -> Raw:
    """A Service for a component."""
    ports = [{"name": "http", "port": port, "targetPort": target}]
    spec = {"selector": selector(role, version), "ports": ports, **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, role, version), "spec": spec}


def rbac(version: Version) -> list[Raw]:
    """Accounts of manager and proxy."""
    rules = {
        "wb-manager": [
            {"apiGroups": [""], "resources": ["pods"], "verbs": [*READ, "create", "patch", "delete"]},
            {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": [*READ, "create", "delete"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": READ},
        ],
        "wb-proxy": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": READ}],
    }
    found: list[Raw] = []
    for name, allowed in rules.items():
        about = meta(name, name.removeprefix("wb-"), version)
        group = "rbac.authorization.k8s.io"
        role = {"apiGroup": group, "kind": "Role", "name": name}
        found.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about})
        found.append({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": about, "rules": allowed})
        subjects = [{"kind": "ServiceAccount", "name": name}]
        binding = {"kind": "RoleBinding", "metadata": about, "roleRef": role, "subjects": subjects}
        found.append({"apiVersion": f"{group}/v1", **binding})
    return found
