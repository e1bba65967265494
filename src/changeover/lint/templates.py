"""Rules about templates: functions that do not exist, config items that nobody asks for.

In this language a bare word is a function, a keyword or a constant; so texts, fields (``.a``) and variables (``$a``)
are taken out, and what remains must be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from changeover.lint.finding import Finding, Level
from changeover.package.application import mapping, mappings, text
from changeover.package.documents import Document
from changeover.package.package import Form, Package, spec_of

_KEYWORDS = frozenset(
    {"if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "true", "false", "nil"}
)
_TEXT = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\\n])*\''
_ACTION = re.compile(rf"(?:\{{\{{repl|repl\{{\{{)-?((?:{_TEXT}|(?!\}}\}}).)*)\}}\}}", re.DOTALL)
_STRIPPED = re.compile(rf"{_TEXT}|/\*.*?\*/|[.$][A-Za-z_]\w*|(?<!\w)[0-9][\w.]*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")
_REFERENCE = re.compile(
    r"\b(?:ConfigOption|ConfigOptionData|ConfigOptionFilename|ConfigOptionEquals|ConfigOptionNotEquals|ConfigOptionIndex"
    r"|ConfigOptionName)\s+\"([^\"]+)\""
)
_CHOICES = frozenset({"radio", "dropdown", "select", "select_one", "select_many"})
_TYPES = _CHOICES | {"", "text", "textarea", "password", "bool", "file", "label", "heading"}
_SECRET = re.compile(r"password|secret|token", re.IGNORECASE)


def check(package: Package, functions: frozenset[str]) -> Iterator[Finding]:
    """All findings of these rules; `functions` are the names that the language knows (empty = do not judge them)."""
    if package.form is not Form.KOTS:
        return
    items = {text(item.get("name")): item for _, item in config_items(package.config)}
    names = set(items) | {text(child.get("name")) for item in items.values() for child in mappings(item.get("items"))}
    for document in package.documents:
        for line, action in _actions(document):
            yield from _unknown_functions(document, line, action, functions)
            for name in _REFERENCE.findall(action):
                if name not in names:
                    message = f"no config item is called {name!r}"
                    yield Finding("config-option-not-found", Level.WARN, message, document.file, line)
    if package.config:
        yield from _items(package.config)


def config_items(config: Document | None) -> Iterator[tuple[str, dict[str, object]]]:
    """(group, item) of everything that the Config asks."""
    for group in mappings(spec_of(config).get("groups") if config else None):
        for item in mappings(group.get("items")):
            yield text(group.get("name")), dict(mapping(item))


def _actions(document: Document) -> Iterator[tuple[int, str]]:
    for match in _ACTION.finditer(document.text):
        yield document.line + document.text.count("\n", 0, match.start()), match.group(1)


def _unknown_functions(document: Document, line: int, action: str, functions: frozenset[str]) -> Iterator[Finding]:
    if not functions:
        return
    for word in dict.fromkeys(_WORD.findall(_STRIPPED.sub(" ", action))):
        if word not in functions and word not in _KEYWORDS:
            message = f"the template language has no function {word!r}"
            yield Finding("unknown-function", Level.ERROR, message, document.file, line)


def _items(config: Document) -> Iterator[Finding]:
    for group, item in config_items(config):
        name, kind = text(item.get("name")), text(item.get("type"))
        place = f"item {name!r} of group {group!r}"
        if kind not in _TYPES:
            message = f"{place} has the unknown type {kind!r}"
            yield Finding("config-option-invalid-type", Level.ERROR, message, config.file, config.line)
        if kind in {"", "text"} and _SECRET.search(name) and not item.get("hidden"):
            message = f"{place} looks like a secret and is shown as text"
            yield Finding("config-option-password-type", Level.WARN, message, config.file, config.line)
