"""What templates ask about the release, the identity service and kURL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from changeover.release import versions
from changeover.render.context import Context


def functions(context: Context) -> dict[str, Callable[..., Any]]:
    """Release, identity, kURL, and versions' comparison."""
    facts = context.release
    return {
        "Sequence": lambda: facts.sequence,
        "Cursor": lambda: facts.cursor,
        "ChannelName": lambda: facts.channel,
        "VersionLabel": lambda: facts.label or context.version_label,
        "ReleaseNotes": lambda: facts.notes,
        "IsRequired": lambda: facts.required,
        "IsAirgap": lambda: facts.airgap,
        "ReplicatedRegistryDomain": lambda: facts.registry_domain,
        "ReplicatedProxyDomain": lambda: facts.proxy_domain,
        "semverCompare": lambda wanted, version: versions.in_range(
            versions.parse(version, versions.Scheme.SEMVER), wanted, versions.Scheme.SEMVER
        ),
        **_identity(context),
        **_kurl(context.cluster.kurl),
    }


def _identity(context: Context) -> dict[str, Callable[..., Any]]:
    spec = context.identity or {}
    secret = spec.get("clientSecret") or {}
    groups = spec.get("groups") or []
    return {
        "IdentityServiceEnabled": lambda: bool(spec.get("enabled")),
        "IdentityServiceClientID": lambda: str(spec.get("clientID") or ""),
        "IdentityServiceClientSecret": lambda: str(secret.get("value") or ""),
        "IdentityServiceRoles": lambda: {group["id"]: list(group.get("roleIds") or []) for group in groups},
        "IdentityServiceName": lambda: f"{context.slug}-dex",
        "IdentityServicePort": lambda: "5556",
    }


def _kurl(spec: Mapping[str, Any] | None) -> dict[str, Callable[..., Any]]:
    def at(path: str) -> Any:
        here: Any = spec
        for part in path.split("."):
            here = here.get(part) if isinstance(here, Mapping) else None
        return here

    def typed(path: str, kind: type, zero: Any) -> Any:
        found = at(path)
        return found if isinstance(found, kind) else zero

    return {
        "KurlString": lambda path: typed(path, str, ""),
        "KurlInt": lambda path: typed(path, int, 0),
        "KurlBool": lambda path: typed(path, bool, False),
        "KurlOption": lambda path: "" if at(path) is None else str(at(path)),
        "KurlAll": lambda: "",
    }
