"""Decides what a bunch of files is: a vendor's package with KOTS kinds, a plain Helm chart, or plain manifests.

* Chart.yaml on top -> a chart: its values are the answers;
* any document of kots.io -> KOTS: files are templates, vendor kinds describe the package;
* else -> manifests: taken as they are, no templates (a ``{{`` in a ConfigMap is somebody else's).

The folders that all files share are taken off first; ``userdata/`` belongs to the operator and is kept apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from changeover.errors import Problem
from changeover.package import application, archive, charts, documents
from changeover.package.documents import Document

YAML_ENDINGS = (".yaml", ".yml")


class Form(StrEnum):
    """What a package is made of."""

    KOTS = "kots"
    MANIFESTS = "manifests"
    CHART = "chart"


class BrokenPackage(Problem):
    """A package that cannot be used as it is; names the file."""

    reference = "broken-package"


@dataclass(frozen=True)
class Package:
    """The files a vendor ships for one version. Paths have lost their common folders."""

    name: str
    form: Form
    files: Mapping[str, bytes] = field(repr=False)
    documents: tuple[Document, ...] = field(repr=False, default=())
    """Of every text file, in path order, templates included; for a chart only our own documents."""
    charts: tuple[charts.Chart, ...] = field(repr=False, default=())
    userdata: Mapping[str, bytes] = field(repr=False, default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` over all files without userdata."""
        return archive.digest(self.files)

    @cached_property
    def application(self) -> application.Application:
        """How it presents itself; empty without an Application document."""
        found = self.first("Application", "kots.io/")
        links = self.first("Application", "app.k8s.io/")
        return application.read_application(
            (found.data if found else None) or {}, links=(links.data if links else None)
        )

    @property
    def config(self) -> Document | None:
        """The Config document: what the operator is asked."""
        return self.first("Config", "kots.io/")

    @property
    def title(self) -> str:
        """What to call it to a person."""
        return self.application.title or self.application.name or self.name

    @property
    def own_version(self) -> str:
        """The version it says itself: our Release document's, or the chart's; empty when it says none."""
        release = self.first("Release", "changeover.dev/")
        stated = (release.data or {}).get("version") if release else None
        return str(stated) if stated else self.charts[0].version if self.form is Form.CHART else ""

    def all(self, kind: str, group: str = "") -> tuple[Document, ...]:
        """The documents of a kind whose apiVersion begins with `group`, for instance ``troubleshoot.sh/``."""
        return tuple(item for item in self.documents if item.kind == kind and item.api_version.startswith(group))

    def first(self, kind: str, group: str = "") -> Document | None:
        """The first document of a kind, or None."""
        return next(iter(self.all(kind, group)), None)

    def text(self, path: str) -> str:
        """A file as text."""
        return self.files[path].decode("utf-8")


def read_package(files: Mapping[str, bytes], name: str) -> Package:
    """Read a package from its files. Raises BrokenPackage, BrokenYaml, or what an archive inside it deserves."""
    if not files:
        raise BrokenPackage(f"Package {name} is empty.", hint="give a folder, a .tgz or a .yaml file")
    stripped = archive.strip_common_folders(files)
    userdata = {path: content for path, content in stripped.items() if path.startswith("userdata/")}
    own = {path: content for path, content in sorted(stripped.items()) if path not in userdata}
    if "Chart.yaml" in own:
        return _chart(own, name)
    own = {path: kept for path, content in own.items() if (kept := _without_v1beta3(content)) is not None}
    folders = charts.folders(own)
    found = tuple(item for path in own if not path.startswith(folders) for item in _documents(path, own[path]))
    kots = any(item.api_version.startswith("kots.io/") for item in found)
    package = Package(
        name=name,
        form=Form.KOTS if kots else Form.MANIFESTS,
        files=own,
        documents=found,
        charts=charts.find_charts(own) if kots else (),
        userdata=userdata,
    )
    _check(package)
    return package


def is_text(content: bytes) -> bool:
    """Whether a file can hold documents: UTF-8 without NUL."""
    if b"\0" in content[:8192] or content.startswith(archive.GZIP_MAGIC):
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_yaml(path: str) -> bool:
    """Whether the file's name promises YAML."""
    return path.endswith(YAML_ENDINGS)


def may_hold_documents(path: str, content: bytes) -> bool:
    """Any file whose name promises YAML, and any other text that names an apiVersion and a kind."""
    return (is_yaml(path) or (b"apiVersion" in content and b"kind" in content)) and is_text(content)


def _documents(path: str, content: bytes) -> list[Document]:
    if not may_hold_documents(path, content):
        return []
    return list(documents.read_documents(path, content.decode("utf-8")))


def _without_v1beta3(content: bytes) -> bytes | None:
    if b"troubleshoot.sh/v1beta3" not in content or not is_text(content):
        return content
    kept = documents.without_v1beta3(content.decode("utf-8"))
    return None if kept is None else kept.encode()


def _chart(files: Mapping[str, bytes], name: str) -> Package:
    chart = charts.chart_of(files, name)
    if not chart.name:
        raise BrokenPackage(f"The chart {name} has no name.", found="Chart.yaml without name", hint="name the chart")
    top = {path: content for path, content in files.items() if "/" not in path and path != "values.yaml"}
    own = tuple(item for path in top for item in _documents(path, top[path]) if item.is_vendor)
    return Package(name=chart.name, form=Form.CHART, files=files, documents=own, charts=(chart,))


def _check(package: Package) -> None:
    """A plain manifest must be YAML now; a vendor kind that is read before rendering must be as well."""
    if not package.documents:
        raise BrokenPackage(
            f"Package {package.name} holds no Kubernetes object.",
            found=", ".join(sorted(package.files)[:5]),
            hint="give the folder that holds the manifests, the KOTS kinds or a Chart.yaml",
        )
    early = {"Application", "Config", "Release", "Profile"}
    for item in package.documents:
        if item.problem and (package.form is Form.MANIFESTS or (item.is_vendor and item.kind in early)):
            raise item.problem
    for kind in ("Application", "Config"):
        several = package.all(kind, "kots.io/")
        if len(several) > 1:
            raise BrokenPackage(
                f"Package {package.name} holds {len(several)} documents of kind {kind}, one was expected.",
                found=" and ".join(item.where for item in several),
            )


def spec_of(document: Document) -> Mapping[str, Any]:
    """The document's spec, empty when it has none or is not YAML yet."""
    return application.mapping((document.data or {}).get("spec"))
