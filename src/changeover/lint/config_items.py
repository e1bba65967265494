"""Rules about what a Config asks: conditions that decide nothing, repeatable items that lead nowhere, validations.

Names and levels are those of KOTS's linter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from changeover.lint.finding import Finding, Level
from changeover.package.application import mapping, mappings, text
from changeover.package.documents import Document
from changeover.package.package import Form, Package, spec_of

_WHEN = re.compile(r"(?:(?:repl\{\{|\{\{repl).*\}\}|[tT]rue|[fF]alse)\Z", re.DOTALL)
_ARRAY = re.compile(r".+\[[0-9]+\]")
_VALIDATED = frozenset({"", "text", "textarea", "password", "file"})
_SUB_TEMPLATE = re.compile(r"ConfigOption(?:Name|Equals|NotEquals)?\W+?repl\W+?([\w-]+)")


def check(package: Package) -> Iterator[Finding]:
    """All findings of these rules."""
    config = package.config
    if package.form is not Form.KOTS or config is None or config.data is None:
        return
    repeatable = set()
    for group in mappings(spec_of(config).get("groups")):
        yield from _when(config, f"group {text(group.get('name'))!r}", group)
        for item in mappings(group.get("items")):
            place = f"item {text(item.get('name'))!r}"
            yield from _when(config, place, item)
            yield from _validated(config, place, item)
            if item.get("repeatable") is True:
                repeatable.add(text(item.get("name")))
                yield from _repeated(config, place, item)
    for document in package.documents:
        for found in _SUB_TEMPLATE.finditer(document.text):
            if found[1] not in repeatable:
                line = document.line + document.text.count("\n", 0, found.start())
                message = f"{found[1]} is used as a repeatable item and is none"
                yield Finding("config-option-not-repeatable", Level.ERROR, message, document.file, line)


def _when(config: Document, place: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    when = told.get("when")
    if when is None or isinstance(when, bool) or (isinstance(when, str) and (not when or _WHEN.match(when.strip()))):
        return
    message = f"{place}: when {when!r} is neither true nor false nor a template"
    yield _at(config, "config-option-when-is-invalid", message, when)


def _validated(config: Document, place: str, item: Mapping[str, Any]) -> Iterator[Finding]:
    pattern = mapping(mapping(item.get("validation")).get("regex")).get("pattern")
    kind = text(item.get("type"))
    if pattern and kind not in _VALIDATED:
        message = f"{place} is of type {kind}, which no pattern validates"
        yield _at(config, "config-option-regex-validator-invalid-type", message, pattern)


def _repeated(config: Document, place: str, item: Mapping[str, Any]) -> Iterator[Finding]:
    templates = mappings(item.get("templates"))
    if not templates:
        message = f"{place} is repeatable and names no object to repeat it in (templates)"
        yield _at(config, "repeat-option-missing-template", message, item.get("name"))
    if not item.get("valuesByGroup"):
        message = f"{place} is repeatable and has no valuesByGroup"
        yield _at(config, "repeat-option-missing-valuesByGroup", message, item.get("name"))
    for template in templates:
        path = text(template.get("yamlPath"))
        if path and not _ARRAY.fullmatch(path):
            message = f"{place}: the yamlPath {path} does not end with a place in a list, as ports[0] does"
            yield _at(config, "repeat-option-malformed-yamlpath", message, path)


def _at(config: Document, rule: str, message: str, told: Any) -> Finding:
    """On the line where it is written, as far as that can be found."""
    at = config.text.find(str(told)) if told else -1
    line = config.line + (config.text.count("\n", 0, at) if at >= 0 else 0)
    return Finding(rule, Level.ERROR, message, config.file, line)
