"""Answers as people give them: ConfigValues, a plain mapping in a file, or NAME=VALUE; in layers, with their origins.

* ConfigValues: each item's `value`, else `valuePlaintext`, else `data`; an item of repeatable or file kind keeps its
  mapping (`value`, `filename`, `repeatableItem`); such a document may hold more than a release asks for;
* a plain mapping is taken as it is: text for KOTS packages (true and false become "1" and "0"), any values for charts;
  a name in it that nobody asks for is a mistake;
* a later layer wins, name by name (of a chart's values key by key), or takes an earlier answer back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.errors import Problem
from changeover.package import yaml_text

_MORE = frozenset({"filename", "repeatableItem"})


class UnusableAnswers(Problem):
    """A file that does not hold answers."""

    reference = "unusable-answers"


@dataclass(frozen=True, slots=True)
class Given:
    """One layer of answers, or several laid over each other."""

    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each answer comes from, in words: ``prod.yaml line 3``."""
    strict: frozenset[str] = frozenset()
    """Names that somebody must ask for, else they are mistakes."""
    words: frozenset[str] = frozenset()
    """Names whose value was written as a word on a command line: a chart reads it as YAML."""
    removed: frozenset[str] = frozenset()
    """Names whose earlier answer is taken back."""


def from_file(text: str, *, name: str = "the answers") -> Given:
    """Read a file of answers, each with the line that it stands on. Raises UnusableAnswers, BrokenYaml."""
    values = from_text(text, name=name)
    lenient = bool(re.search(r"""^\s*["']?kind["']?:\s*["']?ConfigValues""", text, re.MULTILINE))
    origins = {key: f"{name}{_line(text, key)}" for key in values}
    return Given(values, origins, frozenset() if lenient else frozenset(values))


def from_pairs(pairs: Iterable[str], *, origin: str = "--set") -> Given:
    """Read NAME=VALUE; ``NAME=`` is an empty answer. Raises UnusableAnswers."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UnusableAnswers("An answer is given as NAME=VALUE.", found=name or pair, hint="name=value, in quotes")
        values[name] = value
    names = frozenset(values)
    return Given(values, dict.fromkeys(values, origin), names, names)


def layered(layers: Iterable[Given]) -> Given:
    """All layers as one: a later one wins, name by name."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    strict, words, removed = (frozenset[str]() for _ in range(3))
    for layer in layers:
        names = layer.values.keys()
        for name in layer.removed:
            values.pop(name, None)
            origins.pop(name, None)
        for name, value in layer.values.items():
            values[name] = _over(values.get(name), value)
        origins.update(layer.origins)
        strict = (strict - names - layer.removed) | layer.strict
        words = (words - names - layer.removed) | layer.words
        removed = (removed - names) | layer.removed
    return Given(values, origins, strict, words, removed)


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
        found = values if isinstance(values, dict) else {}
        return {key: _value(item) for key, item in found.items() if isinstance(item, dict)}
    if "apiVersion" in data and "kind" in data:
        raise UnusableAnswers(
            f"{name} holds no answers.", found=f"a {data['kind']}", hint="give a ConfigValues document or name: value"
        )
    return data


def to_text(answers: Mapping[str, Any], *, name: str, secret: frozenset[str] = frozenset()) -> str:
    """The answers as a ConfigValues document, the form that KOTS reads as well; secret ones as `valuePlaintext`."""
    values = {
        key: dict(value)
        if isinstance(value, Mapping)
        else {"valuePlaintext" if key in secret else "value": as_text(value)}
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


def shown(value: Any) -> str:
    """An answer as a person reads it: of a mapping as in ConfigValues its value, of other structures YAML's flow."""
    if isinstance(value, Mapping) and value.keys() & {"value", *_MORE}:
        return as_text(value.get("value"))
    if isinstance(value, Mapping | list):
        return yaml_text.dump(value).rstrip("\n")
    return as_text(value)


def _value(item: Mapping[str, Any]) -> Any:
    if _MORE & item.keys():
        return dict(item)
    for key in ("value", "valuePlaintext", "data", "dataPlaintext"):
        if item.get(key) not in (None, ""):
            return as_text(item[key])
    return ""


def _over(below: Any, above: Any) -> Any:
    """Of a chart's values mappings are merged; everything else is replaced."""
    both = isinstance(below, Mapping) and isinstance(above, Mapping) and "value" not in {*below, *above}
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}} if both else above


def _line(text: str, key: str) -> str:
    found = re.search(rf"""^[ \t{{,]*["']?{re.escape(key)}["']?[ \t]*:""", text, re.MULTILINE)
    return f" line {text.count(chr(10), 0, found.end()) + 1}" if found else ""
