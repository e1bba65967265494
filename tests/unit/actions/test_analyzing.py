"""Judging a support bundle: which specs count, where its files lie, and that no secret is told."""

import json
from datetime import UTC, datetime

import pytest

from changeover.actions import analyzing
from changeover.checks.specs import NoSpec

NOW = datetime(2026, 11, 23, tzinfo=UTC)
VERSION = {"cluster-info/cluster_version.json": b'{"string": "v1.36.2"}'}


def spec(*analyzers: str, kind: str = "Preflight") -> str:
    listed = "".join(f"\n    - {one}" for one in analyzers)
    head = f"apiVersion: troubleshoot.sh/v1beta2\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n"
    return f"{head}  analyzers:{listed or ' []'}\n"


NEW = 'clusterVersion: {outcomes: [{fail: {when: "< 1.30.0", message: old}}, {pass: {message: new}}]}'
SMALL = 'memory: {outcomes: [{fail: {when: "< 16Gi", message: small}}, {pass: {message: large}}]}'


@pytest.mark.parametrize("top", ["", "support-bundle-2026-11-23T15_40_10/"])
def test_files_lie_in_a_folder_or_not(top: str) -> None:
    bundle = {f"{top}{path}": content for path, content in VERSION.items()}
    assert analyzing.analyze(bundle, [("vendor.yaml", spec(NEW))], now=NOW).verdict == "pass"


def test_a_spec_within_counts_when_none_is_given() -> None:
    bundle = {**VERSION, "spec.yaml": spec(NEW).encode()}
    assert [one.message for one in analyzing.analyze(bundle, now=NOW).judged] == ["new"]
    other = spec("clusterVersion: {outcomes: [{warn: {message: other}}]}")
    assert [one.message for one in analyzing.analyze(bundle, [("v.yaml", other)], now=NOW).judged] == ["other"]


def test_a_spec_in_a_collected_config_map_counts() -> None:
    labels = {"troubleshoot.sh/kind": "preflight"}
    one = {"metadata": {"name": "p", "namespace": "x", "labels": labels}, "data": {"preflight.yaml": spec(NEW)}}
    bundle = {**VERSION, "cluster-resources/configmaps/x.json": json.dumps({"items": [one, 7]}).encode()}
    assert analyzing.analyze(bundle, now=NOW).verdict == "pass"


@pytest.mark.parametrize("content", [b"{", b"7", b"[1]", b'{"items": 3}', b'{"items": [{"metadata": 3}]}'])
def test_without_any_analyzer_it_says_so(content: bytes) -> None:
    bundle = {**VERSION, "version.yaml": b"a: {", "cluster-resources/configmaps/x.json": content}
    with pytest.raises(NoSpec):
        analyzing.analyze(bundle, now=NOW)
    with pytest.raises(NoSpec):
        analyzing.analyze(bundle, [("v.yaml", spec())], now=NOW)


def test_analyzers_of_hosts_are_judged_by_host_files_only() -> None:
    host = [("host.yaml", spec(SMALL, kind="HostPreflight"))]
    bundle = {"host-collectors/system/memory.json": b'{"total": 8589934592}'}
    found = analyzing.analyze(bundle, host, now=NOW)
    assert [(one.verdict, one.message) for one in found.judged] == [("fail", "small")]
    assert analyzing.analyze(VERSION, host, now=NOW).verdict == "unknown"


def test_what_is_measured_is_told_without_secrets() -> None:
    url = "postgres://admin:hunter2@db:5432/app"
    groups = 'fileName: app.log, regexGroups: "(?P<U>postgres://.*)"'
    text = f'textAnalyze: {{{groups}, outcomes: [{{fail: {{message: "{{{{ .U }}}}"}}}}]}}'
    found = analyzing.analyze({"app.log": url.encode()}, [("v.yaml", spec(text))], now=NOW)
    assert found.verdict == "fail"
    assert "hunter2" not in json.dumps(found.as_json())
