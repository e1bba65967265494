"""snakecase, kebabcase, camelcase, title, swapcase, untitle: where words begin, and how they are joined.

A word is a run of capitals, a capital with small letters, small letters, digits, punctuation, connectors (``-``, ``_``,
blanks) or anything else. Of a run of capitals before a small letter the last one begins the next word. Digits go with
the word before them when small letters do not follow (``bld4_floor``), else with these (``http_2xx``).
"""

from __future__ import annotations

from collections.abc import Iterator

from changeover.gotemplate.sprig.runes import (
    is_letter,
    is_lower,
    is_number,
    is_punctuation,
    is_space,
    is_upper,
    lower,
    title,
    upper,
)

_CONNECTOR, _PUNCTUATION, _CAPITALS, _SMALL, _DIGITS, _OTHER = (
    "connector",
    "punctuation",
    "capitals",
    "small",
    "digits",
    "other",
)


def snake_case(text: str) -> str:
    """``HTTPServer`` → ``http_server``."""
    return _joined(text, "_")


def kebab_case(text: str) -> str:
    """``HTTPServer`` → ``http-server``."""
    return _joined(text, "-")


def pascal_case(text: str) -> str:
    """``http_server`` → ``HttpServer``; connectors at the ends stay."""
    body = text.lstrip("-_" + "".join(sign for sign in text if is_space(sign)))
    lead = text[: len(text) - len(body)]
    if not body:
        return text + text[-1:]
    return lead + _pascal_body(body)


def title_case(text: str) -> str:
    """Every word with a capital, as strings.Title."""
    result, begins = [], True
    for sign in text:
        result.append(title(sign) if begins else sign)
        begins = _separates(sign)
    return "".join(result)


def untitle(text: str) -> str:
    """Every word with a small letter."""
    result, begins = [], True
    for sign in text:
        space = is_space(sign)
        result.append(lower(sign) if begins and not space else sign)
        begins = space or (begins and space)
    return "".join(result)


def swap_case(text: str) -> str:
    """Capitals become small, small letters capitals."""
    result, after_space = [], True
    for sign in text:
        if is_upper(sign) or sign.istitle():
            result.append(lower(sign))
            after_space = False
        elif is_lower(sign):
            result.append(title(sign) if after_space else upper(sign))
            after_space = False
        else:
            result.append(sign)
            after_space = is_space(sign)
    return "".join(result)


def _pascal_body(body: str) -> str:
    result: list[str] = []
    capital_first = is_upper(body[0])
    current = upper(body[0])
    for sign in body[1:]:
        before, current = current, sign
        if _connects(before) and _connects(current):
            result.append(before)
        elif _connects(before):
            capital_first = is_upper(current)
            current = upper(current)
        else:
            if capital_first and is_upper(current):
                current = lower(current)
            elif capital_first:
                capital_first = False
            result.append(before)
    return "".join(result) + current


def _joined(text: str, connector: str) -> str:
    words = list(_words(text))
    result: list[str] = []
    place = 0
    while place < len(words):
        kind, word = words[place]
        place += 1
        if kind == _CONNECTOR:
            result.append(connector * len(word))
            continue
        result.append(lower(word))
        if kind == _PUNCTUATION:
            continue
        if kind == _DIGITS:
            place = _take(words, place, result, {_SMALL, _DIGITS})
        elif place < len(words) and words[place][0] == _DIGITS and place + 1 <= len(words):
            place = _digits_after(words, place, result, connector)
            continue
        if place < len(words) and words[place][0] not in {_CONNECTOR, _PUNCTUATION}:
            result.append(connector)
    return "".join(result)


def _digits_after(words: list[tuple[str, str]], place: int, result: list[str], connector: str) -> int:
    digits = words[place][1]
    following = words[place + 1][0] if place + 1 < len(words) else ""
    if following == _SMALL:
        result += [connector, digits]
        place = _take(words, place + 1, result, {_SMALL, _DIGITS})
    else:
        result.append(digits)
        place += 1
    if place < len(words) and words[place][0] not in {_CONNECTOR, _PUNCTUATION}:
        result.append(connector)
    return place


def _take(words: list[tuple[str, str]], place: int, result: list[str], kinds: set[str]) -> int:
    while place < len(words) and words[place][0] in kinds:
        result.append(lower(words[place][1]))
        place += 1
    return place


def _words(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        kind = _kind(text[place])
        end = place + 1
        if kind == _CAPITALS:
            end = _end_of_capitals(text, place)
        else:
            while end < len(text) and _kind(text[end]) == kind:
                end += 1
        yield kind, text[place:end]
        place = end


def _end_of_capitals(text: str, place: int) -> int:
    end = place + 1
    while end < len(text) and is_upper(text[end]):
        end += 1
    if end == len(text) or _kind(text[end]) != _SMALL:
        return end
    if end - place > 1:
        return end - 1
    while end < len(text) and _kind(text[end]) == _SMALL:
        end += 1
    return end


def _kind(sign: str) -> str:
    if _connects(sign):
        return _CONNECTOR
    if is_punctuation(sign):
        return _PUNCTUATION
    if is_upper(sign):
        return _CAPITALS
    if is_letter(sign):
        return _SMALL
    return _DIGITS if is_number(sign) else _OTHER


def _connects(sign: str) -> bool:
    return sign in "-_" or is_space(sign)


def _separates(sign: str) -> bool:
    if sign.isascii():
        return not (sign.isalnum() or sign == "_")
    return not (is_letter(sign) or is_number(sign)) and is_space(sign)
