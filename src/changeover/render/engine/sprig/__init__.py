"""Sprig v3's functions as its Go library has them; what is random or asks a clock is the caller's to give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.render.engine.sprig import collections, encoding, numbers, texts, versions

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **texts.FUNCTIONS,
    **numbers.FUNCTIONS,
    **collections.FUNCTIONS,
    **encoding.FUNCTIONS,
    **versions.FUNCTIONS,
}
