"""Analyzers of one value of a document: jsonCompare, yamlCompare, clusterResource. Pure.

* a path is dotted, ``a.[0].b``; jsonCompare also takes a JSONPath
* the value there must equal the wanted one; without a condition pass wants that, fail and warn the contrary
* clusterResource also compares by a pattern, by its groups, or by ``<op> <number or quantity>``
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from changeover.checks import jsonpath, redactors, secret_values
from changeover.checks.finding import About, CannotJudge, Finding, NotCollected
from changeover.checks.outcomes import compare, entries, equality, first, no_outcome, said, words
from changeover.checks.texts import by_groups, matching, pattern_of
from changeover.errors import Problem
from changeover.package import yaml_text
from changeover.package.application import mapping, mappings
from changeover.quantity import amount

_SHOWN = 120
"""Characters of a value that are shown."""
Read = Callable[[str], Any]
_FILES = {
    "persistentvolumeclaim": "pvcs",
    "persistentvolume": "pvs",
    "ingress": "ingress",
    "networkpolicy": "network-policy",
    "storageclass": "storage-classes",
    "ingressclass": "ingress-classes",
    "customresourcedefinition": "custom-resource-definitions",
    "resourcequota": "resource-quota",
    "poddisruptionbudget": "pod-disruption-budgets",
    "endpoints": "endpoints",
}
"""Kinds whose file is not called by their plural."""


def compared(read: Read, title: str) -> Callable[[Mapping[str, Any], Mapping[str, str]], list[Finding]]:
    """The analyzer of a form of documents."""

    def judge(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
        name = str(spec.get("checkName") or spec.get("collectorName") or title)
        paths = matching(spec, files)
        if not paths:
            if spec.get("ignoreIfNoFiles"):
                return []
            raise NotCollected(
                "/".join(filter(None, (str(spec.get(one) or "") for one in ("collectorName", "fileName"))))
            )
        wanted = read(str(spec.get("value") or ""))
        return [_equal(spec, name, read(files[path]), wanted).on(About("File", path)) for path in paths]

    return judge


def _equal(spec: Mapping[str, Any], title: str, document: Any, wanted: Any) -> Finding:
    path = str(spec.get("path") or spec.get("jsonPath") or "")
    found = jsonpath.select(document, path) if spec.get("jsonPath") and not spec.get("path") else at(document, path)
    return _by_truth(
        spec, title, _Compared(same(found, wanted), shown(found, path), f"== {shown(wanted, path)}"), document
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """Whether it is as wanted, what was found, and the condition in words."""

    holds: bool
    measured: str
    wanted: str


def shown(value: Any, path: str) -> str:
    """A value in few characters; of a whole document, and of what its name calls secret, nothing."""
    if secret_values.is_telling(path):
        return redactors.MASK
    if isinstance(value, Mapping | list) and value:
        return f"a {'list' if isinstance(value, list) else 'document'} of {len(value)}"
    written = value if isinstance(value, str) else json.dumps(value, default=str)
    return written.strip() if len(written) <= _SHOWN else f"{written[:_SHOWN].strip()}…"


def _by_truth(spec: Mapping[str, Any], title: str, found: _Compared, data: Any) -> Finding:
    """The first outcome that wants this truth; pass wants it true unless it says otherwise, the others false."""
    for verdict, outcome in entries(spec):
        when = str(outcome.get("when") or ("true" if verdict == "pass" else "false")).lower()
        if when not in {"true", "false"}:
            raise CannotJudge(f"the condition {when!r} is neither true nor false")
        if (when == "true") is found.holds:
            told = said(verdict, title, outcome, data=data if isinstance(data, Mapping) else None)
            return replace(
                told, measured=found.measured, threshold=found.wanted if found.holds else f"not {found.wanted}"
            )
    return no_outcome(title, [found.wanted], measured=found.measured)


def same(one: Any, other: Any) -> bool:
    """Whether two documents are equal; numbers by their value, true is no 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def at(document: Any, path: str) -> Any:
    """The value at a dotted path. Raises CannotJudge when the document is not so."""
    value = document
    for step in path.split(".") if path else ():
        key = step.removeprefix("[").removesuffix("]")
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise CannotJudge(f"there is nothing at {path}")
    return value


def read_json(content: str) -> Any:
    """A JSON text. Raises CannotJudge."""
    try:
        return json.loads(content)
    except ValueError as wrong:
        raise CannotJudge(f"it is no JSON: {wrong}") from None


def read_yaml(content: str) -> Any:
    """A YAML text. Raises CannotJudge."""
    try:
        return yaml_text.load(content)
    except Problem as wrong:
        raise CannotJudge(f"it is no YAML: {wrong.message}") from None


def cluster_resource(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """One value of one object, by `expectedValue`, `regex`, `regexGroups` or conditions of its own."""
    kind, name = str(spec.get("kind") or ""), str(spec.get("name") or "")
    title = str(spec.get("checkName") or f"{kind} {name}")
    namespace = "" if spec.get("clusterScoped") else str(spec.get("namespace") or "default")
    found = _object(files, kind, name, namespace)
    about = About(kind, name, namespace)
    if found is None:
        where = f" in namespace {namespace}" if namespace else ""
        absent = Finding("fail", title, f"{kind} {name}{where} does not exist", measured="absent", threshold="there")
        return [absent.on(about)]
    value = at(found, str(spec.get("yamlPath") or ""))
    return [_of_value(spec, title, found, value).on(about)]


def _of_value(spec: Mapping[str, Any], title: str, found: Mapping[str, Any], value: Any) -> Finding:
    path = str(spec.get("yamlPath") or "")
    if spec.get("expectedValue"):
        wanted = read_yaml(str(spec["expectedValue"]))
        compared = _Compared(same(value, wanted), shown(value, path), f"== {shown(wanted, path)}")
        return _by_truth(spec, title, compared, found)
    told = value if isinstance(value, str) else yaml_text.dump(value)
    if spec.get("regex"):
        is_there = pattern_of(str(spec["regex"])).is_in(told)
        return _by_truth(spec, title, _Compared(is_there, shown(value, path), f"like {spec['regex']}"), found)
    if spec.get("regexGroups"):
        return by_groups(spec, title, pattern_of(str(spec["regexGroups"])), told)
    return first(spec, title, lambda when: _holds(value, when), data=found, measured=shown(value, path))


def _holds(value: Any, when: str) -> bool:
    operator, wanted = words(when, 2)
    mine, wish = amount(value), amount(wanted)
    if mine is None or wish is None:
        return equality(operator, str(value), wanted)
    return compare(operator, mine, wish)


def _object(files: Mapping[str, str], kind: str, name: str, namespace: str) -> Mapping[str, Any] | None:
    plural = _plural(kind)
    path = f"cluster-resources/{plural}/{namespace}.json" if namespace else f"cluster-resources/{plural}.json"
    if path not in files:
        raise NotCollected(path)
    told = read_json(files[path])
    items = mappings(told if isinstance(told, list) else mapping(told).get("items"))
    return next((one for one in items if mapping(one.get("metadata")).get("name") == name), None)


def _plural(kind: str) -> str:
    word = kind.lower()
    return _FILES.get(word) or (word if word.endswith("s") else f"{word}s")
