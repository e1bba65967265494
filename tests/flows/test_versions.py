"""A run that one version of Changeover began is finished by the next; an older one refuses what it does not know.

The earlier version is the source of a commit of this repository; the later one is a copy of the present source, which
has another number and, where it matters, a step of a verb that is not there yet. The runs are on a real API server.
"""

import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.flows import letters
from tests.flows.commands import ROOT, Commands
from tests.flows.workbench import QUICK, Workbench

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("simulated")]

EARLIER = "e1c2547d7513d5c7b4e865845c6afc7548a8cf37"
"""The last commit whose runs do not say which version made them."""
PLAIN = ("--strategy", "plain", "--hold", "0", "--yes")
KILL_AT = "tests.flows.kill_at"
STEP = (
    "        from changeover.plan.steps import Phase, Verb\n"
    '        yield Step("look-once-more", Verb.{verb}, "Look once more", Phase.CHANGE)\n'
)
"""A step that a later version lists."""
BEFORE = "        yield opening.recheck("


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the earlier version."""
    done = subprocess.run(["git", "archive", EARLIER, "src"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("the repository's history is not here")
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=BytesIO(done.stdout)) as packed:
        packed.extractall(folder, filter="data")
    return folder / "src"


def later(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """The present source as of a later version, with these changes: file, text, what takes its place."""
    source = folder / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    for file, before, after in (("__init__.py", '"0.1.0"', '"99.0.0"'), *changes):
        path = source / "changeover" / file
        text = path.read_text()
        assert before in text, f"{file} no longer says {before}"
        path.write_text(text.replace(before, after, 1))
    return source


def killed(commands: Commands, source: Path, point: str, *words: str) -> None:
    """Begin a run by another version, which is killed (-9) where it comes to this point."""
    done = commands.run(*words, program=(KILL_AT, point), PYTHONPATH=f"{source}:{ROOT}", expect=None)
    assert done.code == -9, f"{point} was not reached\n{done.out}\n{done.err}"
    lease = commands.objects("lease")[0]["metadata"]["name"]
    commands.kubectl("patch", "lease", lease, "--type=merge", "-p", '{"spec":{"holderIdentity":""}}')


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release runs."""
    channel = letters.publish(tmp_path / "channel")
    given = ("--set", "host=a.example", "--set", f"admin_password={letters.PASSWORD}")
    commands.run("install", str(channel), "--version", "1.0.0", *given, *PLAIN)
    return commands


def evidence(commands: Commands) -> Any:
    """Of the last run."""
    return commands.ask("evidence")["evidence"]


@pytest.mark.parametrize("point", ["before opened", "after begun:recheck", "after begun:apply", "before ended"])
def test_a_run_of_an_earlier_version_is_finished(installed: Commands, earlier: Path, point: str) -> None:
    killed(installed, earlier, point, "update", "2.0.0", *PLAIN)
    (run,) = [one for one in installed.objects("changeovers") if one["spec"]["toVersion"] == "2.0.0"]
    assert not run["metadata"].get("annotations"), "it did not say its version"
    installed.run("resume")
    assert installed.ask("status", "--drift")["drift"] == []
    assert installed.ask("status")["runs"] == "2.0.0"
    told = evidence(installed)
    assert (told["verdict"], told["versions"]) == ("committed", ["0.1.0"])
    assert len(told["holders"]) == (1 if point == "before opened" else 2)


@pytest.mark.parametrize("point", ["after begun:drain", "before done:apply", "after begun:record"])
def test_so_is_an_update_in_a_window_with_people_in_it(workbench: Workbench, earlier: Path, point: str) -> None:
    workbench.changeover.run("setup", "--yes", PYTHONPATH=f"{earlier}:{ROOT}")
    workbench.install("2022.09.2", PYTHONPATH=f"{earlier}:{ROOT}")
    workbench.people(3)
    workbench.record()
    killed(workbench.changeover, earlier, point, "update", "2022.10.2", "--strategy", "window", "--yes", *QUICK)
    workbench.changeover.run("setup", "--yes")
    workbench.changeover.run("resume")
    workbench.whole_at("2022.10.2")
    assert sum(workbench.nothing_lost().values()) == 3


def test_other_steps_of_another_version_do_not_stop_what_was_shown(installed: Commands, tmp_path: Path) -> None:
    source = later(tmp_path / "later", ("strategies/plain.py", BEFORE, STEP.format(verb="RECHECK") + BEFORE))
    killed(installed, source, "after begun:recheck", "update", "2.0.0", *PLAIN)
    installed.run("resume")
    assert installed.ask("status")["runs"] == "2.0.0"
    assert evidence(installed)["versions"] == ["99.0.0", "0.1.0"]


def test_what_changed_in_the_cluster_still_stops_it(installed: Commands, earlier: Path) -> None:
    killed(installed, earlier, "before begun:recheck", "update", "2.0.0", *PLAIN)
    installed.kubectl("delete", "configmap", "letters")
    assert "letters was unchanged, is now create" in installed.run("resume", expect=4).out
    assert evidence(installed)["verdict"] == "rolled back"


RAISED = (("plan/forms.py", "FORM = 1", "FORM = 2"),)
NEW_VERB = (
    ("plan/steps.py", '    RECORD = "record"', '    PONDER = "ponder"\n    RECORD = "record"'),
    ("runs/verbs/table.py", "    Verb.RECORD:", "    Verb.PONDER: waits.recheck,\n    Verb.RECORD:"),
    ("strategies/plain.py", BEFORE, STEP.format(verb="PONDER") + BEFORE),
)


@pytest.mark.parametrize(
    ("changes", "why"), [(RAISED, "form 2, of version 99.0.0"), (NEW_VERB, "verb 'ponder'")], ids=["form", "verb"]
)
def test_an_older_version_refuses_what_it_does_not_know(
    installed: Commands, tmp_path: Path, changes: tuple[tuple[str, str, str], ...], why: str
) -> None:
    source = later(tmp_path / "later", *changes)
    killed(installed, source, "after begun:apply", "update", "2.0.0", *PLAIN)
    before = installed.objects("configmaps,secrets,changeovers")
    refused = installed.ask("resume", expect=1)["problem"]
    assert (refused["code"], why in refused["found"]) == ("newer-version", True)
    assert installed.objects("configmaps,secrets,changeovers") == before, "nothing was touched"
    assert installed.ask("status")["run"]
    installed.run("resume", PYTHONPATH=f"{source}:{ROOT}")
    assert installed.ask("status")["runs"] == "2.0.0"
