"""Sprig's functions on texts. Widths and places count bytes, as in Go."""

from __future__ import annotations

from typing import Any

from changeover.gotemplate import formatting
from changeover.gotemplate.limits import check_entries, check_text
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.quoting import quote
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig import casing, runes
from changeover.gotemplate.sprig.casting import to_text, to_texts
from changeover.gotemplate.values import StringList, StringMap, decode, encode


def split_text(text: str, separator: str, most: int = -1) -> list[str]:
    """Go's strings.SplitN: at most so many parts, all of them when negative; without separator every character."""
    if not most:
        return []
    if not separator:
        parts = list(text)
        if 0 < most < len(parts):
            parts = [*parts[: most - 1], "".join(parts[most - 1 :])]
        return parts
    return text.split(separator, most - 1 if most > 0 else -1)


def _abbreviate(offset: int, width: int, text: str) -> str:
    data = encode(text)
    if not data or len(data) <= width:
        return text
    offset = min(offset, len(data))
    offset = min(offset, len(data) - (width - 3)) if len(data) - offset < width - 3 else offset
    if offset <= 4:
        return decode(data[: width - 3]) + "..."
    if width < 7:
        return ""
    if offset + width - 3 < len(data):
        rest = decode(data[offset:])
        return "..." + (_abbreviate(0, width - 3, rest) if width - 3 >= 4 else "")
    return "..." + decode(data[len(data) - (width - 3) :])


def _abbrev(width: int, text: str) -> str:
    return text if width < 4 else _abbreviate(0, width, text)


def _abbrev_both(left: int, right: int, text: str) -> str:
    if right < 4 or (left > 0 and right < 7):
        return text
    return _abbreviate(left, right, text)


def _trunc(count: int, text: str) -> str:
    data = encode(text)
    if count < 0 < len(data) + count:
        return decode(data[count:])
    return decode(data[:count]) if 0 <= count < len(data) else text


def _substr(start: int, end: int, text: str) -> str:
    data = encode(text)
    if start < 0:
        first, last = 0, end
    elif end < 0 or end > len(data):
        first, last = start, len(data)
    else:
        first, last = start, end
    if not 0 <= first <= last <= len(data):
        raise CallFailed(f"runtime error: slice bounds out of range [{first}:{last}]")
    return decode(data[first:last])


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise CallFailed("strings: negative Repeat count")
    check_text(count * len(text))
    return text * count


def _nospace(text: str) -> str:
    data = encode(text)
    kept = "".join(chr(byte) for byte in data if not runes.is_space(chr(byte)))
    return text if len(kept) == len(data) else kept


def _initials(text: str) -> str:
    result, after_gap = [], True
    for byte in encode(text):
        sign = chr(byte)
        gap = runes.is_space(sign)
        if after_gap and not gap:
            result.append(sign)
        after_gap = gap
    return "".join(result)


def _wrap(width: int, text: str) -> str:
    return _wrapped(width, "\n", text, cuts_words=False)


def _wrap_with(width: int, line_end: str, text: str) -> str:
    return _wrapped(width, line_end or "\n", text, cuts_words=True)


def _wrapped(width: int, line_end: str, text: str, *, cuts_words: bool) -> str:
    data, width = encode(text), max(width, 1)
    check_text(len(data) * (1 + len(line_end)))
    lines: list[bytes] = []
    offset = 0
    while len(data) - offset > width:
        if data[offset : offset + 1] == b" ":
            offset += 1
            continue
        blank = data.rfind(b" ", offset, offset + width + 1)
        if blank < 0 and cuts_words:
            lines.append(data[offset : offset + width])
            offset += width
            continue
        if blank < 0:
            blank = data.find(b" ", offset + width)
        if blank < 0:
            lines.append(data[offset:])
            return decode(encode(line_end).join(lines))
        lines.append(data[offset:blank])
        offset = blank + 1
    return decode(encode(line_end).join([*lines, data[offset:]]))


def _indent(spaces: int, text: str) -> str:
    if spaces < 0:
        raise CallFailed("strings: negative Repeat count")
    check_text(len(text) + spaces * (text.count("\n") + 1))
    pad = " " * spaces
    return pad + text.replace("\n", "\n" + pad)


def _replace(old: str, new: str, text: str) -> str:
    times = text.count(old) if old else len(text) + 1
    check_text(len(text) + times * len(new))
    return text.replace(old, new)


def _quote(*values: Any) -> str:
    return " ".join(quote(to_text(value)) for value in values if value is not None)


def _squote(*values: Any) -> str:
    return " ".join(f"'{formatting.to_text(value)}'" for value in values if value is not None)


def _cat(*values: Any) -> str:
    return " ".join(formatting.to_text(value) for value in values if value is not None)


def _split(separator: str, text: str) -> StringMap:
    return _numbered(split_text(text, separator))


def _splitn(separator: str, most: int, text: str) -> StringMap:
    return _numbered(split_text(text, separator, most))


def _numbered(parts: list[str]) -> StringMap:
    check_entries(len(parts))
    return StringMap({f"_{number}": part for number, part in enumerate(parts)})


def _split_list(separator: str, text: str) -> StringList:
    return StringList(split_text(text, separator))


def _join(separator: str, value: Any) -> str:
    parts = to_texts(value)
    check_text(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def _sort_alpha(value: Any) -> StringList:
    return StringList(sorted(to_texts(value), key=encode)) if value is not None else StringList(["<nil>"])


def _trim_all(cutset: str, text: str) -> str:
    return text.strip(cutset) if cutset else text


def _trim_suffix(end: str, text: str) -> str:
    return text.removesuffix(end)


def _trim_prefix(begin: str, text: str) -> str:
    return text.removeprefix(begin)


def _contains(part: str, text: str) -> bool:
    return part in text


def _has_prefix(begin: str, text: str) -> bool:
    return text.startswith(begin)


def _has_suffix(end: str, text: str) -> bool:
    return text.endswith(end)


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


def _trim(text: str) -> str:
    return text.strip(runes.SPACES)


FUNCTIONS: dict[str, Function] = table(
    {
        "hello": (lambda: "Hello!", ""),
        "abbrev": (_abbrev, "int string"),
        "abbrevboth": (_abbrev_both, "int int string"),
        "trunc": (_trunc, "int string"),
        "trim": (_trim, "string"),
        "upper": (runes.upper, "string"),
        "lower": (runes.lower, "string"),
        "title": (casing.title_case, "string"),
        "untitle": (casing.untitle, "string"),
        "swapcase": (casing.swap_case, "string"),
        "snakecase": (casing.snake_case, "string"),
        "kebabcase": (casing.kebab_case, "string"),
        "camelcase": (casing.pascal_case, "string"),
        "substr": (_substr, "int int string"),
        "repeat": (_repeat, "int string"),
        "trimall": (_trim_all, "string string"),
        "trimAll": (_trim_all, "string string"),
        "trimSuffix": (_trim_suffix, "string string"),
        "trimPrefix": (_trim_prefix, "string string"),
        "nospace": (_nospace, "string"),
        "initials": (_initials, "string"),
        "wrap": (_wrap, "int string"),
        "wrapWith": (_wrap_with, "int string string"),
        "contains": (_contains, "string string"),
        "hasPrefix": (_has_prefix, "string string"),
        "hasSuffix": (_has_suffix, "string string"),
        "quote": (_quote, "...any"),
        "squote": (_squote, "...any"),
        "cat": (_cat, "...any"),
        "indent": (_indent, "int string"),
        "nindent": (lambda spaces, text: "\n" + _indent(spaces, text), "int string"),
        "replace": (_replace, "string string string"),
        "plural": (_plural, "string string int"),
        "toString": (to_text, "any"),
        "toStrings": (to_texts, "any"),
        "split": (_split, "string string"),
        "splitn": (_splitn, "string int string"),
        "splitList": (_split_list, "string string"),
        "join": (_join, "string any"),
        "sortAlpha": (_sort_alpha, "any"),
    }
)
