"""Plan of the real Gitpod's 189 objects against ``kubectl diff --server-side`` of the same objects, in turns.

    python -m bench.plan [ROUNDS]        starts a cluster of its own, or uses $PLAN_KUBECONFIG

Both see the same cluster in which 2022.11.1 runs and 2022.11.3 is wanted: a hop without immutable fields, where kubectl
does not stop half-way. What is compared is the work (manifests, dry runs, diff, classes) in a process that has loaded
its modules, as a console or a run does it; the goal is a ratio of 0.6 (design §8).
"""
# ruff: noqa: S603, T201, INP001

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from changeover.kube.connect import connect
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.package import yaml_text
from changeover.plan.dress import dress
from changeover.plan.intent import Intent
from changeover.plan.inventory import applyset_id
from changeover.plan.planner import make_plan
from changeover.render import shape
from changeover.render.revision import Revision
from changeover.runs.observe import take_snapshot
from changeover.strategies.table import strategy_named

GOAL = 0.6
ROUNDS = 7
CHAIN = Path(__file__).parents[2] / "shared" / "cases" / "gitpod" / "chain"
OLD, NEW = CHAIN / "2022.11.1.yaml", CHAIN / "2022.11.3.yaml"
HOME = "default"


def rendered(path: Path) -> Revision:
    """The objects of a release, from its manifests."""
    text = path.read_text()
    documents = [raw for _, raw in yaml_text.load_stream(text) if raw]
    scopes = shape.scopes(documents)
    return _revision(path.stem, (shape.normal(raw, namespace=HOME, namespaced=scopes) for raw in documents))


def kept(path: Path) -> Revision:
    """An earlier revision, as it is kept: JSON."""
    return _revision(OLD.stem, json.loads(path.read_text()))


def _revision(version: str, raws: Iterable[dict[str, Any]]) -> Revision:
    return Revision(version, tuple(KubeObject(raw) for raw in raws), "sha256:" + version)


async def plan(kubeconfig: str, before: Path) -> str:
    """One plan, from the files to the summary."""
    server, _ = connect(kubeconfig, None, HOME)
    old, new = kept(before), rendered(NEW)
    parent = Ref(Kind(API_VERSION, "Installation"), HOME, "app")
    seen = await take_snapshot(server, new, old, installation=parent, namespace=HOME)
    made = make_plan(Intent("update", new, old, HOME), seen, strategy=strategy_named("plain"))
    await server.close()
    return made.summary


async def prepare(kubeconfig: str) -> None:
    """Make 2022.11.1 what runs."""
    from tests.flows.planning import define_cert_manager

    server, _ = connect(kubeconfig, None, HOME)
    await define_cert_manager(server)
    set_id = applyset_id(Ref(Kind(API_VERSION, "Installation"), HOME, "app"))
    old = rendered(OLD)
    for obj in old.objects:
        await server.apply(dress(obj, old.digest, applyset_id=set_id, version=old.version))
    await server.close()


@contextmanager
def cluster() -> Iterator[str]:
    """A kubeconfig."""
    if given := os.environ.get("PLAN_KUBECONFIG"):
        yield given
        return
    from tools import kubebox

    started = kubebox.start(f"bench-plan-{os.getpid()}", nodes=kubebox.Nodes(simulated=1))
    try:
        yield str(started.kubeconfig)
    finally:
        started.stop()


def timed(command: list[str], kubeconfig: str, *, code: int) -> tuple[float, str]:
    """Seconds that a process takes, and what it prints; it must end with this code."""
    begun = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, "KUBECONFIG": kubeconfig}, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode != code:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def once(before: Path) -> None:
    """Print the seconds of the second plan of this process: its modules are loaded, its connections are new."""
    for _ in range(2):
        begun = time.perf_counter()
        summary = asyncio.run(plan(os.environ["KUBECONFIG"], before))
        seconds = time.perf_counter() - begun
    print(seconds, summary)


def main() -> None:
    """Measure in turns and print the ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    kubectl = shutil.which("kubectl") or "kubectl"
    theirs = [kubectl, "diff", "--server-side", "--force-conflicts", "--field-manager=changeover", "-f", str(NEW)]
    with cluster() as kubeconfig, tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before.json"
        ours = [sys.executable, "-m", "bench.plan", "once", str(before)]
        before.write_text(json.dumps([obj.raw for obj in rendered(OLD).objects]))
        asyncio.run(prepare(kubeconfig))
        asked = [(timed(ours, kubeconfig, code=0), timed(theirs, kubeconfig, code=1)) for _ in range(rounds + 1)][1:]
    work = [float(text.split()[0]) for (_, text), _ in asked]
    kubectls = [seconds for _, (seconds, _) in asked]
    ratio = statistics.median(ours / theirs for ours, theirs in zip(work, kubectls, strict=True))
    print(f"plan of 189 objects: {statistics.median(work):.2f} s")
    print(f"kubectl diff --server-side: {statistics.median(kubectls):.2f} s")
    print(f"ratio {ratio:.2f}, goal {GOAL}: {'reached' if ratio <= GOAL else 'missed'}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["once"]:
        once(Path(sys.argv[2]))
    else:
        main()
