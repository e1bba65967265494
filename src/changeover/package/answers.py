"""Answers as people keep them in a file: KOTS's ConfigValues, or a plain mapping of names to values.

* ConfigValues: each item's `value`, else `valuePlaintext`, else `data`; an item of repeatable or file kind keeps its
  mapping (`value`, `filename`, `repeatableItem`);
* a plain mapping is taken as it is: text for KOTS packages (true and false become "1" and "0"), any values for charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.errors import Problem
from changeover.package import yaml_text

_MORE = frozenset({"filename", "repeatableItem"})


class UnusableAnswers(Problem):
    """A file that does not hold answers."""

    reference = "unusable-answers"


def from_text(text: str, *, name: str = "the answers") -> dict[str, Any]:
    """Read answers from YAML or JSON. Raises UnusableAnswers, BrokenYaml."""
    data = yaml_text.load(text, file=name)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UnusableAnswers(
            f"{name} holds no answers.", found=f"a {type(data).__name__}", hint="write name: value, one per line"
        )
    if data.get("kind") == "ConfigValues":
        spec = data.get("spec")
        values = spec.get("values") if isinstance(spec, dict) else None
        return {key: _value(item) for key, item in (values or {}).items() if isinstance(item, dict)}
    if "apiVersion" in data and "kind" in data:
        raise UnusableAnswers(
            f"{name} holds no answers.", found=f"a {data['kind']}", hint="give a ConfigValues document or name: value"
        )
    return data


def to_text(answers: Mapping[str, Any], *, name: str) -> str:
    """The answers as a ConfigValues document, the form that KOTS reads as well."""
    values = {
        key: dict(value) if isinstance(value, Mapping) else {"value": as_text(value)}
        for key, value in sorted(answers.items())
    }
    document = {
        "apiVersion": "kots.io/v1beta1",
        "kind": "ConfigValues",
        "metadata": {"name": name},
        "spec": {"values": values},
    }
    return yaml_text.dump(document)


def as_text(value: Any) -> str:
    """A scalar as KOTS stores it: true is "1", false is "0", null is empty."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _value(item: Mapping[str, Any]) -> Any:
    if _MORE & item.keys():
        return dict(item)
    for key in ("value", "valuePlaintext", "data", "dataPlaintext"):
        if item.get(key) not in (None, ""):
            return as_text(item[key])
    return ""
