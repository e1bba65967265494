"""Container images without a container engine: from Debian packages and Python files, or from static programs.

An image is an OCI layout in a tar file: `ctr images import`, `skopeo` and a registry push all read it. The same inputs
give the same digest: entries are sorted, times and owners fixed. Layers are made and compressed once and cached.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import debian, layout
from .problem import KubeboxProblem
from .processes import write_whole

CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EPOCH = 1_600_000_000  # seconds: the time of every file and image
KEPT_IMAGES = 40  # archives in the cache, about 20 MB each
RECIPE = "3"  # raise when the way of making layers changes
PYTHON_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A compressed layer in the cache: its digest, the digest of its content, its size in bytes."""

    path: Path
    digest: str
    diff_id: str
    size: int


def sha256(content: bytes) -> str:
    """Digest as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def build_python_image(
    tag: str, app_dir: Path, *, entrypoint: Sequence[str], packages: Sequence[str] = debian.PYTHON
) -> Path:
    """An image with Debian's Python 3.11 and the files of a folder in /app; returns its archive.

    Raises:
        KubeboxProblem: when the Debian packages cannot be had or the folder is not there.
    """
    if not app_dir.is_dir():
        raise KubeboxProblem("The application's files must lie in a folder.", found=f"no folder {app_dir}")
    names = (path for path in sorted(app_dir.rglob("*")) if "__pycache__" not in path.parts and path.is_file())
    files = {f"app/{path.relative_to(app_dir)}": path.read_bytes() for path in names}
    return python_image(tag, files, entrypoint, packages=packages)


def python_image(
    tag: str,
    files: Mapping[str, bytes],
    entrypoint: Sequence[str],
    *,
    packages: Sequence[str] = debian.PYTHON,
    below: Mapping[str, bytes] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Path:
    """As `build_python_image`, with the files given as path in the image (without leading slash) and content.

    `below` are files of a layer of their own, because they change less often. `settings` are more of the image's
    configuration as OCI writes it (`User`, `ExposedPorts` …); `Env` is added to Python's.
    """
    more: dict[str, Any] = dict(settings or {})
    environment = [f"{name}={value}" for name, value in PYTHON_ENVIRONMENT.items()]
    whole = {
        "Entrypoint": list(entrypoint),
        "WorkingDir": "/app",
        **more,
        "Env": [*environment, *more.get("Env", ())],
    }
    layers = [_python_layer(packages), *([_files_layer(below)] if below else []), _files_layer(files)]
    return _archive(tag, layers, whole)


def binary_image(tag: str, program: Path, *, entrypoint: Sequence[str] | None = None) -> Path:
    """An image with nothing but one static program; returns its archive."""
    layer = _files_layer({program.name: program.read_bytes()}, executable=[program.name])
    return _archive(tag, [layer], {"Entrypoint": list(entrypoint or [f"/{program.name}"])})


def _python_layer(packages: Sequence[str]) -> Layer:
    archives = debian.archives(packages)
    inputs = "\n".join(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in archives)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(f"{RECIPE} {version}\n{inputs}".encode()).hexdigest()[:24]

    def make(stream: io.BufferedIOBase) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            debian.unpack(archives, root)
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for path in sorted(root.rglob("*")):
                    tar.add(path, str(path.relative_to(root)), recursive=False, filter=_plain)

    return _layer(f"python-{key}", make)


def _files_layer(files: Mapping[str, bytes], *, executable: Iterable[str] = ()) -> Layer:
    files = {**files, **_compiled(files)}
    summed = hashlib.sha256(RECIPE.encode())
    for name, content in sorted(files.items()):
        summed.update(f"\0{name}\0{len(content)}\0".encode() + content)
    key = summed.hexdigest()[:24]
    programs = set(executable)

    def make(stream: io.BufferedIOBase) -> None:
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            folders = {str(parent) for name in files for parent in Path(name).parents} - {"."}
            for folder in sorted(folders):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(_plain(entry))
            for name, content in sorted(files.items()):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                entry.mode = 0o755 if name in programs or content.startswith(b"#!") else 0o644
                tar.addfile(_plain(entry), io.BytesIO(content))

    return _layer(f"files-{key}", make)


def _compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Byte code beside the Python files, so that pods start fast; only this Python can make it for the image's.

    A process of its own makes it: what else a process has loaded shows in the byte code that it writes. What cannot be
    compiled is left to fail where it is used: it may be a fault on purpose.
    """
    if sys.version_info[:2] != debian.PYTHON_VERSION:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            if name.endswith(".py"):
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([*command, "-s", folder, "-p", "/", folder], check=False, capture_output=True)
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.pyc")}


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = EPOCH
    entry.pax_headers = {}
    return entry


def _layer(key: str, make: Callable[[io.BufferedIOBase], None]) -> Layer:
    folder = layout.cache_home() / "layers"
    folder.mkdir(parents=True, exist_ok=True)
    path, facts = folder / f"{key}.tar.gz", folder / f"{key}.json"
    if not (path.exists() and facts.exists()):
        with tempfile.TemporaryDirectory(dir=folder) as work:
            plain, packed = Path(work, "layer.tar"), Path(work, "layer.tar.gz")
            with plain.open("wb") as stream:
                make(stream)
            with plain.open("rb") as stream:
                diff_id = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
            with (
                plain.open("rb") as source,
                packed.open("wb") as out,
                gzip.GzipFile("", "wb", 6, out, mtime=0) as squeezed,
            ):
                shutil.copyfileobj(source, squeezed, 1 << 20)
            with packed.open("rb") as stream:
                digest = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
            found = {"digest": digest, "diff_id": diff_id, "size": packed.stat().st_size}
            packed.replace(path)
            write_whole(facts, json.dumps(found))
    return Layer(path, **json.loads(facts.read_text()))


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _archive(tag: str, layers: Sequence[Layer], settings: Mapping[str, object]) -> Path:
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2020-09-13T12:26:40Z",
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": sha256(config), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": layer.size} for layer in layers],
        }
    )
    described = {"mediaType": MANIFEST, "digest": sha256(manifest), "size": len(manifest)}
    names = {"io.containerd.image.name": tag, "org.opencontainers.image.ref.name": tag.rpartition(":")[2]}
    index = _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**described, "annotations": names}]})
    folder = layout.cache_home() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(index).hexdigest()[:24]}.tar"
    if path.exists():
        os.utime(path)
        return path
    for old in sorted(folder.glob("*.tar"), key=lambda found: -found.stat().st_mtime)[KEPT_IMAGES:]:
        old.unlink(missing_ok=True)
    small = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": index}
    small |= {f"blobs/{sha256(content).replace(':', '/')}": content for content in (config, manifest)}
    with (
        tempfile.NamedTemporaryFile(dir=folder, delete=False) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, content in sorted(small.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(_plain(entry), io.BytesIO(content))
        for layer in {layer.digest: layer for layer in layers}.values():
            tar.add(layer.path, f"blobs/{layer.digest.replace(':', '/')}", filter=_plain)
    Path(stream.name).replace(path)
    return path
