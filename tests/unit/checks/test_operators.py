"""Longhorn, Velero and Ceph: what their analyzers say by themselves, of files as they and the reference write them."""

import json
from typing import Any

import pytest
import yaml

from changeover.checks.analyzers import analyze
from changeover.checks.finding import Finding

ROOT = "longhorn/longhorn-system"


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "velero"}, **more}


def lists(**objects: list[dict[str, Any]]) -> dict[str, str]:
    container = {"name": "velero", "image": "velero/velero:v1.15.0"}
    velero = named("velero", spec={"template": {"spec": {"containers": [container]}}})
    place = "cluster-resources/custom-resources"
    files = {f"{place}/{plural}.velero.io/velero.json": json.dumps(several) for plural, several in objects.items()}
    return {"cluster-resources/deployments/velero.json": json.dumps({"items": [velero]}), **files}


def phase(name: str, word: str) -> dict[str, Any]:
    return named(name, status={"phase": word})


def told(found: list[Finding]) -> list[tuple[str, str, str, str]]:
    return [(one.verdict, one.message, one.measured, ", ".join(map(str, one.about))) for one in found]


def test_a_healthy_velero() -> None:
    files = lists(
        backuprepositories=[phase("r", "Ready")],
        backupstoragelocations=[phase("default", "Available")],
        backups=[phase("b", "Completed")],
        deletebackuprequests=[phase("d", "Processed")],
        schedules=[phase("s", "Enabled")],
    )
    found = analyze({"velero": {}}, files)
    assert {one.verdict for one in found} == {"pass"}
    assert [one.message for one in found] == [
        "Found 1 backup repositories configured and 1 Ready",
        "Found 1 backups",
        "Found 1 backup storage locations configured and 1 Available",
        "Found 1 schedules",
        "Velero setup is healthy",
    ]


def test_what_is_wrong_with_velero_is_named() -> None:
    files = lists(
        resticrepositories=[phase("r", "NotReady")],
        backups=[phase("good", "Completed"), phase("half", "PartiallyFailed")],
        deletebackuprequests=[phase("d", "InProgress")],
        restores=[phase("back", "FailedValidation")],
    )
    files["velero/logs/velero-1/velero.log"] = "open /x: permission denied"
    files["velero/logs/node-agent-1/node-agent.log"] = "level=info"
    found = analyze({"velero": {}}, files)
    assert told(found) == [
        ("warn", "Restic Repository [r] is in phase NotReady", "NotReady", "ResticRepository velero/r"),
        ("warn", "Found 1 configured restic repositories, but none are ready", "0 of 1 Ready", ""),
        ("pass", "Found 1 log files", "", ""),
        ("warn", "Found 'permission denied' in velero* pod log file(s)", "'permission denied'", ""),
        ("pass", "Found 1 log files", "", ""),
        ("fail", "Backup half phase is PartiallyFailed", "PartiallyFailed", "Backup velero/half"),
        ("pass", "Found 2 backups", "", ""),
        ("fail", "No backup storage locations configured", "0 of 0 Available", ""),
        ("warn", "Found 1 delete backup requests in progress", "1 InProgress", "DeleteBackupRequest velero/d"),
        ("fail", "Restore back phase is FailedValidation", "FailedValidation", "Restore velero/back"),
        ("warn", "Velero setup is not entirely healthy", "", ""),
    ]


@pytest.mark.parametrize("files", [{}, {"cluster-resources/deployments/velero.json": '{"items": []}'}])
def test_without_velero_nothing_is_said_to_be_healthy(files: dict[str, str]) -> None:
    (found,) = analyze({"velero": {}}, files)
    assert found.verdict == "unknown"


def longhorn(**objects: Any) -> dict[str, str]:
    files = {f"{ROOT}/settings.yaml": "{}\n"}
    for plural, several in objects.items():
        files |= {f"{ROOT}/{plural}/{at}.yaml": yaml.safe_dump(one) for at, one in enumerate(several)}
    return files


NODE = named("n1", status={"conditions": [{"type": "Schedulable", "status": "True"}]})
REPLICA = named("r1", spec={"desireState": "running"}, status={"currentState": "running"})
OLD_NODE = {"objectmeta": {"name": "n2"}, "status": {"conditions": {"Schedulable": {"status": "False"}}}}
OLD_REPLICA = {
    "objectmeta": {"name": "r2"},
    "spec": {"failedat": "", "instancespec": {"desirestate": "running"}},
    "status": {"instancestatus": {"currentstate": "stopped"}},
}


def test_longhorn_is_healthy_or_tells_what_is_not() -> None:
    assert told(analyze({"longhorn": {}}, longhorn(nodes=[NODE], replicas=[REPLICA]))) == [
        ("pass", "Longhorn is healthy", "", "")
    ]
    failed = named("r3", spec={"failedAt": "2026-11-30", "desireState": "running"})
    engine = named("e1", spec={"desireState": "running"}, status={"currentState": "error"})
    files = longhorn(nodes=[NODE, OLD_NODE, named("n3")], replicas=[REPLICA, OLD_REPLICA, failed], engines=[engine])
    for at, digest in enumerate(("aa", "bb")):
        files[f"{ROOT}/volumes/pvc-1/replicachecksums/{at}.txt"] = f"{digest}  /host/volume-head-000.img\n"
        files[f"{ROOT}/volumes/pvc-2/replicachecksums/{at}.txt"] = "aa  /host/volume-head-000.img\n"
    place = "longhorn-system"
    assert told(analyze({"longhorn": {}}, files)) == [
        ("warn", "Longhorn node is not schedulable", "Schedulable = False", f"Node {place}/n2"),
        ("warn", "Node schedulable status not found", "Schedulable = not said", f"Node {place}/n3"),
        ("warn", 'Longhorn replica r2 current status "stopped", should be "running"', "stopped", f"Replica {place}/r2"),
        ("warn", "Longhorn replica r3 failed at 2026-11-30", "failed at 2026-11-30", f"Replica {place}/r3"),
        ("warn", 'Longhorn engine e1 current status "error", should be "running"', "error", f"Engine {place}/e1"),
        ("warn", "Replica corruption detected", "replicas differ", f"Volume {place}/pvc-1"),
    ]


@pytest.mark.parametrize("content", ["{", "7", "a: [", "- x"])
def test_files_of_longhorn_that_are_none_are_never_healthy(content: str) -> None:
    found = analyze({"longhorn": {}}, {f"{ROOT}/nodes/a.yaml": content})
    assert "pass" not in {one.verdict for one in found}
    assert analyze({"longhorn": {"namespace": "x"}}, {f"{ROOT}/nodes/a.yaml": content})[0].missing == "longhorn/x"


def test_the_usual_namespace_of_ceph_is_not_in_its_path() -> None:
    files = {"ceph/status.json": '{"health": {"status": "HEALTH_OK"}}'}
    assert [one.verdict for one in analyze({"cephStatus": {"namespace": "rook-ceph"}}, files)] == ["pass"]
    assert [one.verdict for one in analyze({"cephStatus": {"namespace": "other"}}, files)] == ["unknown"]
