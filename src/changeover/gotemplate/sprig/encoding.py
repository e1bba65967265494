"""Sprig's JSON, base64 and base32."""

from __future__ import annotations

import base64
import re
from typing import Any

from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig.json_text import NotJson, dumps, loads, loads_what_fits
from changeover.gotemplate.values import decode, encode

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE32 = re.compile(rb"(?:[A-Z2-7]{8})*(?:[A-Z2-7]{2}={6}|[A-Z2-7]{4}={4}|[A-Z2-7]{5}={3}|[A-Z2-7]{7}=)?")


_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

_ALPHABET_32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567="


class BadEncoding(ValueError):
    """Text that is not base64 (or base32); `place` is the byte that does not fit."""

    def __init__(self, alphabet: str, place: int) -> None:
        super().__init__(f"illegal {alphabet} data at input byte {place}")


def from_base64(text: str) -> str:
    """Decode as Go's StdEncoding does: line ends are skipped, nothing else is. Raises BadEncoding."""
    return decode(base64_bytes(text))


def base64_bytes(text: str) -> bytes:
    """Decode as Go's StdEncoding does, to bytes. Raises BadEncoding."""
    data = encode(text).translate(None, b"\r\n")
    match = _BASE64.match(data)
    if match is None or match.end() != len(data):
        raise BadEncoding("base64", _first_wrong(encode(text)))
    return base64.b64decode(data)


def to_base64(text: str) -> str:
    """Encode as Go's StdEncoding does."""
    return base64.b64encode(encode(text)).decode()


def _first_wrong(data: bytes) -> int:
    """The place that Go names: a stranger, what follows the padding, or the group that is not complete."""
    group = 0
    for place, byte in enumerate(data):
        if byte in b"\r\n":
            continue
        if byte == ord("="):
            return _after_padding(data, place, group)
        if byte not in _ALPHABET:
            return place
        group = (group + 1) % 4
    return len(data) - group


def _after_padding(data: bytes, place: int, group: int) -> int:
    if group < 2:
        return place
    rest = data[place + 1 :]
    if group == 2 and not rest.lstrip(b"\r\n").startswith(b"="):
        return place if rest.lstrip(b"\r\n") else len(data)
    second = rest.index(b"=") + 1 if group == 2 else 0
    return place + 1 + second


def _b64dec(text: str) -> str:
    try:
        return from_base64(text)
    except BadEncoding as error:
        return str(error)


def _b32enc(text: str) -> str:
    return base64.b32encode(encode(text)).decode()


def _b32dec(text: str) -> str:
    data = encode(text).translate(None, b"\r\n")
    match = _BASE32.match(data)
    if match is None or match.end() != len(data):
        wrong = next(
            (place for place, byte in enumerate(data) if byte not in _ALPHABET_32), match.end() if match else 0
        )
        return str(BadEncoding("base32", wrong))
    return decode(base64.b32decode(data))


def _from_json(text: str) -> Any:
    try:
        return loads_what_fits(text)
    except NotJson:
        return None


def _to_json(value: Any) -> str:
    try:
        return dumps(value)
    except NotJson:
        return ""


def _to_pretty_json(value: Any) -> str:
    try:
        return dumps(value, indent="  ")
    except NotJson:
        return ""


FUNCTIONS: dict[str, Function] = table(
    {
        "b64enc": (to_base64, "string"),
        "b64dec": (_b64dec, "string"),
        "b32enc": (_b32enc, "string"),
        "b32dec": (_b32dec, "string"),
        "fromJson": (_from_json, "string"),
        "mustFromJson": (loads, "string"),
        "toJson": (_to_json, "any"),
        "mustToJson": (dumps, "any"),
        "toPrettyJson": (_to_pretty_json, "any"),
        "mustToPrettyJson": (lambda value: dumps(value, indent="  "), "any"),
        "toRawJson": (lambda value: dumps(value, html=False), "any"),
        "mustToRawJson": (lambda value: dumps(value, html=False), "any"),
    }
)
