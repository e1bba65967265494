"""What a run tells goes on as Events, metrics and webhook calls, and never holds it up."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from changeover.kube.clock import SystemClock
from changeover.kube.metrics import Metrics
from changeover.kube.notices import Notices, Ways
from changeover.kube.webhook import WAITING, Webhook
from changeover.objects import API_VERSION, KubeObject
from changeover.ports import Answer


@dataclass
class Heard:
    event: str
    step: str = ""
    text: str = ""
    at: str = "2026-01-01T00:00:00+00:00"


class Said:
    def __init__(self) -> None:
        self.said: list[tuple[str, str, bool]] = []

    async def emit(self, about: KubeObject, reason: str, note: str, *, warning: bool = False) -> bool:
        self.said.append((about.kind, reason, warning))
        return True


class Post:
    """Answers as told, then 200."""

    def __init__(self, *statuses: int, slow: float = 0.0) -> None:
        self.statuses = list(statuses)
        self.slow = slow
        self.bodies: list[Mapping[str, Any]] = []

    async def request(self, method: str, url: str, **how: Any) -> Answer:
        await asyncio.sleep(self.slow)
        self.bodies.append(json.loads(how["body"]))
        return Answer(self.statuses.pop(0) if self.statuses else 200)


def obj(what: str, name: str, **spec: str) -> KubeObject:
    metadata = {"name": name, "namespace": "home"}
    return KubeObject({"apiVersion": API_VERSION, "kind": what, "metadata": metadata, "spec": spec})


def told(*heard: Heard, post: Post | None = None) -> tuple[Said, Metrics, Post]:
    said, metrics, post = Said(), Metrics(SystemClock()), post or Post()

    async def go() -> None:
        ways = Ways(said, metrics, Webhook("http://hook", post, pauses=(0.0, 0.0)))  # type: ignore[arg-type]
        run = obj("Changeover", "shop-1", kind="update", toVersion="2.0")
        notices = Notices(obj("Installation", "shop"), run, ways=ways, clock=SystemClock())
        for one in heard:
            notices.tell(one)
        await notices.close()

    asyncio.run(go())
    return said, metrics, post


def test_a_calm_run_starts_and_finishes() -> None:
    said, metrics, post = told(
        Heard("opened"),
        Heard("begun", "close-gate"),
        Heard("done", "close-gate"),
        Heard("begun", "back-up/db"),
        Heard("done", "back-up/db"),
        Heard("done", "open-gate"),
        Heard("ended", text="committed"),
    )
    assert [body["event"] for body in post.bodies] == ["started", "finished"]
    assert post.bodies[1]["toVersion"] == "2.0"
    assert ("Installation", "Started", False) in said.said
    assert ("Changeover", "Ended", False) in said.said
    assert 'changeover_gate_closed_seconds{installation="shop",namespace="home"} 0.0' in metrics.text()
    assert "changeover_last_backup_age_seconds" in metrics.text()
    assert "changeover_run_phase{" not in metrics.text()


@pytest.mark.parametrize("last", ["asked", "ended"])
def test_a_gate_that_stays_closed_is_told(last: str) -> None:
    heard = (Heard("opened"), Heard("begun", "close-gate"), Heard("failed", "drain", "one hangs"), Heard(last))
    said, metrics, post = told(*heard)
    events = [body["event"] for body in post.bodies]
    assert events == ["started", "failed", "held" if last == "asked" else "finished", "gate-still-closed"]
    assert ("Installation", "GateStillClosed", True) in said.said
    (line,) = [line for line in metrics.text().splitlines() if line.startswith("changeover_gate_closed_seconds{")]
    since = datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC)
    assert abs(float(line.rpartition(" ")[2]) - since.total_seconds()) < timedelta(minutes=1).total_seconds()


def test_the_phase_of_a_run_is_one() -> None:
    _, metrics, _ = told(Heard("begun", "drain"), Heard("begun", "back/restore/db"))
    lines = [line for line in metrics.text().splitlines() if line.startswith("changeover_run_phase{")]
    assert lines == ['changeover_run_phase{installation="shop",namespace="home",phase="restore"} 1.0']


@pytest.mark.parametrize(("statuses", "calls", "dropped"), [((500, 0), 3, 0), ((500, 500, 500), 3, 1), ((404,), 1, 1)])
async def test_a_call_is_tried_a_few_times(statuses: tuple[int, ...], calls: int, dropped: int) -> None:
    post = Post(*statuses)
    hook = Webhook("http://hook", post, pauses=(0.0, 0.0))  # type: ignore[arg-type]
    hook.tell("started", {})
    await hook.close()
    assert (len(post.bodies), hook.dropped) == (calls, dropped)


async def test_nobody_waits_for_a_slow_receiver() -> None:
    hook = Webhook("http://hook", Post(slow=60), pauses=())  # type: ignore[arg-type]
    began = asyncio.get_running_loop().time()
    for _ in range(WAITING + 10):
        hook.tell("started", {})
    await hook.close(within=0.1)
    assert asyncio.get_running_loop().time() - began < 5
    assert hook.dropped >= WAITING
