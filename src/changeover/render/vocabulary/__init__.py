"""The functions that templates may call: Sprig's, then the vendor's, later ones win."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from changeover.render.context import Context
from changeover.render.engine import evaluate
from changeover.render.engine.sprig import FUNCTIONS as SPRIG
from changeover.render.vocabulary import config, generated, licence, release, static
from changeover.render.vocabulary.generated import Keeper

Functions = Mapping[str, Callable[..., Any]]


def without_config(context: Context, keeper: Keeper) -> dict[str, Callable[..., Any]]:
    """Everything that does not need the answers."""
    return {
        **SPRIG,
        **generated.functions(keeper),
        **static.functions(context),
        **licence.functions(context),
        **release.functions(context),
        **config.registry_functions(context),
    }


def names() -> frozenset[str]:
    """All names that the language knows, for the linter."""
    context = Context("")
    known = without_config(context, Keeper({}, _nothing))
    return frozenset({*known, *config.functions({}), *evaluate.BUILTIN})


def _nothing(name: str, arguments: tuple[Any, ...]) -> str:
    del name, arguments
    return ""
