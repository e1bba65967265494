"""Brings a package from a folder, a .tgz or a single YAML file into memory; what is in it is judged elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from changeover.package import archive

_LEFT_OUT = frozenset({".git", ".svn", "__pycache__", ".DS_Store"})


def load_bundle(path: Path, *, limits: archive.Limits = archive.LIMITS) -> Mapping[str, bytes]:
    """The files of a support bundle, packed or unpacked, links within it followed. Raises as `load` does."""
    try:
        if path.is_dir():
            return _folder(path, limits, follow=True)
        content = path.read_bytes()
    except OSError as error:
        raise archive.NoPackage(
            f"There is no support bundle at {path}.", found=error.strerror, hint="give a .tar.gz or a folder"
        ) from None
    return archive.read_tar(content, name=path.name, limits=limits, follow=True)


def load(path: Path, *, limits: archive.Limits = archive.LIMITS) -> Mapping[str, bytes]:
    """The files of a local package by their names, links not followed.

    Raises NoPackage, UnsafeArchive, BrokenArchive.
    """
    try:
        if path.is_dir():
            return _folder(path, limits)
        content = path.read_bytes()
    except OSError as error:
        raise archive.NoPackage(
            f"There is no package at {path}.", found=error.strerror, hint="give a folder, a .tgz or a .yaml file"
        ) from None
    return archive.unpack(content, path.name, limits=limits)


def _folder(top: Path, limits: archive.Limits, *, follow: bool = False) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for path in _walk(top):
        name = path.relative_to(top).as_posix()
        if path.is_symlink() and not (follow and path.resolve().is_relative_to(top.resolve())):
            raise archive.UnsafeArchive(f"{top} holds the link {name}.", hint="put the file itself there")
        if not path.is_file():
            continue
        total += path.stat().st_size
        if len(files) >= limits.entries or total > limits.total_bytes:
            raise archive.UnsafeArchive(
                f"{top} is larger than a package may be.",
                found=f"more than {limits.entries} files or {limits.total_bytes} bytes",
            )
        files[name] = path.read_bytes()
    if not files:
        raise archive.NoPackage(f"The folder {top} is empty.", hint="give the folder that holds the manifests")
    return files


def _walk(top: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(top, followlinks=False):
        linked = [name for name in below if (Path(folder) / name).is_symlink()]
        below[:] = sorted(name for name in below if name not in _LEFT_OUT and name not in linked)
        for name in sorted([*names, *linked]):
            if name not in _LEFT_OUT:
                yield Path(folder) / name
