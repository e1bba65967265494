"""Any value as a number or text, as Sprig casts: what cannot be cast is 0."""

from __future__ import annotations

import math
import re
from typing import Any

from changeover.gotemplate import formatting
from changeover.gotemplate.literals import floating, integer
from changeover.gotemplate.values import StringList, Struct, decode, wrap64

_ZERO_DECIMAL = re.compile(r"\.0+$")
_SPECIAL = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}


def to_int(value: Any) -> int:
    """Go's int (64 bits) of a value."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return wrap64(int(value))
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and abs(value) < 2**63 else -(2**63)
    if isinstance(value, str):
        found = integer(_ZERO_DECIMAL.sub("", value))
        return found if found is not None and -(2**63) <= found < 2**63 else 0
    return 0


def to_float(value: Any) -> float:
    """Go's float64 of a value."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return parse_float(value) or 0.0
    return 0.0


def parse_float(text: str) -> float | None:
    """strconv.ParseFloat; None when it is no number (or too large for one)."""
    special = _SPECIAL.get(text.lstrip("+-").lower())
    if special is not None:
        return -special if text.startswith("-") else special
    found = floating(text)
    return None if found is not None and math.isinf(found) else found


def to_text(value: Any) -> str:
    """A value as Sprig's toString writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return decode(value)
    if isinstance(value, Struct) and value.is_stringer:
        return str(value)
    return formatting.to_text(value)


def to_texts(value: Any) -> StringList:
    """A value as a list of texts; nil entries are left out."""
    if isinstance(value, list):
        return StringList(to_text(item) for item in value if item is not None)
    if isinstance(value, bytes):
        return StringList(str(byte) for byte in value)
    return StringList() if value is None else StringList([to_text(value)])
