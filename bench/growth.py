"""Plans of 189, 1,000 and 10,000 objects: seconds, memory and growth, beside kubectl's and Helm's answer to the same.

* the objects: of ten five ConfigMaps, a Secret, a headless Service, a ServiceAccount and two Deployments without pods;
  every twentieth is another in the new release. They are live, applied as a run applies them
* ours is a process with everything in it: start, manifests, snapshot with all dry runs, diff, classes, steps, digest, and
  the plan as JSON
* theirs: ``kubectl diff --server-side`` of the same file; Helm's server dry run of a chart with the same objects, which
  says no difference at all. Each is given `PATIENCE`; what takes longer is said to
"""

import asyncio
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import figures, gitpod
from changeover.kube.connect import connect
from changeover.objects import KubeObject
from changeover.plan.intent import Intent
from changeover.plan.planner import make_plan
from changeover.plan.record import plan_as_json
from changeover.render.revision import Revision
from changeover.runs.observe import take_snapshot
from changeover.settings import PARALLEL
from changeover.strategies.table import strategy_named

SIZES = (189, 1_000, 10_000)
PATIENCE = 300.0
HOME = "growth"
HELM = """import helm_python, sys
config = helm_python.Config(namespace=sys.argv[2])
config.install(helm_python.Chart.load(sys.argv[1]), "growth", dry_run="server")
"""


def manifest(number: int, version: str) -> dict[str, Any]:
    """One object of the tenfold pattern; every twentieth differs between versions."""
    value = version if number % 20 == 0 else "0"
    kind = ("ConfigMap",) * 5 + ("Secret", "Service", "ServiceAccount", "Deployment", "Deployment")
    made = _FORMS[kind[number % 10]](f"n{number}", value)
    return {**made, "metadata": {"name": f"n{number}", "namespace": HOME, "labels": {"app": "growth", "value": value}}}


def _config_map(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "data": {"name": name, "value": value, "text": "line\n" * 40}}


def _secret(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"name": "bmFtZQ==", "value": "dmFsdWU="}}


def _service(name: str, value: str) -> dict[str, Any]:
    spec = {"clusterIP": "None", "selector": {"app": name}, "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "spec": spec}


def _account(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount"}


def _deployment(name: str, value: str) -> dict[str, Any]:
    env = [{"name": f"VARIABLE_{number}", "value": f"{value}-{number}"} for number in range(10)]
    pod = {"containers": [{"name": "main", "image": f"registry.example/{name}:{value}", "env": env}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    selector = {"matchLabels": {"app": name}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 0, "selector": selector, "template": template}}


_FORMS = {
    "ConfigMap": _config_map,
    "Secret": _secret,
    "Service": _service,
    "ServiceAccount": _account,
    "Deployment": _deployment,
}


def release(size: int, version: str) -> Revision:
    """The objects of one version."""
    return gitpod.revision(version, (manifest(number, version) for number in range(size)))


async def plan(kubeconfig: str, size: int) -> dict[str, Any]:
    """From the manifests to the plan as it is stored."""
    server, _ = connect(kubeconfig, None, HOME)
    old, new = release(size, "1"), release(size, "2")
    seen = await take_snapshot(server, new, old, installation=gitpod.PARENT, namespace=HOME)
    made = make_plan(Intent("update", new, old, HOME), seen, strategy=strategy_named("plain"))
    await server.close()
    return plan_as_json(made)


async def bring_about(kubeconfig: str, begin: int, end: int) -> None:
    """Apply the first version's objects of these numbers."""
    server, _ = connect(kubeconfig, None, HOME)
    if not begin:
        await server.apply(KubeObject({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}))
    seats = asyncio.Semaphore(PARALLEL)

    async def seated(obj: KubeObject) -> None:
        async with seats:
            await server.apply(obj)

    await asyncio.gather(*map(seated, gitpod.dressed(release(end, "1"))[begin:]))
    await server.close()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took; `seconds` is None when it was not done within `PATIENCE`."""

    seconds: float | None
    peak: float
    """10^6 bytes."""


def spent(command: list[str], kubeconfig: str, *, codes: tuple[int, ...] = (0,)) -> Spent:
    """Run a process to its end, or to the end of patience."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        environment = {**os.environ, "KUBECONFIG": kubeconfig}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() - begun > PATIENCE:
                process.kill()
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = -9
                return Spent(None, usage.ru_maxrss / 1000)
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{errors.read()[-2000:].decode()}")
    return Spent(time.monotonic() - begun, usage.ru_maxrss / 1000)


def measure(kubeconfig: str) -> Iterator[figures.Grown]:
    """Size by size, all three after one another."""
    done = 0
    for size in SIZES:
        asyncio.run(bring_about(kubeconfig, done, size))
        done = size
        with tempfile.TemporaryDirectory() as folder:
            ours = spent([sys.executable, "-m", "bench.growth", str(size)], kubeconfig)
            yield figures.Grown(size, ours, {name: spent(*one) for name, *one in _theirs(Path(folder), size, kubeconfig)})
