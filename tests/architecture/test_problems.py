"""Every Problem has a reference of its own; the generated reference is what the code says."""

import re

import pytest

from changeover.errors import Problem
from tools import reference

PROBLEMS = reference.problems()


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.__name__)
def test_a_problem_has_a_reference(kind: type[Problem]) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.reference), kind.reference


def test_references_are_unique() -> None:
    references = [kind.reference for kind in PROBLEMS]
    assert len(references) == len(set(references)), sorted(r for r in references if references.count(r) > 1)


def test_the_generated_reference_is_up_to_date() -> None:
    for path, text in reference.pages():
        written = path.read_text() if path.exists() else ""
        assert written.splitlines() == text.splitlines(), f"{path.relative_to(reference.ROOT)}: run `make docs`"
