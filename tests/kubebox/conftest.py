"""Clusters for the tests of kubebox itself, and what they need to talk to them."""

import os
import time
from collections.abc import Iterator

import pytest

from tests.kubebox.waiting import eventually
from tools import kubebox
from tools.kubebox import machine
from tools.kubebox.api import Api


@pytest.fixture(scope="session")
def real_nodes() -> None:
    """Skip where pods cannot run."""
    reason = machine.why_no_real_nodes(print)
    if reason:
        pytest.skip(f"no real nodes: {reason}")


@pytest.fixture(scope="session")
def cluster(real_nodes: None) -> Iterator[kubebox.Cluster]:
    """One cluster with both kinds of nodes."""
    started = kubebox.start(f"test-{os.getpid()}", nodes=kubebox.Nodes(real=2, simulated=2))
    yield started
    started.stop()


@pytest.fixture
def api(cluster: kubebox.Cluster) -> Iterator[Api]:
    """An administrator's client."""
    client = Api(cluster.kubeconfig)
    yield client
    client.close()


@pytest.fixture
def space(api: Api) -> Iterator[str]:
    """The path of a namespace of the test's own, removed afterwards."""
    name = f"t{time.monotonic_ns()}"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    path = f"/api/v1/namespaces/{name}"
    eventually(lambda: api.get(f"{path}/serviceaccounts")["items"], what="default service account")
    yield path
    api.request("DELETE", path)
