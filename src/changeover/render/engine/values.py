"""Go values as Python ones, and what Go does with them: truth, printing, comparing.

nil is None; integers int; float64 float; text str; bool; []any list; map[string]any dict. An int never equals a float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.errors import Problem

_VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z%])")


class ValueProblem(Problem):
    """An operation that Go refuses for these values."""

    reference = "broken-template-value"


def truth(value: Any) -> bool:
    """Whether ``if`` takes the value for true: everything but zero, empty and nil."""
    return bool(value)


def show(value: Any) -> str:
    """How a template prints a value."""
    return "<no value>" if value is None else plain(value)


def plain(value: Any) -> str:
    """Go's ``%v``."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, Mapping) and type(value).__str__ is dict.__str__:
        return "map[" + " ".join(f"{plain(key)}:{plain(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(plain(item) for item in value) + "]"
    return str(value)


def float_text(value: float, *, large: int = 21) -> str:
    """Go's shortest form of a float64: exponents below 1e-4 and from 1e21 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    digits = repr(value)
    mantissa, _, exponent = f"{value:e}".partition("e")
    if value != 0 and not -4 <= int(exponent) < large:
        mantissa, _, exponent = _shortest(digits)
        return f"{mantissa}e{'-' if int(exponent) < 0 else '+'}{abs(int(exponent)):02d}"
    if "e" in digits:
        digits = f"{value:.0f}" if abs(value) >= 1 else f"{value:.20f}".rstrip("0")
    return digits.removesuffix(".0")


def _shortest(digits: str) -> tuple[str, str, str]:
    if "e" in digits:
        mantissa, _, exponent = digits.partition("e")
        return mantissa, "e", exponent
    mantissa, _, exponent = f"{float(digits):e}".partition("e")
    whole = digits.replace(".", "").replace("-", "").strip("0") or "0"
    sign = "-" if digits.startswith("-") else ""
    return sign + whole[0] + ("." + whole[1:] if len(whole) > 1 else ""), "e", exponent


def kind(value: Any) -> str:
    """The basic kind under which Go compares."""
    for types, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string")):
        if isinstance(value, types):
            return name
    return "nil" if value is None else "other"


def equal(one: Any, other: Any) -> bool:
    """Go's ``eq`` for two values. Raises ValueProblem for different kinds."""
    if kind(one) != kind(other):
        if one is None or other is None:
            return False
        raise ValueProblem("incompatible types for comparison", found=f"{plain(one)} and {plain(other)}")
    if kind(one) == "other":
        raise ValueProblem("non-comparable type", found=plain(one))
    return bool(one == other)


def less(one: Any, other: Any) -> bool:
    """Go's ``lt``. Raises ValueProblem."""
    if kind(one) != kind(other) or kind(one) in {"bool", "nil", "other"}:
        raise ValueProblem("incompatible types for comparison", found=f"{plain(one)} and {plain(other)}")
    return bool(one < other)


def quote(text: str) -> str:
    """Go's ``%q``: quotes, escapes what does not print."""
    escapes = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
    out = []
    for sign in text:
        if sign in '"\\':
            out.append("\\" + sign)
        elif sign in escapes:
            out.append(escapes[sign])
        elif sign.isprintable():
            out.append(sign)
        else:
            code = ord(sign)
            out.append(f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(out) + '"'


def sprintf(form: str, arguments: Sequence[Any]) -> str:
    """Go's Sprintf for the verbs that templates use."""
    used = 0

    def one(match: re.Match[str]) -> str:
        nonlocal used
        flags, width, precision, verb = match.groups()
        if verb == "%":
            return "%"
        sizes = []
        for size in (width, precision):
            if size == "*":
                sizes.append(str(arguments[used]) if used < len(arguments) else "")
                used += 1
            else:
                sizes.append(size or "")
        if used >= len(arguments):
            return f"%!{verb}(MISSING)"
        value = arguments[used]
        used += 1
        text = _verb(verb, value, flags=flags, precision=sizes[1])
        return _padded(text, flags, sizes[0])

    done = _VERB.sub(one, form)
    if used < len(arguments):
        rest = ", ".join(f"{go_type(value)}={plain(value)}" for value in arguments[used:])
        done += f"%!(EXTRA {rest})"
    return done


def go_type(value: Any) -> str:
    """Go's name of the type."""
    names = {bool: "bool", int: "int", float: "float64", str: "string", type(None): "<nil>"}
    if isinstance(value, Mapping):
        return "map[string]interface {}"
    return names.get(type(value), "[]interface {}")


def _padded(text: str, flags: str, width: str) -> str:
    size = int(width or 0)
    if "-" in flags:
        return text.ljust(size)
    return text.zfill(size) if "0" in flags else text.rjust(size)


def _verb(verb: str, value: Any, *, flags: str, precision: str) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if verb == "v":
        return plain(value)
    if verb == "T":
        return go_type(value)
    if verb == "t" and isinstance(value, bool):
        return plain(value)
    if verb == "s" and not number and not isinstance(value, bool) and value is not None:
        return plain(value)[: int(precision)] if precision else plain(value)
    if verb == "q" and isinstance(value, str):
        return quote(value)
    if verb in "xX" and isinstance(value, str):
        return value.encode().hex() if verb == "x" else value.encode().hex().upper()
    if verb in "dxXob" and isinstance(value, int) and not isinstance(value, bool):
        text = format(value, verb)
        return f"+{text}" if "+" in flags and value >= 0 and verb == "d" else text
    if verb == "c" and isinstance(value, int):
        return chr(value)
    if verb in "feEgG" and isinstance(value, float):
        return float_text(value) if verb in "gG" and not precision else format(value, f".{precision or 6}{verb}")
    return f"%!{verb}({go_type(value)}={plain(value)})" if value is not None else f"%!{verb}(<nil>)"
