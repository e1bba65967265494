"""Rules about templates: what cannot be read, functions that do not exist, config items that nobody asks for.

Each document is read by the template language itself, once for each pair of its delimiters; what it calls is found in
the tree, so texts, fields and comments are never taken for functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from changeover.gotemplate import nodes, parsing
from changeover.gotemplate.lexing import Source
from changeover.gotemplate.nodes import Branch, Chain, Command, Identifier, Literal, Node, Pipe
from changeover.gotemplate.problem import TemplateProblem
from changeover.lint.finding import Finding, Level
from changeover.package.application import mapping, mappings, text
from changeover.package.documents import Document
from changeover.package.package import Form, Package, spec_of
from changeover.package.questions import BadConfig, read_config
from changeover.render import config as configs
from changeover.render import config_rules
from changeover.render.templates import PASSES

_ASKING = frozenset(
    f"ConfigOption{suffix}" for suffix in ("", "Data", "Filename", "Equals", "NotEquals", "Index", "Name")
)
_CHOICES = frozenset({"radio", "dropdown", "select", "select_one", "select_many"})
_TYPES = _CHOICES | {"", "text", "textarea", "password", "bool", "file", "label", "heading"}
_SECRET_WORDS = ("password", "secret", "token")


@dataclass(frozen=True, slots=True)
class _Anything:
    """Takes every word for a function, so that all unknown ones are found, not only the first."""

    def __contains__(self, name: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class _Use:
    """A function that a template calls, and its first argument when that is a text."""

    function: str
    position: int
    text: str = ""


def check(package: Package, functions: frozenset[str]) -> Iterator[Finding]:
    """All findings of these rules; `functions` are the names that the language knows (empty = do not judge them)."""
    if package.form is not Form.KOTS:
        return
    items = {text(item.get("name")): item for _, item in config_items(package.config)}
    names = set(items) | {text(child.get("name")) for item in items.values() for child in mappings(item.get("items"))}
    for document in package.documents:
        for delimiters in PASSES:
            if delimiters[0] in document.text:
                yield from _template(document, Source(document.file, document.text, *delimiters), names, functions)
    if package.config:
        yield from _items(package.config)
        yield from _circles(package.config)


def config_items(config: Document | None) -> Iterator[tuple[str, dict[str, object]]]:
    """(group, item) of everything that the Config asks."""
    for group in mappings(spec_of(config).get("groups") if config else None):
        for item in mappings(group.get("items")):
            yield text(group.get("name")), dict(mapping(item))


def _template(document: Document, source: Source, items: set[str], functions: frozenset[str]) -> Iterator[Finding]:
    try:
        tree = parsing.parse_tree(source, _Anything())
    except TemplateProblem as problem:
        line = document.line + problem.line - 1
        yield Finding("broken-template", Level.ERROR, problem.reason, document.file, line)
        return
    for use in _uses([*tree.body, *(node for body in tree.definitions.values() for node in body)]):
        line = document.line + source.line_of(use.position) - 1
        if functions and use.function not in functions:
            message = f"the template language has no function {use.function!r}"
            yield Finding("unknown-function", Level.ERROR, message, document.file, line)
        if use.function in _ASKING and use.text and use.text not in items:
            message = f"no config item is called {use.text!r}"
            yield Finding("config-option-not-found", Level.WARN, message, document.file, line)


def _uses(body: Iterable[Node]) -> Iterator[_Use]:
    for node in body:
        match node:
            case Branch():
                yield from _calls(node.pipe)
                yield from _uses(node.then)
                yield from _uses(node.otherwise or ())
            case nodes.Action() | nodes.Call():
                if node.pipe:
                    yield from _calls(node.pipe)
            case nodes.Text() | nodes.Jump():
                pass


def _calls(pipe: Pipe) -> Iterator[_Use]:
    for command in pipe.commands:
        yield from _of_command(command)


def _of_command(command: Command) -> Iterator[_Use]:
    first = command.arguments[0]
    if isinstance(first, Identifier):
        said = command.arguments[1] if len(command.arguments) > 1 else None
        told = said.value if isinstance(said, Literal) and isinstance(said.value, str) else ""
        yield _Use(first.name, first.position, told)
    for place, argument in enumerate(command.arguments):
        inside = argument.node if isinstance(argument, Chain) else argument
        if isinstance(inside, Pipe):
            yield from _calls(inside)
        elif isinstance(inside, Identifier) and place:
            yield _Use(inside.name, inside.position)


def _circles(config: Document) -> Iterator[Finding]:
    try:
        configs.in_order({item.name: item for _, item in read_config(config).questions()})
    except configs.CircularConfig as problem:
        message = f"config items wait for each other: {problem.found}"
        yield Finding("config-option-is-circular", Level.ERROR, message, config.file, config.line, problem.hint or "")
    except BadConfig as problem:
        yield Finding("invalid-config", Level.ERROR, problem.reason, config.file, problem.line, problem.hint or "")


def _items(config: Document) -> Iterator[Finding]:
    for group, item in config_items(config):
        name, kind = text(item.get("name")), text(item.get("type"))
        place = f"item {name!r} of group {group!r}"
        if kind not in _TYPES:
            message = f"{place} has the unknown type {kind!r}"
            yield Finding("config-option-invalid-type", Level.ERROR, message, config.file, config.line)
        if kind in {"", "text"} and any(word in name.lower() for word in _SECRET_WORDS) and not item.get("hidden"):
            message = f"{place} looks like a secret and is shown as text"
            yield Finding("config-option-password-type", Level.WARN, message, config.file, config.line)
        pattern = mapping(mapping(item.get("validation")).get("regex")).get("pattern")
        if isinstance(pattern, str) and not config_rules.is_pattern(pattern):
            message = f"{place} is validated by {pattern!r}, which is no pattern"
            yield Finding("config-option-invalid-regex-validator", Level.ERROR, message, config.file, config.line)
