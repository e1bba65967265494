"""Decides the value of every config item, in the order in which they depend on each other.

* an answer counts for editable items only; for all others the `value` template is evaluated every time;
* answers to questions that are not asked (any more) can still be read;
* once there is an answer (even an empty one) `value` is not evaluated any more, only `default`;
* ConfigOption is the answer or value, else the default, else "";
* defaults and values may ask for other items: these come first; a circle is an error; `when` takes no part;
* a template that fails gives "" here (KOTS's behaviour; the linter names it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from changeover.errors import Problem
from changeover.package import answers as kept_answers
from changeover.package.questions import Config, Group, Item

_REFERENCE = re.compile(
    r"(?:ConfigOption(?:Index|Data|Filename|Equals|NotEquals)?|TLS(?:Cert|Key|CACert)(?:FromCA)?) +\"([^\"]+)\""
)
_SECRET_TYPES = frozenset({"password"})

Template = Callable[[str, Mapping[str, "ItemValue"]], str]
"""(text, items known so far) -> the text with its templates carried out."""


class CircularConfig(Problem):
    """Config items that wait for each other."""

    reference = "circular-answers"


@dataclass(frozen=True, slots=True)
class ItemValue:
    """What an item has: the answer or own value, and the default."""

    value: str = ""
    default: str = ""
    filename: str = ""

    @property
    def effective(self) -> str:
        """What ConfigOption gives."""
        return self.value or self.default


@dataclass(frozen=True, slots=True)
class Form:
    """The answered Config: values by name, what is missing, and what must stay secret."""

    values: Mapping[str, ItemValue]
    missing: tuple[str, ...] = ()
    """Names of visible required items without a value."""
    secrets: tuple[str, ...] = ()


def evaluate(config: Config, answers: Mapping[str, Any], template: Template) -> Form:
    """Evaluate every item. Raises CircularConfig."""
    items = {item.name: item for _, item in config.questions()}
    values = {name: _given(given) for name, given in answers.items() if name not in items}
    for name in in_order(items):
        values[name] = _item_value(items[name], answers, lambda text: _quietly(template, text, values))
    missing = [item.name for group, item in config.questions() if _is_missing(group, item, values, template)]
    secrets = {
        values[item.name].value
        for _, item in config.questions()
        if item.type in _SECRET_TYPES and values[item.name].value
    }
    return Form(values, tuple(dict.fromkeys(missing)), tuple(sorted(secrets)))


def in_order(items: Mapping[str, Item]) -> list[str]:
    """Names so that whoever asks comes after whom it asks. Raises CircularConfig."""
    waits = {name: _asked(item) & items.keys() - {name} for name, item in items.items()}
    circular = [name for name, item in items.items() if name in _asked(item)]
    done: list[str] = []
    while waits and not circular:
        ready = [name for name, needed in waits.items() if needed <= set(done)]
        if not ready:
            circular = sorted(waits)
        for name in ready:
            del waits[name]
        done += ready
    if circular:
        raise CircularConfig(
            "Config items wait for each other.", found=", ".join(circular), hint="break the circle in their defaults"
        )
    return done


def is_visible(group: Group, item: Item, shown: Callable[[str], str]) -> bool:
    """Whether the operator is asked; `shown` renders a `when`."""
    return not item.hidden and shown(group.when) != "false" and shown(item.when) != "false"


def _asked(item: Item) -> set[str]:
    return set(_REFERENCE.findall(item.default)) | set(_REFERENCE.findall(item.value))


def _item_value(item: Item, answers: Mapping[str, Any], shown: Callable[[str], str]) -> ItemValue:
    default = shown(item.default)
    if item.editable and item.name in answers:
        return replace(_given(answers[item.name]), default=default)
    return ItemValue(shown(item.value), default)


def _given(given: Any) -> ItemValue:
    more = given if isinstance(given, Mapping) else {"value": given}
    return ItemValue(kept_answers.as_text(more.get("value")), filename=kept_answers.as_text(more.get("filename")))


def _quietly(template: Template, text: str, values: Mapping[str, ItemValue]) -> str:
    if "repl" not in text:
        return text
    try:
        return template(text, values)
    except Problem:
        return ""


def _is_missing(group: Group, item: Item, values: Mapping[str, ItemValue], template: Template) -> bool:
    if not item.required or values[item.name].effective:
        return False
    return is_visible(group, item, lambda text: _quietly(template, text, values))
