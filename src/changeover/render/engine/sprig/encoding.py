"""Sprig: base64, JSON, digests, addresses, paths."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import posixpath
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit


def encode64(text: str) -> str:
    """Base64 of a text's bytes."""
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def decode64(text: str) -> str:
    """The text in base64; what is none gives the error's words, as sprig does."""
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode(
            "utf-8", "surrogateescape"
        )
    except (binascii.Error, ValueError) as error:
        return f"illegal base64 data: {error}"


def json_text(value: Any, *, indent: int | None = None, html: bool = True) -> str:
    """encoding/json: sorted keys, whole floats without a point, HTML signs escaped."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(_go(value), sort_keys=True, separators=separators, ensure_ascii=False, indent=indent)
    if html:
        for sign, escaped in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
            text = text.replace(sign, escaped)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def from_json(text: str) -> Any:
    """A text as value, numbers as float64; what is no JSON gives nil."""
    try:
        return _floats(json.loads(text))
    except ValueError:
        return None


def parse_url(text: str) -> dict[str, str]:
    """The parts of an address."""
    parts = urlsplit(text)
    host = parts.netloc.rpartition("@")[2]
    return {
        "scheme": parts.scheme,
        "host": host,
        "hostname": parts.hostname or "",
        "path": parts.path,
        "query": parts.query,
        "opaque": "",
        "fragment": parts.fragment,
        "userinfo": parts.netloc.rpartition("@")[0],
    }


def join_url(parts: Mapping[str, str]) -> str:
    """The inverse of urlParse."""
    user = f"{parts['userinfo']}@" if parts.get("userinfo") else ""
    text = f"{parts['scheme']}://" if parts.get("scheme") else ""
    text += user + parts.get("host", "") + quote(parts.get("path", ""))
    text += f"?{parts['query']}" if parts.get("query") else ""
    return text + (f"#{parts['fragment']}" if parts.get("fragment") else "")


def derive_password(counter: int, kind: str, password: str, user: str, site: str) -> str:
    """The Master Password algorithm."""
    characters = {
        "V": "AEIOU",
        "C": "BCDFGHJKLMNPQRSTVWXYZ",
        "v": "aeiou",
        "c": "bcdfghjklmnpqrstvwxyz",
        "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        "n": "0123456789",
        "o": "@&%?,=[]_:-+*$#!'^~;()/.",
        "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
    forms = {
        "long": "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno "
        "CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv "
        "CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc "
        "CvccCvcvCvccno",
        "maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
        "medium": "CvcnoCvc CvcCvcno",
        "short": "Cvcn",
        "basic": "aaanaaan aannaaan aaannaaa",
        "pin": "nnnn",
    }
    if kind not in forms:
        return f"cannot find password template {kind}"
    space = "com.lyndir.masterpassword"
    salt = space.encode() + len(user).to_bytes(4, "big") + user.encode()
    key = hashlib.scrypt(password.encode(), salt=salt, n=32768, r=8, p=2, dklen=64, maxmem=64 * 1024 * 1024)
    import hmac

    seed = hmac.new(
        key, space.encode() + len(site).to_bytes(4, "big") + site.encode() + counter.to_bytes(4, "big"), "sha256"
    ).digest()
    chosen = forms[kind].split()[seed[0] % len(forms[kind].split())]
    return "".join(characters[sign][seed[at + 1] % len(characters[sign])] for at, sign in enumerate(chosen))


def _go(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _go(item) for key, item in value.items()}
    return [_go(item) for item in value] if isinstance(value, list | tuple) else value


def _floats(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    return [_floats(item) for item in value] if isinstance(value, list) else value


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "adler32sum": lambda text: str(zlib.adler32(text.encode())),
    "b32dec": lambda text: base64.b32decode(text).decode(),
    "b32enc": lambda text: base64.b32encode(text.encode()).decode(),
    "b64dec": decode64,
    "b64enc": encode64,
    "base": lambda path: posixpath.basename(path.rstrip("/")) or ("/" if path.startswith("/") else "."),
    "clean": lambda path: posixpath.normpath(path) if path else ".",
    "derivePassword": derive_password,
    "dir": lambda path: posixpath.normpath(posixpath.dirname(path) or "."),
    "ext": lambda path: ("." + path.rpartition("/")[2].rpartition(".")[2]) if "." in path.rpartition("/")[2] else "",
    "fromJson": from_json,
    "isAbs": lambda path: path.startswith("/"),
    "mustFromJson": from_json,
    "mustToJson": json_text,
    "mustToPrettyJson": lambda value: json_text(value, indent=2),
    "sha1sum": _digest("sha1"),
    "sha256sum": _digest("sha256"),
    "sha512sum": _digest("sha512"),
    "toJson": json_text,
    "toPrettyJson": lambda value: json_text(value, indent=2),
    "toRawJson": lambda value: json_text(value, html=False),
    "urlJoin": join_url,
    "urlParse": parse_url,
    "env": lambda _name: "",
    "expandenv": lambda text: text,
    "getHostByName": lambda _name: "",
    "osBase": posixpath.basename,
}
