"""Copying an image from a registry to another (``changeover images copy``) against skopeo, in turns.

Both registries are Debian's, on this machine; every copy goes to an empty one of its own. Ours includes
rendering the package that names the image. Left out where the programs cannot be had, here or from Debian.
"""

import asyncio
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import figures
from changeover.channel.registry.archives import ArchiveImages
from changeover.channel.registry.copying import Copier
from changeover.channel.registry.logins import Logins
from changeover.channel.registry.repository import Repository
from changeover.channel.registry.session import Session
from tools import kubebox
from tools.kubebox import debian, images

MEGABYTES = 128
_LIBRARIES = ("libgpgme11", "libdevmapper1.02.1", "libassuan0", "libgpg-error0")
_CONFIG = """version: 0.1
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: '{address}', secret: x}}
log: {{level: error}}
"""
_POD = """apiVersion: v1
kind: Pod
metadata: {{name: bench}}
spec: {{containers: [{{name: main, image: '{image}'}}]}}
"""


def measure(rounds: int) -> figures.Figure | None:
    """Take turns; the first is not counted. None when the programs cannot be had."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changeover-bench-")))
        try:
            skopeo, environment = _program("skopeo", folder, _LIBRARIES)
            registry, _ = _program("docker-registry", folder, ())
        except kubebox.KubeboxProblem:
            return None
        here = stack.enter_context(_registry(registry, folder / "here"))
        asyncio.run(_push(_archive(), here))
        package = folder / "pod.yaml"
        package.write_text(_POD.format(image=f"{here}/bench:1"))
        turns = []
        for number in range(rounds + 1):
            with _registry(registry, folder / f"ours{number}") as there:
                mine = _timed(_ours(package, here, there), {})
            with _registry(registry, folder / f"theirs{number}") as there:
                turns.append((mine, _timed(_theirs(skopeo, here, there), environment)))
    return figures.compared(f"images copy, {MEGABYTES} MB", "skopeo copy", turns[1:])


def _archive() -> Path:
    """An image of our own builder with files that do not compress, the same every time."""
    size = MEGABYTES * 1024 * 1024
    return images.python_image("bench:1", {"app/noise": random.Random(1).randbytes(size)}, ["python3"])


def _ours(package: Path, here: str, there: str) -> list[str]:
    plain = ("--plain-http", here, "--plain-http", there)
    return [sys.executable, "-m", "changeover", "images", "copy", str(package), "--registry", f"{there}/mirror", *plain]


def _theirs(skopeo: Path, here: str, there: str) -> list[str]:
    insecure = ("--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false")
    names = (f"docker://{here}/bench:1", f"docker://{there}/mirror/bench:1")
    return [str(skopeo), "copy", "-q", *insecure, *names]


async def _push(archive: Path, address: str) -> None:
    async with Session(Logins({}, frozenset({address}))) as session:
        await Copier().copy(ArchiveImages(archive), "1", Repository(session, address, "bench"), "1")


def _timed(command: list[str], environment: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _program(name: str, folder: Path, libraries: tuple[str, ...]) -> tuple[Path, dict[str, str]]:
    """A program of this machine, else unpacked from Debian's packages with what must be set for it."""
    found = shutil.which(name)
    if found:
        return Path(found), {}
    root = folder / "debian"
    for deb in debian.archives([name, *libraries]):
        subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
    machine = "x86_64-linux-gnu" if (root / "usr/lib/x86_64-linux-gnu").is_dir() else "aarch64-linux-gnu"
    return root / "usr/bin" / name, {"LD_LIBRARY_PATH": f"{root}/usr/lib/{machine}:{root}/lib/{machine}"}


@contextmanager
def _registry(program: Path, folder: Path) -> Iterator[str]:
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "config.yml").write_text(_CONFIG.format(root=folder / "data", address=address))
    with subprocess.Popen(
        [str(program), "serve", str(folder / "config.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(address)
            yield address
        finally:
            process.terminate()


def _wait(address: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://{address}/v2/", timeout=2) as answer:
                json.load(answer)
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{address} does not listen")
