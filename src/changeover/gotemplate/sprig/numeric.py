"""Sprig's arithmetic: whole numbers are int64 and wrap around, decimals go through exact decimal arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from changeover.gotemplate import formatting
from changeover.gotemplate.limits import check_entries
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig.casting import to_float, to_int
from changeover.gotemplate.values import Int64, IntList, wrap64

_EXACT = Context(prec=800)
_PLACES = Decimal(1).scaleb(-16)


def _int64(value: int) -> Int64:
    return Int64(wrap64(value))


def _fold(step: Callable[[int, int], int], start: int, values: tuple[Any, ...]) -> Int64:
    for value in values:
        start = wrap64(step(start, to_int(value)))
    return Int64(start)


def _add(*values: Any) -> Int64:
    return _fold(lambda left, right: left + right, 0, values)


def _mul(first: Any, *values: Any) -> Int64:
    return _fold(lambda left, right: left * right, to_int(first), values)


def _div(left: Any, right: Any) -> Int64:
    return _int64(divided(to_int(left), to_int(right)))


def _mod(left: Any, right: Any) -> Int64:
    first, second = to_int(left), to_int(right)
    return _int64(first - second * divided(first, second))


def divided(left: int, right: int) -> int:
    """Division that rounds towards 0. Raises CallFailed for division by 0."""
    if not right:
        raise CallFailed("runtime error: integer divide by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _max(first: Any, *others: Any) -> Int64:
    return Int64(max(to_int(first), *map(to_int, others)) if others else to_int(first))


def _min(first: Any, *others: Any) -> Int64:
    return Int64(min(to_int(first), *map(to_int, others)) if others else to_int(first))


def _max_float(first: Any, *others: Any) -> float:
    return _extreme(max, (first, *others))


def _min_float(first: Any, *others: Any) -> float:
    return _extreme(min, (first, *others))


def _extreme(choose: Callable[[list[float]], float], values: tuple[Any, ...]) -> float:
    numbers = [to_float(value) for value in values]
    return math.nan if any(map(math.isnan, numbers)) else choose(numbers)


def _decimal(value: Any) -> Decimal:
    number = to_float(value)
    if not math.isfinite(number):
        raise CallFailed(f"Cannot create a Decimal from {formatting.to_text(number)}")
    return Decimal(repr(number))


def _decimal_fold(step: Callable[[Decimal, Decimal], Decimal], first: Any, values: tuple[Any, ...]) -> float:
    result = _decimal(first)
    for value in values:
        try:
            result = step(result, _decimal(value))
        except (ArithmeticError, InvalidOperation):
            raise CallFailed("decimal division by 0") from None
    return float(result) or 0.0


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    return _EXACT.divide(left, right).quantize(_PLACES, rounding=ROUND_HALF_UP, context=_EXACT)


def _add_float(*values: Any) -> float:
    return _decimal_fold(_EXACT.add, 0.0, values)


def _sub_float(first: Any, *values: Any) -> float:
    return _decimal_fold(_EXACT.subtract, first, values)


def _mul_float(first: Any, *values: Any) -> float:
    return _decimal_fold(_EXACT.multiply, first, values)


def _div_float(first: Any, *values: Any) -> float:
    return _decimal_fold(_quotient, first, values)


def _whole(rounded: Callable[[float], int], value: Any) -> float:
    number = to_float(value)
    if not math.isfinite(number):
        return number
    result = float(rounded(number))
    return math.copysign(0.0, number) if result == 0 else result


def _floor(value: Any) -> float:
    return _whole(math.floor, value)


def _ceil(value: Any) -> float:
    return _whole(math.ceil, value)


def _round(value: Any, places: int, *options: float) -> float:
    number = to_float(value)
    power = math.pow(10, places) if abs(places) <= 300 else math.inf
    digit = power * number
    if not math.isfinite(digit):
        return digit / power if power else math.nan
    fraction, _ = math.modf(digit)
    up = fraction >= (options[0] if options else 0.5)
    return float(math.ceil(digit) if up else math.floor(digit)) / power


def _until(count: int) -> IntList:
    return _until_step(0, count, -1 if count < 0 else 1)


def _until_step(start: int, stop: int, step: int) -> IntList:
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return IntList()
    numbers = range(start, stop, step)
    check_entries(len(numbers))
    return IntList(numbers)


def _seq(*bounds: int) -> str:
    if len(bounds) == 1:
        return _sequence(1, bounds[0], -1 if bounds[0] < 1 else 1)
    if len(bounds) == 2:
        return _sequence(bounds[0], bounds[1], -1 if bounds[1] < bounds[0] else 1)
    if len(bounds) == 3:
        start, step, end = bounds
        return "" if end < start and step > 0 else _sequence(start, end, step)
    return ""


def _sequence(start: int, end: int, step: int) -> str:
    beyond = end + (-1 if end < start else 1)
    return " ".join(map(str, _until_step(start, beyond, step)))


def _to_decimal(value: Any) -> Int64:
    text = formatting.sprint(value)
    digits = text.lstrip("+-") if text[:1] in {"+", "-"} else text
    if not digits or set(digits) - set("01234567"):
        return Int64(0)
    number = int(text, 8)
    return Int64(number if -(2**63) <= number < 2**63 else 0)


def _atoi(text: str) -> int:
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not (digits.isascii() and digits.isdigit()):
        return 0
    return max(min(int(text), 2**63 - 1), -(2**63))


FUNCTIONS: dict[str, Function] = table(
    {
        "atoi": (_atoi, "string"),
        "int": (to_int, "any"),
        "int64": (lambda value: Int64(to_int(value)), "any"),
        "float64": (to_float, "any"),
        "toDecimal": (_to_decimal, "any"),
        "seq": (_seq, "...int"),
        "until": (_until, "int"),
        "untilStep": (_until_step, "int int int"),
        "add1": (lambda value: _int64(to_int(value) + 1), "any"),
        "add": (_add, "...any"),
        "sub": (lambda left, right: _int64(to_int(left) - to_int(right)), "any any"),
        "div": (_div, "any any"),
        "mod": (_mod, "any any"),
        "mul": (_mul, "any ...any"),
        "add1f": (lambda value: _decimal_fold(_EXACT.add, value, (1,)), "any"),
        "addf": (_add_float, "...any"),
        "subf": (_sub_float, "any ...any"),
        "mulf": (_mul_float, "any ...any"),
        "divf": (_div_float, "any ...any"),
        "max": (_max, "any ...any"),
        "biggest": (_max, "any ...any"),
        "min": (_min, "any ...any"),
        "maxf": (_max_float, "any ...any"),
        "minf": (_min_float, "any ...any"),
        "floor": (_floor, "any"),
        "ceil": (_ceil, "any"),
        "round": (_round, "any int ...float64"),
    }
)
