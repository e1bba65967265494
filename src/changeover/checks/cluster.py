"""Analyzers of the cluster as a whole: clusterVersion, containerRuntime, distribution. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, NotCollected
from changeover.checks.outcomes import equality, first
from changeover.objects import KubeObject

VERSION_FILE = "cluster-info/cluster_version.json"
_VERSION = re.compile(r"^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$")
_COMPARATOR = re.compile(r"(>=|<=|!=|==|=|>|<|!)?\s*v?(\d+(?:\.(?:\d+|x))*(?:-[0-9A-Za-z.-]+)?)")
_Key = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
_FINAL = ((2, 0, ""),)

_LABELS = {
    "kurl.sh/cluster": "kurl",
    "microk8s.io/cluster": "microk8s",
    "kubernetes.azure.com/role": "aks",
    "minikube.k8s.io/version": "minikube",
    "oci.oraclecloud.com/fault-domain": "oke",
    "kots.io/embedded-cluster-role": "embedded-cluster",
    "ibm-cloud.kubernetes.io/internal-ip": "ibm",
    "rke.cattle.io/machine": "rke2",
    "run.tanzu.vmware.com/kubernetesDistributionVersion": "tanzu",
}
_PREFIXES = {"node.k0sproject.io/": "k0s", "cloud.google.com/gke-": "gke", "eks.amazonaws.com/": "eks"}
_PROVIDERS = {"aws:": "eks", "gce:": "gke", "azure:": "aks", "digitalocean:": "digitalocean", "kind:": "kind"}
_ALIASES = {"ibmcloud": "ibm", "docker-desktop": "dockerdesktop"}
_TYPES = {"k3s": "k3s", "rke2": "rke2"}
KNOWN = {*_LABELS.values(), *_PREFIXES.values(), *_PROVIDERS.values(), *_TYPES, "dockerdesktop", "openshift"}


def nodes_of(files: Mapping[str, str]) -> list[KubeObject]:
    """The nodes. Raises CannotJudge when they were not collected."""
    return items(files, "nodes")


def items(files: Mapping[str, str], name: str) -> list[KubeObject]:
    """A list of ``cluster-resources``. Raises CannotJudge when it was not collected."""
    content = files.get(f"cluster-resources/{name}.json")
    if content is None:
        raise NotCollected(f"cluster-resources/{name}.json")
    told = json.loads(content)
    return [KubeObject(one) for one in (told if isinstance(told, list) else told.get("items") or ())]


def cluster_version(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Ranges as ``>=1.20.0 <1.30.0 || 2.0.0``."""
    title = str(spec.get("checkName") or "Required Kubernetes Version")
    told = files.get(VERSION_FILE)
    if told is None:
        raise NotCollected(VERSION_FILE)
    version = str(json.loads(told)["string"]).partition("-eks-")[0]
    found = _key(version)
    return [first(spec, title, lambda when: _in_range(found, when), measured=version)]


def _key(text: str) -> _Key:
    read = _VERSION.match(text)
    if read is None:
        raise CannotJudge(f"{text} is no version of three numbers")
    parts = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in (read[4] or "").split(".") if one)
    return (int(read[1]), int(read[2]), int(read[3]), parts or _FINAL)


def _in_range(found: _Key, wanted: str) -> bool:
    return any(_in_all(found, part) for part in wanted.split("||"))


def _in_all(found: _Key, part: str) -> bool:
    if _COMPARATOR.sub("", part).strip():
        raise CannotJudge(f"the range {part.strip()!r} cannot be read")
    return all(_holds(found, one[1] or "=", one[2]) for one in _COMPARATOR.finditer(part))


def _holds(found: _Key, operator: str, wanted: str) -> bool:
    numbers = wanted.partition("-")[0].split(".")
    if "x" in numbers or len(numbers) < 3:
        known = tuple(int(one) for one in numbers if one != "x")
        mine: Any = found[: len(known)]
        other: Any = known
    else:
        mine, other = found, _key(wanted)
    table: dict[str, bool] = {
        "=": mine == other,
        "==": mine == other,
        "!": mine != other,
        "!=": mine != other,
        ">": mine > other,
        ">=": mine >= other,
        "<": mine < other,
        "<=": mine <= other,
    }
    return table[operator]


def container_runtime(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Whether any node's runtime is the named one, or none is."""
    title = str(spec.get("checkName") or "Container Runtime")
    runtimes = {
        one.name: str(one.get("status", "nodeInfo", "containerRuntimeVersion", default="")).partition("://")[0]
        for one in nodes_of(files)
    }
    deciding: list[About] = []

    def holds(when: str) -> bool:
        operator, wanted = _condition(when)
        deciding[:] = [About("Node", name) for name, one in runtimes.items() if equality(operator, one, wanted)]
        return len(deciding) == len(runtimes) if operator.startswith("!") else bool(deciding)

    return [first(spec, title, holds, measured=", ".join(sorted(set(runtimes.values())))).on(*deciding)]


def distribution(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Which distribution it is, by labels, providers and API groups; none of the outcomes warns."""
    title = str(spec.get("checkName") or "Kubernetes Distribution")
    found = {name for node in nodes_of(files) for name in _names(node)}
    if "openshift.io/" in files.get("cluster-resources/resources.json", ""):
        found.add("openshift")

    def holds(when: str) -> bool:
        operator, wanted = _condition(when)
        name = _ALIASES.get(wanted.lower(), wanted.lower())
        return name in KNOWN and equality(operator, "yes", "yes" if name in found else "no")

    said = first(spec, title, holds, measured=", ".join(sorted(found)) or "no known distribution")
    if said.verdict != "unknown":
        return [said]
    return [Finding("warn", title, "None of the conditionals were met", measured=said.measured)]


def _condition(when: str) -> tuple[str, str]:
    """``== eks`` or only the name. Raises CannotJudge."""
    parts: Sequence[str] = when.split(" ")
    if len(parts) == 1:
        return "==", parts[0]
    if len(parts) != 2 or not all(parts):
        raise CannotJudge(f"the condition {when!r} cannot be read")
    return parts[0], parts[1]


def _names(node: KubeObject) -> Iterator[str]:
    for label, value in node.labels.items():
        if label in _LABELS:
            yield _LABELS[label]
        yield from (name for prefix, name in _PREFIXES.items() if label.startswith(prefix))
        if label.endswith("kubernetes.io/instance-type") and value in _TYPES:
            yield _TYPES[value]
    provider = str(node.get("spec", "providerID", default=""))
    yield from (name for prefix, name in _PROVIDERS.items() if provider.startswith(prefix))
    if node.get("status", "nodeInfo", "osImage") == "Docker Desktop":
        yield "dockerdesktop"
