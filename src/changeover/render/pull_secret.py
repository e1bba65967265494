"""The pull secret: lets the cluster fetch images from the private registry, or the vendor's with the licence.

Every pod gets it beside the ones that it names itself; it is applied before everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.render.context import Context
from changeover.render.functions import registry
from changeover.render.ordering import PHASE, Placed

EARLIEST = -9999

_POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}


def name_of(context: Context) -> str:
    """What the pull secret is called; empty when there is nothing to log in with."""
    return f"{context.slug}-registry" if context.slug and registry.pull_secret(context) else ""


def place(context: Context) -> list[Placed]:
    """The pull secret itself, when there is one."""
    name = name_of(context)
    if not name:
        return []
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "annotations": {PHASE: str(EARLIEST)}},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": registry.pull_secret(context)},
    }
    return [Placed(secret, "the pull secret", EARLIEST)]


def add(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The manifest with the pull secret in its pods; unchanged when it has none or names it already."""
    path = _POD_SPECS.get(str(raw.get("kind")))
    return _with(raw, path, name) if path else raw


def _with(here: Mapping[str, Any], path: tuple[str, ...], name: str) -> Mapping[str, Any]:
    if not path:
        named = [one for one in here.get("imagePullSecrets") or () if isinstance(one, Mapping)]
        if any(one.get("name") == name for one in named):
            return here
        return {**here, "imagePullSecrets": [*named, {"name": name}]}
    inside = here.get(path[0])
    return {**here, path[0]: _with(inside, path[1:], name)} if isinstance(inside, Mapping) else here
