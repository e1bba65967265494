"""Sprig's questions about types."""

from __future__ import annotations

from typing import Any

from changeover.gotemplate.comparing import deep_equal
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.values import kind_of, type_name


def _kind(value: Any) -> str:
    return kind_of(value)


def _type_is_like(target: str, value: Any) -> bool:
    return type_name(value) in {target, f"*{target}"}


FUNCTIONS: dict[str, Function] = table(
    {
        "typeOf": (type_name, "any"),
        "typeIs": (lambda target, value: target == type_name(value), "string any"),
        "typeIsLike": (_type_is_like, "string any"),
        "kindOf": (_kind, "any"),
        "kindIs": (lambda target, value: target == _kind(value), "string any"),
        "deepEqual": (deep_equal, "any any"),
    }
)
