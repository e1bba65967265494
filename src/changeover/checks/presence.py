"""Analyzers that ask whether something is there: a Secret, a ConfigMap, a class, a definition of a kind. Pure.

* they have no `when`: presence takes the last pass outcome, absence the last fail (a definition: fail or warn)
* nothing collected about the object -> unknown, never a silent pass
* no outcome of that sort -> nothing is said, except for the default ingress class, which has words of its own
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.checks.finding import Finding, Verdict

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
DEFAULT_STORAGE = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
DEFAULT_TITLE = "Default Ingress Class"


def judge(kind: str, spec: Mapping[str, Any], files: Mapping[str, str]) -> Finding | None:
    """Judge one analyzer of the named kind by the collected files (path -> text); None when it has nothing to say.

    Raises: KeyError for a kind that is not about presence.
    """
    title_word, name_field, find = _KINDS[kind]
    name = str(spec.get(name_field) or "")
    default_class = kind == "ingressClass" and not name
    title = str(spec.get("checkName") or (DEFAULT_TITLE if default_class else f"{title_word} {name}"))
    try:
        found = find(spec, name, files)
    except (ValueError, TypeError, AttributeError) as unreadable:
        return Finding("unknown", title, f"What was collected about it cannot be read: {unreadable}")
    if found is None:
        return Finding("unknown", title, "Nothing was collected about it, so this cannot be judged.")
    absence: tuple[Verdict, ...] = ("fail", "warn") if kind == "customResourceDefinition" else ("fail",)
    said = _last(spec.get("outcomes") or (), ("pass",) if found else absence, title)
    if said is None and default_class:
        return Finding("pass" if found else "fail", title, f"{'' if found else 'No '}{DEFAULT_TITLE} found")
    return said


def _last(outcomes: Sequence[Mapping[str, Any]], wanted: Sequence[Verdict], title: str) -> Finding | None:
    said: Finding | None = None
    for outcome in outcomes:
        for verdict in wanted:
            if outcome.get(verdict) is not None:
                told = outcome[verdict]
                said = Finding(verdict, title, str(told.get("message") or ""), str(told.get("uri") or ""))
    return said


def _stored(folder: str, flag: str, spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    key = str(spec.get("key") or "")
    path = f"{folder}/{spec.get('namespace') or ''}/{name}"
    text = files.get(f"{path}/{key}.json" if key else f"{path}.json")
    if text is None:
        return None
    told = json.loads(text)
    return bool(told.get(flag)) and (not key or bool(told.get("keyExists")))


def _secret(spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    return _stored("secrets", "secretExists", spec, name, files)


def _config_map(spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    return _stored("configmaps", "configMapExists", spec, name, files)


def _storage_class(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    items = _items(files, "storage-classes")
    if items is None or name:
        return items if items is None else any(_metadata(item).get("name") == name for item in items)
    marks = [_metadata(item).get("annotations") or {} for item in items]
    return any(mark.get(one) == "true" for mark in marks for one in DEFAULT_STORAGE)


def _ingress_class(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    items = _items(files, "ingress-classes")
    if items is None or name:
        return items if items is None else any(_metadata(item).get("name") == name for item in items)
    return any((_metadata(item).get("annotations") or {}).get(DEFAULT_CLASS) == "true" for item in items)


def _definition(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    items = _items(files, "custom-resource-definitions")
    return None if items is None else any(_metadata(item).get("name") == name for item in items)


def _ingress(spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    items = _items(files, f"ingress/{spec.get('namespace') or 'default'}")
    return None if items is None else any(_metadata(item).get("name") == name for item in items)


def _pull_secret(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool | None:
    paths = [path for path in files if path.startswith("cluster-resources/image-pull-secrets/")]
    if not paths:
        return None
    told = [json.loads(files[path]) for path in paths]
    return any(isinstance(one, Mapping) and name in one for one in told)


def _items(files: Mapping[str, str], name: str) -> list[Mapping[str, Any]] | None:
    text = files.get(f"cluster-resources/{name}.json")
    if text is None:
        return None
    told = json.loads(text)
    return list(told if isinstance(told, list) else told.get("items") or [])


def _metadata(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item.get("metadata") or {}


_KINDS = {
    "secret": ("Secret", "secretName", _secret),
    "configMap": ("ConfigMap", "configMapName", _config_map),
    "storageClass": ("Storage class", "storageClassName", _storage_class),
    "ingressClass": ("Ingress class", "ingressClassName", _ingress_class),
    "ingress": ("Ingress", "ingressName", _ingress),
    "imagePullSecret": ("Image pull secret", "registryName", _pull_secret),
    "customResourceDefinition": ("Custom resource definition", "customResourceDefinitionName", _definition),
}
KINDS = frozenset(_KINDS)
"""The analyzers that this module judges, by the name that specs use."""
