"""The application of the crash tests: a session controller, a proxy, a database with a claim, a Job, a few settings."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.ports import Answer
from changeover.release.profile import Profile
from changeover.render.revision import Revision
from changeover.settings import REQUEST_ANNOTATION
from tests.crash.api_server import ApiServer
from tests.crash.controllers import RECEIPT

NAMESPACE = "app"


class NoSpace(Problem):
    """The backup's destination is full."""

    reference = "test-no-space"


def _obj(api_version: str, kind: str, name: str, **rest: Any) -> KubeObject:
    return KubeObject(
        {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **rest}
    )


def _pods(name: str, image: str, *, replicas: int = 1, **more: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **more}


def revision(version: str, *, proxy: str = "proxy", epochs: tuple[int, int, int] = (1, 1, 1)) -> Revision:
    """One release; its `proxy` may be ``broken``: never ready; epochs are (reads from, reads to, writes)."""
    image = f"workbench/app:{version}"
    objects = [
        _obj("v1", "ConfigMap", "settings", data={"version": version}),
        _obj("v1", "ConfigMap", f"only-{version}", data={"x": "1"}),
        _obj(
            "v1",
            "Service",
            "wb-proxy",
            spec={"clusterIP": "10.0.0.1", "selector": {"app": "wb-proxy"}, "ports": [{"port": 80}]},
        ),
        _obj("apps/v1", "StatefulSet", "wb-db", spec=_pods("wb-db", "workbench/db:1", serviceName="wb-db")),
        _obj("apps/v1", "Deployment", "wb-manager", spec=_pods("wb-manager", image)),
        _obj("apps/v1", "Deployment", "wb-proxy", spec=_pods("wb-proxy", f"workbench/{proxy}:{version}", replicas=2)),
        _obj(
            "batch/v1",
            "Job",
            "migrations",
            spec={"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "m", "image": image}]}}},
        ),
    ]
    low, high, writes = epochs
    return Revision(
        version,
        tuple(objects),
        digest=f"sha256:{version}{proxy}{epochs}",
        reads_epochs=(low, high),
        writes_epoch=writes,
    )


CLAIM = "data-wb-db-0"


def image(revision: Revision) -> str:
    """What its session controller runs."""
    return next(image_of(obj.get("spec", "template")) for obj in revision.objects if obj.name == "wb-manager")


def image_of(pod: Mapping[str, Any]) -> str:
    """What a pod runs."""
    return str(pod["spec"]["containers"][0]["image"])


START_PATH = "/start"
"""Where people start sessions, and where the probe does."""


def migrated(content: str, epoch: int) -> str:
    """Data after code that writes this epoch has run on it; a later epoch is left alone."""
    return f"epoch {max(epoch, int(content.split()[1]))}"


def claim(name: str) -> dict[str, Any]:
    """The database's claim, as its StatefulSet would have made it."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {**_obj("v1", "PersistentVolumeClaim", name, spec=spec).raw, "status": {"phase": "Bound"}}


def profile() -> Profile:
    """What Changeover must know about it."""
    return Profile.model_validate(
        {
            "sessions": {
                "selector": "component=workspace",
                "controller": "deployment/wb-manager",
                "gate": {"switch": {"configMap": "wb-maintenance", "pageKey": "page"}},
                "receipt": {"annotation": RECEIPT},
                "timeoutSeconds": 60,
            },
            "data": [{"name": "db", "claim": "data-wb-db-0", "workload": "statefulset/wb-db"}],
            "probes": [
                {"name": "front", "http": {"service": "wb-proxy", "path": "/", "contains": "{version}"}},
                {"name": "a-session", "session": {"service": "wb-proxy", "startPath": START_PATH}},
            ],
        }
    )


def answer(api: ApiServer, namespace: str, method: str, url: str) -> Answer:
    """What the proxy says: its version, a maintenance page, or nothing when no pod of it is ready."""
    proxy = api.objects.get(f"Deployment.apps/{namespace}/wb-proxy") or {}
    if not (proxy.get("status") or {}).get("readyReplicas"):
        return Answer(0, error="connection refused")
    switch = api.objects.get(f"ConfigMap/{namespace}/wb-maintenance") or {}
    if (switch.get("data") or {}).get("enabledUntil"):
        return Answer(503, str(switch["data"].get("page")).encode())
    image = proxy["spec"]["template"]["spec"]["containers"][0]["image"]
    return Answer(200, f"Workbench {image.rpartition(':')[2]}".encode())


def ask(changeover: dict[str, Any], do: str, more: Mapping[str, Any]) -> None:
    """Write a request onto the Changeover object, as the command line does."""
    request = {"id": uuid.uuid4().hex, "do": do, "by": "ada", **more}
    annotations = changeover["metadata"].setdefault("annotations", {})
    annotations[REQUEST_ANNOTATION] = json.dumps(request)
