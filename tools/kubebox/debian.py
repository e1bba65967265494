"""Debian packages as the root of an image: fetched with apt, unpacked without root, trimmed to what runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import layout
from .problem import KubeboxProblem

PYTHON_VERSION = (3, 11)
PYTHON = (
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libc6",
    "zlib1g",
    "libexpat1",
    "libssl3",
    "libffi8",
    "libsqlite3-0",
    "libbz2-1.0",
    "liblzma5",
    "libuuid1",
    "media-types",
    "ca-certificates",
)
UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/lintian", "usr/share/locale", "usr/share/python3", "usr/sbin")
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/false\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def archives(packages: Sequence[str]) -> list[Path]:
    """The .deb files of these packages, from the cache or from Debian; the first fetch fixes the versions.

    Raises:
        KubeboxProblem: when apt is not there or cannot fetch them.
    """
    folder = layout.cache_home() / "debs"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in packages if not _cached(folder, name)]
    if missing:
        _fetch(folder, missing)
    found = [_cached(folder, name) for name in packages]
    return sorted(path for path in found if path)


def _cached(folder: Path, package: str) -> Path | None:
    return next(iter(sorted(folder.glob(f"{package}_*.deb"))), None)


def _fetch(folder: Path, packages: Sequence[str]) -> None:
    if not shutil.which("apt-get"):
        raise KubeboxProblem(
            "Building a Python image needs Debian packages.",
            found="no apt-get on this machine",
            hint=f"put the .deb files of {' '.join(packages)} into {folder}",
        )
    done = _apt([], ["download", *packages], folder)
    if done.returncode:  # no package lists, or old ones: fetch lists of our own, which needs no root
        own = folder.parent / "apt"
        for inner in ("lists/partial", "cache/archives/partial"):
            (own / inner).mkdir(parents=True, exist_ok=True)
        options = ["-o", f"Dir::State::Lists={own}/lists", "-o", f"Dir::Cache={own}/cache"]
        _apt(options, ["update", "-q"], folder)
        done = _apt(options, ["download", *packages], folder)
    if done.returncode:
        raise KubeboxProblem("Debian's packages must be fetched.", found=done.stderr.strip()[-1500:])


def _apt(options: list[str], action: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    argv = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", *options, *action]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def unpack(debs: Sequence[Path], root: Path) -> None:
    """Make a root folder of packages: files only, none of their scripts run."""
    for deb in debs:
        done = subprocess.run(["dpkg-deb", "-x", str(deb), str(root)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise KubeboxProblem(f"{deb.name} must unpack.", found=done.stderr.strip())
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, mode in (("tmp", 0o1777), ("root", 0o700), ("app", 0o755)):
        (root / name).mkdir(exist_ok=True)
        (root / name).chmod(mode)
    _trust(root)
    if (root / "usr/bin/python3.11").exists():
        (root / "usr/bin/python3").symlink_to("python3.11")
        (root / "usr/bin/python").symlink_to("python3.11")
        _compile(root)


def _trust(root: Path) -> None:
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(path.read_bytes() for path in certificates))


def _compile(root: Path) -> None:
    if sys.version_info[:2] != PYTHON_VERSION:
        return
    library = root / "usr/lib/python3.11"
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/"]
    argv = [sys.executable, "-m", "compileall", *options, str(library)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run(argv, env=environment, capture_output=True, check=False)
