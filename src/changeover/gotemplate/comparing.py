"""eq, ne, lt, le, gt, ge as Go's text/template has them, and reflect.DeepEqual."""

from __future__ import annotations

from typing import Any

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.values import Struct, kind_of, type_name


def equal(first: Any, *others: Any) -> bool:
    """Whether the first value equals any of the others."""
    if not others:
        raise CallFailed("missing argument for comparison")
    return any(_equal_pair(first, other) for other in others)


def not_equal(first: Any, second: Any) -> bool:
    """Whether two values differ."""
    return not equal(first, second)


def less(first: Any, second: Any) -> bool:
    """Whether the first value comes before the second."""
    left, right = _order(first), _order(second)
    if left != right:
        raise CallFailed(_incompatible(first, second))
    if left == "bool":
        raise CallFailed("invalid type for comparison")
    return bool(first < second)


def less_or_equal(first: Any, second: Any) -> bool:
    """Whether the first value does not come after the second."""
    return less(first, second) or _equal_pair(first, second)


def greater(first: Any, second: Any) -> bool:
    """Whether the first value comes after the second."""
    return not less_or_equal(first, second)


def greater_or_equal(first: Any, second: Any) -> bool:
    """Whether the first value does not come before the second."""
    return not less(first, second)


def deep_equal(first: Any, second: Any) -> bool:
    """Go's reflect.DeepEqual: same types all the way down, same values; an empty list is not a nil one."""
    if type_name(first) != type_name(second):
        return False
    if isinstance(first, Struct):
        return first is second or str(first) == str(second)
    if isinstance(first, list):
        same = getattr(first, "is_nil", False) == getattr(second, "is_nil", False)
        return same and len(first) == len(second) and all(map(deep_equal, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(deep_equal(value, second[key]) for key, value in first.items())
    return bool(first == second)


def _equal_pair(first: Any, second: Any) -> bool:
    if first is None or second is None:
        return first is None and second is None
    left, right = _basic(first), _basic(second)
    if left != right:
        raise CallFailed(_incompatible(first, second))
    if left is None:
        _check_comparable(first)
        _check_comparable(second)
        if type_name(first) != type_name(second):
            raise CallFailed(_incompatible(first, second))
    return bool(first == second)


def _check_comparable(value: Any) -> None:
    if isinstance(value, list | dict | bytes) or (callable(value) and not isinstance(value, Struct)):
        raise CallFailed(f"non-comparable type {_shown(value)}: {type_name(value)}")


def _shown(value: Any) -> str:
    from changeover.gotemplate.formatting import to_text

    return to_text(value)


def _basic(value: Any) -> str | None:
    kind = kind_of(value)
    if kind.startswith(("int", "uint")):
        return "int"
    return kind if kind in {"bool", "float64", "string"} else None


def _order(value: Any) -> str:
    basic = _basic(value)
    if value is None:
        raise CallFailed("invalid type for comparison")
    if basic is None:
        raise CallFailed("invalid type for comparison")
    return basic


def _incompatible(first: Any, second: Any) -> str:
    return f"incompatible types for comparison: {type_name(first)} and {type_name(second)}"
