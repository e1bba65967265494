"""A real API server whose simulated nodes take the pods of Gitpod (a pytest plugin: named, not imported).

`PLAN_KUBECONFIG` names a running cluster to use instead of starting one.
"""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from changeover.kube.client import KubeCluster
from changeover.kube.connect import connect
from tools import kubebox

WORKLOADS = ("meta", "ide", "workspace_services", "workspace_regular", "workspace_headless")


@pytest.fixture(scope="session")
def plan_kubeconfig() -> Iterator[str]:
    """An administrator's kubeconfig."""
    if given := os.environ.get("PLAN_KUBECONFIG"):
        yield given
        return
    labels = {"": {f"gitpod.io/workload_{name}": "true" for name in WORKLOADS}}
    started = kubebox.start(f"test-plan-{os.getpid()}", nodes=kubebox.Nodes(real=0, simulated=2, labels=labels))
    yield str(started.kubeconfig)
    started.stop()


@pytest.fixture
async def plan_server(plan_kubeconfig: str) -> AsyncIterator[KubeCluster]:
    """A connection as administrator."""
    server, _ = connect(plan_kubeconfig, None, None)
    yield server
    await server.close()
