"""Analysis and redaction of a support bundle of 200 MB, each in a process of its own: MB/s and the most memory held.

The bundle is made here, the same each time: logs of containers, of which some lines hold addresses with passwords, and
lists of objects as clusters give them. Sizes are of the files unpacked; reading and unpacking
the archive counts. Redaction knows 50 secret values, as those of a namespace, beside Troubleshoot's own redactors.
"""

import io
import json
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import figures
from changeover.actions import analyzing
from changeover.checks import bundle
from changeover.wiring import support_bundle_files

SIZE = 200_000_000
"""Bytes of all files."""
LOG = 4_000_000
"""Bytes of one log."""
PODS = 400
"""In each list of objects."""
SPEC = """
apiVersion: troubleshoot.sh/v1beta2
kind: SupportBundle
metadata: {name: bench}
spec:
  analyzers:
    - clusterVersion: {outcomes: [{fail: {when: "< 1.30.0", message: old}}, {pass: {message: new}}]}
    - nodeResources: {outcomes: [{fail: {when: "count() < 1", message: none}}, {pass: {message: some}}]}
    - clusterPodStatuses: {outcomes: [{fail: {when: "!= Healthy", message: "{{ .Name }}"}}]}
    - clusterContainerStatuses: {restartCount: 1, outcomes: [{fail: {when: "== OOMKilled", message: memory}}]}
    - deploymentStatus: {}
    - textAnalyze: {fileName: "pods/**/*.log", regex: "panic: runtime error", outcomes: [
        {fail: {when: "true", message: panic}}, {pass: {when: "false", message: calm}}]}
    - textAnalyze: {fileName: "pods/**/*.log", regexGroups: 'took (?P<Seconds>\\d+) s to start', outcomes: [
        {warn: {when: "Seconds > 900", message: slow}}, {pass: {message: fast}}]}
"""
_WORDS = ("request", "started", "finished", "session", "user", "queue", "worker", "cache", "retry", "closed", "timeout")


def files() -> Iterator[tuple[str, bytes]]:
    """Everything that the bundle holds, by name."""
    chance = random.Random(4)
    yield "cluster-info/cluster_version.json", b'{"info": {"gitVersion": "v1.34.1"}, "string": "v1.34.1"}'
    nodes = [{"metadata": {"name": f"n{at}"}, "status": {"capacity": {"cpu": "8"}}} for at in range(20)]
    yield "cluster-resources/nodes.json", _list(nodes)
    made = 0
    for number in range(1000):
        if made >= SIZE:
            return
        pods = [_pod(f"ns{number}", f"p{at}", chance) for at in range(PODS)]
        for name, content in (
            (f"cluster-resources/pods/ns{number}.json", _list(pods)),
            (f"pods/ns{number}/main.log", _log(chance)),
            (f"pods/ns{number}/side.log", _log(chance)),
        ):
            made += len(content)
            yield name, content


def _list(items: list[dict]) -> bytes:
    return json.dumps({"kind": "List", "items": items}, indent=2).encode()


def _pod(namespace: str, name: str, chance: random.Random) -> dict:
    env = [{"name": f"SETTING_{at}", "value": str(chance.random())} for at in range(10)]
    env.append({"name": "DB_PASSWORD", "value": f"word-{chance.randrange(50):04}"})
    container = {"name": "main", "image": f"registry.example.com/{name}:1", "env": env}
    told = {"name": "main", "ready": True, "restartCount": chance.randrange(3), "state": {"running": {}}}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"containers": [container]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [told],
        },
    }


def _log(chance: random.Random) -> bytes:
    lines, size = [], 0
    while size < LOG:
        said = " ".join(chance.choices(_WORDS, k=12))
        told = f"2026-11-23T10:00:00.{chance.randrange(10**6):06}Z INFO {said} id={chance.randrange(10**9)}"
        if chance.random() < 0.002:
            told += f" postgres://app:word-{chance.randrange(50):04}@db:5432/app took 3 s to start"
        lines.append(told)
        size += len(told) + 1
    return "\n".join(lines).encode()


def write(path: Path) -> int:
    """Pack it; returns the bytes of all files."""
    size = 0
    with tarfile.open(path, "w:gz", compresslevel=6) as tar:
        for name, content in files():
            entry = tarfile.TarInfo(f"support-bundle/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
            size += len(content)
    return size


def analyze(path: Path) -> int:
    """Read the bundle and judge it; returns how many findings there are."""
    found = analyzing.analyze(
        support_bundle_files(path), (("bench.yaml", SPEC),), now=datetime(2026, 11, 23, tzinfo=UTC)
    )
    return len(found.judged)


def redact(path: Path) -> int:
    """Read the bundle and take secrets out of every file; returns how many places were masked."""
    mask = bundle.Mask(values=[f"word-{at:04}" for at in range(50)])
    return sum(mask.file(name, content).count(b"***HIDDEN***") for name, content in support_bundle_files(path).items())


WORK = {"analysis": analyze, "redaction": redact}


def measure() -> Iterator[figures.Speed]:
    """Each once, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.tar.gz"
        size = write(path)
        for work in WORK:
            done = subprocess.run(
                [sys.executable, "-m", "bench.bundle", work, str(path)], check=True, capture_output=True, text=True
            )
            seconds, peak, _ = done.stdout.split()
            yield figures.Speed(f"{work} of a bundle", size / 10**6, float(seconds), float(peak) / 10**6)


def once(work: str, path: Path) -> None:
    """Print seconds, the most bytes held, and what came out."""
    begun = time.perf_counter()
    found = WORK[work](path)
    seconds = time.perf_counter() - begun
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, found)


if __name__ == "__main__":
    once(sys.argv[1], Path(sys.argv[2]))
