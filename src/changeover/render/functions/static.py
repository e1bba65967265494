"""The vendor's plain functions: time, texts, numbers, random texts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC
from typing import Any

from changeover.gotemplate.builtins import query_escape
from changeover.gotemplate.limits import check_text
from changeover.gotemplate.literals import integer
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig import encoding, layouts, numeric, runes
from changeover.gotemplate.sprig.casting import parse_float
from changeover.gotemplate.sprig.text import split_text
from changeover.gotemplate.values import Int64, StringList, Uint64, is_integer, wrap64
from changeover.render.functions import yaml_scalar
from changeover.render.functions.keeping import Keeper

_RFC3339 = "2006-01-02T15:04:05Z07:00"
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_CLASS = re.compile(r"\[(?:[^\[\]\\]|\\.)+\]")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LARGEST_SIGNED, _LARGEST = 2**63 - 1, 2**64 - 1
_INDENT = " " * 20


def functions(keeper: Keeper) -> dict[str, Function]:
    """The static functions; time and chance come from the keeper."""

    def now(layout: str = _RFC3339) -> str:
        moment = keeper.now().astimezone(UTC)
        return layouts.write(moment, moment.microsecond * 1000, layout or _RFC3339)

    def random_string(length: int, *classes: str) -> str:
        characters = classes[0] if classes else "[_A-Za-z0-9]"
        check_text(length)
        if length <= 0 or not _CLASS.fullmatch(characters):
            return ""
        return keeper.kept("RandomString", (length, characters), lambda: keeper.random_text(length, characters))

    def random_bytes(length: int) -> str:
        check_text(length)
        if length <= 0:
            return ""
        return keeper.kept("RandomBytes", (length,), lambda: _encoded(keeper.random_bytes(length)))

    return table(
        {
            "Now": (now, ""),
            "NowFmt": (now, "string"),
            "RandomString": (random_string, "int ...string"),
            "RandomBytes": (random_bytes, "int"),
            **_PLAIN,
        }
    )


def parse_bool(text: str) -> bool:
    """strconv.ParseBool; what is no boolean is false."""
    return text in _TRUE


def human_size(size: Any) -> str:
    """Decimal units with four significant digits: 1024 -> 1.024kB."""
    if isinstance(size, bool) or not isinstance(size, int | float):
        return ""
    amount, unit = float(size), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.4g}{_UNITS[unit]}"


def yaml_escape(text: str) -> str:
    """The text as a YAML scalar, each line (also the empty one after it) indented by 20 blanks."""
    check_text(len(text) + len(_INDENT) * (text.count("\n") + 2))
    return _INDENT + yaml_scalar.scalar(text).replace("\n", "\n" + _INDENT)


def parse_integer(text: str, base: int, *, low: int, high: int) -> int:
    """strconv.ParseInt: 0 for what is no number, the bound for what is beyond it."""
    sign, digits = (text[:1], text[1:]) if text[:1] in {"+", "-"} else ("", text)
    if base == 0:
        value = integer(digits)
    elif 2 <= base <= len(_DIGITS) and digits and set(digits.lower()) <= set(_DIGITS[:base]):
        value = int(digits, base)
    else:
        value = None
    if value is None or (sign and low == 0):
        return 0
    return max(min(-value if sign == "-" else value, high), low)


def _encoded(data: bytes) -> str:
    from changeover.gotemplate.sprig import pem

    return pem.base64_text(data)


def _arithmetic(name: str) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Any:
        if isinstance(left, float) or isinstance(right, float):
            return _floating(name, _as_float(left), _as_float(right))
        one, other = (value if is_integer(value) else 0 for value in (left, right))
        if name == "Div":
            return Int64(wrap64(numeric.divided(int(one), int(other))))
        return Int64(wrap64({"Add": one + other, "Sub": one - other, "Mult": one * other}[name]))

    return calculate


def _floating(name: str, left: float, right: float) -> float:
    if name == "Div":
        if right:
            return left / right
        return math.nan if not left or math.isnan(left) else math.copysign(math.inf, left)
    return {"Add": left + right, "Sub": left - right, "Mult": left * right}[name]


def _as_float(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _trim(text: str, *cutsets: str) -> str:
    return text.strip(cutsets[0]) if cutsets and cutsets[0] else text.strip(runes.SPACES) if not cutsets else text


def _decoded(text: str) -> str:
    try:
        return encoding.from_base64(text)
    except encoding.BadEncoding:
        return ""


def _parse_int(text: str, *bases: int) -> Int64:
    base = bases[0] if bases else 10
    return Int64(parse_integer(text, base, low=-_LARGEST_SIGNED - 1, high=_LARGEST_SIGNED))


def _parse_uint(text: str, *bases: int) -> Uint64:
    return Uint64(parse_integer(text, bases[0] if bases else 10, low=0, high=_LARGEST))


_PLAIN: dict[str, tuple[Callable[..., Any], str]] = {
    "ToLower": (runes.lower, "string"),
    "ToUpper": (runes.upper, "string"),
    "TrimSpace": (lambda text: text.strip(runes.SPACES), "string"),
    "Trim": (_trim, "string ...string"),
    "UrlEncode": (query_escape, "string"),
    "Base64Encode": (encoding.to_base64, "string"),
    "Base64Decode": (_decoded, "string"),
    "Split": (lambda text, separator: StringList(split_text(text, separator)), "string string"),
    "Add": (_arithmetic("Add"), "any any"),
    "Sub": (_arithmetic("Sub"), "any any"),
    "Mult": (_arithmetic("Mult"), "any any"),
    "Div": (_arithmetic("Div"), "any any"),
    "ParseBool": (parse_bool, "string"),
    "ParseFloat": (lambda text: parse_float(text) or 0.0, "string"),
    "ParseInt": (_parse_int, "string ...int"),
    "ParseUint": (_parse_uint, "string ...int"),
    "HumanSize": (human_size, "any"),
    "YamlEscape": (yaml_escape, "string"),
}
