"""A budget binds the largest file and the largest function; it is never raised."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES = 400
FUNCTION_LINES = 60
FOLDERS = ("src", "tools", "workbench", "tests")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "handler", "base", "misc"}

SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
OURS = [path for path in SOURCES if path.is_relative_to(ROOT / "src")]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_file_outgrows_its_idea(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= FILE_LINES, f"{_name(path)} has {lines} lines: it probably holds two ideas"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_function_outgrows_a_screen(path: Path) -> None:
    long = {
        node.name: size for node in _functions(path) if (size := node.end_lineno - node.lineno + 1) > FUNCTION_LINES
    }
    assert not long


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_modules_and_public_things_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), f"{_name(path)} has no module docstring"
    silent = [
        node.name
        for node in ast.iter_child_nodes(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent


def test_files_are_named_after_their_idea() -> None:
    lazy = [_name(path) for path in OURS if path.stem in FORBIDDEN_NAMES]
    assert not lazy
