"""What the code imports is declared, and what is declared is locked: a fresh machine gets everything."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL = PROJECT["optional-dependencies"]
NAMES = {
    "argon2-cffi": "argon2",
    "google-re2": "re2",
    "markdown-it-py": "markdown_it",
    "pyyaml": "yaml",
    "prometheus-client": "prometheus_client",
    "helm-python-sdk": "helm_python",
}
OURS = {"changeover", "tools", "workbench", "bench", "tests"}


def imported(folder: str) -> set[str]:
    """Names of the modules, outside of Python's own and ours, that a folder imports."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - OURS


def declared(*requirements: list[str]) -> set[str]:
    """Modules of requirements."""
    names = [re.split(r"[\s\[<>=~;]", one)[0].lower() for group in requirements for one in group]
    return {NAMES.get(name, name.replace("-", "_")) for name in names}


def test_what_the_product_imports_is_declared() -> None:
    assert imported("src") <= declared(PROJECT["dependencies"], OPTIONAL["helm"])


@pytest.mark.parametrize("folder", ["tools", "bench", "workbench", "tests"])
def test_what_everything_else_imports_is_declared(folder: str) -> None:
    assert imported(folder) <= declared(PROJECT["dependencies"], *OPTIONAL.values())


def test_what_is_declared_is_locked() -> None:
    locked = {line.partition("==")[0] for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines()}
    wanted = [*PROJECT["dependencies"], *(one for group in OPTIONAL.values() for one in group)]
    names = {re.split(r"[\s\[<>=~;]", one)[0].lower() for one in wanted}
    assert names <= {name.lower() for name in locked}
