"""Rules about what runs: containers without bounds or probes, too many rights, secrets in the open, random pods.

They look at documents that are YAML before rendering; a value that is a template may become anything and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from changeover import images
from changeover.lint.finding import Finding, Level, at
from changeover.package.application import mapping, mappings, text
from changeover.package.documents import Document
from changeover.package.package import Package
from changeover.plan.masking import looks_secret

_SERVING = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_SHORTEST_SECRET = 6
_RANDOM = re.compile(r"\b(?:RandomString|RandomBytes|rand[A-Z]\w*|uuidv4|shuffle|now|Now)\b")
_LOCAL_NAME = re.compile(r"(?:repl\{\{|\{\{repl)\s*LocalImageName")
_TEMPLATE = "{{"


def check(package: Package) -> Iterator[Finding]:
    """All findings of these rules."""
    for document in package.documents:
        if document.problem or document.is_vendor or not document.data:
            continue
        yield from _namespace(document)
        yield from _secrets(document)
        yield from _pod(document)
        yield from _containers(document)


def _namespace(document: Document) -> Iterator[Finding]:
    namespace = mapping(document.data.get("metadata") if document.data else None).get("namespace")
    if isinstance(namespace, str) and namespace and _TEMPLATE not in namespace:
        hint = "leave it out, or take it from the template function Namespace"
        message = f"the namespace {namespace} is fixed: the application can only live there"
        yield at(document, "hardcoded-namespace", Level.INFO, message, hint=hint)


def _secrets(document: Document) -> Iterator[Finding]:
    """Values of a ConfigMap that look secret by their names: anybody who may look may read them."""
    if document.kind != "ConfigMap" or document.data is None:
        return
    for name, value in mapping(document.data.get("data")).items():
        if looks_secret(str(name)) and isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
            message = f"{name} looks like a secret and stands in a ConfigMap"
            yield at(document, "secret-in-configmap", Level.WARN, message, hint="put it into a Secret")


def _pod(document: Document) -> Iterator[Finding]:
    spec = mapping((document.data or {}).get("spec"))
    if document.kind == "Deployment" and spec.get("replicas") == 1:
        message = "one replica: every restart is an outage"
        yield at(
            document,
            "replicas-1",
            Level.INFO,
            message,
            hint="two, or as the operator chooses",
        )
    pod = _pod_spec(document)
    for volume in mappings(pod.get("volumes")):
        path = text(mapping(volume.get("hostPath")).get("path"))
        if path == "/var/run/docker.sock":
            yield at(document, "volume-docker-sock", Level.WARN, "the Docker socket is mounted: root on the node")
        elif path:
            yield at(document, "volumes-host-paths", Level.INFO, f"the node's folder {path} is mounted")
    if document.kind in _SERVING and _RANDOM.search(str(mapping(spec.get("template")))):
        message = "the pod template holds a random text or the time: every rendering could restart the pods"
        hint = "put it into a Secret; Changeover keeps what was made up, others do not"
        yield at(document, "random-in-pod-template", Level.WARN, message, hint=hint)


def _containers(document: Document) -> Iterator[Finding]:
    pod = _pod_spec(document)
    for container in mappings(pod.get("containers")):
        name = text(container.get("name"))
        yield from _rights(document, name, mapping(container.get("securityContext")))
        yield from _bounds(document, name, container)
        if document.kind in _SERVING and not (container.get("readinessProbe") or container.get("startupProbe")):
            message = f"container {name} has no readiness probe: an update cannot know when it serves"
            yield at(document, "container-readiness-probe", Level.INFO, message)
        reference = text(container.get("image"))
        if _LOCAL_NAME.match(reference):
            message = f"container {name} takes its image from LocalImageName: it is rewritten twice"
            hint = "write the image's own name: it is rewritten for a private registry by itself"
            yield at(document, "container-image-local-image-name", Level.ERROR, message, hint=hint)
        if reference and _TEMPLATE not in reference and images.parse(reference) is None:
            message = f"container {name}: {reference!r} is no image reference"
            yield at(document, "container-image-invalid", Level.ERROR, message)


def _rights(document: Document, name: str, security: Mapping[str, Any]) -> Iterator[Finding]:
    if security.get("privileged") is True:
        yield at(document, "privileged", Level.INFO, f"container {name} is privileged: it can do all that its node can")
    if security.get("allowPrivilegeEscalation") is True:
        yield at(document, "allow-privilege-escalation", Level.INFO, f"container {name} may gain rights")


def _bounds(document: Document, name: str, container: Mapping[str, Any]) -> Iterator[Finding]:
    resources = mapping(container.get("resources"))
    if not resources:
        message = f"container {name} has neither requests nor limits"
        yield at(document, "container-resources", Level.INFO, message, hint="requests let the scheduler find room")
        return
    for part in ("requests", "limits"):
        given = mapping(resources.get(part))
        if not given:
            yield at(document, f"container-resource-{part}", Level.INFO, f"container {name} has no {part}")
        for what in ("cpu", "memory") if given else ():
            if not given.get(what):
                message = f"container {name} has no {part} of {what}"
                yield at(document, f"resource-{part}-{what}", Level.INFO, message)


def _pod_spec(document: Document) -> Mapping[str, Any]:
    spec = mapping((document.data or {}).get("spec"))
    if document.kind == "Pod":
        return spec
    if document.kind == "CronJob":
        spec = mapping(mapping(spec.get("jobTemplate")).get("spec"))
    return mapping(mapping(spec.get("template")).get("spec"))
