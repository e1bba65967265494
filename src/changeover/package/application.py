"""The Application document (kots.io/v1beta1) and its links (app.k8s.io/v1beta1), as values.

Texts stay as the vendor wrote them: only statusInformers and the ports are templates, and who shows them renders them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Port:
    """A service that the console offers to forward: container port and local port."""

    service: str
    port: int
    local_port: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """One Prometheus graph: (query, legend) pairs and how the axis reads."""

    title: str
    queries: tuple[tuple[str, str], ...]
    seconds: int = 0
    axis: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """How the application presents itself, and what the vendor allows."""

    name: str = ""
    title: str = ""
    icon: str = ""
    release_notes: str = ""
    allow_rollback: bool = False
    status_informers: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    graphs: tuple[Graph, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """(description, url) from the app.k8s.io Application."""
    additional_images: tuple[str, ...] = ()
    excluded_images: tuple[str, ...] = ()
    additional_namespaces: tuple[str, ...] = ()
    min_version: str = ""
    target_version: str = ""


def read_application(document: Mapping[str, Any], *, links: Mapping[str, Any] | None = None) -> Application:
    """Parse the document; what has another type than the format says is left out (the linter names it)."""
    spec = mapping(document.get("spec"))
    descriptor = mapping(mapping((links or {}).get("spec")).get("descriptor"))
    return Application(
        name=text(mapping(document.get("metadata")).get("name")),
        title=text(spec.get("title")),
        icon=text(spec.get("icon")),
        release_notes=text(spec.get("releaseNotes")),
        allow_rollback=spec.get("allowRollback") is True,
        status_informers=texts(spec.get("statusInformers")),
        ports=tuple(_port(item) for item in mappings(spec.get("ports"))),
        graphs=tuple(_graph(item) for item in mappings(spec.get("graphs"))),
        links=tuple(
            (text(item.get("description")), text(item.get("url"))) for item in mappings(descriptor.get("links"))
        ),
        additional_images=texts(spec.get("additionalImages")),
        excluded_images=texts(spec.get("excludedImages")),
        additional_namespaces=texts(spec.get("additionalNamespaces")),
        min_version=text(spec.get("minKotsVersion")),
        target_version=text(spec.get("targetKotsVersion")),
    )


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    """The mappings in a list; everything else is left out."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value when it is text, else empty."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """The non-empty texts in a list."""
    return tuple(item for item in value if isinstance(item, str) and item) if isinstance(value, list) else ()


def _port(item: Mapping[str, Any]) -> Port:
    port, local = item.get("servicePort"), item.get("localPort")
    return Port(
        service=text(item.get("serviceName")),
        port=port if isinstance(port, int) else 0,
        local_port=local if isinstance(local, int) else 0,
        url=text(item.get("applicationUrl")),
    )


def _graph(item: Mapping[str, Any]) -> Graph:
    several = mappings(item.get("queries")) or [item]
    seconds = item.get("durationSeconds")
    return Graph(
        title=text(item.get("title")),
        queries=tuple((text(one.get("query")), text(one.get("legend"))) for one in several),
        seconds=seconds if isinstance(seconds, int) else 0,
        axis=text(item.get("yAxisFormat")) or text(item.get("yAxisTemplate")),
    )
