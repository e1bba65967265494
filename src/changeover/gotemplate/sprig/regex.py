"""Sprig's regular expressions: the pattern comes first, the text second."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from changeover.gotemplate.limits import check_text
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.quoting import quote
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig.re2 import BadPattern, Match, Pattern, compile_pattern
from changeover.gotemplate.values import StringList

_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")


def pattern(source: str) -> Pattern:
    """The compiled expression. Raises CallFailed."""
    try:
        return compile_pattern(source)
    except BadPattern as error:
        raise CallFailed(str(error)) from None


def replace_all(source: str, text: str, new: str) -> str:
    """Every match replaced by `new`, in which ``$1`` and ``${name}`` stand for groups. Raises CallFailed."""
    return _replaced(source, text, lambda match: _expanded(match, new))


def _replaced(source: str, text: str, new: Callable[[Match], str]) -> str:
    parts, end = [], 0
    for match in _matches(source, text):
        parts += [text[end : match.start()], new(match)]
        end = match.end()
    check_text(sum(map(len, parts)) + len(text) - end)
    return "".join(parts) + text[end:]


def _expanded(match: Match, new: str) -> str:
    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        return match.group(int(name) if name.isdigit() else name)

    return _REFERENCE.sub(group, new) if "$" in new else new


def _matches(source: str, text: str, most: int = -1) -> list[Match]:
    return pattern(source).matches(text, most)


def _match(source: str, text: str) -> bool:
    return bool(_matches(source, text, 1))


def _soft_match(source: str, text: str) -> bool:
    try:
        return _match(source, text)
    except CallFailed:
        return False


def _find(source: str, text: str) -> str:
    found = _matches(source, text, 1)
    return found[0].group() if found else ""


def _find_all(source: str, text: str, most: int) -> StringList:
    found = _matches(source, text, most) if most else []
    return StringList((match.group() for match in found), is_nil=not found)


def _replace_literal(source: str, text: str, new: str) -> str:
    return _replaced(source, text, lambda _: new)


def _split(source: str, text: str, most: int) -> StringList:
    if not most:
        return StringList(is_nil=True)
    if source and not text:
        return StringList([""])
    parts: list[str] = []
    begin = end = 0
    for match in _matches(source, text, most):
        if 0 < most == len(parts) + 1:
            break
        end = match.start()
        if match.end():
            parts.append(text[begin:end])
        begin = match.end()
    if end != len(text):
        parts.append(text[begin:])
    return StringList(parts)


def _panicking(call: Callable[..., Any]) -> Callable[..., Any]:
    """Functions without `must` say which pattern they could not compile."""

    def attempt(source: str, *rest: Any) -> Any:
        try:
            return call(source, *rest)
        except CallFailed as failure:
            raise CallFailed(f"regexp: Compile({_shown(source)}): {failure}") from None

    return attempt


def _shown(source: str) -> str:
    return f"`{source}`" if "`" not in source else quote(source)


def _quote_meta(text: str) -> str:
    return _META.sub(lambda match: "\\" + match.group(), text)


_ENTRIES: dict[str, tuple[Callable[..., Any], str]] = {
    "regexFind": (_find, "string string"),
    "regexFindAll": (_find_all, "string string int"),
    "regexReplaceAll": (replace_all, "string string string"),
    "regexReplaceAllLiteral": (_replace_literal, "string string string"),
    "regexSplit": (_split, "string string int"),
}

FUNCTIONS: dict[str, Function] = table(
    {
        "regexMatch": (_soft_match, "string string"),
        "mustRegexMatch": (_match, "string string"),
        "regexQuoteMeta": (_quote_meta, "string"),
        **{name: (_panicking(call), signature) for name, (call, signature) in _ENTRIES.items()},
        **{f"mustR{name[1:]}": entry for name, entry in _ENTRIES.items()},
    }
)
