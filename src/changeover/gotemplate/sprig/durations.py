"""Go's time.Duration: nanoseconds, written ``1h2m3.5s``."""

from __future__ import annotations

import re
from fractions import Fraction

SECOND = 1_000_000_000
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_PIECE = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
_SMALL = ((1_000, 1, "ns"), (1_000_000, 1_000, "µs"), (SECOND, 1_000_000, "ms"))
_LARGEST = 2**63 - 1
_ROUNDED = ((365 * 86400, "y"), (30 * 86400, "mo"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def parse(text: str) -> int | None:
    """Nanoseconds of ``1h30m``, ``-1.5s``; None when it is no duration."""
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return 0
    total, place = Fraction(0), 0
    while place < len(rest):
        match = _PIECE.match(rest, place)
        if not match or not (match.group(1) or match.group(2)):
            return None
        whole, part, unit = match.group(1) or "0", match.group(2) or "0", match.group(3)
        total += Fraction(int(whole)) * _UNITS[unit] + int(Fraction(int(part), 10 ** len(part)) * _UNITS[unit])
        place = match.end()
    return sign * int(total) if rest and total <= _LARGEST else None


def to_text(nanoseconds: int) -> str:
    """As Go's String writes it."""
    if not nanoseconds:
        return "0s"
    sign, size = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    for below, unit, name in _SMALL:
        if size < below:
            return f"{sign}{_decimal(size, unit)}{name}"
    minutes, rest = divmod(size, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, SECOND)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{sign}{hours}h{text}" if hours else sign + text


def rounded(nanoseconds: int) -> str:
    """The largest unit alone: ``3mo``, ``2h``."""
    for seconds, name in _ROUNDED:
        if abs(nanoseconds) > seconds * SECOND:
            return f"{abs(nanoseconds) // (seconds * SECOND)}{name}"
    return "0s"


def _decimal(size: int, unit: int) -> str:
    whole, part = divmod(size, unit)
    digits = str(part).rjust(len(str(unit)) - 1, "0").rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)
