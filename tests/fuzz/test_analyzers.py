"""Analyzers: any spec over any files ends in findings, never in a crash, and never passes what was not collected."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from changeover.checks import analyzers, presence
from tests.fuzz.bounds import bounded

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KINDS = [(kind, False) for kind in (*analyzers.JUDGES, *analyzers.TIMED, *presence.KINDS)]
KINDS += [(kind, True) for kind in (*analyzers.HOST_JUDGES, *analyzers.HOST_TIMED)]
WORDS = st.sampled_from(
    [
        "a",
        "x",
        "==",
        "=",
        "!=",
        "<",
        ">=",
        "count()",
        "min(cpuCapacity)",
        "1",
        "8Gi",
        "20%",
        "true",
        "false",
        "connected",
        "version",
        "1.2.x",
        "notAfter",
        "Today",
        "+",
        "days",
        "error",
        "statusCode",
        "200",
        "&&",
        "||",
        "HEALTH_OK",
        "p99",
        "10ms",
        ".*",
        "(",
        "[",
        "{{",
        ".X",
        "}}",
        "{{",
        "*",
        "sda",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=6), some, max_size=3),
    max_leaves=6,
)
WHEN = st.lists(WORDS, max_size=5).map(" ".join) | VALUES
OUTCOMES = st.lists(
    st.dictionaries(
        st.sampled_from(["pass", "warn", "fail"]), st.fixed_dictionaries({"when": WHEN, "message": VALUES}) | VALUES
    ),
    max_size=3,
)
FIELDS = st.sampled_from(
    [
        "checkName",
        "collectorName",
        "fileName",
        "name",
        "namespace",
        "namespaces",
        "selector",
        "regex",
        "regexGroups",
        "path",
        "jsonPath",
        "yamlPath",
        "value",
        "kind",
        "reason",
        "filters",
        "expectedValue",
        "restartCount",
        "selectedConfigs",
        "minimumAcceptableSize",
        "reportFileGlob",
        "cidr",
        "ip",
    ]
)
SPECS = st.builds(
    lambda told, outcomes: {**told, "outcomes": outcomes},
    st.dictionaries(FIELDS, VALUES, max_size=4),
    OUTCOMES | st.lists(st.dictionaries(st.sampled_from(["pass", "warn", "fail"]), VALUES), max_size=2) | VALUES,
)
PATHS = [
    "cluster-info/cluster_version.json",
    "cluster-resources/nodes.json",
    "cluster-resources/pods/default.json",
    "cluster-resources/events/default.json",
    "cluster-resources/replicasets/default.json",
    "sysctl/a",
    "ceph/status.json",
    "cluster-resources/storage-classes.json",
    "goldpinger/check_all.json",
    "certificates/certificates.json",
    "node-metrics/a.json",
    "postgres/postgres.json",
    "registry/images.json",
    "longhorn/longhorn-system/nodes/a.yaml",
    "longhorn/longhorn-system/engines/a.yaml",
    "cluster-resources/deployments/velero.json",
    "cluster-resources/custom-resources/backups.velero.io/velero.json",
    "host-collectors/system/cpu.json",
    "host-collectors/system/memory.json",
    "host-collectors/system/hostos_info.json",
    "host-collectors/system/node_list.json",
    "host-collectors/system/block_devices.json",
    "host-collectors/system/kernel_modules.json",
    "host-collectors/system/packages-packages.json",
    "host-collectors/http/http.json",
]
FILES = st.dictionaries(st.sampled_from(PATHS), VALUES.map(json.dumps) | st.text(max_size=20), max_size=8)


@bounded
@given(st.sampled_from(KINDS), SPECS | VALUES, FILES)
def test_anything_at_all_ends_in_findings(of: tuple[str, bool], spec: Any, files: dict[str, str]) -> None:
    kind, host = of
    for one in analyzers.analyze({kind: spec}, files, host=host, now=NOW):
        assert one.verdict in {"pass", "warn", "fail", "unknown"}
        assert all(isinstance(told, str) for told in (one.title, one.uri, one.measured, one.threshold, one.hint))
        assert isinstance(one.message, str)


@bounded
@given(st.sampled_from(KINDS), SPECS)
def test_nothing_collected_is_never_passed(of: tuple[str, bool], spec: Any) -> None:
    kind, host = of
    if kind in {"subnetContainsIP", "filesystemPerformance"}:  # asks for no file; may pass because a file is missing
        return
    assert "pass" not in {one.verdict for one in analyzers.analyze({kind: spec}, {}, host=host, now=NOW)}
