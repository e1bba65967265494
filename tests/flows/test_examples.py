"""The walks through the examples, as their READMEs tell them: each command, and the lines of what it says."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.commands import ROOT, Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

WALKS = sorted((ROOT / "examples").glob("*/README.md"))
CODE = re.compile(r"# exit code (\d)")


def steps(page: Path) -> Iterator[tuple[list[str], int, list[str]]]:
    """Each command without ``changeover -n NAME``, its exit code, and what it says at least."""
    for block in page.read_text().split("    $ ")[1:]:
        command, *below = block.splitlines()
        says = [line.strip() for line in below if line.startswith("    ")]
        code = CODE.search(command)
        program, flag, _namespace, *words = shlex.split(command, comments=True)
        assert (program, flag) == ("changeover", "-n")
        yield words, int(code[1]) if code else 0, says


@pytest.mark.parametrize("page", WALKS, ids=lambda page: page.parent.name)
def test_what_an_example_says_happens(commands: Commands, page: Path) -> None:
    walked = 0
    for words, code, says in steps(page):
        done = commands.run(*words, expect=code)
        told = done.out + done.err
        assert [line for line in says if line not in told] == [], f"{words}\n{told}"
        walked += 1
    assert walked > 5


def test_every_example_is_a_walk_or_the_tutorial() -> None:
    folders = {path.name for path in (ROOT / "examples").iterdir() if path.is_dir()}
    assert folders == {page.parent.name for page in WALKS} | {"01-manifests"}
