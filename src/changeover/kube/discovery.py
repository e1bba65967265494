"""What the cluster serves, from aggregated discovery (apidiscovery.k8s.io/v2): two requests for everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.objects import Kind
from changeover.ports import Resource

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def resources(*lists: Mapping[str, Any]) -> dict[tuple[str, str], Resource]:
    """Every served kind of aggregated discovery lists, by (apiVersion, kind)."""
    return {(one.kind.api_version, one.kind.name): one for listing in lists for one in _of(listing)}


def _of(listing: Mapping[str, Any]) -> Iterator[Resource]:
    for group in listing.get("items") or ():
        name = (group.get("metadata") or {}).get("name", "")
        for version in group.get("versions") or ():
            api_version = f"{name}/{version['version']}" if name else version["version"]
            for resource in version.get("resources") or ():
                kind = (resource.get("responseKind") or {}).get("kind")
                if kind:
                    yield Resource(
                        kind=Kind(api_version, kind),
                        plural=resource["resource"],
                        namespaced=resource.get("scope") == "Namespaced",
                        verbs=frozenset(resource.get("verbs") or ()),
                    )


def path_of(resource: Resource, namespace: str) -> str:
    """The path of a kind's collection."""
    root = f"/apis/{resource.kind.api_version}" if resource.kind.group else f"/api/{resource.kind.api_version}"
    if resource.namespaced and namespace:
        return f"{root}/namespaces/{namespace}/{resource.plural}"
    return f"{root}/{resource.plural}"
