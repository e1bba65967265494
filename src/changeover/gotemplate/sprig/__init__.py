"""Sprig v3's functions for text templates, one topic a file. `functions(sources)` gives all of them."""

from __future__ import annotations

from changeover.gotemplate.signatures import Function
from changeover.gotemplate.sources import Sources
from changeover.gotemplate.sprig import (
    constraints,
    crypto,
    dates,
    dicts,
    encoding,
    flow,
    lists,
    numeric,
    paths,
    reflection,
    regex,
    text,
    urls,
)

_TOPICS = (text, numeric, lists, dicts, flow, encoding, reflection, paths, regex, constraints, urls)


def pure() -> dict[str, Function]:
    """The functions that need neither time nor randomness, by their names."""
    found: dict[str, Function] = {}
    for topic in _TOPICS:
        found |= topic.FUNCTIONS
    return found


def functions(sources: Sources) -> dict[str, Function]:
    """Every function of Sprig by its name."""
    return pure() | dates.functions(sources) | crypto.functions(sources)
