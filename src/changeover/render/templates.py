"""The vendor's template language under one context and one set of answers.

A text is rendered twice: first what stands between ``{{repl`` and ``}}``, then, in the result, what stands between
``repl{{`` and ``}}``. Plain ``{{ }}`` belongs to others and stays. The typed forms (`as_bool` …) serve fields that want
another type: an empty result or one that is none gives the default.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from changeover.gotemplate import TemplateProblem, literals, parse
from changeover.gotemplate.signatures import Function
from changeover.gotemplate.sprig.casting import parse_float
from changeover.package.questions import Config
from changeover.render import config as configs
from changeover.render import functions
from changeover.render.config import EvaluatedConfig
from changeover.render.context import Context
from changeover.render.functions.keeping import Keeper, Produce
from changeover.render.functions.options import ItemValue

__all__ = ["TemplateProblem", "Templates"]

PASSES = (("{{repl", "}}"), ("repl{{", "}}"))
_NAME = re.compile(r"^(?:---|kind:[ \t]*(\S+)|[ \t]+name:[ \t]*([^\n#]+))", re.MULTILINE)
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
_STRAY_BYTES = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8: nothing that reads the result would take them."""
_LARGEST = 2**63
Typed = TypeVar("Typed")


class Templates:
    """Renders texts; `form` is the answered Config, `kept` what was generated or found kept."""

    def __init__(self, config: Config, answers: Mapping[str, Any], context: Context, *, produce: Produce) -> None:
        self._keeper = Keeper(context.kept, produce, context.now)
        self._plain = functions.without_config(context, self._keeper)
        self._keeper.enter("config", "")
        self.form: EvaluatedConfig = configs.evaluate(config, answers, self._for_config)
        self._all = functions.with_config(self._plain, self.form.values)

    @property
    def kept(self) -> Mapping[str, str]:
        """Every generated value that was used, by its key."""
        return dict(self._keeper.used)

    def render(self, file: str, text: str) -> str:
        """Render a file's text. Raises TemplateProblem with file, line, column and expression."""
        for delimiters in PASSES:
            if delimiters[0] in text:
                enter = partial(self._enter, file, *_objects(text))
                text = parse(text, name=file, delimiters=delimiters, functions=self._all).render(None, at=enter)
        return _STRAY_BYTES.sub("\ufffd", text)

    def as_bool(self, text: str, default: bool) -> bool:  # noqa: FBT001 - the value's type is the point
        """A template's result as a boolean. Raises TemplateProblem."""
        return self._typed(text, default, _BOOLEANS.get)

    def as_int(self, text: str, default: int) -> int:
        """A template's result as a whole number. Raises TemplateProblem."""
        return self._typed(text, default, lambda shown: _decimal(shown, -_LARGEST, _LARGEST - 1))

    def as_uint(self, text: str, default: int) -> int:
        """A template's result as a whole number without sign. Raises TemplateProblem."""
        return self._typed(
            text, default, lambda shown: _decimal(shown, 0, 2 * _LARGEST - 1) if shown[0] not in "+-" else None
        )

    def as_float(self, text: str, default: float) -> float:
        """A template's result as a number. Raises TemplateProblem."""
        return self._typed(text, default, parse_float)

    def _typed(self, text: str, default: Typed, read: Callable[[str], Typed | None]) -> Typed:
        shown = self.render(text, text)
        found = read(shown) if shown else None
        return default if found is None else found

    def _enter(self, file: str, starts: list[int], names: list[str], place: int) -> None:
        number = bisect_right(starts, place) - 1
        self._keeper.enter(file, names[number] if number >= 0 else "")

    def _for_config(self, text: str, values: Mapping[str, ItemValue]) -> str:
        known: Mapping[str, Function] = functions.with_config(self._plain, values)
        for delimiters in PASSES:
            if delimiters[0] in text:
                text = parse(text, name="config", delimiters=delimiters, functions=known).render(None)
        return text


def _decimal(text: str, low: int, high: int) -> int | None:
    digits = text[1:] if text[:1] in {"+", "-"} else text
    value = literals.integer(digits.lstrip("0") or "0") if digits.isascii() and digits.isdigit() else None
    if value is None:
        return None
    value = -value if text[0] == "-" else value
    return value if low <= value <= high else None


def _objects(text: str) -> tuple[list[int], list[str]]:
    """Where each document begins, and its first kind and name as written."""
    starts, names = [0], [""]
    for match in _NAME.finditer(text):
        if match.group() == "---":
            starts.append(match.start())
            names.append("")
        elif match.group(1):
            names[-1] = match.group(1)
        elif "/" not in names[-1]:
            names[-1] += "/" + match.group(2).strip()
    return starts, names
