"""Rules about what templates become: rendered with every answer left at its default, as KOTS's linter does.

* a file that cannot be rendered breaks the release for everybody who has not changed that answer;
* a file that is no YAML afterwards is left out silently by KOTS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from changeover.errors import Problem
from changeover.gotemplate import TemplateProblem
from changeover.lint.finding import Finding, Level
from changeover.package import yaml_text
from changeover.package.package import Form, Package, is_text, is_yaml
from changeover.render import pipeline
from changeover.render.context import Context, ReleaseFacts
from changeover.render.pipeline import Produce

_MARKS = (b"repl{{", b"{{repl")


def check(package: Package, produce: Produce) -> Iterator[Finding]:
    """All findings of these rules; `produce` makes up keys and random texts."""
    if package.form is not Form.KOTS:
        return
    try:
        templates = pipeline.templates_of(package, {}, somebodys(package), produce=produce)
    except Problem as problem:
        file = package.config.file if package.config else ""
        yield Finding("unable-to-render", Level.ERROR, f"the Config cannot be evaluated: {problem.message}", file)
        return
    for path, content in package.files.items():
        if is_yaml(path) and is_text(content) and any(mark in content for mark in _MARKS):
            yield from _rendered(path, content.decode(), templates.render)


def somebodys(package: Package, *, cursor: int = 1) -> Context:
    """Of a customer who has a licence and nothing else; `cursor` is the release's place in the channel."""
    slug = package.application.name or package.name
    licence = {"appSlug": slug, "licenseID": "nobody"}
    return Context(
        "default", slug=slug, version_label="1.0.0", licence=licence, release=ReleaseFacts(cursor=str(cursor))
    )


def _rendered(path: str, content: str, render: Callable[[str, str], str]) -> Iterator[Finding]:
    try:
        shown = render(path, content)
    except TemplateProblem as problem:
        yield Finding("unable-to-render", Level.ERROR, problem.reason, path, problem.line)
        return
    for line, part in yaml_text.split_documents(shown):
        try:
            yaml_text.load(part, file=path, first_line=line)
        except yaml_text.BrokenYaml as problem:
            message = f"no YAML once it is rendered (its line {problem.line} then): {problem.reason}"
            yield Finding("invalid-rendered-yaml", Level.ERROR, message, path, 0, problem.hint or "")
