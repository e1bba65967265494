"""A real API server with simulated nodes only, one for each worker, so that a test may break it or use ``default``.

A pytest plugin: named, not imported. `CHANGEOVER_TEST_SIMULATED` names a running kubebox cluster to use instead of
starting one; it must have been started with `NODES`' labels.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.flows.commands import Commands
from tests.flows.workbench import Workbench
from tools import kubebox

WORKLOADS = ("meta", "ide", "workspace_services", "workspace_regular", "workspace_headless")
NODES = kubebox.Nodes(real=0, simulated=3, labels={"": {f"gitpod.io/workload_{name}": "true" for name in WORKLOADS}})


@pytest.fixture(scope="session")
def simulated() -> Iterator[kubebox.Cluster]:
    """The cluster; Changeover's definitions are there."""
    if given := os.environ.get("CHANGEOVER_TEST_SIMULATED"):
        found = kubebox.find(given)
        Commands(found.kubeconfig, "default").run("setup", "--yes")
        yield found
        return
    started = kubebox.start(f"test-simulated-{os.getpid()}", nodes=NODES)
    try:
        Commands(started.kubeconfig, "default").run("setup", "--yes")
        yield started
    finally:
        started.stop()


@contextmanager
def _home(cluster: kubebox.Cluster) -> Iterator[Commands]:
    name = f"sim-{time.monotonic_ns():x}"
    made = Commands(cluster.kubeconfig, name)
    made.kubectl("create", "namespace", name)
    yield made
    made.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def commands(simulated: kubebox.Cluster) -> Iterator[Commands]:
    """The command line in a namespace of the test's own; deleted afterwards."""
    with _home(simulated) as made:
        yield made


@pytest.fixture
def workbench(simulated: kubebox.Cluster, commands: Commands, tmp_path: Path) -> Iterator[Workbench]:
    """Workbench's channel, and a host process that acts for its pods; nothing is installed yet."""
    with Workbench(simulated, commands, tmp_path) as bench:
        yield bench


@pytest.fixture(scope="module")
def lasting_workbench(simulated: kubebox.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The same, for all tests of a module."""
    with _home(simulated) as made, Workbench(simulated, made, tmp_path_factory.mktemp("workbench")) as bench:
        yield bench
