"""The functions that a vendor's templates may call: Sprig's, then the vendor's own, one topic a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.gotemplate import sprig
from changeover.gotemplate.builtins import BUILTINS
from changeover.gotemplate.signatures import Function
from changeover.render.context import Context
from changeover.render.functions import licence, options, registry, release, sealing, static, tls
from changeover.render.functions.keeping import Keeper


def without_config(context: Context, keeper: Keeper) -> dict[str, Function]:
    """Everything that does not need the answers."""
    return {
        **sprig.functions(keeper),
        **static.functions(keeper),
        **sealing.functions(keeper),
        **tls.functions(keeper),
        **licence.functions(context),
        **release.functions(context),
        **registry.functions(context),
    }


def with_config(known: Mapping[str, Function], items: Mapping[str, options.ItemValue]) -> dict[str, Function]:
    """These functions and those that read answers."""
    return {**known, **options.functions(items)}


def names() -> frozenset[str]:
    """All names that the language knows, for the linter."""
    context = Context("")
    known = with_config(without_config(context, Keeper({}, _nothing, context.now)), {})
    return frozenset({*known, *BUILTINS})


def _nothing(name: str, arguments: tuple[Any, ...]) -> str:
    del name, arguments
    return ""
