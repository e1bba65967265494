"""Apply of the real Gitpod's 189 objects against ``kubectl apply --server-side``, in turns, as the same field manager.

Each turn applies 2022.11.1 and then 2022.11.3, so that every turn changes the same fields.
"""

import asyncio
import os
import sys
import time

from bench import figures, gitpod
from changeover.kube.connect import connect
from changeover.objects import KubeObject
from changeover.settings import PARALLEL

GOAL = 0.25


async def apply() -> float:
    """Seconds for both releases, 16 objects at a time as a run does it."""
    server, _ = connect(os.environ["KUBECONFIG"], None, gitpod.HOME)
    releases = [gitpod.dressed(gitpod.rendered(path)) for path in (gitpod.OLD, gitpod.NEW)]
    seats = asyncio.Semaphore(PARALLEL)

    async def seated(obj: KubeObject) -> None:
        async with seats:
            await server.apply(obj)

    begun = time.perf_counter()
    for objects in releases:
        await asyncio.gather(*map(seated, objects))
    seconds = time.perf_counter() - begun
    await server.close()
    return seconds


def measure(kubeconfig: str, rounds: int) -> figures.Figure:
    """Take turns; the first is not counted."""
    ours = [sys.executable, "-m", "bench.apply"]
    theirs = [gitpod.kubectl(), "apply", "--server-side", "--force-conflicts", "--field-manager=changeover", "-f"]

    def kubectls() -> float:
        return sum(gitpod.timed([*theirs, str(path)], kubeconfig)[0] for path in (gitpod.OLD, gitpod.NEW))

    turns = [(float(gitpod.timed(ours, kubeconfig)[1]), kubectls()) for _ in range(rounds + 1)][1:]
    return figures.compared("apply of 2 x 189 objects", "kubectl apply --server-side", turns, goal=GOAL)


if __name__ == "__main__":
    print(asyncio.run(apply()))
