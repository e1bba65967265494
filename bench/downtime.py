"""Downtime of a window update as somebody outside sees it, against the time that the new pods need to start.

Workbench with real pods where this machine runs them, else with simulated ones. Downtime is from the first refused
request to the first good one after the last refused; a pod's start is from its creation until it is ready.
"""

import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import Any

from bench import figures
from tools import demo, kubebox


def measure() -> figures.Figure:
    """One installation, one update to a release that restarts everything."""
    real = 1 if os.geteuid() == 0 else 0
    nodes = kubebox.Nodes(real=real, simulated=0 if real else 2)
    cluster = kubebox.start(f"bench-window-{os.getpid()}", nodes=nodes)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measured(
                demo.Demo(Path(folder), hands_free=True, kubeconfig=cluster.kubeconfig, silent=True), cluster
            )
    finally:
        cluster.stop()


def _measured(bench: demo.Demo, cluster: kubebox.Cluster) -> figures.Figure:
    with demo.installed(bench, cluster):
        words = ("update", demo.SECOND, "--strategy", "window", "--announce", "0", "--soak", "5", "--hold", "5")
        with demo.Prober(bench.url) as prober:
            bench.changeover(*words, "--yes")
        pods = bench.kubectl("get", "pods", "-l", "app=workbench", "-o", "json")["items"]
    start = max(_start(pod) for pod in pods if pod["status"].get("phase") == "Running")
    return figures.Figure(
        "downtime of a window update", "slowest pod's own start", prober.away, start, prober.away / start
    )


def _start(pod: dict[str, Any]) -> float:
    ready = next(one for one in pod["status"]["conditions"] if one["type"] == "Ready")
    made, at = (
        dt.datetime.fromisoformat(time) for time in (pod["metadata"]["creationTimestamp"], ready["lastTransitionTime"])
    )
    return max(1.0, (at - made).total_seconds())
