"""Analyzers of one value of a document: jsonCompare, yamlCompare, clusterResource. Pure.

* a path is dotted, ``a.[0].b``; jsonCompare also takes a JSONPath of names, indexes, ``*`` and ``..``
* the value there must equal the wanted one; without a condition pass wants that, fail and warn the contrary
* clusterResource also compares by a pattern, by its groups, or by ``<op> <number or quantity>``
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from changeover.checks.finding import CannotJudge, Finding
from changeover.checks.outcomes import NONE_HOLDS, compare, entries, equality, first, said, words
from changeover.checks.texts import by_groups, matching, pattern_of
from changeover.errors import Problem
from changeover.package import yaml_text
from changeover.package.application import mapping, mappings
from changeover.quantity import amount

_STEP = re.compile(r"(\.\.)?\.?(?:(\*|[A-Za-z_][\w-]*)|\[(?:(\*|-?\d+)|'([^']*)'|\"([^\"]*)\")\])")
_LONGEST = 100_000
"""Values that a JSONPath may reach; more is refused."""
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
            raise CannotJudge(f"no collected file is called {spec.get('fileName')}")
        wanted = read(str(spec.get("value") or ""))
        return [_equal(spec, name, read(files[path]), wanted) for path in paths]

    return judge


def _equal(spec: Mapping[str, Any], title: str, document: Any, wanted: Any) -> Finding:
    if spec.get("jsonPath"):
        found = select(document, str(spec["jsonPath"]))
    else:
        found = at(document, str(spec.get("path") or ""))
    return _by_truth(spec, title, same(found, wanted), data=document)


def _by_truth(spec: Mapping[str, Any], title: str, holds: bool, *, data: Any) -> Finding:  # noqa: FBT001 - a value
    """The first outcome that wants this truth; pass wants it true unless it says otherwise, the others false."""
    measured = "as wanted" if holds else "not as wanted"
    for verdict, outcome in entries(spec):
        when = str(outcome.get("when") or ("true" if verdict == "pass" else "false")).lower()
        if when not in {"true", "false"}:
            raise CannotJudge(f"the condition {when!r} is neither true nor false")
        if (when == "true") is holds:
            return said(verdict, title, outcome, data=data if isinstance(data, Mapping) else None, measured=measured)
    return Finding("unknown", title, NONE_HOLDS, measured=measured)


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


def select(document: Any, path: str) -> Any:
    """What a JSONPath ``{$.a[0]..b}`` finds: the value, or the list of them when there is not exactly one."""
    inner = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    values, where = [document], 0
    while where < len(inner):
        step = _STEP.match(inner, where)
        if step is None:
            raise CannotJudge(f"the JSONPath {path} cannot be read from {inner[where:]!r}")
        start = [deep for one in values for deep in _everywhere(one)] if step[1] else values
        key = next(one for one in step.groups()[1:] if one is not None)
        values = [found for one in start for found in _child(one, key)]
        if len(values) > _LONGEST:
            raise CannotJudge(f"the JSONPath {path} finds too much")
        where = step.end()
    return values[0] if len(values) == 1 else values


def _everywhere(value: Any) -> Iterator[Any]:
    yield value
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in inside:
        yield from _everywhere(one)


def _child(value: Any, key: str) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values()) if key == "*" else [value[key]] if key in value else []
    if not isinstance(value, list):
        return []
    if key == "*":
        return value
    number = int(key) if key.removeprefix("-").isdecimal() else len(value)
    return [value[number]] if -len(value) <= number < len(value) else []


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
    if found is None:
        where = f" in namespace {namespace}" if namespace else ""
        return [Finding("fail", title, f"{kind} {name}{where} does not exist", measured="absent")]
    value = at(found, str(spec.get("yamlPath") or ""))
    return [_of_value(spec, title, found, value)]


def _of_value(spec: Mapping[str, Any], title: str, found: Mapping[str, Any], value: Any) -> Finding:
    if spec.get("expectedValue"):
        return _by_truth(spec, title, same(value, read_yaml(str(spec["expectedValue"]))), data=found)
    told = value if isinstance(value, str) else yaml_text.dump(value)
    if spec.get("regex"):
        return _by_truth(spec, title, pattern_of(str(spec["regex"])).is_in(told), data=found)
    if spec.get("regexGroups"):
        return by_groups(spec, title, pattern_of(str(spec["regexGroups"])), told)
    return first(spec, title, lambda when: _holds(value, when), data=found, measured=told.strip())


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
        raise CannotJudge(f"{path} was not collected")
    told = read_json(files[path])
    items = mappings(told if isinstance(told, list) else mapping(told).get("items"))
    return next((one for one in items if mapping(one.get("metadata")).get("name") == name), None)


def _plural(kind: str) -> str:
    word = kind.lower()
    return _FILES.get(word) or (word if word.endswith("s") else f"{word}s")
