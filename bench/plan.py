"""Plan of the real Gitpod's 189 objects against ``kubectl diff --server-side`` of the same objects, in turns.

What is compared is the work (manifests, dry runs, diff, classes) in a process that has loaded its modules, as a console
or a run does it; both see the same cluster in which 2022.11.1 runs and 2022.11.3 is wanted.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench import figures, gitpod
from changeover.kube.connect import connect
from changeover.plan.intent import Intent
from changeover.plan.planner import make_plan
from changeover.runs.observe import take_snapshot
from changeover.strategies.table import strategy_named

GOAL = 0.6


async def plan(kubeconfig: str, before: Path) -> str:
    """One plan, from the files to the summary."""
    server, _ = connect(kubeconfig, None, gitpod.HOME)
    old = gitpod.revision(gitpod.OLD.stem, json.loads(before.read_text()))
    new = gitpod.rendered(gitpod.NEW)
    seen = await take_snapshot(server, new, old, installation=gitpod.PARENT, namespace=gitpod.HOME)
    made = make_plan(Intent("update", new, old, gitpod.HOME), seen, strategy=strategy_named("plain"))
    await server.close()
    return made.summary


def measure(kubeconfig: str, rounds: int) -> figures.Figure:
    """Take turns; the first is not counted."""
    manifests = str(gitpod.NEW)
    theirs = [gitpod.kubectl(), "diff", "--server-side", "--force-conflicts", "--field-manager=changeover"]
    with tempfile.TemporaryDirectory() as folder:
        ours = [sys.executable, "-m", "bench.plan", str(gitpod.kept(Path(folder) / "before.json"))]
        turns = [
            (
                float(gitpod.timed(ours, kubeconfig)[1].split()[0]),
                gitpod.timed([*theirs, "-f", manifests], kubeconfig, code=1)[0],
            )
            for _ in range(rounds + 1)
        ][1:]
    return figures.compared("plan of 189 objects", "kubectl diff --server-side", turns, goal=GOAL)


def once(before: Path) -> None:
    """Print the seconds of the second plan of this process: its modules are loaded, its connections are new."""
    for _ in range(2):
        begun = time.perf_counter()
        summary = asyncio.run(plan(os.environ["KUBECONFIG"], before))
        seconds = time.perf_counter() - begun
    print(seconds, summary)


if __name__ == "__main__":
    once(Path(sys.argv[1]))
