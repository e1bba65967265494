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


def pod(name: str, owner: str, probe: str, *, kind: Kind, namespace: str) -> dict[str, Any]:
    """A bare pod; its folder lies on the node, so that it outlives the container."""
    labels = {"app": "workbench", "component": "workspace", "workspaceID": name, "owner": owner, "wbman": "true"}
    if probe:
        labels[PROBE_LABEL] = probe
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
        path = f"/var/lib/workbench/{namespace}/ws-{name}"
        spec["volumes"] = [{"name": "workspace", "hostPath": {"path": path, "type": "DirectoryOrCreate"}}]
        container["volumeMounts"] = [{"name": "workspace", "mountPath": "/workspace"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


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
