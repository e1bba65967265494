"""A package that installs itself, and the plug pulled at every point: never two installers at once, none twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan.strategy import Parameters
from changeover.release.profile import Installer, Profile
from changeover.render.revision import Revision
from changeover.runs.state import RunState, Verdict
from tests.crash import application
from tests.crash.controllers import Controllers, Raw
from tests.crash.cutting import cut_anywhere
from tests.crash.world import NAMESPACE, World

OLD, NEW = "2022.09.0", "2022.10.2"
SECONDS = 8.0


class Installing(Controllers):
    """Jobs named installer-* write Helm's record; a finished Job goes when its time-to-live is over."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.at_once = 0
        self.records: list[str] = []

    def _job(self, key: str, raw: Raw) -> None:
        metadata = raw["metadata"]
        if not metadata["name"].startswith("installer-") or metadata.get("deletionTimestamp"):
            super()._job(key, raw)
            return
        at_work = [one for name, one in self._api.objects.items() if name.startswith("Job.") and _at_work(one)]
        self.at_once = max(self.at_once, len(at_work))
        conditions = (raw.get("status") or {}).get("conditions")
        if not conditions and self.waited(key, metadata["uid"]) >= SECONDS:
            text = json.dumps(raw["spec"])
            self._record(metadata["name"], "failed" if "records-failure" in text else "deployed")
            outcome = "Failed" if "fails" in text else "Complete"
            raw["status"] = {"conditions": [{"type": outcome, "status": "True"}]}
            self._api.touch(raw)
        elif conditions and self.waited(f"{key}/ended", metadata["uid"]) >= raw["spec"]["ttlSecondsAfterFinished"]:
            self._api.begin_deletion(key)

    def _record(self, job: str, status: str) -> None:
        self.records.append(job)
        number = str(len(self.records))
        labels = {"owner": "helm", "name": "app", "version": number, "status": status}
        metadata = {"name": f"sh.helm.release.v1.app.v{number}", "namespace": NAMESPACE, "labels": labels}
        self._api.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})


def _at_work(job: Raw) -> bool:
    conditions = (job.get("status") or {}).get("conditions")
    return job["metadata"]["name"].startswith("installer-") and not conditions


def revision(version: str, *, does: str = "installs") -> Revision:
    """One release with its installer."""
    made = application.revision(version)
    container = {"name": "installer", "image": "installer:1", "args": [does]}
    spec = {"ttlSecondsAfterFinished": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    metadata = {"name": f"installer-{version.replace('.', '-')}", "namespace": NAMESPACE}
    job = KubeObject({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
    return replace(made, objects=(*made.objects, job), digest=f"{made.digest}{does}")


def profile() -> Profile:
    return application.profile().model_copy(update={"installer": Installer(job="installer-*", release="app")})


def world(**more: Any) -> World:
    given = {"old": revision(OLD), "new": revision(NEW), "strategy": "plain", "parameters": Parameters(), **more}
    return World(profile=profile(), controllers_of=Installing, **given)


STORIES: dict[str, tuple[Callable[[], World], Verdict, list[str]]] = {
    "update": (world, Verdict.COMMITTED, ["installer-2022-10-2"]),
    "exit": (
        lambda: world(new=revision(NEW, does="fails")),
        Verdict.ROLLED_BACK,
        ["installer-2022-10-2", "installer-2022-09-0"],
    ),
    "record": (
        lambda: world(new=revision(NEW, does="records-failure")),
        Verdict.ROLLED_BACK,
        ["installer-2022-10-2", "installer-2022-09-0"],
    ),
    "rollback": (
        lambda: world(old=revision(NEW), new=revision(OLD), kind="rollback"),
        Verdict.COMMITTED,
        ["installer-2022-09-0"],
    ),
}


def is_whole(here: World, state: RunState, verdict: Verdict, ran: list[str]) -> None:
    """The right version, the right installers in their order after the first one, never two at once, logs kept."""
    assert state.verdict is verdict, (state.question, state.failed)
    expected = here.new if verdict is Verdict.COMMITTED else here.old
    assert here.versions() == {expected.version if expected else ""}
    controllers = here.controllers
    assert isinstance(controllers, Installing)
    assert controllers.records[1:] == ran
    assert controllers.at_once == 1
    logs = [notes["log"] for notes in state.notes.values() if "log" in notes]
    assert len(logs) == len(ran)
    here.clock.pass_by(5.0)
    controllers.settle()
    assert [name for name in here.api.objects if name.startswith("Job.batch/app/installer-")] == []


@pytest.mark.parametrize("story", STORIES)
def test_a_calm_run_ends_as_it_should(story: str) -> None:
    make, verdict, ran = STORIES[story]
    here = make()
    is_whole(here, here.carry_on(), verdict, ran)


@pytest.mark.parametrize("story", STORIES)
def test_a_power_cut_anywhere_runs_no_installer_twice(story: str) -> None:
    make, verdict, ran = STORIES[story]
    cut_anywhere(make, lambda here, state: is_whole(here, state, verdict, ran))


def test_an_installer_of_the_way_back_that_failed_is_run_anew_when_a_person_says_again() -> None:
    here = world(old=revision(OLD, does="fails"), new=revision(NEW, does="fails"))
    controllers = here.controllers
    assert isinstance(controllers, Installing)
    before = len(controllers.records)
    state = here.carry_on()
    for attempt in (1, 2, 3):
        assert state.question is not None
        assert controllers.records[before:].count("installer-2022-09-0") == attempt
        here.ask("answer", choice="again")
        state = here.carry_on()
    assert controllers.at_once == 1
