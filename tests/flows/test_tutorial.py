"""The tutorial's commands, line by line, as they stand in the page."""

import shlex
from pathlib import Path

import pytest

from tests.flows.commands import ROOT, Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

PAGE = ROOT / "docs" / "tutorial" / "first-update.md"
EXPECTED = {
    "releases": "1.1.0",
    "install": "guestbook runs 1.0.0.",
    "check": "from 1.0.0 to 1.1.0",
    "plan": "1 created, 1 changed in place, 1 changed with a restart",
    "update": "guestbook runs 1.1.0.",
    "rollback": "guestbook runs 1.0.0",
    "history": "rollback",
}
"""What each command must say, at least."""


def commands_of(page: Path) -> list[list[str]]:
    """The indented lines that are commands in the tutorial's namespace."""
    lines = [shlex.split(line) for line in page.read_text().splitlines() if line.startswith("    ")]
    return [words for words in lines if words[0] in ("changeover", "kubectl") and "guestbook" in words]


def test_what_the_tutorial_says_works(commands: Commands, tmp_path: Path) -> None:
    seen = []
    for program, _namespace, _guestbook, *given in commands_of(PAGE):
        words = [str(tmp_path / word) if word.startswith("out/") else word for word in given]
        if program == "kubectl":
            commands.kubectl(*words)
            continue
        said = commands.run(*words)
        seen.append(words[0])
        assert EXPECTED.get(words[0], "") in said.out, words
        if "--drift" in words:
            assert "spec.replicas: 3 instead of 2" in said.out
    assert set(EXPECTED) < set(seen)
    assert seen[-1] == "uninstall"
    assert (tmp_path / "out" / "first-update" / "evidence.html").stat().st_size > 5_000
    assert commands.objects("deployments,services") == []
