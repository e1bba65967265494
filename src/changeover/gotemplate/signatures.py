"""A function of the template language: what it is called, which types it takes, what it does.

Types are written as words, the last one may be variadic (``...any``):
any, string, int, int64, uint32, float64, bool, map (map[string]any), list ([]any), strings ([]string), and struct
types by their Go name (``time.Time``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.gotemplate.values import Int64, NilMap, StringList, StringMap, Struct

NILABLE = frozenset({"any", "map", "list", "strings"})
GO_NAMES = {
    "any": "interface {}",
    "map": "map[string]interface {}",
    "list": "[]interface {}",
    "strings": "[]string",
}
_EXACT: dict[str, type] = {"string": str, "int": int, "float64": float, "bool": bool, "int64": Int64}


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its signature. `call` gets Python values of the promised types."""

    name: str
    call: Callable[..., Any]
    parameters: tuple[str, ...] = ()
    variadic: str | None = None


def function(name: str, call: Callable[..., Any], signature: str = "") -> Function:
    """Make a Function from a signature such as ``int string ...any``."""
    words = signature.split()
    variadic = words.pop()[3:] if words and words[-1].startswith("...") else None
    return Function(name, call, tuple(words), variadic)


def table(entries: Mapping[str, tuple[Callable[..., Any], str]]) -> dict[str, Function]:
    """Functions by name from (what to call, signature)."""
    return {name: function(name, call, signature) for name, (call, signature) in entries.items()}


def fits(value: Any, kind: str) -> bool:
    """Whether Go would let a value be handed over as this type."""
    if kind == "any":
        return True
    exact = _EXACT.get(kind)
    if exact is not None:
        return type(value) is exact
    if kind == "map":
        return isinstance(value, dict) and not isinstance(value, StringMap)
    if kind == "list":
        return isinstance(value, list) and not isinstance(value, StringList)
    if kind == "strings":
        return isinstance(value, StringList)
    return isinstance(value, Struct) and kind in {value.go_type, value.go_type.lstrip("*")}


def nothing(kind: str) -> Any:
    """What nil is as this type."""
    return {"map": NilMap(), "list": [], "strings": StringList()}.get(kind)


def go_name(kind: str) -> str:
    """The Go type that a word of a signature stands for."""
    return GO_NAMES.get(kind, kind)
