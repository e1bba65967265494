"""An evaluated Config in the shape in which the reference implementation writes it."""

from collections.abc import Mapping
from typing import Any

from changeover.render.config import EvaluatedConfig, EvaluatedItem
from changeover.render.functions.options import ItemValue

KEPT = ("affix", "countByGroup", "filename", "hidden", "minimumCount", "multiple", "readonly", "recommended")
KEPT += ("repeatable", "required", "templates", "type", "validation", "write_once")


def value(one: ItemValue) -> dict[str, str]:
    """The four parts of a value."""
    return {
        "default": one.default,
        "filename": one.filename,
        "repeatableItem": one.repeatable_item,
        "value": one.value,
    }


def groups(form: EvaluatedConfig) -> list[dict[str, Any]]:
    """The groups without what is empty."""
    return [
        _filled(
            {
                "name": group.name,
                "title": group.title,
                "description": group.description,
                "when": group.when,
                "items": [_item(one) for one in group.items],
            }
        )
        for group in form.groups
    ]


def plain(wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reference's groups without what is empty."""
    return [_filled(group) for group in wanted]


def _item(one: EvaluatedItem) -> dict[str, Any]:
    return {
        **{name: one.item.raw[name] for name in KEPT if name in one.item.raw},
        "name": one.item.name,
        "title": one.title,
        "help_text": one.help_text,
        "when": one.when,
        "default": one.value.default,
        "value": one.value.value,
        "filename": one.value.filename,
        "items": [
            {"name": it.child.name, "title": it.title, "default": it.value.default, "value": it.value.value}
            for it in one.children
        ],
        "valuesByGroup": one.repeated,
        "countByGroup": {group: len(values) for group, values in one.repeated.items()},
    }


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(item) for key, item in value.items() if item not in ("", None, [], {}, False)}
    return [_filled(item) for item in value] if isinstance(value, list) else value
