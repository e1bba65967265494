"""Finds where an overlay overrides what the operator has answered: two words of one person, of which the patch wins.

An answer is overridden when a value that it gave is lost from an object that the overlay changed, and the package's
template of that kind asks for the answer. Of charts, whose templates hold no names of answers, only values long enough
to be no coincidence count. Values are never told: an answer may be a password.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.package.package import Form as PackageForm
from changeover.package.package import Package
from changeover.render.overlay.applying import Applied
from changeover.render.revision import Remark

OVERRIDDEN = "overlay-overrides-answer"
_SHORTEST = 4
"""Characters of a chart's value that is looked for."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the operator was asked and has answered, by name (of charts: by dotted path)."""

    package: Package
    given: Mapping[str, Any]


def remarks(applied: Applied, form: Form) -> tuple[Remark, ...]:
    """One for each answer that an object does not show any more."""
    found: list[Remark] = []
    for touch in applied.touched:
        if touch.after is None:
            continue
        lost = _leaves(touch.before.raw) - _leaves(touch.after.raw)
        for name in _asked_by(form, touch.before.kind, {value for _, value in lost}):
            fields = ", ".join(sorted({field for field, value in lost if value == _text(form.given[name])}))
            place = touch.change.place
            message = f"{place} of your overlay overrides {fields} of {touch.before.ref}, which your answer {name} sets"
            hint = "the overlay has the last word; drop it there, or give the answer instead"
            found.append(Remark(OVERRIDDEN, message, place.file, place.line, hint))
    return tuple(found)


def _asked_by(form: Form, kind: str, lost: set[str]) -> Iterator[str]:
    for name, value in sorted(form.given.items()):
        text = _text(value)
        if not text or text not in lost:
            continue
        if form.package.form is PackageForm.KOTS:
            asks = re.compile(rf'ConfigOption\w*\s+"{re.escape(name)}"')
            if any(one.kind == kind and asks.search(one.text) for one in form.package.documents):
                yield name
        elif len(text) >= _SHORTEST:
            yield name


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _leaves(value: Any, field: str = "") -> Counter[tuple[str, str]]:
    """Every single value with the name of its field, as often as it stands there."""
    found: Counter[tuple[str, str]] = Counter()
    if isinstance(value, Mapping):
        for name, one in value.items():
            found += _leaves(one, str(name))
    elif isinstance(value, list):
        for one in value:
            found += _leaves(one, field)
    elif value is not None:
        found[field, _text(value)] += 1
    return found
