"""One real cluster for all tests of a session, and a namespace of its own for each test.

`CHANGEOVER_TEST_KUBECONFIG` names a running cluster to use; otherwise one kubebox cluster ``tests`` is started by
whoever comes first, shared by all workers, and stopped by whoever leaves last (`CHANGEOVER_TEST_KEEP=1` keeps it;
`CHANGEOVER_TEST_CLUSTER` gives it another name).
"""

import asyncio
import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO

import pytest

from changeover.kube.client import KubeCluster
from changeover.kube.connect import connect
from changeover.kube.setup import ClusterDefinitions
from changeover.objects import Kind, KubeObject, Ref
from tools import kubebox
from tools.kubebox import images

NAME = os.environ.get("CHANGEOVER_TEST_CLUSTER", "tests")
HOME = Path(tempfile.gettempdir()) / f"changeover-{NAME}-{os.getuid()}"


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[kubebox.Cluster | None]:
    """The kubebox cluster; None when `CHANGEOVER_TEST_KUBECONFIG` names another."""
    if os.environ.get("CHANGEOVER_TEST_KUBECONFIG"):
        yield None
        return
    HOME.mkdir(exist_ok=True)
    with (HOME / "users").open("w") as users:
        with _alone():
            fcntl.flock(users, fcntl.LOCK_SH)
            started = _find() or kubebox.start(NAME, nodes=_nodes())
        yield started
        with _alone():
            if _is_last(users) and not os.environ.get("CHANGEOVER_TEST_KEEP"):
                started.stop()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Starting and stopping is one worker's business at a time."""
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _nodes() -> kubebox.Nodes:
    return kubebox.Nodes(real=1 if os.geteuid() == 0 else 0, simulated=2, taint_simulated=os.geteuid() == 0)


def _find() -> kubebox.Cluster | None:
    with contextlib.suppress(kubebox.KubeboxProblem):
        found = kubebox.find(NAME)
        if found.spec.ready and all(found.components().values()):
            return found
        found.stop()
    return None


@pytest.fixture(scope="session")
def kubeconfig(shared_cluster: kubebox.Cluster | None) -> str:
    """An administrator's kubeconfig; Changeover's definitions are there."""
    path = str(shared_cluster.kubeconfig) if shared_cluster else os.environ["CHANGEOVER_TEST_KUBECONFIG"]

    async def define() -> None:
        server, _ = connect(path, None, None)
        await ClusterDefinitions().install(server)
        await server.close()

    with contextlib.ExitStack() as stack:
        if shared_cluster:
            stack.enter_context(_alone())
        asyncio.run(define())
    return path


@pytest.fixture
async def cluster(kubeconfig: str) -> AsyncIterator[KubeCluster]:
    """A connection as administrator, of the test's own."""
    server, _ = connect(kubeconfig, None, None)
    yield server
    await server.close()


@pytest.fixture
async def namespace(cluster: KubeCluster) -> AsyncIterator[str]:
    """A namespace of the test's own, with its default account; deleted afterwards."""
    name = f"flow-{time.monotonic_ns():x}"
    home = await cluster.create(KubeObject({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    account = Ref(Kind("v1", "ServiceAccount"), name, "default")
    while await cluster.get(account) is None:
        await asyncio.sleep(0.05)
    yield name
    await cluster.delete(home.ref, uid=home.uid)


@pytest.fixture(scope="session")
def real_nodes(shared_cluster: kubebox.Cluster | None) -> kubebox.Cluster:
    """The cluster, when its nodes run pods and its registry takes images; otherwise the test is skipped."""
    if shared_cluster is None or not shared_cluster.nodes.real:
        pytest.skip("needs a kubebox cluster with a real node (root on Linux)")
    return shared_cluster


@pytest.fixture(scope="session")
def python_image(real_nodes: kubebox.Cluster) -> str:
    """An image with nothing but Python 3, in the cluster's registry."""
    archive = images.python_image("python:test", {"app/readme": b"nothing"}, ["python3"])
    return real_nodes.push(archive, "test/python", "1")
