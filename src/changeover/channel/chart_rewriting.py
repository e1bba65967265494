r"""Gives Helm's library what it does not take as an option, by rewriting the chart that it is handed.

* the library renders for one fixed Kubernetes: ``.Capabilities`` in a template becomes the same structure, of the
  target, read from an annotation of the chart (``.Chart`` is there wherever ``.Capabilities`` is);
  ``.Capabilities.APIVersions.Has X`` becomes ``has X (…).APIVersions``
* it always judges values by values.schema.json: left out where the values are known to be refused

Both reach into subcharts, packed ones too. What cannot be rewritten is refused, never answered wrongly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.errors import Problem
from changeover.package import archive, values_schema, yaml_text

Files = Mapping[str, bytes]
FACTS = "changeover.dev/capabilities"

_ROOT = r"(?P<root>\$[\w.]*|(?<![\w)])(?:\.\w+)*?)"
_ARGUMENT = r'(?P<argument>"(?:[^"\\]|\\.)*"|`[^`]*`|\((?:[^()]|\([^()]*\))*\)|[$.][\w.$]*)'
_HAS = re.compile(_ROOT + r"\.Capabilities\.APIVersions\.Has\s+" + _ARGUMENT)
_LIST = re.compile(_ROOT + r"\.Capabilities\.APIVersions\b(?!\.)")
_BARE = re.compile(_ROOT + r"\.Capabilities\.KubeVersion\b(?!\.)")
_VERSION = re.compile(_ROOT + r"\.Capabilities\.KubeVersion\b")
_ACTION = re.compile(rb"\{\{.*?\}\}", re.DOTALL)
_COMMENT = re.compile(rb"\{\{-?\s*/\*")
_ASKS = re.compile(rb"\.Capabilities\b")
_LOOKS = re.compile(rb"\blookup\s")
_LEFT = re.compile(r"\.Capabilities\b(?!\.HelmVersion\b)")


class OpaqueChart(Problem):
    """A chart asks about the cluster in a way that we cannot answer truly."""

    reference = "opaque-chart"


def asks(files: Files) -> bool:
    """Whether any template of the chart reads ``.Capabilities``."""
    return any(_mentions(path, content, _ASKS) for path, content in _templates(files))


def looks_up(files: Files) -> bool:
    """Whether any template of the chart reads the cluster's objects."""
    return any(_mentions(path, content, _LOOKS) for path, content in _templates(files))


def without_schema(files: Files) -> dict[str, bytes]:
    """The chart without values.schema.json, subcharts included."""
    kept = {path: content for path, content in files.items() if path.rpartition("/")[2] != values_schema.FILE}
    return _inside(kept, without_schema)


def with_capabilities(files: Files, *, kubernetes: str, api_versions: Collection[str]) -> dict[str, bytes]:
    """The chart with the target's capabilities written into it. Raises OpaqueChart.

    Without `api_versions` only the version is told, and Helm's own list of what is served stays.
    """
    return _told(files, json.dumps(capabilities(kubernetes, api_versions)), listed=bool(api_versions))


def capabilities(kubernetes: str, api_versions: Collection[str]) -> dict[str, Any]:
    """What ``.Capabilities`` holds."""
    version = f"v{kubernetes.removeprefix('v')}"
    major, _, rest = version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0]
    told = {"Version": version, "GitVersion": version, "Major": major, "Minor": minor}
    return {"KubeVersion": told, "APIVersions": sorted(api_versions)}


def _told(files: Files, facts: str, *, listed: bool) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path, content in files.items():
        if path == "Chart.yaml" or (path.startswith("charts/") and path.endswith("/Chart.yaml")):
            found[path] = _annotated(content, facts, path)
        elif _is_template(path) and _ASKS.search(content):
            found[path] = _ACTION.sub(_Rewriting(path, listed), content)
        else:
            found[path] = content
    return _inside(found, lambda inside: _told(inside, facts, listed=listed))


def _annotated(content: bytes, facts: str, path: str) -> bytes:
    meta = yaml_text.load(content.decode("utf-8"), file=path)
    meta = dict(meta) if isinstance(meta, Mapping) else {}
    return yaml_text.dump({**meta, "annotations": {**(meta.get("annotations") or {}), FACTS: facts}}).encode()


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """Rewrites the actions of one template."""

    path: str
    listed: bool

    def __call__(self, found: re.Match[bytes]) -> bytes:
        action = found[0]
        if not _ASKS.search(action) or _COMMENT.match(action):
            return action
        text = action.decode("utf-8")
        if self.listed:
            text = _HAS.sub(lambda has: f"has {has['argument']} {_facts(has['root'])}.APIVersions", text)
            text = _LIST.sub(lambda one: f"{_facts(one['root'])}.APIVersions", text)
        text = _BARE.sub(lambda one: f"{_facts(one['root'])}.KubeVersion.Version", text)
        text = _VERSION.sub(lambda one: f"{_facts(one['root'])}.KubeVersion", text)
        if self.listed and _LEFT.search(text):
            raise OpaqueChart(
                f"{self.path} asks about the cluster in a way that cannot be answered here.",
                found=action.decode("utf-8"),
                hint="install the helm program instead of helm-python-sdk, or ask the chart's author",
            )
        return text.encode()


def _facts(root: str) -> str:
    return f'(index {root}.Chart.Annotations "{FACTS}" | fromJson)'


def _inside(files: Files, change: Callable[[Files], Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files with every packed subchart changed as well."""
    found = dict(files)
    for path, content in files.items():
        if path.startswith("charts/") and path.endswith(".tgz") and content.startswith(archive.GZIP_MAGIC):
            inner = archive.strip_common_folders(archive.read_tar(content, name=path))
            name = path.rpartition("/")[2].removesuffix(".tgz")
            found[path] = archive.pack(change(inner), top=name)
    return found


def _templates(files: Files) -> list[tuple[str, bytes]]:
    own = [(path, content) for path, content in files.items() if _is_template(path)]
    for path, content in files.items():
        if path.startswith("charts/") and path.endswith(".tgz") and content.startswith(archive.GZIP_MAGIC):
            own += _templates(archive.strip_common_folders(archive.read_tar(content, name=path)))
    return own


def _is_template(path: str) -> bool:
    return path.startswith("templates/") or "/templates/" in path


def _mentions(path: str, content: bytes, words: re.Pattern[bytes]) -> bool:
    return _is_template(path) and any(words.search(action[0]) for action in _ACTION.finditer(content))
