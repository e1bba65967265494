"""What recorded cases say about Installation, licence and registry, as our rendering takes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from changeover.render.context import Context, Proxy, Registry, ReleaseFacts
from tools.conformance.case import spec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_WAY_OUT = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_CONFIGMAP")


def registry(told: Mapping[str, str] | None) -> Registry | None:
    """The private registry; None for one without a host."""
    if not told or not told.get("Hostname"):
        return None
    return Registry(*(told.get(name) or "" for name in ("Hostname", "Namespace", "Username", "Password")))


def release(told: Mapping[str, Any]) -> ReleaseFacts:
    """The release's place in its channel."""
    return ReleaseFacts(
        sequence=told.get("Sequence", -1),
        cursor=told.get("Cursor", ""),
        channel=told.get("ChannelName", ""),
        label=told.get("VersionLabel", ""),
        notes=told.get("ReleaseNotes", ""),
        required=told.get("IsRequired", False),
        airgap=told.get("IsAirgap", False),
        registry_domain=told.get("ReplicatedRegistryDomain", ""),
        proxy_domain=told.get("ReplicatedProxyDomain", ""),
    )


def environment(told: Mapping[str, Any]) -> Context:
    """An environment of template cases; any part may be absent."""
    variables = told.get("env") or {}
    return Context(
        namespace=variables.get("DEV_NAMESPACE", ""),
        slug=told.get("appSlug") or "",
        now=NOW,
        release=release(told.get("version") or {}),
        licence=spec(told.get("license")),
        registry=registry(told.get("registry")),
        proxy=Proxy(*(variables.get(name, "") for name in _WAY_OUT)),
        identity=spec(told.get("identityConfig")),
        images_through_proxy=True,  # the reference could reach no registry, and took every image for private
    )
