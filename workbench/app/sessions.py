"""What a session's pod looks like, and what can be read from one."""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from typing import Any

FINALIZER = "wb.example/finalizer"
RECEIPT = "wb.example/disposalStatus"
SELECTOR = "component=workspace"
ABORTED = "wb.example/aborted"
STORAGE_LABEL = "wb.example/storage"
STORAGES = ("node", "claim", "memory")
"""Where a session's files lie: a folder of the node, a claim, or the pod itself, which uploads when it ends."""
PROBE_LABEL = "changeover.dev/probe"
CONTAINER = "kubebox.changeover.dev/container"


@dataclass(frozen=True, slots=True)
class Kind:
    """How sessions run: the image, `k=v` of the nodes, and whether a process on the host acts for them."""

    image: str
    nodes: str = ""
    simulated: bool = False
    line_seconds: str = "1"


def from_environment() -> Kind:
    """As the manager's Deployment says."""
    return Kind(
        os.environ.get("WB_IMAGE", ""),
        os.environ.get("WB_SESSION_NODES", ""),
        os.environ.get("WB_SIMULATED") == "true",
        os.environ.get("WB_LINE_SECONDS", "1"),
    )


def new_id(key: str) -> str:
    """The same for the same key, random without one."""
    return hashlib.sha256(key.encode()).hexdigest()[:10] if key else uuid.uuid4().hex[:10]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for; `probe` names the run that only tries whether sessions work."""

    owner: str
    storage: str = "node"
    probe: str = ""


def pod(name: str, wish: Wish, *, kind: Kind, namespace: str) -> dict[str, Any]:
    """A bare pod whose files outlive its container, but for storage `memory`."""
    labels = {"app": "workbench", "component": "workspace", "workspaceID": name, "owner": wish.owner, "wbman": "true"}
    labels[STORAGE_LABEL] = wish.storage
    if wish.probe:
        labels[PROBE_LABEL] = wish.probe
    metadata: dict[str, Any] = {"name": f"ws-{name}", "labels": labels, "finalizers": [FINALIZER]}
    container: dict[str, Any] = {
        "name": "workspace",
        "image": kind.image,
        "args": ["workspace"],
        "env": [{"name": "WB_LINE_SECONDS", "value": kind.line_seconds}],
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}},
    }
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 10,
        "containers": [container],
    }
    if kind.nodes:
        label, _, value = kind.nodes.partition("=")
        spec["nodeSelector"] = {label: value}
    if kind.simulated:
        metadata["annotations"] = {CONTAINER: "host-process"}
        spec["tolerations"] = [{"operator": "Exists", "effect": "NoSchedule"}]
    else:
        spec["volumes"] = [{"name": "workspace", **_volume(name, wish.storage, namespace)}]
        container["volumeMounts"] = [{"name": "workspace", "mountPath": "/workspace"}]
        if wish.storage == "memory":
            container["env"].append({"name": "WB_UPLOAD", "value": stored_at(name, namespace)})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _volume(name: str, storage: str, namespace: str) -> dict[str, Any]:
    if storage == "claim":
        return {"persistentVolumeClaim": {"claimName": f"ws-{name}"}}
    if storage == "memory":
        return {"emptyDir": {}}
    return {"hostPath": {"path": f"/var/lib/workbench/{namespace}/ws-{name}", "type": "DirectoryOrCreate"}}


def claim(name: str) -> dict[str, Any]:
    """The claim of a session with storage `claim`; it goes once the session is saved."""
    labels = {"app": "workbench", "component": "workspace", "workspaceID": name}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    metadata = {"name": f"ws-{name}", "labels": labels}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def stored_at(name: str, namespace: str) -> str:
    """The address of a session's backup in the store."""
    return f"http://wb-store.{namespace}:9000/objects/{name}"


def storage(raw: dict[str, Any]) -> str:
    """Where a session's files lie."""
    return str(raw["metadata"].get("labels", {}).get(STORAGE_LABEL, "node"))


def node_gone(raw: dict[str, Any]) -> bool:
    """Whether Kubernetes collected the pod because its node is no more (condition DisruptionTarget of the pod GC)."""
    conditions = raw.get("status", {}).get("conditions") or []
    return any(one.get("type") == "DisruptionTarget" and one.get("reason") == "DeletionByPodGC" for one in conditions)


def stopped(raw: dict[str, Any]) -> bool:
    """Whether no container of it runs any more, or none ever ran."""
    status = raw.get("status", {})
    if status.get("phase") in ("Succeeded", "Failed"):
        return True
    states = status.get("containerStatuses") or []
    if not states:
        return "nodeName" not in raw["spec"]
    return all("terminated" in state.get("state", {}) for state in states)


def ever_ran(raw: dict[str, Any]) -> bool:
    """Whether there can be something to save: a container has started once."""
    states = raw.get("status", {}).get("containerStatuses") or []
    return any(
        state.get("state", {}).get(key, {}).get("startedAt") for state in states for key in ("running", "terminated")
    )


def about(raw: dict[str, Any]) -> dict[str, str]:
    """As GET /workspaces shows it."""
    labels = raw["metadata"].get("labels", {})
    ending = "deletionTimestamp" in raw["metadata"]
    return {
        "id": labels.get("workspaceID", ""),
        "name": raw["metadata"]["name"],
        "owner": labels.get("owner", ""),
        "phase": "Stopping" if ending else raw.get("status", {}).get("phase", "Pending"),
    }
