"""Conditions that the recorded cases do not reach, and that nothing unseen is passed."""

import json
from typing import Any

import pytest

from changeover.checks.analyzers import JUDGES, analyze


def outcomes(when: str) -> list[dict[str, Any]]:
    return [{"pass": {"when": when, "message": "yes"}}, {"fail": {"message": "no", "uri": "https://help"}}]


def node(name: str, cpu: str = "4", memory: str = "16Gi", **labels: str) -> dict[str, Any]:
    status = {
        "capacity": {"cpu": cpu, "memory": memory},
        "conditions": [{"type": "Ready", "status": "True"}],
        "nodeInfo": {"containerRuntimeVersion": "containerd://2.0"},
    }
    return {"metadata": {"name": name, "labels": labels}, "status": status}


def verdict(kind: str, spec: dict[str, Any], files: dict[str, Any]) -> str:
    said = analyze(
        {kind: spec}, {path: one if isinstance(one, str) else json.dumps(one) for path, one in files.items()}
    )
    return said[0].verdict if said else ""


@pytest.mark.parametrize(
    ("version", "when", "expected"),
    [
        ("v1.36.2", ">=1.20.0 <1.30.0 || >= 1.36.0", "pass"),
        ("v1.36.2", ">=1.20.0 <1.30.0", "fail"),
        ("v1.36.2+k3s1", "1.36.2", "pass"),
        ("v1.36.2-gke.100", "< 1.36.2", "pass"),
        ("v1.36.2", "1.36.x", "pass"),
        ("v1.36.2", "!= 1.36.2", "fail"),
        ("v1.36.2", "about 1.36", "unknown"),
        ("later", ">= 1.0.0", "unknown"),
    ],
)
def test_ranges_of_versions(version: str, when: str, expected: str) -> None:
    files = {"cluster-info/cluster_version.json": {"string": version}}
    assert verdict("clusterVersion", {"outcomes": outcomes(when)}, files) == expected


@pytest.mark.parametrize(
    ("filters", "when", "expected"),
    [
        ({}, "count() >= 2", "pass"),
        ({}, ">= 3", "fail"),
        ({"selector": {"matchLabel": {"zone": "a"}}}, "min(memoryCapacity) >= 16G", "pass"),
        ({"selector": {"matchLabel": {"zone": "none"}}}, "min(memoryCapacity) < 16G", "unknown"),
        ({"selector": {"matchLabel": {"zone": "none"}}}, "count() < 1", "pass"),
        ({}, "nodeCondition(Ready) == True", "pass"),
        ({}, "sum(cpuCapacity) = 6", "pass"),
        ({}, "median(cpuCapacity) = 6", "unknown"),
        ({}, "min(cpuCapacity) ~ 6", "unknown"),
        ({}, "min(cpuCapacity) < many", "unknown"),
    ],
)
def test_resources_of_nodes(filters: dict[str, Any], when: str, expected: str) -> None:
    files = {"cluster-resources/nodes.json": {"items": [node("a", zone="a"), node("b", cpu="2")]}}
    assert verdict("nodeResources", {"filters": filters, "outcomes": outcomes(when)}, files) == expected


def test_what_was_measured_is_told_in_the_units_of_the_condition() -> None:
    files = {"cluster-resources/nodes.json": json.dumps({"items": [node("a", memory="8192Mi")]})}
    (said,) = analyze({"nodeResources": {"outcomes": outcomes("min(memoryCapacity) >= 16Gi")}}, files)
    assert (said.verdict, said.measured, said.uri) == ("fail", "min(memoryCapacity) = 8Gi", "https://help")


@pytest.mark.parametrize("kind", [*sorted(JUDGES), "storageClass", "secret", "goldpinger"])
def test_what_was_not_collected_is_unknown(kind: str) -> None:
    spec = {"name": "x", "outcomes": [{"pass": {"message": "fine"}}, {"fail": {"message": "no"}}]}
    spec |= {"regex": "x", "fileName": "x", "collectorName": "x"}
    assert verdict(kind, spec, {}) == "unknown"


@pytest.mark.parametrize("kind", sorted(JUDGES))
def test_files_of_another_shape_are_unknown(kind: str) -> None:
    files = {
        "cluster-info/cluster_version.json": "[]",
        "cluster-resources/nodes.json": "7",
        "cluster-resources/pods/x.json": "{",
        **{f"cluster-resources/{one}/default.json": '{"items": 3}' for one in ("deployments", "statefulsets", "jobs")},
    }
    assert verdict(kind, {"name": "x", "outcomes": outcomes("")}, files) == "unknown"


def test_groups_without_a_match_leave_it_open() -> None:
    spec = {"collectorName": "c", "fileName": "c.log", "regexGroups": r"status (?P<S>\w+)"}
    when = [{"pass": {"when": "S == ok", "message": "a"}}, {"fail": {"when": "S == bad", "message": "b"}}]
    assert verdict("textAnalyze", {**spec, "outcomes": when}, {"c/c.log": "nothing"}) == "unknown"
    assert verdict("textAnalyze", {**spec, "outcomes": when}, {"c/c.log": "status ok"}) == "pass"


def test_the_default_storage_class() -> None:
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    files = {"cluster-resources/storage-classes.json": {"items": [{"metadata": {"name": "s", "annotations": mark}}]}}
    spec = {"outcomes": [{"fail": {"message": "none"}}, {"pass": {"message": "there"}}]}
    assert verdict("storageClass", spec, files) == "pass"
    assert verdict("storageClass", spec, {"cluster-resources/storage-classes.json": {"items": []}}) == "fail"
