"""How Go's fmt writes a single text, number or boolean, with flags, width and precision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from changeover.gotemplate import floats
from changeover.gotemplate.quoting import quote
from changeover.gotemplate.values import encode, type_name

_BASES = {"b": 2, "o": 8, "O": 8, "d": 10, "v": 10, "x": 16, "X": 16}
_PREFIXES = {"b": "0b", "o": "0", "O": "0o", "x": "0x", "X": "0X"}


@dataclass(frozen=True, slots=True)
class Flags:
    """What stands between the per cent sign and the verb."""

    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    sharp_v: bool = False
    plus_v: bool = False
    width: int | None = None
    precision: int | None = None


def scalar(value: Any, verb: str, flags: Flags) -> str | None:
    """A text, boolean or number by a verb; None when the verb does not fit."""
    if isinstance(value, str):
        return text(value, verb, flags) if verb in "vsxXq" else None
    if isinstance(value, bool):
        return padded("true" if value else "false", flags) if verb in "vt" else None
    if isinstance(value, int):
        return _integer(value, verb, flags)
    if isinstance(value, float):
        return _float(value, verb, flags)
    return padded(type_name(value), flags)


def padded(piece: str, flags: Flags) -> str:
    """Fill up to the width, on the left unless the flags say otherwise."""
    missing = (flags.width or 0) - len(piece)
    if missing <= 0:
        return piece
    if flags.minus:
        return piece + " " * missing
    return ("0" if flags.zero else " ") * missing + piece


def text(value: str, verb: str, flags: Flags) -> str:
    """A text by v, s, q, x or X."""
    if flags.sharp_v and verb == "v":
        return padded(quote(value), flags)
    if verb in "xX":
        return padded(_hex(encode(value), verb, flags), flags)
    if flags.precision is not None:
        value = value[: flags.precision]
    if verb == "q":
        if flags.sharp and "`" not in value and all(sign == "\t" or sign.isprintable() for sign in value):
            return padded(f"`{value}`", flags)
        return padded(quote(value, ascii_only=flags.plus), flags)
    return padded(value, flags)


def _hex(data: bytes, verb: str, flags: Flags) -> str:
    if flags.precision is not None:
        data = data[: flags.precision]
    found = data.hex(" ") if flags.space else data.hex()
    if flags.sharp and found:
        found = " ".join(f"0x{pair}" for pair in found.split(" ")) if flags.space else f"0x{found}"
    return found.upper() if verb == "X" else found


def _integer(value: int, verb: str, flags: Flags) -> str | None:
    if verb == "v" and flags.sharp_v and type_name(value).startswith("uint"):
        return padded(f"0x{value:x}", flags)
    if verb in _BASES:
        return _in_base(value, verb, flags)
    if verb in "cqU":
        code = value if 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000 else 0xFFFD
        if verb == "c":
            return padded(chr(code), flags)
        if verb == "q":
            return padded(quote(chr(code), "'", ascii_only=flags.plus), flags)
        return padded(f"U+{value:04X}" + (f" '{chr(code)}'" if flags.sharp else ""), flags)
    return None


def _in_base(value: int, verb: str, flags: Flags) -> str:
    base = _BASES[verb]
    digits = {2: f"{abs(value):b}", 8: f"{abs(value):o}", 10: str(abs(int(value))), 16: f"{abs(value):x}"}[base]
    if verb == "X":
        digits = digits.upper()
    sign = "-" if value < 0 else "+" if flags.plus else " " if flags.space else ""
    prefix = _PREFIXES.get(verb, "") if flags.sharp or verb == "O" else ""
    if flags.precision is not None:
        if not flags.precision and not value:
            return " " * (flags.width or 0)
        digits = digits.rjust(flags.precision, "0")
    elif flags.zero and flags.width:
        digits = digits.rjust(flags.width - len(sign), "0")
    if verb == "o" and digits.startswith("0"):
        prefix = ""
    piece = sign + prefix + digits
    missing = (flags.width or 0) - len(piece)
    return piece if missing <= 0 else piece + " " * missing if flags.minus else " " * missing + piece


def _float(value: float, verb: str, flags: Flags) -> str | None:
    if verb not in "veEfFgGxXb":
        return None
    plain = {"v": "g", "F": "f"}.get(verb, verb).lower()
    precision = flags.precision
    if precision is None:
        precision = floats.SHORTEST if plain == "g" else 6
    piece = value.hex() if plain in "xb" else floats.to_text(value, plain, precision)
    if flags.sharp and plain == "g":
        piece = _with_point(piece, 6 if flags.precision is None else flags.precision)
    if verb in "EGX":
        piece = piece.upper() if math.isfinite(value) else piece
    sign, digits = ("-", piece[1:]) if piece.startswith("-") else ("", piece.removeprefix("+"))
    sign = sign or ("+" if flags.plus or (piece.startswith("+") and flags.plus) else " " if flags.space else "")
    if piece == "+Inf" and not sign:
        sign = "+"
    missing = (flags.width or 0) - len(sign) - len(digits)
    if flags.zero and missing > 0 and math.isfinite(value):
        return sign + "0" * missing + digits
    piece = sign + digits
    return piece if missing <= 0 else piece + " " * missing if flags.minus else " " * missing + piece


def _with_point(piece: str, digits: int) -> str:
    mantissa, mark, exponent = piece.partition("e")
    have = sum(sign.isdigit() for sign in mantissa.lstrip("-0.")) or 1
    if "." not in mantissa:
        mantissa += "."
    return mantissa + "0" * max(digits - have, 0) + mark + exponent
