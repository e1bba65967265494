"""Kubernetes quantities as exact numbers: ``1``, ``1000m`` and ``1Gi`` as ``1024Mi`` are the same amount."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

_FORM = re.compile(r"^([+-]?[0-9]*\.?[0-9]+)(?:([eE][+-]?[0-9]+)|([KMGTPE]i|[numkMGTPE]))?$")
_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "k": Fraction(10**3),
    **{letter: Fraction(10 ** (3 * power)) for power, letter in enumerate("MGTPE", start=2)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}


def amount(value: Any) -> Fraction | None:
    """The exact amount; None when it is no quantity."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _FORM.match(str(value).strip())
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    return Fraction(number) * Fraction(10) ** int(exponent[1:] if exponent else 0) * _SUFFIXES.get(suffix, Fraction(1))


def same_amount(one: Any, other: Any) -> bool:
    """Whether both are quantities of the same amount."""
    first = amount(one)
    return first is not None and first == amount(other)


def share(value: Any, whole: int, rounded: Callable[[float], int]) -> int:
    """``3`` of anything is 3; ``25%`` is that part of the whole, rounded as said."""
    text = str(value)
    return int(rounded(whole * int(text[:-1]) / 100)) if text.endswith("%") else int(text)
