"""Analyzers that ask whether something is there: a Secret, a ConfigMap, a class, a definition of a kind. Pure.

* they have no `when`: presence takes the last pass outcome, absence the last fail (a definition: fail or warn)
* nothing collected about the object -> unknown, never a silent pass
* no outcome of that sort -> nothing is said, except for the default ingress class, which has words of its own
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, NotCollected, Verdict
from changeover.package.application import mapping, mappings

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
DEFAULT_STORAGE = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
DEFAULT_TITLE = "Default Ingress Class"
PULL_SECRETS = "cluster-resources/image-pull-secrets"
"""A file for each, ``{registry: user}``; where none is, there is none, when lists were read to their end."""
NOTHING = "Nothing was collected about it, so this cannot be judged."


def judge(kind: str, spec: Mapping[str, Any], files: Mapping[str, str]) -> Finding | None:
    """Judge one analyzer of the named kind by the collected files (path -> text); None when it has nothing to say.

    Raises: KeyError for a kind that is not about presence.
    """
    title_word, name_field, find, made = _KINDS[kind]
    name = str(spec.get(name_field) or "")
    default_class = kind == "ingressClass" and not name
    title = str(spec.get("checkName") or (DEFAULT_TITLE if default_class else f"{title_word} {name}"))
    about = (About(made, name, _namespace(kind, spec)),) if name else ()
    try:
        found = find(spec, name, files)
    except NotCollected as gap:
        return Finding("unknown", title, NOTHING, about=about, missing=gap.path)
    except (CannotJudge, ValueError, TypeError, AttributeError) as unreadable:
        return Finding("unknown", title, f"What was collected about it cannot be read: {unreadable}", about=about)
    absence: tuple[Verdict, ...] = ("fail", "warn") if kind == "customResourceDefinition" else ("fail",)
    said = _last(mappings(spec.get("outcomes")), ("pass",) if found else absence, title)
    if said is None and default_class:
        said = Finding("pass" if found else "fail", title, f"{'' if found else 'No '}{DEFAULT_TITLE} found")
    return said and replace(said, measured=f"{'' if found else 'not '}there", threshold="there", about=about)


def _namespace(kind: str, spec: Mapping[str, Any]) -> str:
    if kind == "ingress":
        return str(spec.get("namespace") or "default")
    return str(spec.get("namespace") or "") if kind in {"secret", "configMap"} else ""


def _last(outcomes: Sequence[Mapping[str, Any]], wanted: Sequence[Verdict], title: str) -> Finding | None:
    said: Finding | None = None
    for outcome in outcomes:
        for verdict in wanted:
            if outcome.get(verdict) is not None:
                told = mapping(outcome[verdict])
                said = Finding(verdict, title, str(told.get("message") or ""), str(told.get("uri") or ""))
    return said


def _stored(folder: str, flag: str, spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    key = str(spec.get("key") or "")
    path = f"{folder}/{spec.get('namespace') or ''}/{name}"
    told = json.loads(_read(files, f"{path}/{key}.json" if key else f"{path}.json"))
    return bool(told.get(flag)) and (not key or bool(told.get("keyExists")))


def _secret(spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    return _stored("secrets", "secretExists", spec, name, files)


def _config_map(spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    return _stored("configmaps", "configMapExists", spec, name, files)


def _storage_class(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    items = _items(files, "storage-classes")
    if name:
        return any(_metadata(item).get("name") == name for item in items)
    marks = [_metadata(item).get("annotations") or {} for item in items]
    return any(mark.get(one) == "true" for mark in marks for one in DEFAULT_STORAGE)


def _ingress_class(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    items = _items(files, "ingress-classes")
    if name:
        return any(_metadata(item).get("name") == name for item in items)
    return any((_metadata(item).get("annotations") or {}).get(DEFAULT_CLASS) == "true" for item in items)


def _definition(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    items = _items(files, "custom-resource-definitions")
    return any(_metadata(item).get("name") == name for item in items)


def _ingress(spec: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    items = _items(files, f"ingress/{spec.get('namespace') or 'default'}")
    return any(_metadata(item).get("name") == name for item in items)


def _pull_secret(_: Mapping[str, Any], name: str, files: Mapping[str, str]) -> bool:
    paths = [path for path in files if path.startswith(f"{PULL_SECRETS}/")]
    whole = any(path.startswith("cluster-resources/auth-cani-list/") for path in files)
    if not paths and (not whole or f"{PULL_SECRETS}-errors.json" in files):
        raise NotCollected(PULL_SECRETS)
    told = [json.loads(files[path]) for path in paths]
    return any(isinstance(one, Mapping) and name in one for one in told)


def _items(files: Mapping[str, str], name: str) -> list[Mapping[str, Any]]:
    told = json.loads(_read(files, f"cluster-resources/{name}.json"))
    return list(told if isinstance(told, list) else told.get("items") or [])


def _read(files: Mapping[str, str], path: str) -> str:
    if path not in files:
        raise NotCollected(path)
    return files[path]


def _metadata(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item.get("metadata") or {}


_KINDS = {
    "secret": ("Secret", "secretName", _secret, "Secret"),
    "configMap": ("ConfigMap", "configMapName", _config_map, "ConfigMap"),
    "storageClass": ("Storage class", "storageClassName", _storage_class, "StorageClass"),
    "ingressClass": ("Ingress class", "ingressClassName", _ingress_class, "IngressClass"),
    "ingress": ("Ingress", "ingressName", _ingress, "Ingress"),
    "imagePullSecret": ("Image pull secret", "registryName", _pull_secret, "Registry"),
    "customResourceDefinition": (
        "Custom resource definition",
        "customResourceDefinitionName",
        _definition,
        "CustomResourceDefinition",
    ),
}
KINDS = frozenset(_KINDS)
"""The analyzers that this module judges, by the name that specs use."""
