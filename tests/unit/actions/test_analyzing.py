"""Judging a support bundle: which specs count, where its files lie, and that no secret is told."""

import json
from datetime import UTC, datetime

import pytest

from changeover.actions import analyzing
from changeover.checks.bundle import Mask
from changeover.checks.specs import NoSpec, Specs, documents_for, documents_of, read
from changeover.ports import Collector
from changeover.settings import LIGHT

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


def test_our_own_bundle_is_judged_by_the_specs_that_made_it_without_their_secrets() -> None:
    pin = "hunter2-1234"
    nodes = Collector("memory", {}, "nodes")
    wanted = Specs(
        (Collector("data", {"name": "notes", "data": f'say "{pin}"'}), Collector("clusterResources", {LIGHT: True})),
        (
            {
                "clusterVersion": {
                    "outcomes": [{"fail": {"when": "< 1.30.0", "message": pin}}, {"pass": {"message": "new"}}]
                }
            },
        ),
        host_collectors=(Collector("cpu", {"collectorName": "987654321"}, "host"), nodes),
        host_analyzers=({"memory": {"outcomes": [{"pass": {"message": "large"}}]}},),
    )
    written = Mask(values=[pin, "987654321"]).documents(documents_for(wanted))
    assert pin.encode() not in written
    assert b"987654321" not in written
    held = read(documents_of(written.decode(), file="spec.yaml"))
    assert [(one.kind, one.place) for one in (*held.collectors, *held.host_collectors)] == [
        ("data", "cluster"),
        ("clusterResources", "cluster"),
        ("cpu", "host"),
        ("memory", "nodes"),
    ]
    assert held.collectors[0].spec["data"] == 'say "***HIDDEN***"'
    assert not any(LIGHT in one.spec for one in held.collectors)
    other = spec("clusterVersion: {outcomes: [{warn: {message: other}}]}")
    found = analyzing.analyze({**VERSION, "spec.yaml": written, "other.yaml": other.encode()}, now=NOW)
    assert (
        sorted(one.message for one in found.judged)
        == ["new", "This cannot be judged: host-collectors/system/memory.json was not collected."][::-1]
    )


def test_a_bundle_tells_what_would_make_the_unknown_known() -> None:
    given = spec("textAnalyze: {collectorName: db, fileName: db.log, regex: x, outcomes: []}", kind="SupportBundle")
    given += "  collectors:\n    - run: {collectorName: db, image: x}\n"
    skipped = b'[{"collector": "run/db", "state": "skipped", "reason": "not agreed to: --allow run"}]'
    (found,) = analyzing.analyze({"skipped-collectors.json": skipped}, [("v.yaml", given)], now=NOW).judged
    assert (found.verdict, found.hint) == ("unknown", "its collector run/db was skipped: not agreed to: --allow run")
