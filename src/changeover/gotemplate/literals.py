"""Number literals of Go: what one is worth, and which types it can serve."""

from __future__ import annotations

import re

from changeover.gotemplate.nodes import Literal
from changeover.gotemplate.quoting import BadLiteral, quote, unquote

_UNDERSCORES = re.compile(r"0[xXbBoO]?_?[0-9a-fA-F]+(_[0-9a-fA-F]+)*|[0-9]+(_[0-9]+)*")
_LONE_UNDERSCORE = re.compile(r"(?<![0-9a-fA-F])(?<!0[xX])_|_(?![0-9a-fA-F])")
_INTEGER = re.compile(r"([+-]?)(0[xX]_?[0-9a-fA-F_]+|0[bB]_?[01_]+|0[oO]_?[0-7_]+|0[0-7_]*|[1-9][0-9_]*)")
_HEX_FLOAT = re.compile(r"[+-]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?")
_LARGEST = 2**63


def number(text: str, position: int) -> Literal:
    """Read a number or character constant. Raises ValueError with Go's words."""
    if text.startswith("'"):
        return _character(text, position)
    whole = integer(text)
    if whole is not None:
        if whole >= 2 * _LARGEST or whole < -_LARGEST:
            raise ValueError(f"integer overflow: {quote(text)}")
        return Literal(whole, text, position, as_int=whole, as_float=float(whole))
    value = floating(text)
    if value is None:
        raise ValueError(f"illegal number syntax: {quote(text)}")
    if not set(text) & set(".eEpP"):
        raise ValueError(f"integer overflow: {quote(text)}")
    as_int = int(value) if value.is_integer() and abs(value) < _LARGEST else None
    return Literal(value, text, position, as_int=as_int, as_float=value)


def integer(text: str) -> int | None:
    """An integer of any base with Go's prefixes and underscores; None when it is none."""
    match = _INTEGER.fullmatch(text)
    if not match or not _right_underscores(text.lstrip("+-")):
        return None
    digits = match.group(2).replace("_", "")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        digits = "0o" + digits[1:]
    value = int(digits, 0)
    return -value if match.group(1) == "-" else value


def floating(text: str) -> float | None:
    """A decimal or hexadecimal float; None when it is none."""
    if _LONE_UNDERSCORE.search(text):
        return None
    plain = text.replace("_", "")
    if _HEX_FLOAT.fullmatch(text):
        return float.fromhex(plain)
    if _FLOAT.fullmatch(text):
        return float(plain)
    return None


def _right_underscores(text: str) -> bool:
    return "_" not in text or bool(_UNDERSCORES.fullmatch(text))


def _character(text: str, position: int) -> Literal:
    try:
        inner = unquote(text)
    except BadLiteral:
        inner = ""
    if len(inner) != 1:
        raise ValueError(f"malformed character constant: {text}")
    code = ord(inner)
    return Literal(code, text, position, as_int=code, as_float=float(code))
