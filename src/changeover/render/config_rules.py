"""What a config item's value must look like, and the values of an item that may be repeated.

* validated: text, textarea, password and file items that are visible, not repeatable and have a value; files after
  decoding; the pattern (RE2) need only match a part;
* a repeatable item has values by group: answers that name it as their repeatable item, else the vendor's
  valuesByGroup; their keys are ``<item>-<eight digits>``.
"""

from __future__ import annotations

from collections.abc import Mapping

from changeover.errors import Problem
from changeover.gotemplate.sprig import encoding
from changeover.gotemplate.sprig.re2 import BadPattern, compile_pattern
from changeover.package import answers
from changeover.package.application import mapping
from changeover.package.questions import Group, Item
from changeover.render.functions.options import ItemValue

__all__ = ["BadValidation", "ItemValue", "is_pattern", "repeated", "validation_errors"]

_VALIDATED = frozenset({"", "text", "textarea", "password", "file"})
DEFAULT_MESSAGE = "Value does not match regex"


class BadValidation(Problem):
    """A validation that cannot be carried out: its pattern is none."""

    reference = "bad-validation"


def validation_errors(item: Item, group: Group, value: str) -> tuple[str, ...]:
    """What is wrong with the value of a visible item. Raises BadValidation."""
    if not item.pattern or not value or item.repeatable or item.type not in _VALIDATED:
        return ()
    try:
        text = encoding.from_base64(value) if item.type == "file" else value
        fits = compile_pattern(item.pattern).search(text)
    except encoding.BadEncoding:
        return ("the file is not base64",)
    except BadPattern as error:
        raise BadValidation(
            f"The validation of config item {item.name} (group {group.name}) has no usable pattern.", found=str(error)
        ) from None
    return () if fits else (item.pattern_message or DEFAULT_MESSAGE,)


def is_pattern(text: str) -> bool:
    """Whether a validation could be carried out with it."""
    try:
        compile_pattern(text)
    except BadPattern:
        return False
    return True


def repeated(item: Item, group: Group, values: Mapping[str, ItemValue]) -> dict[str, dict[str, str]]:
    """The values of a repeatable item by group and key."""
    vendor = {
        str(name): {str(key): answers.as_text(value) for key, value in mapping(some).items()}
        for name, some in mapping(item.raw.get("valuesByGroup")).items()
    }
    given = {name: value.effective for name, value in values.items() if value.repeatable_item == item.name}
    return {**vendor, group.name: {**vendor.get(group.name, {}), **given}} if given else vendor
