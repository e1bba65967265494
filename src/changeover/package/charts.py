"""Helm charts inside a package: finds them by what their Chart.yaml says, never by their file's name.

A chart is a gzip file whose Chart.yaml names it, or (beyond KOTS) a folder with a Chart.yaml in the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.errors import Problem
from changeover.package import archive, yaml_text


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart in a package; `archive` is a .tgz that Helm reads."""

    name: str
    version: str
    path: str
    archive: bytes
    app_version: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Chart.yaml."""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """values.yaml."""
    missing: tuple[str, ...] = ()
    """Dependencies that Chart.yaml names and charts/ does not hold."""


def find_charts(files: Mapping[str, bytes]) -> tuple[Chart, ...]:
    """All charts of a package, archives before folders, in the order of their paths."""
    found = [*_packed(files), *_folders(files)]
    return tuple(found)


def folders(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The outermost folders with a Chart.yaml, each with its closing slash; what is in them belongs to Helm."""
    tops = sorted(path.removesuffix("Chart.yaml") for path in files if path.endswith("/Chart.yaml"))
    return tuple(top for top in tops if not any(top != other and top.startswith(other) for other in tops))


def chart_of(files: Mapping[str, bytes], path: str, *, packed: bytes | None = None) -> Chart:
    """The chart whose files (Chart.yaml on top) are given. Raises Problem when Chart.yaml is broken."""
    meta = yaml_text.load(files["Chart.yaml"].decode("utf-8", "replace"), file=f"{path}/Chart.yaml")
    meta = meta if isinstance(meta, dict) else {}
    name = str(meta.get("name", ""))
    values = yaml_text.load(files.get("values.yaml", b"").decode("utf-8", "replace"), file=f"{path}/values.yaml")
    return Chart(
        name=name,
        version=str(meta.get("version", "")),
        path=path,
        archive=packed or archive.pack(files, top=name or "chart"),
        app_version=str(meta.get("appVersion", "")),
        meta=meta,
        values=values if isinstance(values, dict) else {},
        missing=tuple(_missing(meta, files)),
    )


def _packed(files: Mapping[str, bytes]) -> Iterator[Chart]:
    for path, content in sorted(files.items()):
        if not content.startswith(archive.GZIP_MAGIC):
            continue
        try:
            inside = archive.strip_common_folders(archive.read_tar(content, name=path))
            if "Chart.yaml" in inside:
                yield chart_of(inside, path, packed=content)
        except Problem:
            if path.endswith((".tgz", ".tar.gz")):
                raise


def _folders(files: Mapping[str, bytes]) -> Iterator[Chart]:
    for top in folders(files):
        inside = {path.removeprefix(top): content for path, content in files.items() if path.startswith(top)}
        yield chart_of(inside, top.rstrip("/"))


def _missing(meta: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    dependencies = meta.get("dependencies")
    for item in dependencies if isinstance(dependencies, list) else []:
        name = str(item.get("name", "")) if isinstance(item, dict) else ""
        local = str(item.get("repository", "")).startswith("file://") if isinstance(item, dict) else False
        there = any(path.startswith((f"charts/{name}/", f"charts/{name}-")) for path in files)
        if name and not there and not local:
            yield name
