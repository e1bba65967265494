"""clusterResources: every list that analyzers read, under the paths at which Troubleshoot writes them.

* lists of all namespaces are read once and written per namespace; where that is forbidden, namespace by namespace
* what is forbidden is named in ``<list>-errors.json``; nothing of it keeps the rest from being read
* of pods that are not well, the logs; of custom resources, all objects
* values of Secrets are not read: of image pull secrets only which registries they name
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.collect import logs
from changeover.collect.scene import POD, Scene, containers_of, together
from changeover.objects import Kind, KubeObject, is_well
from changeover.ports import ClusterProblem
from changeover.settings import LIGHT

ROOT = "cluster-resources"
NAMESPACE = Kind("v1", "Namespace")
CRD = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
SECRET = Kind("v1", "Secret")
_ADMISSION, _RIGHTS = "admissionregistration.k8s.io/v1", "rbac.authorization.k8s.io/v1"

OF_CLUSTER = {
    "namespaces": NAMESPACE,
    "nodes": Kind("v1", "Node"),
    "pvs": Kind("v1", "PersistentVolume"),
    "storage-classes": Kind("storage.k8s.io/v1", "StorageClass"),
    "volumeattachments": Kind("storage.k8s.io/v1", "VolumeAttachment"),
    "ingress-classes": Kind("networking.k8s.io/v1", "IngressClass"),
    "priorityclasses": Kind("scheduling.k8s.io/v1", "PriorityClass"),
    "custom-resource-definitions": CRD,
    "clusterroles": Kind(_RIGHTS, "ClusterRole"),
    "clusterrolebindings": Kind(_RIGHTS, "ClusterRoleBinding"),
    "certificatesigningrequests": Kind("certificates.k8s.io/v1", "CertificateSigningRequest"),
    "validating-webhook-configurations": Kind(_ADMISSION, "ValidatingWebhookConfiguration"),
    "mutating-webhook-configurations": Kind(_ADMISSION, "MutatingWebhookConfiguration"),
}
OF_NAMESPACES = {
    "pods": POD,
    "pod-disruption-budgets": Kind("policy/v1", "PodDisruptionBudget"),
    "services": Kind("v1", "Service"),
    "deployments": Kind("apps/v1", "Deployment"),
    "statefulsets": Kind("apps/v1", "StatefulSet"),
    "daemonsets": Kind("apps/v1", "DaemonSet"),
    "replicasets": Kind("apps/v1", "ReplicaSet"),
    "jobs": Kind("batch/v1", "Job"),
    "cronjobs": Kind("batch/v1", "CronJob"),
    "ingress": Kind("networking.k8s.io/v1", "Ingress"),
    "network-policy": Kind("networking.k8s.io/v1", "NetworkPolicy"),
    "resource-quota": Kind("v1", "ResourceQuota"),
    "limitranges": Kind("v1", "LimitRange"),
    "events": Kind("v1", "Event"),
    "pvcs": Kind("v1", "PersistentVolumeClaim"),
    "roles": Kind(_RIGHTS, "Role"),
    "rolebindings": Kind(_RIGHTS, "RoleBinding"),
    "endpoints": Kind("v1", "Endpoints"),
    "endpointslices": Kind("discovery.k8s.io/v1", "EndpointSlice"),
    "serviceaccounts": Kind("v1", "ServiceAccount"),
    "leases": Kind("coordination.k8s.io/v1", "Lease"),
    "configmaps": Kind("v1", "ConfigMap"),
}
MOST_SICK = 20
LOG_LINES = 500


async def cluster_resources(scene: Scene) -> None:
    """All of it, side by side; what comes first is there even when the rest is cut off."""
    namespaces = await _namespaces(scene)
    lists = [_of_cluster(scene, name, kind) for name, kind in OF_CLUSTER.items() if name != "namespaces"]
    lists += [_of_namespaces(scene, name, kind, namespaces) for name, kind in OF_NAMESPACES.items()]
    await together(_groups(scene), *lists)
    if scene.collector.spec.get(LIGHT):
        return
    await together(*(_rights(scene, namespace) for namespace in namespaces))
    await together(_pull_secrets(scene, namespaces), _custom(scene, namespaces))
    await _sick_logs(scene, namespaces)


async def _namespaces(scene: Scene) -> list[str]:
    wanted = [str(one) for one in scene.collector.spec.get("namespaces") or ()]
    try:
        found = await scene.cluster.list(NAMESPACE)
    except ClusterProblem as problem:
        _failed(scene, "namespaces", problem)
        return wanted or [scene.home]
    kept = [one for one in found if not wanted or one.name in wanted]
    scene.sink.write_json(f"{ROOT}/namespaces.json", as_list(NAMESPACE, kept))
    return [one.name for one in kept]


async def _of_cluster(scene: Scene, name: str, kind: Kind) -> None:
    try:
        scene.sink.write_json(f"{ROOT}/{name}.json", as_list(kind, await scene.cluster.list(kind)))
    except ClusterProblem as problem:
        _failed(scene, name, problem)


async def _of_namespaces(scene: Scene, name: str, kind: Kind, namespaces: Sequence[str]) -> None:
    for namespace, found in (await _by_namespace(scene, name, kind, namespaces)).items():
        scene.sink.write_json(f"{ROOT}/{name}/{namespace}.json", as_list(kind, found))


async def _by_namespace(
    scene: Scene, name: str, kind: Kind, namespaces: Sequence[str]
) -> Mapping[str, Sequence[KubeObject]]:
    """Every namespace has an entry, unless it may not be read."""
    if len(namespaces) > 2:
        try:
            everything = await scene.cluster.list(kind)
        except ClusterProblem:
            pass
        else:
            sorted_in: dict[str, list[KubeObject]] = defaultdict(list)
            for obj in everything:
                sorted_in[obj.namespace].append(obj)
            return {namespace: sorted_in[namespace] for namespace in namespaces}
    found: dict[str, Sequence[KubeObject]] = {}
    problems: dict[str, str] = {}
    for namespace in namespaces:
        try:
            found[namespace] = await scene.cluster.list(kind, namespace=namespace)
        except ClusterProblem as problem:
            problems[namespace] = str(problem)
    if problems:
        scene.sink.write_json(f"{ROOT}/{name}-errors.json", problems)
    return found


async def _groups(scene: Scene) -> None:
    served = await scene.cluster.served()
    groups: dict[str, list[str]] = defaultdict(list)
    resources: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (version, kind), resource in served.items():
        group = version.rpartition("/")[0]
        if version not in groups[group]:
            groups[group].append(version)
        told = {"name": resource.plural, "kind": kind, "namespaced": resource.namespaced}
        resources[version].append({**told, "verbs": sorted(resource.verbs)})
    versions = {
        name: [{"groupVersion": one, "version": one.rpartition("/")[2]} for one in several]
        for name, several in groups.items()
    }
    scene.sink.write_json(
        f"{ROOT}/groups.json",
        [{"name": name, "versions": several, "preferredVersion": several[0]} for name, several in versions.items()],
    )
    scene.sink.write_json(
        f"{ROOT}/resources.json",
        [{"kind": "APIResourceList", "groupVersion": one, "resources": listed} for one, listed in resources.items()],
    )


async def _rights(scene: Scene, namespace: str) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "metadata": {},
        "spec": {"namespace": namespace},
    }
    try:
        told = await scene.cluster.create(KubeObject(review))
    except ClusterProblem as problem:
        _failed(scene, f"auth-cani-list/{namespace}", problem)
        return
    scene.sink.write_json(f"{ROOT}/auth-cani-list/{namespace}.json", told.raw)


async def _pull_secrets(scene: Scene, namespaces: Sequence[str]) -> None:
    found = await _by_namespace(scene, "image-pull-secrets", SECRET, namespaces)
    for namespace, secrets in found.items():
        for secret in secrets:
            registries = _registries(secret)
            if registries:
                scene.sink.write_json(f"{ROOT}/image-pull-secrets/{namespace}/{secret.name}.json", registries)


def _registries(secret: KubeObject) -> dict[str, Any]:
    """``{registry: ""}``: the reference writes the user there, which nothing reads."""
    encoded = secret.get("data", ".dockerconfigjson", default="")
    try:
        told = json.loads(base64.b64decode(str(encoded))) if encoded else {}
    except ValueError:
        return {}
    auths = told.get("auths") if isinstance(told, Mapping) else None
    return {str(name): "" for name in auths} if auths else {}


async def _custom(scene: Scene, namespaces: Sequence[str]) -> None:
    try:
        definitions = await scene.cluster.list(CRD)
    except ClusterProblem:
        return
    await together(*(_custom_kind(scene, one, namespaces) for one in definitions))


async def _custom_kind(scene: Scene, definition: KubeObject, namespaces: Sequence[str]) -> None:
    group, name = definition.get("spec", "group"), definition.get("spec", "names", "kind")
    versions = definition.get("spec", "versions", default=())
    stored = next((one["name"] for one in versions if one.get("storage") and one.get("served")), "")
    if not stored:
        return
    kind, place = Kind(f"{group}/{stored}", str(name)), f"custom-resources/{definition.name}"
    if definition.get("spec", "scope") == "Cluster":
        try:
            found = await scene.cluster.list(kind)
        except ClusterProblem as problem:
            _failed(scene, place, problem)
            return
        if found:
            scene.sink.write_json(f"{ROOT}/{place}.json", [dict(one.raw) for one in found])
        return
    for namespace, objects in (await _by_namespace(scene, place, kind, namespaces)).items():
        if objects:
            scene.sink.write_json(f"{ROOT}/{place}/{namespace}.json", [dict(one.raw) for one in objects])


async def _sick_logs(scene: Scene, namespaces: Sequence[str]) -> None:
    sick = [
        pod
        for found in (await _by_namespace(scene, "pods", POD, namespaces)).values()
        for pod in found
        if not is_well(pod)
    ]
    for pod in sick[:MOST_SICK]:
        for container in containers_of(pod):
            await _sick_log(scene, pod, container)


async def _sick_log(scene: Scene, pod: KubeObject, container: str) -> None:
    query = {"tailLines": str(LOG_LINES), "limitBytes": str(logs.BYTES)}
    place = f"{ROOT}/pods/logs/{pod.namespace}/{pod.name}/{container}"
    reads = [(".log", query)]
    reads += [("-previous.log", {**query, "previous": "true"})] if logs.restarts(pod, container) else []
    for ending, asked in reads:
        with contextlib.suppress(ClusterProblem):
            content = await logs.read(scene, pod, container, asked)
            if content:
                scene.sink.write(f"{place}{ending}", content)


def _failed(scene: Scene, name: str, problem: ClusterProblem) -> None:
    scene.sink.write_json(f"{ROOT}/{name}-errors.json", [str(problem)])


def as_list(kind: Kind, objects: Sequence[KubeObject]) -> dict[str, Any]:
    """``{"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [...]}``, managed fields left out."""
    return {
        "kind": f"{kind.name}List",
        "apiVersion": kind.api_version,
        "metadata": {},
        "items": [_plain(one) for one in objects],
    }


def _plain(obj: KubeObject) -> dict[str, Any]:
    metadata = {key: value for key, value in obj.metadata.items() if key != "managedFields"}
    return {**obj.raw, "metadata": metadata}
