"""Renders Helm charts: ``helm`` on PATH when there is one, else Helm's own code in a worker process.

* The worker exists because the library carries a Go runtime that must never be forked with, and because a chart may
  make it hang or crash: it is killed after `SECONDS` and started again.
* The library knows no cluster. A chart that asks ``.Capabilities`` or ``lookup`` would silently get another answer than
  in the target cluster, so such a chart needs the ``helm`` program, or is refused. (``lookup`` finds nothing offline
  in either: who needs it must answer it before, as facts.)
"""

from __future__ import annotations

import base64
import json
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from changeover.errors import Problem
from changeover.package import archive as archives
from changeover.package import yaml_text

SECONDS = 60.0
_ASKS = re.compile(rb"\{\{[^}]*(?:\.Capabilities\b|\blookup\s)")


class ChartFailed(Problem):
    """Helm could not render a chart; its own words say why."""

    reference = "chart-failed"


class HelmMissing(Problem):
    """A chart needs Helm in a form that is not installed."""

    reference = "helm-missing"


class HelmCharts:
    """Implements `ports.Charts`. Holds at most one worker process; `close` ends it."""

    def __init__(self, *, program: str | None = None) -> None:
        self._program = shutil.which("helm") if program is None else program
        self._worker: subprocess.Popen[bytes] | None = None

    def render(
        self,
        archive: bytes,
        *,
        release: str,
        namespace: str,
        values: Mapping[str, Any],
        kubernetes: str,
        schema: bool = True,
    ) -> str:
        """All manifests of a chart as one stream, CRDs first, hooks included. Raises ChartFailed, HelmMissing."""
        if self._program:
            options = [*(["--kube-version", kubernetes] if kubernetes else [])]
            options += [] if schema else ["--skip-schema-validation"]
            return self._by_program(archive, release, namespace, values=values, options=options)
        self._refuse_questions(archive, release)
        request = {
            "chart": base64.b64encode(archive).decode(),
            "release": release,
            "namespace": namespace,
            "values": values,
            "schema": schema,
        }
        answer = self._ask(request, release)
        if "error" in answer:
            raise _failed(release, str(answer["error"]))
        return str(answer["manifests"])

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

    def _by_program(
        self, content: bytes, release: str, namespace: str, *, values: Mapping[str, Any], options: list[str]
    ) -> str:
        with tempfile.TemporaryDirectory(prefix="changeover-chart-") as folder:
            chart, given = Path(folder) / "chart.tgz", Path(folder) / "values.yaml"
            chart.write_bytes(content)
            given.write_text(yaml_text.dump(dict(values)))
            command = [str(self._program), "template", release, str(chart), "-n", namespace, "-f", str(given)]
            command += ["--include-crds", *options]
            try:
                done = subprocess.run(  # noqa: S603 - our own arguments, no shell
                    command, capture_output=True, timeout=SECONDS, check=False, text=True
                )
            except subprocess.TimeoutExpired:
                raise _failed(release, f"no result after {SECONDS:.0f} s") from None
        if done.returncode:
            raise _failed(release, done.stderr.strip())
        return done.stdout

    def _refuse_questions(self, content: bytes, release: str) -> None:
        files = archives.read_tar(content, name=f"the chart of {release}")
        asking = sorted(path for path, text in files.items() if "/templates/" in path and _ASKS.search(text))
        if asking:
            raise HelmMissing(
                f"The chart of {release} asks about the cluster while it is rendered; that needs the helm program.",
                found=f"{asking[0]} uses .Capabilities or lookup; there is no helm on PATH",
                hint="install helm (v3.14 or newer) on this machine",
            )

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


def _require_library() -> None:
    import importlib.util

    if importlib.util.find_spec("helm_python") is None:
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
