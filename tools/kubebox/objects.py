"""What kubebox puts into a new cluster: nodes, rights of its own components, DNS, the storage class."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from . import layout
from .api import Api, Document
from .toolchain import KUBERNETES

KIND_LABEL = "changeover.dev/node"
SIMULATED_TAINT = {"key": KIND_LABEL, "value": "simulated", "effect": "NoSchedule"}
RIGHTS: dict[str, list[tuple[str, str, str]]] = {  # user: (API group, resources, verbs)
    "coredns": [
        ("", "endpoints services pods namespaces", "list watch"),
        ("discovery.k8s.io", "endpointslices", "list watch"),
    ],
    "controllers": [
        ("", "persistentvolumes", "get list watch create patch delete"),
        ("", "persistentvolumeclaims services", "get list watch"),
        ("", "persistentvolumeclaims/status services/status", "patch update"),
        ("storage.k8s.io", "storageclasses", "get list watch"),
    ],
    "simulator": [
        ("", "nodes pods", "get list watch patch update delete"),
        ("", "nodes/status pods/status", "patch update"),
        ("", "events", "create patch update"),
        ("events.k8s.io", "events", "create patch update"),
        ("coordination.k8s.io", "leases", "get list watch create patch update delete"),
    ],
}


@dataclass(frozen=True, slots=True)
class Nodes:
    """How many nodes of each kind; labels by node name, ``""`` for all; whether simulated ones repel other pods."""

    real: int = 1
    simulated: int = 0
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    taint_simulated: bool = False

    def labels_of(self, name: str) -> dict[str, str]:
        """The labels asked for on this node."""
        return {**self.labels.get("", {}), **self.labels.get(name, {})}


def _rule(rule: tuple[str, str, str]) -> Document:
    group, resources, verbs = rule
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def _rights() -> Iterator[tuple[str, Document]]:
    group = "/apis/rbac.authorization.k8s.io/v1"
    for user, rules in RIGHTS.items():
        name = f"kubebox:{user}"
        role = {"metadata": {"name": name}, "rules": [_rule(rule) for rule in rules]}
        yield f"{group}/clusterroles", role
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}
        yield f"{group}/clusterrolebindings", {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    # The node authorizer learns of a new pod a moment after the kubelet does; a refusal then costs the pod seconds.
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:node"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:nodes"}
    binding = {"metadata": {"name": "kubebox:nodes"}, "roleRef": reference, "subjects": [subject]}
    yield f"{group}/clusterrolebindings", binding


def _dns(addresses: layout.Addresses) -> Iterator[tuple[str, Document]]:
    """CoreDNS runs on the host; its Service has no selector but an EndpointSlice of ours."""
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    spec = {"clusterIP": addresses.dns, "ports": [{**port, "targetPort": addresses.ports.dns} for port in ports]}
    yield "/api/v1/namespaces/kube-system/services", {"metadata": {"name": "kube-dns"}, "spec": spec}
    if not addresses.bridged:
        return  # an endpoint may not be a loopback address
    slice_ports = [{**port, "port": addresses.ports.dns} for port in ports]
    yield (
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
        {
            "metadata": {"name": "kube-dns-kubebox", "labels": {"kubernetes.io/service-name": "kube-dns"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [addresses.host], "conditions": {"ready": True}}],
            "ports": slice_ports,
        },
    )


def _storage() -> Iterator[tuple[str, Document]]:
    yield (
        "/apis/storage.k8s.io/v1/storageclasses",
        {
            "metadata": {
                "name": "standard",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "kubebox.changeover.dev/folder",
            "allowVolumeExpansion": True,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
        },
    )


def _node(name: str, kind: str, *, nodes: Nodes, address: str, pods: str | None) -> Document:
    labels = {
        KIND_LABEL: kind,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        **nodes.labels_of(name),
    }
    document: Document = {
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": pods, "podCIDRs": [pods]} if pods else {},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
        },
    }
    return document


def real_node(number: int, name: str, *, nodes: Nodes, addresses: layout.Addresses) -> Document:
    """A real node, before its kubelet comes: so labels and addresses are there from the first moment."""
    return _node(name, "real", nodes=nodes, address=addresses.node(number), pods=addresses.node_pods(number))


def simulated_node(name: str, *, nodes: Nodes, addresses: layout.Addresses) -> Document:
    """A simulated node: KWOK finds it by its annotation."""
    document = _node(name, "simulated", nodes=nodes, address=addresses.host, pods=None)
    document["metadata"]["annotations"] = {"kwok.x-k8s.io/node": "fake"}
    if nodes.taint_simulated:
        document["spec"]["taints"] = [SIMULATED_TAINT]
    room = {"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "4Ti", "pods": "10000"}
    document["status"] |= {
        "capacity": room,
        "allocatable": room,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": addresses.ports.simulator}},
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "kubeletVersion": KUBERNETES,
            "kernelVersion": "simulated",
            "osImage": "simulated",
            "containerRuntimeVersion": "simulated://1",
            **dict.fromkeys(("bootID", "machineID", "systemUUID", "kubeProxyVersion"), ""),
        },
    }
    return document


def furnish(api: Api, addresses: layout.Addresses, nodes: list[Document]) -> None:
    """Create everything that is not there yet; the API server makes its own namespaces and roles meanwhile."""
    for collection, document in itertools.chain(_rights(), _storage()):
        api.create(collection, document)
    for node in nodes:
        api.create("/api/v1/nodes", node)
    for collection, document in _dns(addresses):
        api.create(collection, document)
