"""Executors die by kill -9 at one point after the other, on a real API server: the change ends as if nobody had died.

A *point* is a place around a journal write or before a mutation (`changeover.runs.faults`); the number of the one at
which a process dies is given in CHANGEOVER_KILL_AT.
"""

import itertools
import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.flows.audit import Audit
from tests.flows.workbench import QUICK, Workbench

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

OLD, NEW = "2022.09.2", "2022.10.2"
WINDOW = ("--strategy", "window", "--yes", *QUICK)
WAYS = {"update": ("update", NEW, *WINDOW), "rollback": ("rollback", *WINDOW)}
TO = {"update": NEW, "rollback": OLD}
BACK = {"update": "rollback", "rollback": "update"}
KILLED = -signal.SIGKILL
PEOPLE = 3
PARTS = 24
"""Single kills per way in the long proof, at different kinds of points all over the run."""


@dataclass
class Effects:
    """What a change did: objects made and deleted, and how often each workload's specification was changed."""

    made: dict[str, list[str]]
    changed: dict[str, int]


@dataclass
class Story:
    """An installation that is changed over there and back, and what each way does when nobody dies."""

    bench: Workbench
    calm: dict[str, Effects] = field(default_factory=dict)
    points: dict[str, list[str]] = field(default_factory=dict)
    runs: str = OLD

    def be_before(self, way: str) -> None:
        """See to it that this way can be gone."""
        if self.runs == TO[way]:
            self.bench.changeover.run(*WAYS[BACK[way]])
            self.runs = TO[BACK[way]]

    def go(self, way: str, executors: Iterator[Callable[[], int]]) -> int:
        """Change over by these executors, one after the other's death; returns how many died."""
        self.be_before(way)
        people = self.bench.people(PEOPLE)
        self.bench.record()
        before, audit = self.bench.generations(), Audit(self.bench.cluster.audit_log, self.bench.changeover.namespace)
        died = 0
        while (code := next(executors)()) == KILLED:
            died += 1
            self.bench.end_lease()
        assert code == 0, self.bench.changeover.said[-2:]
        self.runs = TO[way]
        self.bench.whole_at(self.runs)
        assert self.bench.nothing_lost() == {"saved": len(self.bench.ledger.read_text().splitlines())}
        self._judge(way, people, Effects(audit.effects(), _more(self.bench.generations(), before)))
        print(f"proof: {way}, {died} executors killed, objects all new, both oracles green, nothing done twice")
        return died

    def _judge(self, way: str, people: list[str], effects: Effects) -> None:
        """Compare with what the calm run did; each session was told to stop, and only those."""
        sessions = {f"pods/{name}": ["delete"] for name in people}
        assert {name: did for name, did in effects.made.items() if name in sessions} == sessions
        made = {name: did for name, did in effects.made.items() if not name.startswith(IGNORED)}
        if made.get(MIGRATIONS, [])[:1] == ["delete"]:  # the Job of before, if there was one, goes first
            made[MIGRATIONS] = made[MIGRATIONS][1:]
        effects = Effects({name: did for name, did in made.items() if did}, effects.changed)
        assert effects == self.calm.setdefault(way, effects)


MIGRATIONS = "jobs/wb-migrations"
IGNORED = ("pods/", "secrets/workbench-", "secrets/changeover-blob-", "secrets/sh.helm.release.v1.")
"""Sessions, whose names differ, and books: Changeover's own, and Helm's, which count on and keep the last ten."""


def _more(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: number - before.get(name, 0) for name, number in now.items()}


@pytest.fixture(scope="module")
def story(lasting_workbench: Workbench) -> Story:
    """Installed, changed over and back once in peace."""
    lasting_workbench.install(OLD)
    made = Story(lasting_workbench)
    for way in WAYS:
        made.go(way, iter([lambda way=way: _in_peace(made, way)]))
    return made


def _in_peace(story: Story, way: str) -> int:
    """Run the command, and note the points that it comes by."""
    file = story.bench.folder / "points.json"
    code = story.bench.changeover.run(*WAYS[way], program=("tests.flows.points", str(file))).code
    story.points[way] = json.loads(file.read_text())
    return code


def executor(story: Story, words: tuple[str, ...], kill_at: int) -> Callable[[], int]:
    """A process that dies at its point of this number, if it comes that far."""
    return lambda: story.bench.changeover.run(*words, expect=None, CHANGEOVER_KILL_AT=str(kill_at)).code


def single(story: Story, way: str, kill_at: int) -> None:
    executors = iter([executor(story, WAYS[way], kill_at), executor(story, ("resume",), 0)])
    assert story.go(way, executors) == 1


@pytest.mark.parametrize("tenth", range(8))
def test_killed_once(story: Story, tenth: int) -> None:
    """Updates and rollbacks in turn, at points all over the run."""
    way = ("update", "rollback")[tenth % 2]
    single(story, way, 1 + (len(story.points[way]) - 2) * tenth // 8)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("way", WAYS)
def test_killed_at_points_of_each_kind(story: Story, way: str, part: int) -> None:
    points = first_and_last(story.points[way])
    single(story, way, points[part * len(points) // PARTS])


def first_and_last(points: list[str]) -> list[int]:
    """Numbers of points; of those that come again, as in a waiting loop, the first and the last."""
    places: dict[str, list[int]] = {}
    for number, name in enumerate(points, 1):
        places.setdefault(name, []).append(number)
    return sorted({number for numbers in places.values() for number in (numbers[0], numbers[-1])})


@pytest.mark.parametrize("way", ["update", pytest.param("rollback", marks=pytest.mark.slow)])
def test_a_relay_in_which_each_dies_a_little_later(story: Story, way: str) -> None:
    first = executor(story, WAYS[way], 1)
    others = (executor(story, ("resume",), kill_at) for kill_at in itertools.count(2))
    died = story.go(way, itertools.chain([first], others))
    assert died > 10
