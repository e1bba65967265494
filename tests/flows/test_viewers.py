"""Many people watch the same run in one console: each sees it to its end, and the console does not grow."""

import asyncio
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.flows.console import Console
from tests.flows.workbench import Workbench, until

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

OLD, NEW = "2022.09.2", "2022.10.2"
RUN = "/runs/workbench-2"
PAUSE_SECONDS = 5.0
"""Between two pages of one viewer."""
WARM_SECONDS = 60.0
"""After which a process should hold all that it needs."""
KIB = 1024


@pytest.fixture
def console(workbench: Workbench) -> Iterator[Console]:
    workbench.install(OLD)
    workbench.people(3)
    made = Console(workbench.changeover, workbench.folder)
    made.start()
    yield made
    made.kill()


async def viewer(client: httpx2.AsyncClient, seconds: list[float], done: asyncio.Event) -> list[str]:
    """Follow the run to its end and load its page now and then; returns the ids of the moments that were shown."""
    told: list[str] = []

    async def follow() -> None:
        last = ""
        while True:
            async with client.stream("GET", f"{RUN}/events", headers={"last-event-id": last}, timeout=60) as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("id: "):
                        last = line[4:]
                    elif line == "event: live":
                        told.append(last)
                    elif line == "event: end":
                        return

    following = asyncio.create_task(follow())
    while not following.done():
        began = time.perf_counter()
        answer = await client.get(RUN)
        seconds.append(time.perf_counter() - began)
        assert answer.status_code == 200
        await asyncio.wait({following}, timeout=PAUSE_SECONDS * random.uniform(0.8, 1.2))
    done.set()
    await following
    return told


async def watched(console: Console, count: int) -> tuple[list[list[str]], list[float], list[tuple[float, int]]]:
    """What each viewer was shown, how long pages took, and the console's memory (seconds, KiB) while they watched."""
    seconds: list[float] = []
    memory: list[tuple[float, int]] = []
    done = asyncio.Event()

    async def weigh() -> None:
        began = time.monotonic()
        while not done.is_set():
            memory.append((time.monotonic() - began, held(console)))
            await asyncio.sleep(5)

    async with httpx2.AsyncClient(base_url=console.url, timeout=30, limits=httpx2.Limits(max_connections=100)) as one:
        answer = await one.post("/login", data={"name": "admin", "password": console.password})
        assert answer.status_code == 303
        weighing = asyncio.create_task(weigh())
        shown = await asyncio.gather(*(viewer(one, seconds, done) for _ in range(count)))
        await weighing
    return shown, seconds, memory


def held(console: Console) -> int:
    """The memory of the console's process, KiB."""
    assert console.process
    lines = Path(f"/proc/{console.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


def slope(memory: list[tuple[float, int]]) -> float:
    """KiB a second, once the process is warm; by least squares."""
    warm = [(at, size) for at, size in memory if at >= WARM_SECONDS]
    middle, level = sum(at for at, _ in warm) / len(warm), sum(size for _, size in warm) / len(warm)
    spread = sum((at - middle) ** 2 for at, _ in warm)
    return sum((at - middle) * (size - level) for at, size in warm) / spread


@pytest.mark.parametrize(("count", "announced"), [(5, 15), pytest.param(20, 600, marks=pytest.mark.slow)])
async def test_everybody_sees_a_run_to_its_end(
    workbench: Workbench, console: Console, count: int, announced: int
) -> None:
    words = ("--strategy", "window", "--announce", str(announced), "--soak", "0", "--hold", "0.5", "--yes")
    run = workbench.changeover.start("update", NEW, *words)
    until(lambda: workbench.changeover.objects("changeovers.changeover.dev")[-1]["metadata"]["name"] == "workbench-2")
    until(lambda: workbench.changeover.objects("changeovers.changeover.dev")[-1].get("status"))
    shown, seconds, memory = await watched(console, count)
    assert workbench.changeover.wait(run).code == 0
    ends = {one[-1] for one in shown}
    assert len(ends) == 1, "all saw the same end"
    assert all(len(one) == len(set(one)) for one in shown), "nothing twice"
    assert min(map(len, shown)) >= 10, "and the way there"
    ordered = sorted(seconds)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    print(f"proof: {count} viewers, {len(seconds)} pages: p50 {ordered[len(ordered) // 2] * 1000:.0f} ms")
    print(f"proof: p99 {p99 * 1000:.0f} ms, slowest {ordered[-1] * 1000:.0f} ms")
    print(f"proof: memory {memory[0][1] // KIB} MiB at first, {memory[-1][1] // KIB} MiB at the end")
    if announced > WARM_SECONDS:
        grown = slope(memory) * 600
        print(f"proof: slope {grown:.0f} KiB in 10 minutes")
        assert grown < KIB, "less than 1 MiB in 10 minutes"
