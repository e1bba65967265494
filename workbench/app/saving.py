"""How a stopped session's files reach the store, by where they lie. Each way returns what goes into the receipt."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.app import sessions
from workbench.app.agent import save
from workbench.app.kube import Kube, KubeError
from workbench.app.web import call

Raw = dict[str, Any]
Save = Callable[[Raw, bool], Raw]
MESSAGE = Path("/dev/termination-log")
"""What a container writes here stands in its pod's status once it has ended."""
CLAIM_SECONDS = 300


def saver(kube: Kube) -> Save:
    """The way that fits each session's storage."""
    ways = {"node": _through_agent, "claim": _through_pod, "memory": _uploaded}
    return lambda pod, lie: ways[sessions.storage(pod)](kube, pod, lie)


def _through_agent(kube: Kube, pod: Raw, lie: bool) -> Raw:  # noqa: FBT001 - the shape of Save
    """By the agent on the session's node, which holds the folder."""
    node, metadata = pod["spec"]["nodeName"], pod["metadata"]
    agents = [one for one in kube.pods("component=agent") if one["spec"].get("nodeName") == node]
    address = next((one["status"]["podIP"] for one in agents if one.get("status", {}).get("podIP")), "")
    if not address:
        raise OSError(f"no agent on {node}")
    target = sessions.stored_at(metadata["labels"]["workspaceID"], kube.namespace)
    wanted = {"namespace": kube.namespace, "pod": metadata["name"], "url": target, "lie": lie}
    found = call("POST", f"http://{address}:8082/backup", body=json.dumps(wanted).encode(), timeout=120)
    if found.status != 200:
        raise OSError(f"agent on {node}: {found.status} {found.body[:120]!r}")
    receipt = dict(found.json())
    if not receipt.get("backupFailure"):
        call("DELETE", f"http://{address}:8082/folders/{kube.namespace}/{metadata['name']}", timeout=10)
    return receipt


def _through_pod(kube: Kube, pod: Raw, lie: bool) -> Raw:  # noqa: FBT001 - the shape of Save
    """By a pod that mounts the session's claim; what it says when it ends is the receipt."""
    saving = _saving_pod(pod, sessions.stored_at(pod["metadata"]["labels"]["workspaceID"], kube.namespace), lie=lie)
    name = saving["metadata"]["name"]
    try:
        kube.request("POST", kube.path("pods"), saving)
    except KubeError as error:
        if error.status != 409:
            raise
    deadline = time.monotonic() + CLAIM_SECONDS
    while time.monotonic() < deadline:
        live = kube.get("pods", name)
        if live is None:
            raise OSError(f"pod {name} is gone")
        if live.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            receipt = _said(live)
            kube.request("DELETE", kube.path("pods", name))
            return receipt
        time.sleep(0.3)
    raise OSError(f"pod {name} has not ended after {CLAIM_SECONDS} s")


def _uploaded(_kube: Kube, pod: Raw, _lie: bool) -> Raw:  # noqa: FBT001 - the shape of Save
    """By the session itself, before it ended."""
    return _said(pod)


def _said(pod: Raw) -> Raw:
    states = pod.get("status", {}).get("containerStatuses") or [{}]
    ended = states[0].get("state", {}).get("terminated", {})
    try:
        return dict(json.loads(ended.get("message", "")))
    except ValueError:
        return {"backupFailure": f"{pod['metadata']['name']} ended without a word: {ended.get('reason', 'no state')}"}


def _saving_pod(pod: Raw, url: str, *, lie: bool) -> Raw:
    told = {"WB_UPLOAD": url, "WB_LIE": "true" if lie else ""}
    container = {
        "name": "save",
        "image": pod["spec"]["containers"][0]["image"],
        "args": ["save"],
        "env": [{"name": name, "value": value} for name, value in told.items()],
        "volumeMounts": [{"name": "workspace", "mountPath": "/workspace"}],
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}},
    }
    labels = {"app": "workbench", "component": "save", "workspaceID": pod["metadata"]["labels"]["workspaceID"]}
    claim = {"persistentVolumeClaim": {"claimName": pod["metadata"]["name"]}}
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "volumes": [{"name": "workspace", **claim}],
        "containers": [container],
    }
    metadata = {"name": f"save-{labels['workspaceID']}", "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def upload(folder: Path) -> None:
    """Save a folder as the environment says, and leave the receipt as the container's last word."""
    MESSAGE.write_text(json.dumps(save(folder, os.environ["WB_UPLOAD"], lie=bool(os.environ.get("WB_LIE")))))


def main(_role: str, _args: list[str]) -> None:
    """Save /workspace, once."""
    upload(Path(os.environ.get("WB_FOLDER", "/workspace")))
