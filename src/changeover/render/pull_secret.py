"""The pull secret: lets the cluster fetch images from the private registry, or the vendor's with the licence.

* every pod and every service account of the package gets it beside the ones that it names itself (an account passes it
  on to pods that the application makes later);
* it stands in each namespace in which a pod or an account of the package lives, and in each of `additionalNamespaces`
  (``*`` means namespaces that do not exist yet: nothing can be put there now);
* it is applied before everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    "ServiceAccount": (),
}


def name_of(context: Context) -> str:
    """What the pull secret is called; empty when there is nothing to log in with."""
    return f"{context.slug}-registry" if context.slug and registry.pull_secret(context) else ""


def place(context: Context, namespaces: Iterable[str]) -> list[Placed]:
    """The pull secret itself in each of the namespaces; empty = wherever the application goes."""
    name, content = name_of(context), registry.pull_secret(context)
    return [Placed(_secret(name, content, namespace), "the pull secret", EARLIEST) for namespace in sorted(namespaces)]


def _secret(name: str, content: str, namespace: str) -> dict[str, Any]:
    where = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **where, "annotations": {PHASE: str(EARLIEST)}},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": content},
    }


def namespaces(placed: Iterable[Placed], context: Context, additional: Iterable[str] = ()) -> frozenset[str]:
    """Where the secret must stand: the application's namespace is there as the empty one."""
    live = {
        str(item.raw.get("metadata", {}).get("namespace") or item.namespace or "")
        for item in placed
        if item.raw.get("kind") in _POD_SPECS
    }
    wanted = {"", *live, *(name for name in additional if name != "*")}
    return frozenset("" if name == context.namespace else name for name in wanted)


def add(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The manifest with the pull secret in its pods; unchanged when it has none or names it already."""
    path = _POD_SPECS.get(str(raw.get("kind")))
    return raw if path is None else _with(raw, path, name)


def _with(here: Mapping[str, Any], path: tuple[str, ...], name: str) -> Mapping[str, Any]:
    if not path:
        named = [one for one in here.get("imagePullSecrets") or () if isinstance(one, Mapping)]
        if any(one.get("name") == name for one in named):
            return here
        return {**here, "imagePullSecrets": [*named, {"name": name}]}
    inside = here.get(path[0])
    return {**here, path[0]: _with(inside, path[1:], name)} if isinstance(inside, Mapping) else here
