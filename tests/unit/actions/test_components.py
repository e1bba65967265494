"""The parts of an application and where it is reached, from live objects."""

from __future__ import annotations

from typing import Any

import pytest

from changeover.actions.components import addresses, components
from changeover.objects import KubeObject


def live(*raws: dict[str, Any]) -> dict[str, KubeObject | None]:
    found = [KubeObject(raw) for raw in raws]
    return {obj.ref.key: obj for obj in found} | {"Deployment.apps/x/gone": None}


def workload(kind: str, name: str, spec: dict[str, Any], status: dict[str, Any], *images: str) -> dict[str, Any]:
    pods = {"spec": {"containers": [{"name": str(at), "image": image} for at, image in enumerate(images)]}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "x", "generation": 1},
        "spec": {**spec, "template": pods},
        "status": {"observedGeneration": 1, **status},
    }


ALL = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}


def test_workloads_with_what_is_not_well_first() -> None:
    found = components(
        live(
            workload("Deployment", "server", {"replicas": 2}, ALL, "r.example:5000/a/server:1.0@sha256:ab", "envoy"),
            workload("StatefulSet", "store", {"replicas": 1}, {"replicas": 1}, "store:1.0", "store:1.0"),
            workload("DaemonSet", "agent", {}, {"desiredNumberScheduled": 0}, "agent:1.0"),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "x"}},
        )
    )
    assert [(one.name, one.healthy, one.ready, one.wanted) for one in found] == [
        ("store", False, 0, 1),
        ("agent", True, 0, 0),
        ("server", True, 2, 2),
    ]
    assert found[0].why == "0 of 1 pods ready"
    assert [one.images for one in found] == [("store:1.0",), ("agent:1.0",), ("server:1.0", "envoy")]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"rules": [{"host": "a.example"}]}, ("http://a.example",)),
        ({"tls": [{"hosts": ["a.example"]}], "rules": [{"host": "a.example"}]}, ("https://a.example",)),
        ({"rules": [{"host": "*.ws.example"}, {"http": {}}, {"host": None}]}, ()),
        ({"tls": [{"secretName": "t"}], "rules": [{"host": "b"}, {"host": "a"}]}, ("http://a", "http://b")),
    ],
)
def test_addresses_are_the_hosts_of_ingresses(spec: dict[str, Any], expected: tuple[str, ...]) -> None:
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "x"}}
    assert addresses(live({**ingress, "spec": spec})) == expected


@pytest.mark.parametrize(
    ("ports", "given", "expected"),
    [
        ((80,), {"ip": "192.0.2.7"}, ("http://192.0.2.7",)),
        ((80, 443), {"hostname": "lb.example"}, ("https://lb.example",)),
        ((443,), {"ip": "2001:db8::7"}, ("https://[2001:db8::7]",)),
        ((22,), {"ip": "192.0.2.7"}, ()),
        ((80,), {}, ()),
    ],
)
def test_a_load_balancer_is_an_address(
    ports: tuple[int, ...], given: dict[str, str], expected: tuple[str, ...]
) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "x"},
        "spec": {"ports": [{"port": port} for port in ports]},
        "status": {"loadBalancer": {"ingress": [given]}},
    }
    assert addresses(live(service)) == expected
