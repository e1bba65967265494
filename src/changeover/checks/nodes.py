"""nodeResources: how many nodes there are, and how large, after filters. Pure.

Over no node at all there is neither a smallest nor a largest: unknown, which the reference does not say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from changeover.checks.cluster import nodes_of
from changeover.checks.finding import About, CannotJudge, Finding
from changeover.checks.outcomes import compare, equality, first
from changeover.objects import KubeObject
from changeover.package.application import mapping, mappings
from changeover.quantity import amount

_PLACES = {
    f"{word}{side}": (side.lower(), resource)
    for word, resource in (
        ("cpu", "cpu"),
        ("memory", "memory"),
        ("pod", "pods"),
        ("ephemeralStorage", "ephemeral-storage"),
    )
    for side in ("Capacity", "Allocatable")
}
_CALL = re.compile(r"^(\w+)\(([^)]*)\)$")
_FILTERS = (*_PLACES, "resourceName", "resourceCapacity", "resourceAllocatable", "cpuArchitecture")


def node_resources(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``[count()|countDistinct(label)|min|max|sum(property)|nodeCondition(type)] <op> <value>``."""
    title = str(spec.get("checkName") or "Node Resources")
    if spec.get("ignoreIfNoFiles") and "cluster-resources/nodes.json" not in files:
        return []
    filters = mapping(spec.get("filters"))
    nodes = [one for one in nodes_of(files) if _matches(one, filters)]
    seen = _Seen()
    data = {"NodeCount": len(nodes), **{_go_name(key): filters[key] for key in _FILTERS if key in filters}}

    def holds(when: str) -> bool:
        call, operator, wanted = _words(when)
        return _holds(nodes, (call, operator, wanted), str(filters.get("resourceName") or ""), seen)

    said = first(spec, title, holds, data=data)
    told = seen.values or {"count()": str(len(nodes))}
    measured = ", ".join(f"{call} = {value}" for call, value in told.items())
    return [replace(said, measured=measured).on(*(About("Node", name) for name in seen.nodes))]


@dataclass(slots=True)
class _Seen:
    """What was measured for the conditions, and the nodes that decided the last one."""

    values: dict[str, str] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)


def _words(when: str) -> tuple[str, str, str]:
    parts = when.strip().split()
    if len(parts) == 2:
        return "count()", parts[0], parts[1]
    if len(parts) != 3:
        raise CannotJudge(f"the condition {when!r} cannot be read")
    return parts[0], parts[1], parts[2]


def _holds(nodes: Sequence[KubeObject], when: tuple[str, str, str], resource: str, seen: _Seen) -> bool:
    call, operator, wanted = when
    read = _CALL.match(call)
    if read is None:
        raise CannotJudge(f"{call} is no function")
    name, argument = read.groups()
    if name == "nodeCondition":
        states = {one.name: _state(one, argument) for one in nodes}
        seen.values[call] = "/".join(sorted(set(states.values())))
        seen.nodes = [name for name, state in states.items() if equality(operator, state, wanted)]
        return bool(seen.nodes)
    wish = amount(wanted)
    if wish is None:
        raise CannotJudge(f"{wanted} is no quantity")
    found = _measure(nodes, name, argument, resource)
    seen.values[call] = _shown(found, wanted)
    extreme = name in {"min", "max"}
    seen.nodes = [one.name for one in nodes if extreme and _amount(one, argument, resource) == found]
    return compare(operator, found, wish)


def _measure(nodes: Sequence[KubeObject], name: str, argument: str, resource: str) -> Fraction:
    if name == "count":
        return Fraction(len(nodes))
    if name == "countDistinct":
        return Fraction(len({one.labels[argument] for one in nodes if argument in one.labels}))
    if name not in {"min", "max", "sum"}:
        raise CannotJudge(f"{name}() is not known")
    values = [value for one in nodes if (value := _amount(one, argument, resource)) is not None]
    if name == "sum":
        return sum(values, Fraction(0))
    if not values:
        raise CannotJudge(f"no node passes the filters, so there is no {name}({argument})")
    return min(values) if name == "min" else max(values)


def _shown(value: Fraction, like: str) -> str:
    unit = like.lstrip("+-.0123456789")
    scale = amount(f"1{unit}") or Fraction(1)
    return f"{float(value / scale):g}{unit if amount(f'1{unit}') else ''}"


def _amount(node: KubeObject, name: str, resource: str) -> Fraction | None:
    if name in {"resourceCapacity", "resourceAllocatable"}:
        side, wanted = name.removeprefix("resource").lower(), resource
    elif name in _PLACES:
        side, wanted = _PLACES[name]
    else:
        raise CannotJudge(f"{name} is not known of nodes")
    return amount(node.get("status", side, wanted))


def _state(node: KubeObject, kind: str) -> str:
    known = node.get("status", "conditions", default=())
    return next((str(one.get("status")) for one in known if one.get("type") == kind), "")


def _matches(node: KubeObject, filters: Mapping[str, Any]) -> bool:
    architecture = filters.get("cpuArchitecture")
    if architecture and node.get("status", "nodeInfo", "architecture") != architecture:
        return False
    if not _selected(node, mapping(filters.get("selector"))):
        return False
    taint = mapping(filters.get("taint"))
    if taint:
        have = node.get("spec", "taints", default=())
        return any(one.get("key") == taint.get("key") and one.get("effect") == taint.get("effect") for one in have)
    resource = str(filters.get("resourceName") or "")
    if resource and all(node.get("status", side, resource) is None for side in ("capacity", "allocatable")):
        return False
    return all(
        _at_least(node, key, filters[key], resource)
        for key in (*_PLACES, "resourceCapacity", "resourceAllocatable")
        if filters.get(key) not in (None, "")
    )


def _at_least(node: KubeObject, key: str, wanted: Any, resource: str) -> bool:
    wish = amount(wanted)
    if wish is None:
        raise CannotJudge(f"{wanted} is no quantity")
    found = _amount(node, key, resource)
    return found is not None and found >= wish


def _selected(node: KubeObject, selector: Mapping[str, Any]) -> bool:
    if any(node.labels.get(key) != str(value) for key, value in mapping(selector.get("matchLabel")).items()):
        return False
    return all(_expressed(node, one) for one in mappings(selector.get("matchExpressions")))


def _expressed(node: KubeObject, expression: Mapping[str, Any]) -> bool:
    key, operator = str(expression.get("key")), expression.get("operator")
    values = [str(one) for one in expression.get("values") or ()]
    if operator in {"In", "NotIn"}:
        return (node.labels.get(key) in values) is (operator == "In")
    if operator in {"Exists", "DoesNotExist"}:
        return (key in node.labels) is (operator == "Exists")
    raise CannotJudge(f"{operator} is no operator of a label")


def _go_name(key: str) -> str:
    return key.replace("cpu", "CPU", 1) if key.startswith("cpu") else key[0].upper() + key[1:]
