"""The questions of a release with what holds for each: value, default, origin, what is missing or refused.

A KOTS package's come from its evaluated Config, a chart's from its schema and values.yaml; plain manifests ask nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.actions.following import Carried
from changeover.package import answers as written
from changeover.package import asked, values_schema
from changeover.package.answers import Given
from changeover.package.package import Form
from changeover.package.questions import Group, Item
from changeover.plan.masking import looks_secret
from changeover.render import chart_rules, pipeline
from changeover.render.config import EvaluatedGroup, EvaluatedItem
from changeover.render.context import Context
from changeover.render.functions.keeping import Produce

HIDDEN = "***"
_TEXTS = frozenset({"", "text", "textarea", "file"})


@dataclass(frozen=True, slots=True)
class Look:
    """What only a form needs to know of a question."""

    group_about: str = ""
    affix: str = ""
    recommended: bool = False
    filename: str = ""
    """Of a file item: what the file was called."""
    chosen: frozenset[str] = frozenset()
    """Of an item of several choices: those that are on."""
    repeatable: bool = False
    copies: Mapping[str, str] = field(default_factory=dict)
    """Of a repeatable item: its values, by the names under which they are answered."""
    yes: str = "1"
    """What a ticked box answers; a chart takes true and false."""
    no: str = "0"


@dataclass(frozen=True, slots=True)
class Setting:
    """One question as it stands."""

    name: str
    value: str = ""
    """The answer, or what the release sets itself; empty when only the default counts."""
    default: str = ""
    origin: str = ""
    """Where the value comes from, in words."""
    type: str = ""
    title: str = ""
    help_text: str = ""
    group: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, title) of what can be chosen."""
    visible: bool = True
    editable: bool = True
    required: bool = False
    missing: bool = False
    secret: bool = False
    answered: bool = False
    errors: tuple[str, ...] = ()
    shown_as: Look = field(default_factory=Look)

    @property
    def effective(self) -> str:
        """What counts."""
        return self.value or self.default

    def as_json(self, *, reveal: bool) -> dict[str, Any]:
        """For programs; a secret is hidden unless it is asked for."""
        hide = self.secret and not reveal
        return {
            "name": self.name,
            "value": HIDDEN if hide and self.value else self.value,
            "default": HIDDEN if hide and self.default else self.default,
            "origin": self.origin,
            "type": self.type,
            "title": self.title,
            "help": self.help_text,
            "group": self.group,
            "choices": [{"value": value, "title": title} for value, title in self.choices],
            "visible": self.visible,
            "editable": self.editable,
            "required": self.required,
            "missing": self.missing,
            "secret": self.secret,
            "answered": self.answered,
            "errors": list(self.errors),
        }


def settings(carried: Carried, context: Context, *, produce: Produce) -> tuple[Setting, ...]:
    """Every question, in the order in which the release asks. Raises what evaluating its Config raises."""
    if carried.package.form is Form.CHART:
        return tuple(_of_chart(carried))
    if carried.package.form is not Form.KOTS:
        return ()
    form = pipeline.templates_of(carried.package, carried.values, context, produce=produce).form
    found = [_of_item(group, one, carried) for group in form.groups for one in group.items]
    named = {one.name for one in found}
    return (*found, *(one for one in _unasked(carried) if one.name not in named))


def _of_item(group: EvaluatedGroup, one: EvaluatedItem, carried: Carried) -> Setting:
    item, given = one.item, carried.answers.given
    answered = item.editable and item.name in given.values
    own = "set by the release" if one.value.value else "default of the release" if one.value.default else ""
    return Setting(
        name=item.name,
        value=one.value.value,
        default=one.value.default,
        origin=given.origins.get(item.name, "") if answered else own,
        type=item.type or "text",
        title=one.title,
        help_text=one.help_text,
        group=group.title or group.name,
        choices=tuple((it.child.name, it.title) for it in one.children),
        visible=one.visible,
        editable=item.editable,
        required=item.required,
        missing=one.missing,
        secret=item.type == "password" or (item.type in _TEXTS and looks_secret(item.name)),
        answered=answered,
        errors=one.errors,
        shown_as=_look(group, one),
    )


def _look(group: EvaluatedGroup, one: EvaluatedItem) -> Look:
    return Look(
        group_about=group.description,
        affix=one.item.affix,
        recommended=one.item.recommended,
        filename=one.value.filename,
        chosen=frozenset(it.child.name for it in one.children if it.value.effective == "1"),
        repeatable=one.item.repeatable,
        copies={name: value for some in one.repeated.values() for name, value in some.items()},
    )


def _of_chart(carried: Carried) -> Iterator[Setting]:
    """A chart's questions, grouped by their first key, then what is answered under an open value."""
    given, package = carried.answers.given, carried.package
    config = values_schema.config_of(package.files)
    missing = set(chart_rules.missing(package, carried.values))
    refused = chart_rules.refused(package, carried.values)
    named = {item.name for _, item in config.questions()}
    for group, item in config.questions():
        yield _of_value(item, group, given, errors=refused.get(item.name, ()), missing=item.name in missing)
    for name in given.values:
        if name not in named:
            yield _of_value(Item(name), Group(name.partition(".")[0]), given, errors=(), missing=False)


def _of_value(item: Item, group: Group, given: Given, *, errors: tuple[str, ...], missing: bool) -> Setting:
    answered = item.name in given.values
    value = given.values.get(item.name)
    shown = str(value).lower() if isinstance(value, bool) else written.shown(value)
    return Setting(
        name=item.name,
        value=shown if answered else "",
        default=item.default,
        origin=given.origins.get(item.name, "") if answered else "default of the release",
        type=item.type,
        title=item.title,
        help_text=item.help_text,
        group=group.title or group.name,
        choices=tuple((child.name, child.title) for child in item.children),
        editable=not item.readonly,
        required=item.required,
        missing=missing,
        secret=item.type == "password" or looks_secret(item.name.rpartition(".")[2]),
        answered=answered,
        errors=errors,
        shown_as=Look(group_about=group.description, yes="true", no="false"),
    )


def _unasked(carried: Carried) -> Iterator[Setting]:
    """Answers on file that are no item's own: choices, copies of repeatable items, and what is not asked."""
    given, questions = carried.answers.given, carried.answers.questions or {}
    for name, value in given.values.items():
        known = asked.is_asked(name, value, questions)
        yield Setting(
            name=name,
            value=written.shown(value),
            origin=given.origins.get(name, ""),
            type=questions[name].type if name in questions else "",
            group="" if known else "not asked by the release",
            visible=known,
            secret=looks_secret(name),
            answered=True,
        )
