"""How Go writes a text as a literal (``%q``) and reads one: strconv.Quote and Unquote."""

from __future__ import annotations

import re

_SHORT = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}
_PLAIN = re.compile(r"[ !#-&(-\[\]-~]*")
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.)|$)", re.DOTALL
)
_LONG = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


class BadLiteral(ValueError):
    """A literal with an escape that Go does not know."""


def quote(text: str, mark: str = '"', *, ascii_only: bool = False) -> str:
    """The text between marks, with everything unprintable escaped."""
    if _PLAIN.fullmatch(text):
        return f"{mark}{text}{mark}"
    return mark + "".join(_escaped(sign, mark, ascii_only=ascii_only) for sign in text) + mark


def unquote(literal: str) -> str:
    """The text that a Go literal (quoted, raw or a character) stands for. Raises BadLiteral."""
    mark, inner = literal[:1], literal[1:-1]
    if mark == "`":
        return inner.replace("\r", "")
    if "\\" not in inner:
        return inner
    data = bytearray()
    end = 0
    for match in _ESCAPE.finditer(inner):
        data += inner[end : match.start()].encode("utf-8", "surrogateescape")
        data += _meaning(match, mark)
        end = match.end()
    data += inner[end:].encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def _escaped(sign: str, mark: str, *, ascii_only: bool) -> str:
    code = ord(sign)
    if sign == mark:
        return "\\" + mark
    if sign in _SHORT:
        return _SHORT[sign]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if sign.isprintable() and (code < 128 or not ascii_only):
        return sign
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _meaning(match: re.Match[str], mark: str) -> bytes:
    short, byte, small, large, octal, _ = match.groups()
    if short:
        if short in "'\"" and short != mark:
            raise BadLiteral(match.group())
        return _LONG[short].encode()
    if byte:
        return bytes([int(byte, 16)])
    if octal and int(octal, 8) < 256:
        return bytes([int(octal, 8)])
    code = int(small or large, 16) if small or large else -1
    if not 0 <= code < 0x110000 or 0xD800 <= code < 0xE000:
        raise BadLiteral(match.group())
    return chr(code).encode()
