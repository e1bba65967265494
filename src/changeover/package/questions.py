"""The Config document as values: what the operator is asked.

Booleans become "1" and "0" in defaults and values, "true" and "false" in `when`. A name may come several times (with
different `when`): every occurrence stays in the form, they share one answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.package import answers
from changeover.package.application import mapping, mappings, text
from changeover.package.documents import Document
from changeover.package.yaml_text import BrokenYaml

EDITABLE = frozenset(
    {"", "bool", "file", "password", "select", "select_many", "select_one", "radio", "dropdown", "text", "textarea"}
)


class BadConfig(BrokenYaml):
    """A Config document whose fields have other types than the format says."""

    reference = "bad-config"


@dataclass(frozen=True, slots=True)
class Child:
    """A choice of a select or radio item."""

    name: str
    title: str = ""
    default: str = ""
    value: str = ""
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One question; texts are templates until evaluated."""

    name: str
    type: str = ""
    title: str = ""
    help_text: str = ""
    default: str = ""
    value: str = ""
    when: str = ""
    required: bool = False
    readonly: bool = False
    hidden: bool = False
    recommended: bool = False
    multiple: bool = False
    affix: str = ""
    repeatable: bool = False
    children: tuple[Child, ...] = ()
    pattern: str = ""
    pattern_message: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    line: int = 0
    """Where it stands in the Config's file."""

    @property
    def editable(self) -> bool:
        """Whether an answer counts; otherwise the value's template is evaluated every time."""
        return self.type in EDITABLE and not self.readonly


@dataclass(frozen=True, slots=True)
class Group:
    """A page of questions."""

    name: str
    title: str = ""
    description: str = ""
    when: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """All questions, in their order."""

    groups: tuple[Group, ...] = ()

    def questions(self) -> Iterator[tuple[Group, Item]]:
        """Every question with its group."""
        for group in self.groups:
            for item in group.items:
                yield group, item


def read_config(document: Document | None) -> Config:
    """Parse the Config document; None = nothing is asked. Raises BadConfig."""
    if document is None:
        return Config()
    spec = mapping((document.data or {}).get("spec"))
    return Config(tuple(_group(group, document) for group in mappings(spec.get("groups"))))


def _group(raw: Mapping[str, Any], document: Document) -> Group:
    return Group(
        name=_name(raw, "a group", document),
        title=text(raw.get("title")),
        description=text(raw.get("description")),
        when=_when(raw.get("when")),
        items=tuple(_item(item, document) for item in mappings(raw.get("items"))),
    )


def _item(raw: Mapping[str, Any], document: Document) -> Item:
    regex = mapping(mapping(raw.get("validation")).get("regex"))
    name = _name(raw, "an item", document)
    return Item(
        name=name,
        type=text(raw.get("type")),
        title=text(raw.get("title")),
        help_text=text(raw.get("help_text")),
        default=answers.as_text(raw.get("default")),
        value=answers.as_text(raw.get("value")),
        when=_when(raw.get("when")),
        required=raw.get("required") is True,
        readonly=raw.get("readonly") is True,
        hidden=raw.get("hidden") is True,
        recommended=raw.get("recommended") is True,
        multiple=raw.get("multiple") is True,
        affix=text(raw.get("affix")),
        repeatable=raw.get("repeatable") is True,
        children=tuple(_child(child, document) for child in mappings(raw.get("items"))),
        pattern=text(regex.get("pattern")),
        pattern_message=text(regex.get("message")),
        raw=raw,
        line=_line(document, name),
    )


def _child(raw: Mapping[str, Any], document: Document) -> Child:
    return Child(
        name=_name(raw, "a choice", document),
        title=text(raw.get("title")),
        default=answers.as_text(raw.get("default")),
        value=answers.as_text(raw.get("value")),
        recommended=raw.get("recommended") is True,
    )


def _name(raw: Mapping[str, Any], what: str, document: Document) -> str:
    name = raw.get("name")
    if isinstance(name, str):
        return name
    raise BadConfig(
        f"{what} of the Config has a name that is no text: {name!r}",
        file=document.file,
        line=document.line,
        column=1,
        hint="put it in quotes: YAML reads off, on, y, n, yes and no as booleans",
    )


def _line(document: Document, name: str) -> int:
    found = re.search(rf"""\bname["']?:[ \t]*["']?{re.escape(name)}["']?(?![\w-])""", document.text)
    return document.line + document.text.count("\n", 0, found.start()) if found else document.line


def _when(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else answers.as_text(value)
