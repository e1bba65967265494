"""Decides the value of every config item, in the order in which they depend on each other, and what the form shows.

* an answer counts for editable items only; for all others the `value` template is evaluated every time;
* answers to questions that are not asked (any more) can still be read; choices are values only when answered;
* once there is an answer (even an empty one) `value` is not evaluated any more, only `default`;
* ConfigOption is the answer or value, else the default, else "";
* defaults and values may ask for other items: these come first; a circle is an error; `when` takes no part;
* a default or value that fails gives "" (the linter names it); any other text that fails is an error;
* a group or item is out when its `when` renders to exactly ``false``; hidden items keep their answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.errors import Problem
from changeover.package import answers as given_answers
from changeover.package.questions import Child, Config, Group, Item
from changeover.render.config_rules import BadValidation, ItemValue, repeated, validation_errors

__all__ = ["BadValidation", "CircularConfig", "EvaluatedConfig", "ItemValue", "evaluate"]

_REFERENCE = re.compile(
    r"(?:ConfigOption(?:Index|Data|Filename|Equals|NotEquals)?|TLS(?:Cert|Key|CACert)(?:FromCA)?) +\"([^\"]+)\""
)
_SECRET_TYPES = frozenset({"password"})
FALSE = "false"

Template = Callable[[str, Mapping[str, ItemValue]], str]
"""(text, items known so far) -> the text with its templates carried out."""


class CircularConfig(Problem):
    """Config items that wait for each other."""

    reference = "circular-config"


@dataclass(frozen=True, slots=True)
class EvaluatedChild:
    """A choice of a select or radio item, its title rendered."""

    child: Child
    title: str
    value: ItemValue


@dataclass(frozen=True, slots=True)
class EvaluatedItem:
    """One question as the form shows it."""

    item: Item
    title: str
    help_text: str
    when: str
    value: ItemValue
    children: tuple[EvaluatedChild, ...] = ()
    visible: bool = True
    """Neither hidden nor left out by its own or its group's `when`."""
    missing: bool = False
    """Visible, required, and without a value."""
    errors: tuple[str, ...] = ()
    """What the item's validation says of its value."""
    repeated: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of a repeatable item: by group, the values by their keys."""


@dataclass(frozen=True, slots=True)
class EvaluatedGroup:
    """A page of the form."""

    name: str
    title: str
    description: str
    when: str
    items: tuple[EvaluatedItem, ...] = ()

    @property
    def visible(self) -> bool:
        """Whether the page is shown."""
        return self.when != FALSE


@dataclass(frozen=True, slots=True)
class EvaluatedConfig:
    """The answered Config. `values` also holds answers to what is not asked."""

    groups: tuple[EvaluatedGroup, ...]
    values: Mapping[str, ItemValue]
    missing: tuple[str, ...] = ()
    """Names of visible required items without a value: nothing can be deployed before they are answered."""
    secrets: tuple[str, ...] = ()
    """Values that must not be shown."""

    def items(self) -> Iterator[EvaluatedItem]:
        """Every item of every group; one that is asked several times comes several times."""
        for group in self.groups:
            yield from group.items

    def errors(self) -> tuple[tuple[str, str, str], ...]:
        """(group, item, message) of every value that its validation refuses."""
        return tuple(
            (group.name, one.item.name, message)
            for group in self.groups
            for one in group.items
            for message in one.errors
        )


def evaluate(config: Config, answers: Mapping[str, Any], template: Template) -> EvaluatedConfig:
    """Evaluate everything. Raises CircularConfig, BadValidation, TemplateProblem."""
    items = {item.name: item for _, item in config.questions()}
    values = {name: answer(given) for name, given in answers.items() if name not in items}
    for name in in_order(items):
        values[name] = _item_value(items[name], answers, lambda text: _quietly(template, text, values))
    shown = _Show(template, values)
    groups = tuple(_group(group, shown) for group in config.groups)
    found = [one for group in groups for one in group.items]
    secrets = {one.value.value for one in found if one.item.type in _SECRET_TYPES and one.value.value}
    missing = dict.fromkeys(one.item.name for one in found if one.missing)
    return EvaluatedConfig(groups, values, tuple(missing), tuple(sorted(secrets)))


def answer(given: Any) -> ItemValue:
    """An answer as people give it: a scalar, or a mapping as in ConfigValues."""
    more = given if isinstance(given, Mapping) else {"value": given}
    text = given_answers.as_text
    value = next((more[key] for key in ("value", "valuePlaintext", "data", "dataPlaintext") if more.get(key)), "")
    return ItemValue(text(value), filename=text(more.get("filename")), repeatable_item=text(more.get("repeatableItem")))


def in_order(items: Mapping[str, Item]) -> list[str]:
    """Names so that whoever asks comes after whom it asks. Raises CircularConfig."""
    waits = {name: _asked(item) & items.keys() - {name} for name, item in items.items()}
    circular = [name for name, item in items.items() if name in _asked(item)]
    done: dict[str, None] = {}
    while waits and not circular:
        ready = [name for name, needed in waits.items() if needed <= done.keys()]
        circular = [] if ready else sorted(waits)
        for name in ready:
            del waits[name]
        done |= dict.fromkeys(ready)
    if circular:
        raise CircularConfig(
            "Config items wait for each other.", found=", ".join(circular), hint="break the circle in their defaults"
        )
    return list(done)


def _asked(item: Item) -> set[str]:
    return set(_REFERENCE.findall(item.default)) | set(_REFERENCE.findall(item.value))


def _item_value(item: Item, answers: Mapping[str, Any], shown: Callable[[str], str]) -> ItemValue:
    default = shown(item.default)
    if item.editable and item.name in answers:
        given = answer(answers[item.name])
        return ItemValue(given.value, default, given.filename, given.repeatable_item)
    return ItemValue(shown(item.value), default)


def _quietly(template: Template, text: str, values: Mapping[str, ItemValue]) -> str:
    if "repl" not in text:
        return text
    try:
        return template(text, values)
    except Problem:
        return ""


@dataclass(frozen=True, slots=True)
class _Show:
    """Renders texts with all values known."""

    template: Template
    values: Mapping[str, ItemValue]

    def __call__(self, text: str) -> str:
        """The text rendered; one of several lines ends as the YAML block that it came from would end."""
        if "repl" not in text:
            return text
        shown = self.template(text, self.values)
        if "\n" not in text or text.endswith("\n\n"):
            return shown
        return shown.rstrip("\n") + ("\n" if text.endswith("\n") else "")


def _group(group: Group, shown: _Show) -> EvaluatedGroup:
    when = shown(group.when)
    items = tuple(_item(item, group, shown, in_group=when != FALSE) for item in group.items)
    return EvaluatedGroup(group.name, shown(group.title), shown(group.description), when, items)


def _item(item: Item, group: Group, shown: _Show, *, in_group: bool) -> EvaluatedItem:
    when = shown(item.when)
    visible = in_group and not item.hidden and when != FALSE
    own = shown.values[item.name]
    copies = repeated(item, group, shown.values) if item.repeatable else {}
    empty = not any(copies.values()) and not own.effective
    return EvaluatedItem(
        item=item,
        title=shown(item.title),
        help_text=shown(item.help_text),
        when=when,
        value=own,
        children=tuple(_child(child, shown) for child in item.children),
        visible=visible,
        missing=visible and item.required and empty,
        errors=validation_errors(item, group, own.value) if visible else (),
        repeated=copies,
    )


def _child(child: Child, shown: _Show) -> EvaluatedChild:
    given = shown.values.get(child.name, ItemValue())
    value = ItemValue(given.value or shown(child.value), shown(child.default), given.filename)
    return EvaluatedChild(child, shown(child.title), value)
