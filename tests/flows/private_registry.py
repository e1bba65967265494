"""Debian's own registry with a login, which a cluster's nodes reach: as operators have them."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from changeover.render.functions.bcrypt import hashed
from tools import kubebox
from tools.kubebox import debian

CONFIG = """version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: '{address}', secret: none}}
auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}
log: {{level: error}}
"""


@dataclass(frozen=True)
class PrivateRegistry:
    """``host:port``, and who may log in."""

    address: str
    folder: Path
    user: str = "puller"
    password: str = "pull-me-if-you-can"

    def repositories(self) -> list[str]:
        """What was pushed."""
        return sorted(str(path.parent.relative_to(self._root)) for path in self._root.rglob("_manifests"))

    def has(self, repository: str, tag: str) -> bool:
        """Whether an image was pushed under this tag."""
        return (self._root / repository / "_manifests" / "tags" / tag).is_dir()

    @property
    def _root(self) -> Path:
        return self.folder / "data" / "docker" / "registry" / "v2" / "repositories"


def let_nodes_pull(cluster: kubebox.Cluster, address: str) -> None:
    """Tell the real nodes that this registry speaks http."""
    for number in range(1, cluster.nodes.real + 1):
        hosts = cluster.folder.node(number) / "registries" / address / "hosts.toml"
        hosts.parent.mkdir(parents=True, exist_ok=True)
        server = f"http://{address}"
        hosts.write_text(f'server = "{server}"\n[host."{server}"]\ncapabilities = ["pull", "resolve"]\n')


@contextlib.contextmanager
def running(cluster: kubebox.Cluster, folder: Path) -> Iterator[PrivateRegistry]:
    """One that is empty, until the block ends."""
    program = _program(folder / "program")
    host = cluster.registry.partition(":")[0]
    with socket.socket() as free:
        free.bind((host, 0))
        address = f"{host}:{free.getsockname()[1]}"
    made = PrivateRegistry(address, folder / "registry")
    made.folder.mkdir()
    (made.folder / "htpasswd").write_text(f"{made.user}:{hashed(made.password, os.urandom(16), 5)}\n")
    (made.folder / "config.yml").write_text(CONFIG.format(folder=made.folder, address=address))
    command = [str(program), "serve", str(made.folder / "config.yml")]
    with (made.folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait(address)
            let_nodes_pull(cluster, address)
            yield made
        finally:
            process.terminate()


def _program(folder: Path) -> Path:
    found = shutil.which("docker-registry")
    if found:
        return Path(found)
    try:
        debs = debian.archives(["docker-registry"])
    except kubebox.KubeboxProblem as problem:
        pytest.skip(f"needs Debian's docker-registry: {problem}")
    for deb in debs:
        subprocess.run(["dpkg", "-x", str(deb), str(folder)], check=True)
    return folder / "usr" / "bin" / "docker-registry"


def _wait(address: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://{address}/v2/", timeout=2)
        except urllib.error.HTTPError as error:
            if error.code == 401:
                return
            raise
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not listen")
