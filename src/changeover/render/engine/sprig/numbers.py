"""Sprig: numbers; everything is read as Go's cast library reads it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from changeover.render.engine.values import ValueProblem

_LONGEST = 100_000


def integer(value: Any) -> int:
    """cast.ToInt64: what is no number is 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return int(value)
    if isinstance(value, str):
        try:
            return int(
                value.strip() or "0", 10 if value.lstrip("+-").startswith("0") and value.strip("+-0").isdigit() else 0
            )
        except ValueError:
            try:
                return int(float(value))
            except ValueError:
                return 0
    return 0


def number(value: Any) -> float:
    """cast.ToFloat64: what is no number is 0."""
    try:
        return float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0


def divide(one: Any, other: Any) -> int:
    """Whole division towards zero."""
    below = integer(other)
    if below == 0:
        raise ValueProblem("runtime error: integer divide by zero")
    return (
        int(integer(one) / below)
        if abs(integer(one)) < 2**52
        else abs(integer(one)) // abs(below) * (1 if (integer(one) < 0) == (below < 0) else -1)
    )


def remainder(one: Any, other: Any) -> int:
    """The remainder with the sign of the first."""
    below = integer(other)
    if below == 0:
        raise ValueProblem("runtime error: integer divide by zero")
    return int(math.fmod(integer(one), below))


def round_half(value: Any, places: int, at: float = 0.5) -> float:
    """Sprig's round: half away from zero."""
    power = 10.0**places
    digit = power * number(value)
    part = digit - math.trunc(digit)
    if part >= at:
        digit = math.ceil(digit)
    elif part <= -at:
        digit = math.floor(digit)
    else:
        digit = math.trunc(digit)
    return float(digit / power)


def until(stop: int, start: int = 0, step: int = 0) -> list[int]:
    """A run of whole numbers, bounded."""
    stride = step or (-1 if stop < start else 1)
    found = range(start, stop, stride)
    if len(found) > _LONGEST:
        raise ValueProblem(f"a list of {len(found)} numbers is out of bounds")
    return list(found)


def sequence(*bounds: Any) -> str:
    """The shell's seq."""
    given = [integer(bound) for bound in bounds]
    if not given or len(given) > 3:
        return ""
    first, step, last = (1, 0, given[0]) if len(given) == 1 else (given[0], 0, given[1]) if len(given) == 2 else given
    stride = step or (-1 if last < first else 1)
    return " ".join(str(item) for item in until(last + (1 if stride > 0 else -1), first, stride))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda *items: sum(integer(item) for item in items),
    "add1": lambda item: integer(item) + 1,
    "add1f": lambda item: number(item) + 1.0,
    "addf": lambda *items: float(sum(number(item) for item in items)),
    "atoi": lambda text: int(text) if text.lstrip("+-").isdigit() else 0,
    "biggest": lambda *items: max(integer(item) for item in items),
    "ceil": lambda item: float(math.ceil(number(item))),
    "div": divide,
    "divf": lambda first, *items: reduce(lambda one, other: one / number(other), items, number(first)),
    "float64": number,
    "floor": lambda item: float(math.floor(number(item))),
    "int": integer,
    "int64": integer,
    "max": lambda *items: max(integer(item) for item in items),
    "maxf": lambda *items: max(number(item) for item in items),
    "min": lambda *items: min(integer(item) for item in items),
    "minf": lambda *items: min(number(item) for item in items),
    "mod": remainder,
    "mul": lambda *items: math.prod(integer(item) for item in items),
    "mulf": lambda *items: math.prod(number(item) for item in items),
    "round": round_half,
    "seq": sequence,
    "sub": lambda one, other: integer(one) - integer(other),
    "subf": lambda first, *items: reduce(lambda one, other: one - number(other), items, number(first)),
    "toDecimal": lambda text: int(str(text), 8) if str(text).isdigit() else 0,
    "until": until,
    "untilStep": lambda start, stop, step: until(stop, start, step) if step and (stop > start) == (step > 0) else [],
}
