"""What would make an unknown answer known."""

import pytest

from changeover.checks.gaps import Brought, hint_for, told_in
from changeover.ports import Collector, Fetched

RESOURCES = Collector("clusterResources", {"namespaces": ["shop"]})
RUN = Collector("run", {"collectorName": "database", "name": "db"})
IMAGES = Collector("registryImages", {"collectorName": "ours"})
CPU = Collector("cpu", {}, "host")


@pytest.mark.parametrize(
    ("path", "kind", "host", "expected"),
    [
        ("db/database.log", "textAnalyze", False, "run/database was skipped: not agreed to: --allow run"),
        ("registry/ours.json", "registryImages", False, "registryImages/ours is failed: no answer"),
        ("registry/theirs.json", "registryImages", False, "no collector of the spec brings registry/theirs.json"),
        (
            "cluster-resources/pods/shop.json",
            "clusterPodStatuses",
            False,
            "the right to list pods is missing: forbidden",
        ),
        ("cluster-resources/jobs/shop.json", "jobStatus", False, "clusterResources brought no "),
        ("cluster-resources/jobs/bank.json", "jobStatus", False, "namespace bank is not among those that"),
        ("cluster-info/cluster_version.json", "clusterVersion", False, "no collector of the spec brings"),
        ("host-collectors/system/cpu.json", "cpu", True, "host cpu was skipped: not agreed to: --allow host"),
        ("host-collectors/system/memory.json", "memory", True, "no collector of the spec brings"),
    ],
)
def test_why_a_file_is_missing(path: str, kind: str, host: bool, expected: str) -> None:  # noqa: FBT001 - a value
    fetched = (
        Fetched("clusterResources", "done"),
        Fetched("run/database", "skipped", "not agreed to: --allow run"),
        Fetched("registryImages/ours", "failed", "no answer"),
        Fetched("host cpu", "skipped", "not agreed to: --allow host"),
    )
    files = {"cluster-resources/pods-errors.json": b'{"shop": "forbidden: pods"}'}
    brought = Brought((RESOURCES, RUN, IMAGES, CPU), fetched, files)
    assert expected in hint_for(path, kind, brought, host=host)


def test_a_bundle_tells_how_its_collectors_fared() -> None:
    files = {
        "skipped-collectors.json": b'[{"collector": "run/database", "state": "skipped", "reason": "not agreed to"}, 7]',
        "collector-errors/logs-app-error.json": b'["not finished after 60 s"]',
        "collector-errors/other-error.json": b"{",
    }
    told = told_in(files, ["logs/app", "other", "run/database"])
    assert [(one.title, one.state, one.reason) for one in told] == [
        ("run/database", "skipped", "not agreed to"),
        ("logs/app", "partial", "not finished after 60 s"),
        ("other", "partial", ""),
    ]
    assert told_in({"skipped-collectors.json": b'{"a": 1}'}, []) == ()
