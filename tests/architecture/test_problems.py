"""Every Problem has a reference of its own, and a page that explains it."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import changeover
from changeover.errors import Problem

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "problems"


def _all_problems() -> list[type[Problem]]:
    for module in pkgutil.walk_packages(changeover.__path__, "changeover."):
        importlib.import_module(module.name)
    found: list[type[Problem]] = []
    waiting = [Problem]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(sub for sub in kind.__subclasses__() if sub.__module__.startswith("changeover."))
    return sorted(set(found), key=lambda kind: kind.reference)


PROBLEMS = _all_problems()


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.__name__)
def test_a_problem_has_a_page(kind: type[Problem]) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.reference), kind.reference
    page = PAGES / f"{kind.reference}.md"
    assert page.exists(), f"write {page.relative_to(PAGES.parents[2])}: what it means, and what to do"


def test_references_are_unique() -> None:
    references = [kind.reference for kind in PROBLEMS]
    assert len(references) == len(set(references)), sorted(r for r in references if references.count(r) > 1)
