"""The vendor's template language under one context and one set of answers.

A text is rendered twice: first what stands between ``{{repl`` and ``}}``, then, in the result, what stands between
``repl{{`` and ``}}``. Plain ``{{ }}`` belongs to others and stays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from changeover.package.questions import Config
from changeover.render import form as forms
from changeover.render import vocabulary
from changeover.render.context import Context
from changeover.render.engine import evaluate
from changeover.render.engine.evaluate import Delimiters, Place
from changeover.render.engine.lexer import TemplateProblem
from changeover.render.form import Form, ItemValue
from changeover.render.vocabulary import config as config_functions
from changeover.render.vocabulary.generated import Keeper, Produce

__all__ = ["TemplateProblem", "Templates"]

_PASSES = (Delimiters("{{repl", "}}"), Delimiters("repl{{", "}}"))
_NAME = re.compile(r"^(?:---|kind:[ \t]*(\S+)|[ \t]+name:[ \t]*([^\n#]+))", re.MULTILINE)


class Templates:
    """Renders texts; `form` is the answered Config, `kept` what was generated or found kept."""

    def __init__(self, config: Config, answers: Mapping[str, Any], context: Context, *, produce: Produce) -> None:
        self._keeper = Keeper(context.kept, produce)
        self._plain = vocabulary.without_config(context, self._keeper)
        self._keeper.enter("config", "")
        self.form: Form = forms.evaluate(config, answers, self._for_config)
        self._all = {**self._plain, **config_functions.functions(self.form.values)}

    @property
    def kept(self) -> Mapping[str, str]:
        """Every generated value that was used, by its key."""
        return dict(self._keeper.used)

    def render(self, file: str, text: str) -> str:
        """Render a file's text. Raises TemplateProblem with file and line."""
        for delimiters in _PASSES:
            if delimiters.left in text:
                text = self._once(file, text, delimiters)
        return text

    def _once(self, file: str, text: str, delimiters: Delimiters) -> str:
        starts, names = _objects(text)

        def entered(place: Place) -> None:
            number = bisect_right(starts, place.offset) - 1
            self._keeper.enter(place.file, names[number] if number >= 0 else "")

        return evaluate.render(text, self._all, delimiters=delimiters, file=file, at=entered)

    def _for_config(self, text: str, values: Mapping[str, ItemValue]) -> str:
        known = {**self._plain, **config_functions.functions(values)}
        for delimiters in _PASSES:
            text = evaluate.render(text, known, delimiters=delimiters, file="config")
        return text


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
