"""The template language of Go and Sprig, with any delimiters. Pure.

`parse(text, name=…, delimiters=…, functions=…)` gives a `Template`; `template.render(data)` gives its text.
Sprig's functions come from `sprig.functions(sources)`, because some of them need time, randomness and keys.
"""

from __future__ import annotations

from changeover.gotemplate.limits import Limits
from changeover.gotemplate.problem import CallFailed, TemplateProblem
from changeover.gotemplate.signatures import Function, function, table
from changeover.gotemplate.template import Template, parse

__all__ = ["CallFailed", "Function", "Limits", "Template", "TemplateProblem", "function", "parse", "table"]
