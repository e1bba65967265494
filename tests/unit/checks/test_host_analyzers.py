"""Analyzers of hosts, of documents and of certificates where the recorded cases do not reach."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from changeover.checks.analyzers import HOST_JUDGES, HOST_TIMED, analyze
from changeover.checks.documents import same

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ASKS_FOR_NO_FILE = {"subnetContainsIP"}
SYSTEM = "host-collectors/system"


def outcomes(when: str) -> list[dict[str, Any]]:
    return [{"pass": {"when": when, "message": "yes"}}, {"fail": {"message": "no"}}]


def host(kind: str, when: str, files: dict[str, Any], **spec: Any) -> list[tuple[str, str]]:
    told = {path: json.dumps(one) for path, one in files.items()}
    said = analyze({kind: {"outcomes": outcomes(when), **spec}}, told, host=True, now=NOW)
    return [(one.verdict, one.title) for one in said]


@pytest.mark.parametrize("kind", sorted({*HOST_JUDGES, *HOST_TIMED} - ASKS_FOR_NO_FILE))
def test_a_host_of_which_nothing_was_collected_is_unknown(kind: str) -> None:
    assert [verdict for verdict, _ in host(kind, "", {}, collectorName="x", fileName="x")] == ["unknown"]


@pytest.mark.parametrize("kind", ["cpu", "memory", "sysctl", "time"])
def test_the_same_name_in_a_cluster_reads_other_files(kind: str) -> None:
    files = {f"{SYSTEM}/{kind}.json": "{}"}
    assert [one.verdict for one in analyze({kind: {"outcomes": outcomes("")}}, files)] == ["unknown"]


def test_a_node_without_a_file_is_unknown_and_the_others_are_judged() -> None:
    files = {f"{SYSTEM}/node_list.json": {"nodes": ["a", "b"]}, f"{SYSTEM}/a/memory.json": {"total": 8 * 1024**3}}
    found = host("memory", ">= 4Gi", files)
    assert found == [("pass", "Amount of Memory - Node a"), ("unknown", "Amount of Memory - Node b")]


@pytest.mark.parametrize(
    ("kind", "told", "when", "verdict"),
    [
        ("cpu", {"logicalCount": 4, "flags": ["avx512f"]}, "supports x86-64-v9", "unknown"),
        ("cpu", {"logicalCount": 4}, "cores > 1", "unknown"),
        ("memory", {}, ">= 1", "unknown"),
        ("memory", {"total": 8}, ">= much", "unknown"),
        ("time", {"timezone": "UTC"}, "zone == UTC", "unknown"),
        ("time", {"timezone": "UTC"}, "timezone == UTC", "pass"),
    ],
)
def test_what_cannot_be_read_is_unknown(kind: str, told: Any, when: str, verdict: str) -> None:
    assert host(kind, when, {f"{SYSTEM}/{kind}.json": told})[0][0] == verdict


@pytest.mark.parametrize(
    ("when", "verdict"),
    [
        ("error", "fail"),
        ("statusCode >= 200 && statusCode < 300", "pass"),
        ("statusCode < 200 || statusCode == 204", "pass"),
        ("statusCode < 200 || statuscode == 204", "unknown"),
        ("statusCode == many", "unknown"),
    ],
)
def test_answers_of_requests(when: str, verdict: str) -> None:
    files = {"host-collectors/http/x.json": {"Response": {"status": 204}, "Error": None}}
    assert host("http", when, files, collectorName="x")[0][0] == verdict
    inside = {"x/x.json": json.dumps({"response": {"status": 204}})}
    assert analyze({"http": {"collectorName": "x", "outcomes": outcomes(when)}}, inside)[0].verdict == verdict


def test_no_answer_is_no_status() -> None:
    files = {"host-collectors/http/x.json": {"Error": {"message": "refused"}}}
    assert host("http", "statusCode != 200", files, collectorName="x")[0][0] == "fail"
    assert host("http", "error", files, collectorName="x")[0][0] == "pass"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), (1, True, False), ([1], (1,), False), ({"a": [1]}, {"a": [True]}, False), ("1", 1, False)],
)
def test_equal_documents(one: Any, other: Any, equal: bool) -> None:  # noqa: FBT001
    assert same(one, other) is equal


def test_without_a_day_nothing_that_asks_for_one_is_judged() -> None:
    link = {"certificate": "ca.crt", "notAfter": "2026-11-28T00:00:00Z", "isValid": True}
    chain = [{"source": {"secret": "tls", "namespace": "x"}, "certificateChain": [link]}]
    files = {"certificates/certificates.json": json.dumps(chain)}
    soon = [{"warn": {"when": "notAfter < Today + 15 days", "message": "ends"}}, {"pass": {"message": "lasts"}}]
    spec = {"certificates": {"outcomes": soon}}
    assert [one.verdict for one in analyze(spec, files)] == ["unknown"]
    assert [one.message for one in analyze(spec, files, now=NOW)] == [
        "ca.crt ends in 15 days, obtained from tls secret within x namespace"
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"success": True, "errors": {"tcp_client": ""}}, ("pass", "yes", "through")),
        ({"success": False, "errors": {"tcp_client": "refused"}}, ("fail", "no", "tcp_client: refused")),
        ({}, ("fail", "no", "not through")),
    ],
)
def test_packets_go_between_network_namespaces_or_not(told: Any, expected: tuple[str, str, str]) -> None:
    outcomes = [{"pass": {"message": "yes"}}, {"fail": {"message": "no"}}]
    files = {"host-collectors/system/networkNamespaceConnectivity.json": json.dumps(told)}
    (found,) = analyze({"networkNamespaceConnectivity": {"outcomes": outcomes}}, files, host=True)
    assert (found.verdict, found.message, found.measured) == expected
