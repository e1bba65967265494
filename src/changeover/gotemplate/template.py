"""Parse once, render often: `parse` and the `Template` it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.gotemplate import evaluation, parsing
from changeover.gotemplate.builtins import BUILTINS
from changeover.gotemplate.lexing import Source
from changeover.gotemplate.limits import Limits
from changeover.gotemplate.nodes import Tree
from changeover.gotemplate.signatures import Function

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template with the functions that it may call."""

    source: Source
    tree: Tree = field(repr=False)
    functions: Mapping[str, Function] = field(repr=False)

    def render(
        self, data: Any = None, *, limits: Limits = DEFAULT_LIMITS, at: Callable[[int], None] | None = None
    ) -> str:
        """The text that the template makes of `data`; `at` hears the place of each action before it is carried out.

        Raises TemplateProblem.
        """
        return evaluation.Run(self, limits, at).render(data)


def parse(
    text: str,
    *,
    name: str = "template",
    delimiters: tuple[str, str] = ("{{", "}}"),
    functions: Mapping[str, Function] | None = None,
) -> Template:
    """Parse a template; `functions` come on top of Go's own and may replace them. Raises TemplateProblem."""
    known = {**BUILTINS, **(functions or {})}
    source = Source(name, text, *delimiters)
    return Template(source, parsing.parse_tree(source, known), known)
