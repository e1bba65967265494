"""Generate docs/reference from the code: problems, commands, the schemas of files that people write.

`python -m tools.reference` writes; `python -m tools.reference --check` says what is out of date and exits with 1.
"""

import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

import changeover
from changeover.cli.main import cli
from changeover.errors import Problem
from tools import findings

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"


def problems() -> list[type[Problem]]:
    """Every kind of Problem that the product can raise, by reference."""
    for module in pkgutil.walk_packages(changeover.__path__, "changeover."):
        importlib.import_module(module.name)
    found: set[type[Problem]] = set()
    waiting = [Problem]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting.extend(sub for sub in kind.__subclasses__() if sub.__module__.startswith("changeover."))
    return sorted(found, key=lambda kind: kind.reference)


def pages() -> Iterator[tuple[Path, str]]:
    """Each generated file and what it should hold."""
    for kind in problems():
        yield REFERENCE / "problems" / f"{kind.reference}.md", _problem(kind)
    yield REFERENCE / "problems" / "index.md", _index()
    yield REFERENCE / "commands.md", _commands()
    yield REFERENCE / "findings.md", findings.page("Findings of a plan", "plan", "actions")
    yield from _schemas()


def _problem(kind: type[Problem]) -> str:
    meaning = inspect.cleandoc(kind.__doc__ or "")
    return (
        f"# {kind.reference}\n\n{meaning}\n\n"
        "The message itself says what was wanted (first line), what was found, and what to do (hint).\n\n"
        f"- Raised in: `{kind.__module__}` as `{kind.__name__}`\n"
        f"- Exit code: {kind.exit_code}\n"
        f'- In JSON: `"code": "{kind.reference}"`\n'
    )


def _index() -> str:
    rows = (
        f"| [{kind.reference}]({kind.reference}.md) | {inspect.cleandoc(kind.__doc__ or '').splitlines()[0]} |"
        for kind in problems()
    )
    return "# Problems\n\n| reference | meaning |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def _commands() -> str:
    codes = inspect.cleandoc(importlib.import_module("changeover.cli.main").__doc__ or "")
    parts = [f"# Commands\n\n```text\n{codes}\n```\n"]
    parts += [f"## {name}\n\n```text\n{text.rstrip()}\n```\n" for name, text in _help(cli, "changeover")]
    return "\n".join(parts)


def _help(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    settings: Mapping[str, Any] = cli.context_settings  # as a command inherits them; click keeps what it saw first
    context = click.Context(command, info_name=name, max_content_width=100, terminal_width=100, **settings)
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                yield from _help(found, f"{name} {sub}")


def _schemas() -> Iterator[tuple[Path, str]]:
    from changeover.release import documents, profile

    for model in (profile.Profile, documents.ReleaseDocument, documents.ChannelDocument):
        schema = json.dumps(model.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
        yield REFERENCE / "schemas" / f"{model.__name__.lower()}.json", schema


def main() -> None:
    """Write what differs, or only name it with --check."""
    differs = [(path, text) for path, text in pages() if not path.exists() or path.read_text() != text]
    for path, text in differs:
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    sys.exit(1 if differs and "--check" in sys.argv else 0)


if __name__ == "__main__":
    main()
