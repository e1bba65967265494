"""Decides what the documents of a package are: where one ends, which kind it is, which kinds are never applied.

* a document is a manifest when it names apiVersion and kind;
* documents of the vendor's tools (`is_vendor_kind`) describe the package and never reach the cluster;
* documents of ``troubleshoot.sh/v1beta3`` are dropped when a package is read: no reader of v1beta2 packages knows them;
* before templates are rendered a file need not be YAML, so kind and name may have to be read off its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.objects import GROUP
from changeover.package import yaml_text

VENDOR_API_VERSIONS = frozenset(
    {
        "kots.io/v1beta1",
        "kots.io/v1beta2",
        "troubleshoot.sh/v1beta2",
        "troubleshoot.replicated.com/v1beta1",
        "cluster.kurl.sh/v1beta1",
        "kurl.sh/v1beta1",
        "embeddedcluster.replicated.com/v1beta1",
        "app.k8s.io/v1beta1",
    }
)
"""Every kind of these describes the package (formats: KOTS's IsKotsKind)."""

OWN_KINDS = frozenset({"Release", "Profile"})
"""Our documents in a package (changeover.dev); the kinds of our state may be applied like anything else."""

_V1BETA3 = re.compile(r"^apiVersion:\s*[\"']?troubleshoot\.sh/v1beta3[\"']?\s*(?:#.*)?$", re.MULTILINE)
_API_VERSION = re.compile(r"^[\"']?apiVersion[\"']?:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)
_KIND = re.compile(r"^[\"']?kind[\"']?:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)
_NAME = re.compile(r"^metadata:\s*\n(?:[ \t]+.*\n)*?[ \t]+name:\s*[\"']?([^\n\"'#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a package as the vendor wrote it, templates included."""

    file: str
    line: int
    text: str
    api_version: str
    kind: str
    name: str
    data: Mapping[str, Any] | None = None
    """The document when it is YAML before rendering; None otherwise, and then `problem` says why."""
    problem: yaml_text.BrokenYaml | None = None

    @property
    def where(self) -> str:
        """``manifests/app.yaml line 12``, for messages."""
        return f"{self.file} line {self.line}"

    @property
    def is_vendor(self) -> bool:
        """Whether it describes the package and is never applied."""
        return is_vendor_kind(self.api_version, self.kind)


def is_vendor_kind(api_version: str, kind: str) -> bool:
    """Decide whether a kind describes the package instead of being part of the application."""
    if api_version in VENDOR_API_VERSIONS:
        return True
    if api_version == "velero.io/v1":
        return kind in {"Backup", "Restore"}
    return api_version.partition("/")[0] == GROUP and kind in OWN_KINDS


def read_documents(file: str, text: str) -> Iterator[Document]:
    """The documents of one file; those that are no YAML yet carry their problem. Nothing is raised."""
    for line, part in yaml_text.split_documents(text):
        try:
            data = yaml_text.load(part, file=file, first_line=line)
        except yaml_text.BrokenYaml as problem:
            yield Document(file, line, part, *_read_off(part), problem=problem)
            continue
        if isinstance(data, dict):
            metadata = data.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            yield Document(
                file,
                line,
                part,
                _text(data.get("apiVersion")),
                _text(data.get("kind")),
                _text(name),
                data,
            )


def without_v1beta3(text: str) -> str | None:
    """Drop the documents of troubleshoot.sh/v1beta3; None when nothing is left. Other texts stay as they are."""
    if not _V1BETA3.search(text):
        return text
    parts = [part for part in re.split(r"^---[ \t]*\r?\n", text, flags=re.MULTILINE) if part.strip()]
    kept = [part.strip("\n") + "\n" for part in parts if not _V1BETA3.search(part)]
    return "---\n".join(kept) or None


def _read_off(text: str) -> tuple[str, str, str]:
    found = [pattern.search(text) for pattern in (_API_VERSION, _KIND, _NAME)]
    api_version, kind, name = (match.group(1).strip() if match else "" for match in found)
    return api_version, kind, name


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
