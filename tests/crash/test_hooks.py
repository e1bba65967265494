"""Charts with hooks, and the plug pulled at every point: each runs once for each event, in order, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan.strategy import Parameters
from changeover.render.chart_release import ChartRelease, Hook
from changeover.render.revision import Revision
from changeover.runs.state import RunState, Verdict
from tests.crash import application
from tests.crash.controllers import Controllers, Raw
from tests.crash.cutting import cut_anywhere
from tests.crash.world import NAMESPACE, World

OLD, NEW = "2022.09.0", "2022.10.2"
SECONDS = 3.0


class Hooked(Controllers):
    """Jobs named hook-* take their time, and fail when they are told to; every one that ran is written down."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ran: list[str] = []

    def _job(self, key: str, raw: Raw) -> None:
        metadata = raw["metadata"]
        if not metadata["name"].startswith("hook-") or metadata.get("deletionTimestamp"):
            super()._job(key, raw)
            return
        conditions = (raw.get("status") or {}).get("conditions")
        if not conditions and self.waited(key, metadata["uid"]) >= SECONDS:
            self.ran.append(metadata["name"])
            outcome = "Failed" if "fails" in str(raw["spec"]) else "Complete"
            raw["status"] = {"conditions": [{"type": outcome, "status": "True"}]}
            self._api.touch(raw)


def job(name: str, *events: str, weight: int = 0, deletes: tuple[str, ...] = (), does: str = "works") -> Hook:
    container = {"name": "hook", "image": "hook:1", "args": [does]}
    spec = {"ttlSecondsAfterFinished": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    raw = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
    return Hook(events, weight, deletes, "templates/hooks.yaml", raw, raw)


ACCOUNT: Raw = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "hook-account", "namespace": NAMESPACE},
}
GOES = ("before-hook-creation", "hook-succeeded")


def revision(version: str, *, after: str = "works") -> Revision:
    """A release whose chart has hooks; `after` = what its post-upgrade hook does."""
    made = application.revision(version)
    hooks = (
        job("hook-migrate", "pre-install", "pre-upgrade", deletes=GOES),
        Hook(("pre-install", "pre-upgrade"), -5, GOES, "templates/hooks.yaml", ACCOUNT, ACCOUNT),
        job("hook-tell", "post-upgrade", deletes=("hook-failed",), does=after),
        job("hook-open", "post-install", does=after),
        job("hook-both", "pre-upgrade", "post-upgrade", weight=5),
        job("hook-back", "pre-rollback", deletes=GOES),
        job("hook-there", "post-rollback"),
        job("hook-bye", "pre-delete"),
    )
    keys = tuple(obj.ref.key for obj in made.objects)
    chart = ChartRelease("wb", NAMESPACE, {"version": version}, hooks=hooks, keys=keys, upgrade=version == NEW)
    return replace(made, charts=(chart,), digest=f"{made.digest}{after}")


def world(**more: Any) -> World:
    given = {"old": revision(OLD), "new": revision(NEW), "strategy": "plain", "parameters": Parameters(), **more}
    return World(controllers_of=Hooked, **given)


STORIES: dict[str, tuple[Callable[[], World], Verdict, list[str]]] = {
    "update": (world, Verdict.COMMITTED, ["hook-migrate", "hook-both", "hook-tell", "hook-both"]),
    "window": (
        lambda: world(strategy="window"),
        Verdict.COMMITTED,
        ["hook-migrate", "hook-both", "hook-tell", "hook-both"],
    ),
    "failure": (
        lambda: world(new=revision(NEW, after="fails")),
        Verdict.ROLLED_BACK,
        ["hook-migrate", "hook-both", "hook-tell", "hook-back", "hook-there"],
    ),
    "rollback": (
        lambda: world(old=revision(NEW), new=revision(OLD), kind="rollback"),
        Verdict.COMMITTED,
        ["hook-back", "hook-there"],
    ),
    "install": (
        lambda: world(old=None, new=revision(OLD), kind="install", sessions=()),
        Verdict.COMMITTED,
        ["hook-migrate", "hook-open"],
    ),
    "install-taken-back": (
        lambda: world(old=None, new=revision(OLD, after="fails"), kind="install", sessions=()),
        Verdict.ROLLED_BACK,
        ["hook-migrate", "hook-open", "hook-bye"],
    ),
}
STAYING = {
    "update": {"hook-tell", "hook-both"},
    "window": {"hook-tell", "hook-both"},
    "failure": {"hook-both", "hook-there"},
    "rollback": {"hook-there"},
    "install": {"hook-open"},
    "install-taken-back": {"hook-open", "hook-bye"},
}


def is_whole(here: World, story: str, state: RunState) -> None:
    """The right version; the hooks ran once for each event, in order; those that shall go are gone."""
    _, verdict, ran = STORIES[story]
    assert state.verdict is verdict, (state.question, state.failed)
    expected = here.new if verdict is Verdict.COMMITTED else here.old
    assert here.versions() == ({expected.version} if expected else set())
    controllers = here.controllers
    assert isinstance(controllers, Hooked)
    assert controllers.ran == ran
    objects = (KubeObject(raw) for raw in here.api.objects.values())
    assert {obj.name for obj in objects if obj.name.startswith("hook-")} == STAYING[story]
    logs = [notes["log"] for notes in state.notes.values() if "log" in notes]
    assert len(logs) == (verdict is Verdict.ROLLED_BACK)


@pytest.mark.parametrize("story", STORIES)
def test_a_calm_run_ends_as_it_should(story: str) -> None:
    here = STORIES[story][0]()
    is_whole(here, story, here.carry_on())


@pytest.mark.parametrize("story", STORIES)
def test_a_power_cut_anywhere_runs_no_hook_twice(story: str) -> None:
    cut_anywhere(STORIES[story][0], lambda here, state: is_whole(here, story, state))


def test_a_hook_of_the_way_back_that_failed_is_run_anew_when_a_person_says_again() -> None:
    old = revision(OLD)
    chart = old.charts[0]
    hooks = tuple(
        job("hook-back", "pre-rollback", does="fails") if "pre-rollback" in one.events else one for one in chart.hooks
    )
    here = world(old=replace(old, charts=(replace(chart, hooks=hooks),)), new=revision(NEW, after="fails"))
    state = here.carry_on()
    assert state.question is not None
    assert "The pre-rollback hook Job/hook-back must succeed" in state.question["text"]
    here.ask("answer", choice="again")
    state = here.carry_on()
    assert state.question is not None
    controllers = here.controllers
    assert isinstance(controllers, Hooked)
    assert controllers.ran.count("hook-back") == 2
