"""What a chart's schema says against the values that it would get, value by value.

* judged here: presence, type, enum, const, bounds, lengths, patterns (RE2, any part), items of lists;
* null and absent values are not judged: Helm takes null as "not given";
* everything else of JSON Schema (branches, dependencies) is judged by Helm itself when it renders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from changeover.gotemplate.sprig.re2 import BadPattern, compile_pattern
from changeover.package import answers, asked, chart_values, values_schema
from changeover.package.package import Package
from changeover.package.values_schema import Value

_LIST_BUDGET = 1000
_BOUNDS: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("minimum", "at least", lambda value, bound: value >= bound),
    ("maximum", "at most", lambda value, bound: value <= bound),
    ("exclusiveMinimum", "more than", lambda value, bound: value > bound),
    ("exclusiveMaximum", "less than", lambda value, bound: value < bound),
)
_LENGTHS = {
    str: (("minLength", "at least {} characters", False), ("maxLength", "at most {} characters", True)),
    list: (("minItems", "at least {} entries", False), ("maxItems", "at most {} entries", True)),
    dict: (("minProperties", "at least {} keys", False), ("maxProperties", "at most {} keys", True)),
}


def effective(package: Package, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the chart's templates see: the operator's over its own."""
    return chart_values.laid_over(chart_values.defaults(package.files), given)


def missing(package: Package, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths of required values that nobody gives."""
    values = effective(package, given)
    return tuple(one.path for one in _stated(package) if one.required and chart_values.at(values, one.path) is None)


def refused(package: Package, given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What is wrong with which value, by path."""
    values = effective(package, given)
    stated = _stated(package)
    found = {one.path: objections(one.schema, chart_values.at(values, one.path)) for one in stated}
    for path in values_schema.unknown(values_schema.read_schema(package.files), given):
        near = asked.nearest(path, [one.path for one in stated])
        found[path] = (
            f"the chart takes no such value; did you mean {near}?" if near else "the chart takes no such value",
        )
    return {path: words for path, words in found.items() if words}


def objections(schema: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    """What is wrong with one value."""
    if value is None:
        return ()
    wrong_type = _type(schema, value)
    return (wrong_type,) if wrong_type else tuple(_rules(schema, value))


def _stated(package: Package) -> tuple[Value, ...]:
    return values_schema.values_of(values_schema.read_schema(package.files))


def _rules(schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    choices = schema.get("enum")
    if isinstance(choices, list) and not any(_same(value, one) for one in choices):
        yield f"must be one of {', '.join(answers.shown(one) or '(empty)' for one in choices)}"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"must be {answers.shown(schema['const'])}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from _bounds(schema, value)
    if isinstance(value, str):
        yield from _pattern(schema, value)
    for kind, rules in _LENGTHS.items():
        if isinstance(value, kind):
            yield from _lengths(schema, len(value), rules)
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        yield from _items(schema["items"], value)


def _type(schema: Mapping[str, Any], value: Any) -> str:
    stated = schema.get("type")
    names = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    if not names or any(_is(value, str(name)) for name in names):
        return ""
    return f"must be {' or '.join(str(name) for name in names)}, not {_called(value)}"


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    kinds: dict[str, tuple[type, ...]] = {
        "number": (int, float),
        "string": (str,),
        "array": (list,),
        "object": (dict,),
    }
    return isinstance(value, kinds.get(name, ()))


def _called(value: Any) -> str:
    names = {"list": "array", "mapping": "object", values_schema.ANY: "null"}
    found = values_schema.type_of(value)
    return names.get(found, found)


def _bounds(schema: Mapping[str, Any], value: float) -> Iterator[str]:
    for key, words, holds in _BOUNDS:
        bound = schema.get(key)
        if isinstance(bound, int | float) and not isinstance(bound, bool) and not holds(value, bound):
            yield f"must be {words} {bound}"
    step = schema.get("multipleOf")
    if isinstance(step, int | float) and step > 0 and Fraction(str(value)) % Fraction(str(step)):
        yield f"must be a multiple of {step}"


def _pattern(schema: Mapping[str, Any], value: str) -> Iterator[str]:
    pattern = schema.get("pattern")
    if not isinstance(pattern, str):
        return
    try:
        fits = compile_pattern(pattern).search(value)
    except BadPattern:
        return  # Helm's own library says what it thinks of the pattern
    if not fits:
        yield f"must fit {pattern}"


def _lengths(schema: Mapping[str, Any], length: int, rules: tuple[tuple[str, str, bool], ...]) -> Iterator[str]:
    for key, words, at_most in rules:
        bound = schema.get(key)
        if isinstance(bound, int) and (length > bound if at_most else length < bound):
            yield f"must have {words.format(bound)}"


def _items(schema: Mapping[str, Any], entries: list[Any]) -> Iterator[str]:
    for number, entry in enumerate(entries[:_LIST_BUDGET]):
        for words in objections(schema, entry):
            yield f"entry {number + 1} {words}"


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
