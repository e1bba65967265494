"""Sprig: texts and regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from changeover.render.engine import values
from changeover.render.engine.values import ValueProblem

LARGEST = 16 * 1024 * 1024
"""Characters that one function may make."""


def text_of(value: Any) -> str:
    """Sprig's strval: nil is ``<nil>`` as fmt says."""
    return value if isinstance(value, str) else values.plain(value)


def texts_of(value: Any) -> list[str]:
    """Sprig's strslice: a list as texts without nil; a single value as a list of one."""
    if isinstance(value, list | tuple):
        return [text_of(item) for item in value if item is not None]
    return [] if value is None else [text_of(value)]


def repeat(count: int, text: str) -> str:
    """The text `count` times."""
    if count < 0 or count * len(text) > LARGEST:
        raise ValueProblem(f"repeat of {count} is out of bounds")
    return text * count


def indent(spaces: int, text: str) -> str:
    """Blanks before every line."""
    if spaces < 0 or spaces * (text.count("\n") + 1) > LARGEST:
        raise ValueProblem(f"indent of {spaces} is out of bounds")
    pad = " " * spaces
    return pad + text.replace("\n", "\n" + pad)


def pattern(text: str) -> re.Pattern[str]:
    """A Go (RE2) expression; what RE2 does not know is refused."""
    if re.search(r"\(\?(?:[=!]|<[=!])|\\[1-9]", text):
        raise ValueProblem("invalid or unsupported Perl syntax in a regular expression", found=text)
    try:
        return re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", text).replace(r"\z", r"\Z"))
    except re.error as error:
        raise ValueProblem(f"error parsing regexp: {error}", found=text) from None


def replace_all(expression: str, text: str, replacement: str) -> str:
    """Go's ReplaceAllString: ``$1`` and ``${1}`` name groups."""

    def expand(match: re.Match[str]) -> str:
        def group(name: re.Match[str]) -> str:
            word = name.group(1) or name.group(2)
            try:
                return match.group(int(word) if word.isdigit() else word) or ""
            except (IndexError, KeyError):
                return ""

        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", group, replacement).replace("$$", "$")

    return pattern(expression).sub(expand, text)


def trunc(length: int, text: str) -> str:
    """The first `length` characters, or the last ones when negative."""
    if length < 0:
        return text[length:] if len(text) + length > 0 else text
    return text[:length]


def abbreviate(width: int, text: str) -> str:
    """Cut with three dots."""
    return text if width < 4 or len(text) <= width else text[: width - 3] + "..."


def substring(start: int, end: int, text: str) -> str:
    """Sprig's substr: negative bounds mean the ends."""
    if start < 0:
        return text[:end]
    return text[start:] if end < 0 or end > len(text) else text[start:end]


def snake(text: str, between: str = "_") -> str:
    """snake_case as sprig's library cuts it."""
    spaced = re.sub(r"[\s\-_.]+", between, text.strip())
    cut = re.sub(r"([A-Z]+)([A-Z][a-z])", rf"\1{between}\2", spaced)
    return re.sub(r"([a-z0-9])([A-Z])", rf"\1{between}\2", cut).lower()


def camel(text: str) -> str:
    """CamelCase."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\s\-_.]+", text))


def title(text: str) -> str:
    """Every word's first letter in upper case."""
    return re.sub(r"(?<![\w'])\w", lambda match: match.group().upper(), text)


def wrap(width: int, text: str, new_line: str = "\n") -> str:
    """Lines broken at blanks."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return new_line.join([*lines, line])


def _split(separator: str, text: str, count: int = -1) -> dict[str, str]:
    return {f"_{number}": part for number, part in enumerate(go_split(text, separator, count))}


def go_split(text: str, separator: str, count: int = -1) -> list[str]:
    """strings.SplitN: an empty separator gives the characters."""
    if not separator:
        return list(text)
    return text.split(separator) if count < 0 else text.split(separator, max(count - 1, 0))


def _quoted(sign: str, quote: Callable[[str], str]) -> Callable[..., str]:
    del sign
    return lambda *items: " ".join(quote(text_of(item)) for item in items if item is not None)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abbrev": abbreviate,
    "camelcase": camel,
    "cat": lambda *items: " ".join(text_of(item) for item in items if item is not None),
    "contains": lambda part, text: part in text,
    "hasPrefix": lambda part, text: text.startswith(part),
    "hasSuffix": lambda part, text: text.endswith(part),
    "hello": lambda: "Hello!",
    "indent": indent,
    "initials": lambda text: "".join(word[0] for word in text.split()),
    "join": lambda between, items: between.join(texts_of(items)),
    "kebabcase": lambda text: snake(text, "-"),
    "lower": str.lower,
    "nindent": lambda spaces, text: "\n" + indent(spaces, text),
    "nospace": lambda text: re.sub(r"\s", "", text),
    "plural": lambda one, many, count: one if count == 1 else many,
    "quote": _quoted('"', values.quote),
    "regexFind": lambda expression, text: found.group() if (found := pattern(expression).search(text)) else "",
    "regexFindAll": lambda expression, text, count: [found.group() for found in pattern(expression).finditer(text)][
        : count if count >= 0 else None
    ],
    "regexMatch": lambda expression, text: pattern(expression).search(text) is not None,
    "regexQuoteMeta": re.escape,
    "regexReplaceAll": replace_all,
    "regexReplaceAllLiteral": lambda expression, text, new: pattern(expression).sub(lambda _: new, text),
    "regexSplit": lambda expression, text, count: pattern(expression).split(
        text, max(count - 1, 0) if count > 0 else 0
    ),
    "repeat": repeat,
    "replace": lambda old, new, text: text.replace(old, new),
    "snakecase": snake,
    "sortAlpha": lambda items: sorted(texts_of(items)),
    "split": _split,
    "splitList": lambda separator, text: go_split(text, separator),
    "splitn": lambda separator, count, text: _split(separator, text, count),
    "squote": _quoted("'", lambda text: f"'{text}'"),
    "substr": substring,
    "swapcase": str.swapcase,
    "title": title,
    "toString": text_of,
    "toStrings": texts_of,
    "trim": str.strip,
    "trimAll": lambda signs, text: text.strip(signs),
    "trimall": lambda signs, text: text.strip(signs),
    "trimPrefix": lambda part, text: text.removeprefix(part),
    "trimSuffix": lambda part, text: text.removesuffix(part),
    "trunc": trunc,
    "untitle": lambda text: re.sub(r"(?<![\w'])\w", lambda match: match.group().lower(), text),
    "upper": str.upper,
    "wrap": wrap,
    "wrapWith": lambda width, new_line, text: wrap(width, text, new_line),
}
