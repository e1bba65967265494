"""When something is wrong the application says so in the receipt, and never that it saved what it did not."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.app import sessions
from workbench.app.db import Database, TooNew
from workbench.app.manager import Manager
from workbench.app.saving import saver
from workbench.app.store import Store
from workbench.app.web import Request

KIND = sessions.Kind("registry.example/workbench:1")
ENDED = {"terminated": {"startedAt": "2022-10-02T08:00:00Z", "exitCode": 0}}
COLLECTED = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}


class Cluster:
    """Pods by name, and ConfigMap wb-faults, as the API server would keep them."""

    namespace = "work"

    def __init__(self, **faults: str) -> None:
        self.faults = faults
        self.objects: dict[str, dict[str, Any]] = {}
        self.patches: list[dict[str, Any]] = []

    def settings(self, name: str) -> dict[str, str]:
        return self.faults if name == "wb-faults" else {}

    def path(self, kind: str, name: str = "") -> str:
        return f"{kind}/{name}"

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.objects.get(self.path(kind, name))

    def request(self, method: str, path: str, body: Any = None) -> Any:
        if method == "POST":
            self.objects[path + body["metadata"]["name"]] = body
        if method == "DELETE":
            self.objects.pop(path, None)
        if method == "PATCH" and isinstance(body, dict):
            self.patches.append(body)
        return self.objects.get(path)


def receipt(cluster: Cluster, pod: dict[str, Any]) -> dict[str, Any] | None:
    manager = Manager(cluster, KIND, lambda _pod, _lie: {"bytes": 3, "sha256": "abc", "lastLine": "final 1"})
    try:
        return manager._receipt(pod)
    finally:
        manager.close()


def stopped(**status: Any) -> dict[str, Any]:
    pod = sessions.pod("a1", sessions.Wish("ann"), kind=KIND, namespace="work")
    pod["metadata"]["uid"] = "1"
    pod["spec"]["nodeName"] = "node-1"
    pod["status"] = {"phase": "Succeeded", "containerStatuses": [{"state": ENDED}], **status}
    return pod


def test_a_node_that_is_gone_takes_the_files_with_it() -> None:
    found = receipt(Cluster(), stopped(conditions=[COLLECTED]))
    assert found
    assert found["backupFailure"] == "node node-1 is gone, and the session's files with it"
    switched = receipt(Cluster(nodeGone="a1"), stopped())
    assert switched
    assert "node-1 is gone" in switched["backupFailure"]


def test_who_asks_for_no_backup_gets_none() -> None:
    pod = stopped()
    pod["metadata"]["annotations"] = {sessions.ABORTED: "true"}
    found = receipt(Cluster(), pod)
    assert found
    assert (found["status"], found["skipped"]) == ("finished", "aborted on request, without a backup")


def test_abort_is_written_down_before_the_pod_is_deleted() -> None:
    cluster = Cluster()
    manager = Manager(cluster, KIND, lambda _pod, _lie: {})
    assert manager.handle(Request("DELETE", "/workspaces/a1", {"policy": "abort"}, {}, b"")).status == 202
    assert cluster.patches == [{"metadata": {"annotations": {sessions.ABORTED: "true"}}}]
    manager.close()


@pytest.mark.parametrize("storage", sessions.STORAGES)
def test_each_storage_has_its_volume(storage: str) -> None:
    cluster = Cluster()
    manager = Manager(cluster, KIND, lambda _pod, _lie: {})
    body = json.dumps({"owner": "ann", "storage": storage}).encode()
    assert manager.handle(Request("POST", "/workspaces", {}, {"idempotency-key": "k"}, body)).status == 201
    name = f"ws-{sessions.new_id('k')}"
    volume = cluster.objects[f"pods/{name}"]["spec"]["volumes"][0]
    expected = {"node": "hostPath", "claim": "persistentVolumeClaim", "memory": "emptyDir"}
    assert expected[storage] in volume
    assert (f"persistentvolumeclaims/{name}" in cluster.objects) is (storage == "claim")
    manager.close()


def test_an_unknown_storage_is_refused() -> None:
    manager = Manager(Cluster(), KIND, lambda _pod, _lie: {})
    refused = manager.handle(Request("POST", "/workspaces", {}, {}, b'{"storage": "tape"}'))
    assert (refused.status, b"node, claim, memory" in refused.body) == (400, True)
    manager.close()


def test_an_image_that_nobody_has() -> None:
    cluster = Cluster(imageGone="*")
    manager = Manager(cluster, KIND, lambda _pod, _lie: {})
    manager.handle(Request("POST", "/workspaces", {}, {}, b"{}"))
    (pod,) = cluster.objects.values()
    assert pod["spec"]["containers"][0]["image"] == "registry.example/workbench:does-not-exist"
    manager.close()


def test_who_uploads_himself_and_says_nothing_has_not_saved() -> None:
    pod = stopped()
    pod["metadata"]["labels"][sessions.STORAGE_LABEL] = "memory"
    save = saver(Cluster())
    assert "without a word" in save(pod, False)["backupFailure"]
    pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"] = '{"bytes": 3, "lastLine": "final 1"}'
    assert save(pod, False) == {"bytes": 3, "lastLine": "final 1"}


def test_a_store_that_refuses_keeps_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, lambda: True)
    assert store.handle(Request("PUT", "/objects/a1", {}, {}, b"bytes")).status == 503
    assert store.names() == []


def test_a_database_refuses_data_of_a_later_version(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    later = Database(path, reads=2)
    assert later.handle(Request("POST", "/db/migrate", {}, {}, b'{"to": 2}')).status == 200
    later.close()
    with pytest.raises(TooNew, match="schema 2, this version reads up to 1"):
        Database(path, reads=1)
    Database(path, reads=2).close()


def test_a_session_that_was_finished_since_it_was_listed_is_not_saved_again() -> None:
    listed = stopped(phase="Succeeded", containerStatuses=[{"state": ENDED}])
    listed["metadata"] |= {"deletionTimestamp": "2022-10-02T08:00:00Z", "finalizers": [sessions.FINALIZER]}
    cluster, asked = Cluster(), list[str]()

    def save(pod: dict[str, Any], _: bool) -> dict[str, Any]:  # noqa: FBT001 - the shape of Save
        asked.append(pod["metadata"]["name"])
        return {"bytes": 1, "sha256": "x", "lastLine": ""}

    manager = Manager(cluster, KIND, save)  # type: ignore[arg-type]
    name = listed["metadata"]["name"]
    finished = json.loads(json.dumps(listed))
    finished["metadata"]["finalizers"] = []
    cluster.objects[f"pods/{name}"] = finished
    manager.reconcile([listed])
    manager.close()
    assert asked == []
    again = Manager(cluster, KIND, save)  # type: ignore[arg-type]
    cluster.objects[f"pods/{name}"] = listed
    again.reconcile([listed])
    again.close()
    assert asked == [name]
