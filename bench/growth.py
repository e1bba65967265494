"""Plans of 189, 1,000 and 10,000 objects: seconds, memory and growth, beside kubectl's and Helm's answer to the same.

* the objects: of ten five ConfigMaps, a Secret, a headless Service, a ServiceAccount and two Deployments without pods;
  every twentieth is another in the new release. They are live, applied as a run applies them
* ours is a process with everything in it: start, manifests, snapshot with all dry runs, diff, classes, steps, digest,
  and the plan as JSON
* theirs: ``kubectl diff --server-side`` of the same file; Helm's server dry run of a chart with the same objects, which
  says no difference at all. Each is given `PATIENCE`; what takes longer is said to
"""

import asyncio
import base64
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

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
KINDS = (*("ConfigMap",) * 5, "Secret", "Service", "ServiceAccount", "Deployment", "Deployment")
PER_TEMPLATE = 100
HELM = """
import helm_python, sys
config = helm_python.Config(namespace="default")
config.install(helm_python.Chart.load(sys.argv[1]), "growth", {}, dry_run="server")
"""
"""With our objects as a chart."""


def manifest(number: int, version: str) -> dict[str, Any]:
    """One object of the tenfold pattern; every twentieth differs between versions. Helm takes them for its own."""
    name, value = f"n{number}", version if number % 20 == 0 else "0"
    labels = {"app": "growth", "value": value, "app.kubernetes.io/managed-by": "Helm"}
    annotations = {"meta.helm.sh/release-name": "growth", "meta.helm.sh/release-namespace": "default"}
    metadata = {"name": name, "namespace": HOME, "labels": labels, "annotations": annotations}
    return {**_body(KINDS[number % 10], name, value), "metadata": metadata}


def _body(kind: str, name: str, value: str) -> dict[str, Any]:
    if kind == "ConfigMap":
        return {"apiVersion": "v1", "kind": kind, "data": {"name": name, "value": value, "text": "line\n" * 40}}
    if kind == "Secret":
        hidden = base64.b64encode(f"secret of {name}: {value}".encode()).decode()
        return {"apiVersion": "v1", "kind": kind, "type": "Opaque", "data": {"hidden": hidden}}
    if kind == "Service":
        ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
        headless = {"clusterIP": "None", "selector": {"app": name}, "ports": ports}
        return {"apiVersion": "v1", "kind": kind, "spec": headless}
    if kind == "Deployment":
        env = [{"name": f"VARIABLE_{one}", "value": f"{value}-{one}"} for one in range(10)]
        pod = {"containers": [{"name": "main", "image": f"registry.example/{name}:{value}", "env": env}]}
        template = {"metadata": {"labels": {"app": name}}, "spec": pod}
        spec = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template}
        return {"apiVersion": "apps/v1", "kind": kind, "spec": spec}
    return {"apiVersion": "v1", "kind": kind}


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


def spent(command: list[str], kubeconfig: str, *, codes: tuple[int, ...] = (0,)) -> figures.Spent:
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
                return figures.Spent(None, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{errors.read()[-2000:].decode()}")
    seconds = time.monotonic() - begun
    return figures.Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def measure(kubeconfig: str) -> Iterator[figures.Grown | figures.Steepness]:
    """Size by size, one after another; at last how our own grows."""
    done = 0
    ours: list[tuple[int, figures.Spent]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            asyncio.run(bring_about(kubeconfig, done, size))
            done = size
            ours.append((size, spent([sys.executable, "-m", "bench.growth", str(size)], kubeconfig)))
            theirs = {name: spent(command, kubeconfig, codes=codes) for name, command, codes in _theirs(folder, size)}
            yield figures.Grown("plan", size, ours[-1][1], theirs)
    yield figures.Steepness("plan", tuple(ours))


def _theirs(folder: str, size: int) -> Iterator[tuple[str, list[str], tuple[int, ...]]]:
    """Who else, how they are asked, and the codes with which they end when all is well."""
    file = Path(folder) / f"{size}.yaml"
    objects = [manifest(number, "2") for number in range(size)]
    file.write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper))
    diff = [gitpod.kubectl(), "diff", "--server-side", "--force-conflicts", "--field-manager=changeover"]
    yield "kubectl diff --server-side", [*diff, "-f", str(file)], (1,)
    if importlib.util.find_spec("helm_python") is None:
        return
    chart = Path(folder) / f"chart-{size}"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: growth, version: 1.0.0}\n")
    for begin in range(0, size, PER_TEMPLATE):
        part = yaml.dump_all(objects[begin : begin + PER_TEMPLATE], Dumper=yaml.CSafeDumper)
        (chart / "templates" / f"{begin}.yaml").write_text(part)
    yield "helm install --dry-run=server", [sys.executable, "-c", HELM, str(chart)], (0,)


if __name__ == "__main__":
    print(len(json.dumps(asyncio.run(plan(os.environ["KUBECONFIG"], int(sys.argv[1]))))))
