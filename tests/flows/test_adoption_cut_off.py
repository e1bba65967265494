"""Adopting and disowning, cut off at each call that changes something: again, and it is complete or undone."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from changeover import wiring
from changeover.actions import adopt, disown
from changeover.actions.install import AlreadyInstalled
from changeover.actions.installations import NoInstallation
from changeover.actions.outside import Outside
from changeover.kube.blobs import KubeBlobs
from tests.flows import test_adoption
from tests.flows.commands import Commands
from tests.flows.test_adoption import channel, running

__all__ = ["channel", "running"]
pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

WRITES = frozenset({"apply", "create", "patch", "delete"})
MOST = 60
"""Writes of one action; more would be a loop."""


class CutOff(Exception):
    """The process is gone."""


class Mortal:
    """A cluster as one process sees it that dies around its n-th write: before it is sent, or before the answer."""

    def __init__(self, cluster: Any, at: int, *, sent: bool) -> None:
        self.cluster, self.at, self.sent = cluster, at, sent
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.cluster, name)
        if not callable(method):
            return method

        async def call(*words: Any, **more: Any) -> Any:
            if self.at and self.writes >= self.at:
                raise CutOff
            if name in WRITES and not more.get("dry_run"):
                self.writes += 1
                if self.writes == self.at:
                    if self.sent:
                        await method(*words, **more)
                    raise CutOff
            return await method(*words, **more)

        return call


Act = Callable[[Outside], Coroutine[Any, Any, object]]


def carried_out(commands: Commands, act: Act, *, at: int = 0, sent: bool = False) -> bool:
    """Act in a process of its own, so to speak; False when it was cut off."""

    async def inside() -> bool:
        where = str(commands.kubeconfig)
        async with wiring.outside(kubeconfig=where, context=None, namespace=commands.namespace) as outside:
            cluster: Any = Mortal(outside.cluster, at, sent=sent)
            try:
                await act(replace(outside, cluster=cluster, blobs=lambda one: KubeBlobs(cluster, one)))
            except CutOff:
                return False
            return True

    return asyncio.run(inside())


async def leave(outside: Outside) -> None:
    """Disown; what was left already is fine."""
    try:
        await disown.leave(outside, await disown.look(outside, "notebook"))
    except NoInstallation:
        return


def follow(source: Path) -> Act:
    async def act(outside: Outside) -> None:
        try:
            await adopt.take(outside, await adopt.look(outside, adopt.Wanted(source=str(source), version="1.0.0")))
        except AlreadyInstalled:
            return  # it had come to its end

    return act


def leftovers(commands: Commands) -> list[str]:
    found = commands.objects("installations,secrets,configmaps", "-l", "changeover.dev/installation")
    return [f"{one['kind']}/{one['metadata']['name']}" for one in (*found, *commands.objects("installations"))]


@pytest.mark.parametrize("sent", [False, True], ids=["before-the-call", "after-the-call"])
def test_adoption_is_complete_or_undone_wherever_it_was_cut_off(
    running: Commands, channel: Path, *, sent: bool
) -> None:
    before, pods = test_adoption.state(running), test_adoption.pods(running)
    for at in range(1, MOST):
        whole = carried_out(running, follow(channel), at=at, sent=sent)
        if at % 2:  # go on; otherwise undo what there is
            assert carried_out(running, follow(channel)), at
            assert test_adoption.owners(running) == {("changeover", "Apply")}, at
            assert running.ask("status")["changed"] == [], at
        assert carried_out(running, leave), at
        assert test_adoption.state(running) == before, at
        assert test_adoption.pods(running) == pods, at
        if whole:
            break
    else:
        raise AssertionError(f"more than {MOST} writes")
    assert at > len(before), "each object is written at least once"


@pytest.mark.parametrize("sent", [False, True], ids=["before-the-call", "after-the-call"])
def test_disowning_goes_on_wherever_it_was_cut_off(running: Commands, channel: Path, *, sent: bool) -> None:
    before, pods = test_adoption.state(running), test_adoption.pods(running)
    for at in range(1, MOST):
        assert carried_out(running, follow(channel)), at
        whole = carried_out(running, leave, at=at, sent=sent)
        assert carried_out(running, leave), at
        assert test_adoption.state(running) == before, at
        assert test_adoption.pods(running) == pods, at
        own = {f"Secret/notebook-{part}" for part in ("answers", "kept", "keys")}
        assert not own & set(leftovers(running)), at
        if whole:
            break
    else:
        raise AssertionError(f"more than {MOST} writes")
    assert at > len(before), "each object is written at least once"
