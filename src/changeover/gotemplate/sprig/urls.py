"""Sprig's urlParse and urlJoin, with the rules of Go's net/url."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.values import decode, encode, kind_of

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_PORT = re.compile(r"(?::[0-9]*)?")
_BAD_HOST = re.compile(r"[ \"<>^`{}|\\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PATH_SAFE = "/$&+,;=:@-_.~!*'()[]"


def _parse(text: str) -> dict[str, Any]:
    if _CONTROL.search(text):
        raise _unable(text, "net/url: invalid control character in URL")
    rest, mark, fragment = text.partition("#")
    scheme, rest = _scheme(text, rest)
    rest, _, query = rest.partition("?")
    found = dict.fromkeys(("scheme", "host", "hostname", "path", "query", "opaque", "fragment", "userinfo"), "")
    found |= {"scheme": scheme, "query": query, "fragment": _unescaped(text, fragment) if mark else ""}
    if scheme and not rest.startswith("/"):
        if rest:
            return found | {"opaque": rest}
        return found
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        found |= _authority(text, authority)
        rest = slash + path
    elif not scheme and ":" in rest.partition("/")[0]:
        raise _unable(text, "first path segment in URL cannot contain colon")
    return found | {"path": _unescaped(text, rest)}


def _scheme(text: str, rest: str) -> tuple[str, str]:
    match = _SCHEME.match(rest)
    if match:
        return match.group(1).lower(), rest[match.end() :]
    if rest.startswith(":"):
        raise _unable(text, "missing protocol scheme")
    return "", rest


def _authority(text: str, authority: str) -> dict[str, str]:
    user, at, host = authority.rpartition("@")
    if host.startswith("["):
        inner, close, port = host[1:].partition("]")
        if not close:
            raise _unable(text, "missing ']' in host")
        hostname = inner
    else:
        hostname, colon, number = host.partition(":")
        port = colon + number
    if not _PORT.fullmatch(port):
        raise _unable(text, f'invalid port "{port}" after host')
    bad = _BAD_HOST.search(host)
    if bad:
        raise _unable(text, f'invalid character "{bad.group()}" in host name')
    _unescaped(text, host)
    return {"host": host, "hostname": hostname, "userinfo": _user(text, user) if at else ""}


def _user(text: str, user: str) -> str:
    name, colon, password = user.partition(":")
    shown = _escaped_user(_unescaped(text, name))
    return f"{shown}:{_escaped_user(_unescaped(text, password))}" if colon else shown


def _escaped_user(text: str) -> str:
    return quote(encode(text), safe="$&+,;=-_.~")


def _unescaped(url: str, text: str) -> str:
    match = _BAD_ESCAPE.search(text)
    if match:
        raise _unable(url, f'invalid URL escape "{text[match.start() : match.start() + 3]}"')
    return decode(unquote_to_bytes(encode(text))) if "%" in text else text


def _unable(url: str, reason: str) -> CallFailed:
    return CallFailed(f'unable to parse url: parse "{url}": {reason}')


def _part(parts: dict[str, Any], key: str) -> str:
    value = parts.get(key, "")
    if not isinstance(value, str):
        raise CallFailed(f"unable to parse {key} key, must be of type string, but {kind_of(value)} found")
    return value


def _join(parts: dict[str, Any]) -> str:
    scheme, host, path = _part(parts, "scheme"), _part(parts, "host"), _part(parts, "path")
    user = _part(parts, "userinfo")
    text = f"{scheme}:" if scheme else ""
    opaque = _part(parts, "opaque")
    if opaque:
        text += opaque
    else:
        if scheme or host or user:
            if host or path or user:
                text += "//"
            text += (f"{_user(user, user)}@" if user else "") + host
        shown = quote(encode(path), safe=_PATH_SAFE)
        if shown and not shown.startswith("/") and host:
            text += "/"
        elif not text and ":" in shown.partition("/")[0]:
            text += "./"
        text += shown
    query, fragment = _part(parts, "query"), _part(parts, "fragment")
    text += f"?{query}" if query else ""
    return text + (f"#{quote(encode(fragment), safe=_PATH_SAFE + '?')}" if fragment else "")


FUNCTIONS: dict[str, Function] = table({"urlParse": (_parse, "string"), "urlJoin": (_join, "map")})
