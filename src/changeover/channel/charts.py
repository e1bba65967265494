"""Renders Helm charts: Helm's own code in a worker process, else the ``helm`` program where only that is installed.

* The worker exists because the library carries a Go runtime that must never be forked with, and because a chart may
  make it hang or crash: it is killed after `SECONDS` and started again.
* The library knows no target: ``.Capabilities`` is written into the chart (`chart_rewriting`), and a chart that uses
  ``lookup`` is rendered with the kubeconfig that Changeover works with; without a cluster lookups find nothing, as in
  ``helm template``.
"""

from __future__ import annotations

import base64
import json
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from changeover.channel import chart_rewriting
from changeover.errors import Problem
from changeover.package import archive as archives
from changeover.package import yaml_text
from changeover.ports import ChartRequest, RenderedChart

SECONDS = 60.0


class ChartFailed(Problem):
    """Helm could not render a chart; its own words say why."""

    reference = "chart-failed"


class HelmMissing(Problem):
    """A chart needs Helm in a form that is not installed."""

    reference = "helm-missing"


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach the cluster whose objects charts look up; all empty = as kubectl would."""

    kubeconfig: str | None = None
    context: str | None = None
    user: str | None = None
    """As whom charts look; empty = as the kubeconfig says."""


class HelmCharts:
    """Implements `ports.Charts`. Holds at most one worker process; `close` ends it."""

    def __init__(self, *, program: str | None = None, reach: Reach | None = None) -> None:
        found = shutil.which("helm") if program is None else program
        self._program = "" if program is None and has_library() else found
        self._reach = reach
        self._worker: subprocess.Popen[bytes] | None = None

    def render(self, request: ChartRequest) -> RenderedChart:
        """Render a chart with its hooks, definitions and notes. Raises ChartFailed, HelmMissing, OpaqueChart."""
        if self._program:
            return RenderedChart(self._by_program(request))
        files = archives.strip_common_folders(archives.read_tar(request.archive, name=f"chart of {request.release}"))
        looks_up = self._reach is not None and chart_rewriting.looks_up(files)
        answer = self._ask(
            {
                "chart": base64.b64encode(_adapted(files, request)).decode(),
                "release": request.release,
                "namespace": request.namespace,
                "values": request.values,
                "revision": request.revision,
                "cluster": self._cluster() if looks_up else None,
            },
            request.release,
        )
        if "error" in answer:
            raise _failed(request.release, str(answer["error"]))
        return RenderedChart(str(answer["manifests"]), str(answer.get("notes", "")))

    def _cluster(self) -> dict[str, str]:
        reach = self._reach or Reach()
        named = {"kubeconfig_path": reach.kubeconfig, "kube_context": reach.context, "kube_as_user": reach.user}
        return {name: value for name, value in named.items() if value}

    def close(self) -> None:
        """End the worker."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        worker.wait()
        for stream in (worker.stdin, worker.stdout):
            if stream:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _by_program(self, request: ChartRequest) -> str:
        with tempfile.TemporaryDirectory(prefix="changeover-chart-") as folder:
            chart, given = Path(folder) / "chart.tgz", Path(folder) / "values.yaml"
            chart.write_bytes(request.archive)
            given.write_text(yaml_text.dump(dict(request.values)))
            command = [str(self._program), "template", request.release, str(chart), "-n", request.namespace]
            command += ["-f", str(given), "--include-crds", *_options(request)]
            if self._reach is not None:
                command += ["--dry-run=server"]
                command += ["--kubeconfig", self._reach.kubeconfig] if self._reach.kubeconfig else []
                command += ["--kube-context", self._reach.context] if self._reach.context else []
                command += ["--kube-as-user", self._reach.user] if self._reach.user else []
            try:
                done = subprocess.run(  # noqa: S603 - our own arguments, no shell
                    command, capture_output=True, timeout=SECONDS, check=False, text=True
                )
            except subprocess.TimeoutExpired:
                raise _failed(request.release, f"no result after {SECONDS:.0f} s") from None
        if done.returncode:
            raise _failed(request.release, done.stderr.strip())
        return done.stdout

    def _ask(self, request: Mapping[str, Any], release: str) -> Mapping[str, Any]:
        worker = self._running()
        if worker.stdin is None or worker.stdout is None:  # pragma: no cover - Popen was given pipes
            raise _failed(release, "the worker has no pipes")
        try:
            worker.stdin.write(json.dumps(request).encode() + b"\n")
            worker.stdin.flush()
            ready, _, _ = select.select([worker.stdout], [], [], SECONDS)
            line = worker.stdout.readline() if ready else b""
        except BrokenPipeError:
            line = b""
        if not line:
            code = worker.poll()
            self.close()
            raise _failed(
                release, f"Helm ended with {code}" if code is not None else f"no result after {SECONDS:.0f} s"
            )
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self.close()
            _require_library()
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "changeover.channel.chart_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        return self._worker


def _adapted(files: Mapping[str, bytes], request: ChartRequest) -> bytes:
    """The chart as it came, unless it asks what the library cannot answer or must not judge."""
    asks = bool(request.kubernetes) and chart_rewriting.asks(files)
    if request.schema and not asks:
        return request.archive
    if not request.schema:
        files = chart_rewriting.without_schema(files)
    if asks:
        files = chart_rewriting.with_capabilities(
            files, kubernetes=request.kubernetes, api_versions=request.api_versions
        )
    return archives.pack(files, top=request.release)


def _options(request: ChartRequest) -> Iterator[str]:
    if request.kubernetes:
        yield from ("--kube-version", request.kubernetes)
    if request.revision > 1:
        yield "--is-upgrade"
    if not request.schema:
        yield "--skip-schema-validation"
    for version in request.api_versions:
        yield from ("--api-versions", version)


def has_library() -> bool:
    """Whether Helm's code is installed as a library."""
    import importlib.util

    return importlib.util.find_spec("helm_python") is not None


def _require_library() -> None:
    if not has_library():
        raise HelmMissing(
            "This package holds a Helm chart, and Helm is not installed.",
            found="no helm on PATH, no helm-python-sdk",
            hint="pip install 'changeover[helm]', or install the helm program",
        )


def _failed(release: str, words: str) -> ChartFailed:
    return ChartFailed(
        f"Helm could not render the chart of {release}.",
        found=words[:2000],
        hint="the words above are Helm's; check the values that the answers give it",
    )
