"""What a package asks for, by name, in a form that outlives the package: it is kept with the answers of a release.

* a KOTS package asks for the items of its Config and for their choices;
* a chart asks for every value of its values.schema.json and its values.yaml, those of its subcharts below their names,
  by its path (``image.tag``), and for the conditions and tags that switch subcharts on and off; under an empty mapping
  or null anything may be given;
* plain manifests ask for nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.errors import Problem
from changeover.package import chart_values, values_schema, yaml_text
from changeover.package.answers import Given
from changeover.package.chart_values import join, parts
from changeover.package.package import Form, Package
from changeover.package.questions import read_config

_OPEN = frozenset({"null", "mapping", values_schema.ANY})
_TEXT = "string"
_FLAG = "boolean"
_EVERYWHERE = "global"
"""A key of Helm's own that every chart takes."""


class UnknownAnswer(Problem):
    """An answer to a question that the release does not ask."""

    reference = "unknown-answer"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked under one name."""

    type: str = ""
    """The item's type, or of a chart's value the type of its default."""
    required: bool = False


Questions = Mapping[str, Question]


def asked_by(package: Package) -> dict[str, Question]:
    """Every question of a package. Raises BadConfig, BrokenYaml."""
    if package.form is Form.CHART:
        return _of_chart(package)
    found: dict[str, Question] = {}
    for _, item in read_config(package.config).questions():
        found[item.name] = Question(item.type or "text", item.required or found.get(item.name, Question()).required)
        for child in item.children:
            found.setdefault(child.name, Question("choice"))
    return found


def chart_defaults(package: Package) -> dict[str, Any]:
    """Every value that a chart sets itself, by its path, subcharts included. Raises BrokenYaml."""
    return chart_values.leaves(chart_values.defaults(package.files))


def is_asked(name: str, value: Any, questions: Questions) -> bool:
    """Whether an answer belongs to a question: by its name, its repeatable item, or as part of an open mapping."""
    if name in questions:
        return True
    if isinstance(value, Mapping) and value.get("repeatableItem") in questions:
        return True
    keys = parts(name)
    if keys[0] == _EVERYWHERE:
        return True
    above = (_path(keys[:count]) for count in range(len(keys) - 1, 0, -1))
    return any(questions[one].type in _OPEN for one in above if one in questions)


def check_names(given: Given, questions: Questions) -> None:
    """Every answer that must be asked for is asked for. Raises UnknownAnswer with the nearest names."""
    unknown = [
        name for name in given.values if name in given.strict and not is_asked(name, given.values[name], questions)
    ]
    if not unknown:
        return
    near = nearest(unknown[0], questions)
    places = [f"{name} ({given.origins[name]})" if given.origins.get(name) else name for name in unknown]
    raise UnknownAnswer(
        f"The release does not ask for {', '.join(unknown)}.",
        found=", ".join(places),
        hint=f"did you mean {near}?" if near else "`changeover config get --all` lists what it asks for",
    )


def nearest(name: str, questions: Iterable[str]) -> str:
    """The names that look most like this one, in words; empty when none does."""
    return " or ".join(difflib.get_close_matches(name, list(questions), n=3))


def for_chart(given: Given, questions: Questions) -> Given:
    """A chart's answers by their paths: mappings are entered, words of a command line are read as YAML."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, value in given.values.items():
        is_word = name in given.words
        found = {name: _word(value, questions.get(name))} if is_word else _flat({name: value}, questions, "")
        values.update(found)
        origins.update(dict.fromkeys(found, given.origins.get(name, "")))
    return Given(values, origins, frozenset(), frozenset(), given.removed)


def _word(word: str, question: Question | None) -> Any:
    """A word of a command line as the chart's schema wants it; read as YAML where it says nothing."""
    if word == "null":
        return None
    if question and question.type == _TEXT:
        return word
    if question and question.type == _FLAG and word in ("0", "1"):
        return word == "1"
    if question and question.type == "list" and re.fullmatch(r"\{[^:]*\}", word):
        return [yaml_text.scalar(part.strip()) for part in word[1:-1].split(",") if part.strip()]
    flow = word.startswith(("{", "[")) and (question is None or question.type in _OPEN)
    is_structure = flow or (question is not None and question.type in {"list", "mapping"})
    return yaml_text.load(word, file="--set") if is_structure else yaml_text.scalar(word)


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """A chart's answers as Helm takes them: paths become mappings in mappings."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        *parents, last = parts(path)
        inside = found
        for part in parents:
            there = inside.get(part)
            inside[part] = dict(there) if isinstance(there, Mapping) else {}
            inside = inside[part]
        inside[last] = value
    return found


def _flat(values: Mapping[str, Any], questions: Questions, under: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = join(under, str(key))
        whole = path in questions and questions[path].type in _OPEN
        if isinstance(value, Mapping) and value and not whole:
            found.update(_flat(value, questions, path))
        else:
            found[path] = value
    return found


def _path(keys: Iterable[str]) -> str:
    path = ""
    for key in keys:
        path = join(path, key)
    return path


def _of_chart(package: Package) -> dict[str, Question]:
    """The schema's word counts; what it does not name is asked for as values.yaml has it."""
    stated = {one.path: one for one in values_schema.values_of(values_schema.read_schema(package.files))}
    found = {path: Question(one.type, one.required) for path, one in stated.items()}
    for path, value in chart_defaults(package).items():
        if path not in found and not any(chart_values.is_under(path, one) for one in stated):
            found[path] = Question(_type(value))
    for path in chart_values.switches(package.files):
        found.setdefault(path, Question("boolean"))
    return found


def _type(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "text", list: "list"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "mapping")
