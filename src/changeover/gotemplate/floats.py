"""How Go writes a float64: strconv.FormatFloat, and JSON's form of it."""

from __future__ import annotations

import math
from decimal import Decimal

SHORTEST = -1
_PLAIN_BELOW = 6
"""%g (and so %v) writes an exponent from 1e6 on."""


def shortest(value: float) -> tuple[str, int]:
    """(digits, exponent): 0.digits * 10^exponent, with as few digits as tell the value apart."""
    _, digits, exponent = Decimal(repr(abs(value))).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return "0", 1
    point = len(text) + int(exponent)
    return text.rstrip("0") or "0", point


def to_text(value: float, verb: str = "g", precision: int = SHORTEST) -> str:
    """A float as Go's ``%e``, ``%f`` or ``%g`` writes it; `precision` SHORTEST means as many digits as needed."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign = "-" if math.copysign(1, value) < 0 else ""
    if precision != SHORTEST:
        return sign + _fixed(abs(value), verb, precision)
    digits, point = shortest(value) if value else ("0", 1)
    if verb == "f" or (verb == "g" and -4 <= point - 1 < _PLAIN_BELOW):
        return sign + positional(digits, point)
    return sign + scientific(digits, point)


def positional(digits: str, point: int) -> str:
    """0.digits * 10^point without an exponent."""
    if point <= 0:
        return "0." + "0" * -point + digits if digits != "0" else "0"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def scientific(digits: str, point: int) -> str:
    """0.digits * 10^point as d.ddde±dd."""
    exponent = point - 1
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def to_json(value: float) -> str:
    """A float as encoding/json writes it."""
    size = abs(value)
    if size and (size < 1e-6 or size >= 1e21):
        text = to_text(value, "e")
        return text.replace("e-0", "e-")
    return to_text(value, "f")


def _fixed(value: float, verb: str, precision: int) -> str:
    if verb == "g":
        return format(value, f".{precision or 1}g")
    return format(value, f".{precision}{verb}")
