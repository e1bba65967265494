"""Sprig's choices: default, empty, coalesce, ternary, all, any, fail."""

from __future__ import annotations

from typing import Any, NoReturn

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.values import Struct


def is_empty(value: Any) -> bool:
    """Whether Sprig takes a value for empty: nil, false, 0, and texts, lists and maps without entries."""
    return not isinstance(value, Struct) and not value


def _default(otherwise: Any, *given: Any) -> Any:
    return otherwise if not given or is_empty(given[0]) else given[0]


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if not is_empty(value)), None)


def _all(*values: Any) -> bool:
    return not any(map(is_empty, values))


def _any(*values: Any) -> bool:
    return not all(map(is_empty, values))


def _ternary(*values: Any) -> Any:
    when_true, when_false, condition = values
    return when_true if condition else when_false


def _fail(message: str) -> NoReturn:
    raise CallFailed(message)


FUNCTIONS: dict[str, Function] = table(
    {
        "default": (_default, "any ...any"),
        "empty": (is_empty, "any"),
        "coalesce": (_coalesce, "...any"),
        "all": (_all, "...any"),
        "any": (_any, "...any"),
        "ternary": (_ternary, "any any bool"),
        "fail": (_fail, "string"),
    }
)
