"""The product's own image, without a container engine: Debian's Python, the locked packages, our source.

`python -m tools.product_image [--out FILE]` prints the archive's path and the image's digest. Same lock, same source,
same Debian packages: same digest. It runs as nobody, and its root file system need not be writable.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tools import kubebox
from tools.kubebox import debian, images, layout

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"
REPOSITORY, TAG = "changeover", "dev"
ENTRYPOINT = ("/usr/bin/python3", "-m", "changeover")
PACKAGES = (*debian.PYTHON, "libstdc++6", "libgcc-s1")
SETTINGS = {
    "User": "65534:65534",
    "Env": ["PYTHONPATH=/app:/packages", "HOME=/tmp", "XDG_CACHE_HOME=/tmp"],
    "ExposedPorts": {"8800/tcp": {}},
    "Labels": {"org.opencontainers.image.title": "Changeover", "org.opencontainers.image.licenses": "Apache-2.0"},
}
LEFT_OUT = {"__pycache__", "bin", "tests", "test"}
"""Folders of packages that nothing at run time reads."""
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64")


def build() -> Path:
    """The image's archive (OCI layout in a tar file)."""
    source = ROOT / "src"
    paths = [path for path in sorted(source.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    files = {f"app/{path.relative_to(source)}": path.read_bytes() for path in paths}
    names = {"packages": PACKAGES, "below": _packages(), "settings": SETTINGS}
    return images.python_image(f"{REPOSITORY}:{TAG}", files, ENTRYPOINT, **names)  # type: ignore[arg-type]


def digest(archive: Path) -> str:
    """The digest of the manifest, by which a chart or a Job pins the image."""
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        return str(json.loads(index.read() if index else b"{}")["manifests"][0]["digest"])


def build_and_push(cluster: kubebox.Cluster) -> str:
    """Build and push; returns the name, pinned by digest, under which every node pulls it."""
    archive = build()
    cluster.push(archive, REPOSITORY, TAG)
    return f"registry.kubebox:5000/{REPOSITORY}@{digest(archive)}"


def _packages() -> dict[str, bytes]:
    """The locked packages' files by path in the image; installed once per lock, then cached."""
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:24]
    folder = layout.cache_home() / "packages" / key
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            target = Path(work) / "site"
            command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
            command += ["--require-hashes", "--no-compile", "--only-binary=:all:", "--python-version=3.11"]
            command += [f"--platform={one}" for one in PLATFORMS]
            subprocess.run([*command, "--target", str(target), "-r", str(LOCK)], check=True)
            shutil.move(target, folder)
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    kept = (path for path in found if not LEFT_OUT & set(path.relative_to(folder).parts))
    return _once({f"packages/{path.relative_to(folder)}": path.read_bytes() for path in kept})


def _once(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without second copies of a library in one folder: wheels hold what should be links (lib.so, lib.so.0 …)."""
    seen: set[tuple[str, bytes]] = set()
    kept: dict[str, bytes] = {}
    for name, content in files.items():
        twin = (name.rpartition("/")[0], hashlib.sha256(content).digest())
        if ".so" not in name or twin not in seen:
            kept[name] = content
        seen.add(twin)
    return kept


def main() -> None:
    """Build, and say where it lies."""
    parser = argparse.ArgumentParser(prog="product_image", description=__doc__)
    parser.add_argument("--out", type=Path, help="copy the archive to this file")
    chosen = parser.parse_args()
    archive = build()
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive, chosen.out)
    print(f"{chosen.out or archive}  {archive.stat().st_size / 1_000_000:.1f} MB")
    print(digest(archive))


if __name__ == "__main__":
    main()
