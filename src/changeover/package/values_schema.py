"""values.schema.json as questions: the same Config that KOTS packages have, so that one form serves both.

* every property that holds no further properties is a question, named by its path (``image.tag``); an object with
  properties of its own is entered, its top level makes the groups;
* ``$ref`` into the same file is followed, ``allOf`` is laid together; of ``anyOf`` and ``oneOf`` only the types are
  read: which branch holds is judged by Helm when the chart is rendered;
* a subchart's schema stands under the subchart's name, the parent's own words win;
* title and description are the vendor's; where there is no description the comment in values.yaml helps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.errors import Problem
from changeover.package import answers, chart_values
from changeover.package.application import mapping, text
from changeover.package.questions import Child, Config, Group, Item

FILE = "values.schema.json"
ANY = "any"
GENERAL = "general"
"""The group of values on the top level."""

_DEPTH = 32
_BUDGET = 20_000
"""Schemas in one file once references are followed; charts of a thousand values stay far below."""
_TYPES = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "array": "list",
    "object": "mapping",
}
_FORM = {"boolean": "bool", "list": "textarea", "mapping": "textarea", ANY: "text"}
"""How KOTS's form would ask for it."""


class BrokenSchema(Problem):
    """A values.schema.json that cannot be read."""

    reference = "broken-schema"


@dataclass(frozen=True, slots=True)
class Value:
    """One value that a chart takes."""

    path: str
    type: str
    """string, integer, number, boolean, list, mapping or any."""
    schema: Mapping[str, Any]
    """What the schema says of it, references followed."""
    required: bool = False
    """Every object on the way to it is required as well."""

    @property
    def open(self) -> bool:
        """Whether anything may be given under it."""
        return self.type in ("mapping", ANY)


def has_schema(files: Mapping[str, bytes]) -> bool:
    """Whether a chart says what values it takes."""
    return FILE in files


def read_schema(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    """The schema of a chart with those of its subcharts under their names; references followed. Raises BrokenSchema."""
    own = _own(files)
    found = _Resolving(own)(own)
    properties = dict(mapping(found.get("properties")))
    for name, inside in chart_values.subcharts(files):
        below = read_schema(inside)
        if below:
            properties[name] = _together(_loose(below), mapping(properties.get(name)))
    return {**found, "properties": properties} if properties else found


def values_of(schema: Mapping[str, Any]) -> tuple[Value, ...]:
    """Every value that a schema names, in its order."""
    return tuple(_values(schema, "", required=True, depth=0))


def config_of(files: Mapping[str, bytes]) -> Config:
    """What a chart asks, as a Config: from its schema, and what values.yaml holds besides. Raises BrokenSchema."""
    values = chart_values.defaults(files)
    defaults = chart_values.leaves(values)
    helps = chart_values.comments(files)
    schema = read_schema(files)
    named = {value.path: value for value in values_of(schema)}
    covered = {path for path in defaults if any(chart_values.is_under(path, one) for one in named)}
    for path, value in defaults.items():
        if path not in named and path not in covered:
            named[path] = Value(path, ANY if value is None else type_of(value), {})
    groups: dict[str, list[Item]] = {}
    for path, value in named.items():
        default = defaults[path] if path in defaults else chart_values.at(values, path)
        item = _item(value, default, helps.get(path, ""))
        groups.setdefault(chart_values.parts(path)[0] if "." in path else GENERAL, []).append(item)
    return Config(tuple(_group(name, items, schema, helps) for name, items in groups.items()))


def unknown(schema: Mapping[str, Any], values: Mapping[str, Any], under: str = "") -> Iterator[str]:
    """Paths that are given where the schema says ``additionalProperties: false`` and does not name them."""
    properties = mapping(schema.get("properties"))
    closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
    for name, value in values.items():
        path = chart_values.join(under, str(name))
        if name in properties:
            if isinstance(value, Mapping):
                yield from unknown(mapping(properties[name]), value, path)
        elif closed and not (name == "global" and not under):
            yield path


def type_of(value: Any) -> str:
    """The type of a value in the words of `Value.type`."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "list"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), ANY if value is None else "mapping")


def _own(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    if FILE not in files:
        return {}
    try:
        loaded = json.loads(files[FILE])
    except (ValueError, RecursionError) as error:
        raise BrokenSchema(f"{FILE} is not JSON.", found=str(error), hint="Helm refuses this chart as well") from None
    return mapping(loaded)


@dataclass(slots=True)
class _Resolving:
    """Lays references and allOf into a schema; a circle of references ends as anything, too many end in a Problem."""

    root: Mapping[str, Any]
    left: int = _BUDGET

    def __call__(self, node: Any, seen: tuple[str, ...] = ()) -> dict[str, Any]:
        """One schema and all below it. Raises BrokenSchema."""
        self.left -= 1
        if self.left < 0:
            raise BrokenSchema(
                f"{FILE} is too large.", found=f"more than {_BUDGET} schemas once references are followed"
            )
        found = self._referred(dict(mapping(node)), seen)
        if isinstance(found.get("properties"), Mapping):
            found["properties"] = {str(name): self(below, seen) for name, below in found["properties"].items()}
        if isinstance(found.get("items"), Mapping):
            found["items"] = self(found["items"], seen)
        return found

    def _referred(self, found: dict[str, Any], seen: tuple[str, ...]) -> dict[str, Any]:
        reference = found.pop("$ref", None)
        if isinstance(reference, str):
            if reference in seen or len(seen) > _DEPTH or not reference.startswith("#"):
                return {key: value for key, value in found.items() if key not in ("properties", "allOf", "items")}
            found = {**self(_target(self.root, reference), (*seen, reference)), **found}
        parts = found.pop("allOf", None)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, Mapping) and "if" not in part:
                found = _together(self(part, seen), found)
        return found


def _target(root: Mapping[str, Any], reference: str) -> Any:
    node: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            node = mapping(node).get(part.replace("~1", "/").replace("~0", "~"))
    return node


def _together(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two schemas of one value: what the second says wins, properties and required are joined."""
    found = {**below, **above}
    if below.get("properties") or above.get("properties"):
        first, second = mapping(below.get("properties")), mapping(above.get("properties"))
        found["properties"] = {
            name: _together(mapping(first.get(name)), mapping(second.get(name))) for name in {**first, **second}
        }
    required = [*_names(below), *(name for name in _names(above) if name not in _names(below))]
    return {**found, "required": required} if required else found


def _loose(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A subchart's schema as part of its parent's: the parent need not answer for it."""
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id", "title")}


def _names(schema: Mapping[str, Any]) -> Sequence[str]:
    return [name for name in _listed(schema, "required") if isinstance(name, str)]


def _values(schema: Mapping[str, Any], under: str, *, required: bool, depth: int) -> Iterator[Value]:
    needed = _names(schema) if required else ()
    for name, below in mapping(schema.get("properties")).items():
        path = chart_values.join(under, str(name))
        inside = mapping(below)
        if mapping(inside.get("properties")) and depth < _DEPTH:
            yield from _values(inside, path, required=name in needed, depth=depth + 1)
        else:
            yield Value(path, _type(inside), inside, name in needed)


def _type(schema: Mapping[str, Any]) -> str:
    found = set(_type_names(schema))
    if not found:
        found = {type_of(one) for one in _listed(schema, "enum") if one is not None}
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else ANY


def _type_names(schema: Mapping[str, Any]) -> Iterator[str]:
    stated = schema.get("type")
    for name in [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else ():
        if name in _TYPES:
            yield _TYPES[name]
    if stated is None:
        for key in ("anyOf", "oneOf"):
            branches = schema.get(key)
            for branch in branches if isinstance(branches, list) else ():
                yield from _type_names(mapping(branch))


def _item(value: Value, default: Any, comment: str) -> Item:
    schema = value.schema
    default = schema.get("default") if default is None else default
    hidden = schema.get("format") == "password" or schema.get("writeOnly") is True
    kind = "password" if hidden else _FORM.get(value.type, "text")
    named = [Child(shown, shown) for one in _listed(schema, "enum") if (shown := answers.shown(one))]
    return Item(
        name=value.path,
        type="select_one" if named else kind,
        title=text(schema.get("title")),
        help_text=text(schema.get("description")) or comment,
        default=answers.shown(default) if not isinstance(default, bool) else str(default).lower(),
        required=value.required,
        readonly=schema.get("readOnly") is True,
        children=tuple(named),
        pattern=text(schema.get("pattern")),
        raw={**schema, "x-type": value.type},
    )


def _group(name: str, items: list[Item], schema: Mapping[str, Any], helps: Mapping[str, str]) -> Group:
    said = mapping(mapping(schema.get("properties")).get(name))
    own = "" if name == GENERAL else text(said.get("description")) or helps.get(name, "")
    return Group(name, text(said.get("title")) or name, own, items=tuple(items))


def _listed(schema: Mapping[str, Any], key: str) -> list[Any]:
    found = schema.get(key)
    return found if isinstance(found, list) else []
