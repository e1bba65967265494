"""Every result says what was measured, by which condition, of which object; of what is unknown, what would tell."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from changeover.checks.analyzers import analyze
from changeover.checks.finding import About, Finding, together

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def said(kind: str, spec: dict[str, Any], files: dict[str, Any], *, host: bool = False) -> Finding:
    texts = {path: one if isinstance(one, str) else json.dumps(one) for path, one in files.items()}
    return analyze({kind: spec}, texts, host=host, now=NOW)[0]


def outcomes(when: str = "") -> list[dict[str, Any]]:
    condition = {"when": when} if when else {}
    return [{"fail": {**condition, "message": "bad"}}, {"pass": {"message": "good"}}]


def named(name: str, namespace: str = "", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, **more}


NODES = {
    "cluster-resources/nodes.json": [
        named("a", status={"capacity": {"cpu": "2"}, "nodeInfo": {"containerRuntimeVersion": "docker://1"}}),
        named("b", status={"capacity": {"cpu": "8"}, "nodeInfo": {"containerRuntimeVersion": "containerd://2"}}),
    ]
}
WEB = named("web", "shop", spec={"replicas": 3}, status={"readyReplicas": 1, "replicas": 3})
DEPLOYMENTS = {"cluster-resources/deployments/shop.json": {"items": [WEB]}}
SICK = {"phase": "Pending", "containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}
PODS = {"cluster-resources/pods/shop.json": {"items": [named("p", "shop", status=SICK)]}}
OOM = {"phase": "Running", "containerStatuses": [{"name": "c", "state": {"terminated": {"reason": "OOMKilled"}}}]}
EVENT = {"reason": "Evicted", "involvedObject": {"kind": "Pod", "name": "p", "namespace": "shop"}, "message": "full"}
CHAIN = [{"certificate": "tls.crt", "notAfter": "2026-12-01T00:00:00Z", "isValid": True}]
SOURCE = {"source": {"secret": "web-tls", "namespace": "shop"}, "certificateChain": CHAIN}
CLAIM = {"pvcRef": {"namespace": "shop", "name": "data"}, "capacityBytes": 100, "usedBytes": 97}
RESULTS = {"x": {"OK": True, "response": {"podResults": {"y": {"OK": False, "error": "timeout"}}}}, "y": {"OK": True}}


@pytest.mark.parametrize(
    ("kind", "spec", "files", "expected"),
    [
        (
            "nodeResources",
            {"outcomes": outcomes("min(cpuCapacity) < 4")},
            NODES,
            ("min(cpuCapacity) = 2", "min(cpuCapacity) < 4", "Node a"),
        ),
        ("containerRuntime", {"outcomes": outcomes("== docker")}, NODES, ("containerd, docker", "== docker", "Node a")),
        (
            "deploymentStatus",
            {"name": "web", "namespace": "shop", "outcomes": outcomes("< 3")},
            DEPLOYMENTS,
            ("1 ready", "< 3", "Deployment shop/web"),
        ),
        ("deploymentStatus", {}, DEPLOYMENTS, ("1 of 3 ready", "all ready", "Deployment shop/web")),
        (
            "deploymentStatus",
            {"name": "api", "namespace": "shop", "outcomes": outcomes("absent")},
            DEPLOYMENTS,
            ("absent", "absent", "Deployment shop/api"),
        ),
        (
            "clusterPodStatuses",
            {"outcomes": outcomes("!= Healthy")},
            PODS,
            ("ImagePullBackOff", "!= Healthy", "Pod shop/p"),
        ),
        (
            "clusterContainerStatuses",
            {"outcomes": outcomes("== OOMKilled")},
            {"cluster-resources/pods/shop.json": {"items": [named("p", "shop", status=OOM)]}},
            ("OOMKilled", "== OOMKilled", "Pod shop/p"),
        ),
        (
            "event",
            {"reason": "Evicted", "outcomes": outcomes("true")},
            {"cluster-resources/events/shop.json": {"items": [EVENT]}},
            ("Evicted: there", "true", "Pod shop/p"),
        ),
        (
            "registryImages",
            {"outcomes": outcomes("missing > 0")},
            {"registry/images.json": {"images": {"app:1": {"exists": False}, "app:2": {"exists": True}}}},
            ("1 verified, 1 missing, 0 errors", "missing > 0", "Image app:1"),
        ),
        (
            "sysctl",
            {"outcomes": outcomes("net.ipv4.ip_forward = 0")},
            {"sysctl/a": "/proc/sys/net/ipv4/ip_forward = 0\n", "sysctl/b": "/proc/sys/net/ipv4/ip_forward = 1\n"},
            ("net.ipv4.ip_forward = 0 or 1", "net.ipv4.ip_forward = 0", "Node a"),
        ),
        (
            "certificates",
            {"outcomes": outcomes("notAfter < Today + 30 days")},
            {"certificates/certificates.json": [SOURCE]},
            ("notAfter = 2026-12-01T00:00:00Z", "notAfter < Today + 30 days", "Secret shop/web-tls"),
        ),
        (
            "nodeMetrics",
            {"outcomes": outcomes("pvcUsedPercentage >= 95")},
            {"node-metrics/a.json": {"pods": [{"volume": [CLAIM]}]}},
            ("shop/data 97.0%", "pvcUsedPercentage >= 95", "PersistentVolumeClaim shop/data"),
        ),
        (
            "goldpinger",
            {},
            {"goldpinger/check_all.json": {"hosts": [{"podName": "y"}], "responses": RESULTS}},
            ("no answer", "every other pod reaches it", "Pod y"),
        ),
        (
            "textAnalyze",
            {"fileName": "app.log", "regex": "panic", "outcomes": outcomes("true")},
            {"app.log": "panic: x"},
            ("the pattern is there", "panic is there", "File app.log"),
        ),
        (
            "jsonCompare",
            {"fileName": "a.json", "path": "n.size", "value": "3", "outcomes": outcomes("false")},
            {"a.json": {"n": {"size": 2}}},
            ("2", "not == 3", "File a.json"),
        ),
        (
            "clusterResource",
            {"kind": "Deployment", "namespace": "shop", "name": "web", "yamlPath": "spec.replicas"}
            | {"outcomes": outcomes("< 5")},
            DEPLOYMENTS,
            ("3", "< 5", "Deployment shop/web"),
        ),
        (
            "secret",
            {"secretName": "tls", "namespace": "shop", "outcomes": outcomes()},
            {"secrets/shop/tls.json": {"secretExists": False}},
            ("not there", "there", "Secret shop/tls"),
        ),
        (
            "storageClass",
            {"storageClassName": "fast", "outcomes": outcomes()},
            {"cluster-resources/storage-classes.json": []},
            ("not there", "there", "StorageClass fast"),
        ),
    ],
)
def test_a_failure_says_measured_threshold_and_object(
    kind: str, spec: dict[str, Any], files: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    found = said(kind, spec, files)
    assert found.verdict == "fail", found
    assert (found.measured, found.threshold, ", ".join(map(str, found.about))) == expected


@pytest.mark.parametrize(
    ("kind", "when", "file", "content", "measured"),
    [
        ("cpu", "< 4", "cpu.json", {"logicalCount": 2, "physicalCount": 1}, "2 logical, 1 physical"),
        ("sysctl", "vm.swappiness > 10", "sysctl.json", {"vm.swappiness": "60"}, "vm.swappiness = 60"),
        (
            "hostServices",
            "ufw = active",
            "systemctl_services.json",
            [{"Unit": "ufw.service", "Active": "active", "Sub": "exited", "Load": "loaded"}],
            "ufw = active,exited,loaded",
        ),
        (
            "kernelModules",
            "br_netfilter != loaded",
            "kernel_modules.json",
            {"br_netfilter": {"status": "loadable"}},
            "br_netfilter loadable",
        ),
    ],
)
def test_of_hosts_each_node_is_the_object(kind: str, when: str, file: str, content: Any, measured: str) -> None:
    files = {
        "host-collectors/system/node_list.json": {"nodes": ["a"]},
        f"host-collectors/system/a/{file}": content,
    }
    found = said(kind, {"outcomes": outcomes(when)}, files, host=True)
    assert (found.verdict, found.measured, found.threshold, found.about) == (
        "fail",
        measured,
        when,
        (About("Node", "a"),),
    )


def test_an_outcome_without_a_condition_tells_which_did_not_hold() -> None:
    found = said("nodeResources", {"outcomes": outcomes("min(cpuCapacity) < 2")}, NODES)
    assert (found.verdict, found.threshold) == ("pass", "not min(cpuCapacity) < 2")
    assert found.about == (About("Node", "a"),)
    silent = said("nodeResources", {"outcomes": outcomes("count() > 5")[:1]}, NODES)
    assert (silent.verdict, silent.threshold) == ("unknown", "not count() > 5")
    assert "without a condition" in silent.hint


@pytest.mark.parametrize("path", ["db.password", "$.data['api-token']", "spec.tls.secretKey"])
def test_a_value_whose_name_is_secret_is_not_shown(path: str) -> None:
    document = {
        "db": {"password": "hunter2"},
        "data": {"api-token": "hunter2"},
        "spec": {"tls": {"secretKey": "hunter2"}},
    }
    where = {"jsonPath" if path.startswith("$") else "path": path}
    spec = {"fileName": "a.json", **where, "value": '"other"', "outcomes": outcomes("false")}
    found = said("jsonCompare", spec, {"a.json": document})
    assert found.verdict == "fail"
    assert "hunter2" not in found.measured + found.threshold


def test_the_same_said_of_several_objects_is_one_finding_that_names_them() -> None:
    pods = [Finding("fail", "Pods", "bad", measured=one).on(About("Pod", one, "shop")) for one in "abca"]
    (found,) = together(pods)
    assert found.about == tuple(About("Pod", one, "shop") for one in "abc")
    assert found.measured == "a, b, c"
    assert len(Finding("fail", "x", "y").on(*(About("Pod", str(one)) for one in range(99))).about) == 20
