"""ConfigOption and its family: what templates ask about the operator's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig import encoding


@dataclass(frozen=True, slots=True)
class ItemValue:
    """What an item has: the answer or own value, the default, a file's name, the repeatable item it belongs to."""

    value: str = ""
    default: str = ""
    filename: str = ""
    repeatable_item: str = ""

    @property
    def effective(self) -> str:
        """What ConfigOption gives."""
        return self.value or self.default


def functions(items: Mapping[str, ItemValue]) -> dict[str, Function]:
    """The functions that read answers; `items` may still grow. An unknown item is empty and equals nothing."""

    def option(name: str) -> str:
        return items[name].effective if name in items else ""

    def data(name: str) -> str:
        try:
            return encoding.from_base64(option(name))
        except encoding.BadEncoding:
            return ""

    return table(
        {
            "ConfigOption": (option, "string"),
            "ConfigOptionName": (lambda name: name, "string"),
            "ConfigOptionIndex": (lambda _name: "", "string"),
            "ConfigOptionData": (data, "string"),
            "ConfigOptionFilename": (lambda name: items[name].filename if name in items else "", "string"),
            "ConfigOptionEquals": (lambda name, value: name in items and option(name) == value, "string string"),
            "ConfigOptionNotEquals": (lambda name, value: name in items and option(name) != value, "string string"),
        }
    )
