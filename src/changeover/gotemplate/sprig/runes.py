"""Characters as Go's unicode package sees them, and functions that work on a string's bytes."""

from __future__ import annotations

import unicodedata

SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def is_space(sign: str) -> bool:
    """unicode.IsSpace."""
    return sign in SPACES


def is_upper(sign: str) -> bool:
    """unicode.IsUpper."""
    return unicodedata.category(sign) == "Lu"


def is_lower(sign: str) -> bool:
    """unicode.IsLower."""
    return unicodedata.category(sign) == "Ll"


def is_letter(sign: str) -> bool:
    """unicode.IsLetter."""
    return unicodedata.category(sign).startswith("L")


def is_number(sign: str) -> bool:
    """unicode.IsNumber."""
    return unicodedata.category(sign).startswith("N")


def is_punctuation(sign: str) -> bool:
    """unicode.IsPunct."""
    return unicodedata.category(sign).startswith("P")


def upper(text: str) -> str:
    """Every character by its simple upper case."""
    return text.upper() if text.isascii() else "".join(_single(sign, sign.upper()) for sign in text)


def lower(text: str) -> str:
    """Every character by its simple lower case."""
    return text.lower() if text.isascii() else "".join(sign.lower()[:1] for sign in text)


def title(text: str) -> str:
    """Every character by its simple title case."""
    return "".join(_single(sign, sign.title()) for sign in text)


def _single(sign: str, mapped: str) -> str:
    return mapped if len(mapped) == 1 else sign
