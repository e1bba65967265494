"""The real Gitpod's 189 objects on a cluster with simulated nodes, for the benches that need them."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from changeover.kube.connect import connect
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.package import yaml_text
from changeover.plan.dress import dress
from changeover.plan.inventory import applyset_id
from changeover.render import shape
from changeover.render.revision import Revision

CHAIN = Path(__file__).parents[2] / "shared" / "cases" / "gitpod" / "chain"
OLD, NEW = CHAIN / "2022.11.1.yaml", CHAIN / "2022.11.3.yaml"
"""A hop without immutable fields, where kubectl does not stop half-way."""
HOME = "default"
PARENT = Ref(Kind(API_VERSION, "Installation"), HOME, "app")


def rendered(path: Path) -> Revision:
    """The objects of a release, from its manifests."""
    documents = [raw for _, raw in yaml_text.load_stream(path.read_text()) if raw]
    scopes = shape.scopes(documents)
    return revision(path.stem, (shape.normal(raw, namespace=HOME, namespaced=scopes) for raw in documents))


def revision(version: str, raws: Iterable[dict[str, Any]]) -> Revision:
    """A revision of these objects."""
    return Revision(version, tuple(KubeObject(raw) for raw in raws), "sha256:" + version)


def dressed(wanted: Revision) -> list[KubeObject]:
    """The objects as a run applies them."""
    set_id = applyset_id(PARENT)
    return [dress(obj, wanted.digest, applyset_id=set_id, version=wanted.version) for obj in wanted.objects]


@contextmanager
def cluster() -> Iterator[str]:
    """The kubeconfig of a cluster for the benches; $BENCH_KUBECONFIG names another than our own."""
    if given := os.environ.get("BENCH_KUBECONFIG"):
        yield given
        return
    from tools import kubebox

    started = kubebox.start(f"bench-{os.getpid()}", nodes=kubebox.Nodes(simulated=1))
    try:
        yield str(started.kubeconfig)
    finally:
        started.stop()


def bring_about(kubeconfig: str) -> None:
    """Apply 2022.11.1."""
    asyncio.run(_bring_about(kubeconfig))


async def _bring_about(kubeconfig: str) -> None:
    from tests.flows.planning import define_cert_manager

    server, _ = connect(kubeconfig, None, HOME)
    await define_cert_manager(server)
    for obj in dressed(rendered(OLD)):
        await server.apply(obj)
    await server.close()


def kept(path: Path) -> Path:
    """Write 2022.11.1 as an earlier revision is kept: JSON."""
    path.write_text(json.dumps([obj.raw for obj in rendered(OLD).objects]))
    return path


def kubectl() -> str:
    """The kubectl of this machine, else of our own environment."""
    return shutil.which("kubectl") or "kubectl"


def timed(command: list[str], kubeconfig: str, *, code: int = 0) -> tuple[float, str]:
    """Seconds that a process takes, and what it prints; it must end with this code."""
    begun = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, "KUBECONFIG": kubeconfig}, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode != code:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds, done.stdout
