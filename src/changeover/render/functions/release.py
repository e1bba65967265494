"""What templates ask about the release, the cluster, the identity service and kURL."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from changeover.gotemplate import formatting
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.values import Int64, ListMap
from changeover.render.context import Context

NO_VERSION = "0.0.0+unknown"


def functions(context: Context) -> dict[str, Function]:
    """Release, cluster, identity and kURL."""
    return table({**_release(context), **_cluster(context), **_identity(context), **_kurl(context.cluster.kurl)})


Entries = dict[str, tuple[Any, str]]


def _release(context: Context) -> Entries:
    facts = context.release
    return {
        "Sequence": (lambda: Int64(facts.sequence), ""),
        "Cursor": (lambda: facts.cursor, ""),
        "ChannelName": (lambda: facts.channel, ""),
        "VersionLabel": (lambda: facts.label or context.version_label, ""),
        "ReleaseNotes": (lambda: facts.notes, ""),
        "IsRequired": (lambda: facts.required, ""),
        "IsAirgap": (lambda: facts.airgap, ""),
        "ReplicatedRegistryDomain": (lambda: facts.registry_domain, ""),
        "ReplicatedProxyDomain": (lambda: facts.proxy_domain, ""),
    }


def _cluster(context: Context) -> Entries:
    cluster, proxy = context.cluster, context.proxy
    version = context.kubernetes_version.removeprefix("v")
    numbers = version.split(".") if version else ["", ""]

    def lookup(api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        return copy.deepcopy(dict(cluster.objects.get((api_version, kind, namespace, name), {})))

    return {
        "Namespace": (lambda: context.namespace, ""),
        "KotsVersion": (lambda: "", ""),
        "IsKurl": (lambda: cluster.kurl is not None, ""),
        "Distribution": (lambda: cluster.distribution, ""),
        "NodeCount": (lambda: cluster.nodes, ""),
        "HTTPProxy": (lambda: proxy.http, ""),
        "HTTPSProxy": (lambda: proxy.https, ""),
        "NoProxy": (lambda: proxy.none, ""),
        "PrivateCACert": (lambda: proxy.certificates, ""),
        "KubernetesVersion": (lambda: version or NO_VERSION, ""),
        "KubernetesMajorVersion": (lambda: numbers[0], ""),
        "KubernetesMinorVersion": (lambda: numbers[1] if len(numbers) > 1 else "", ""),
        "Lookup": (lookup, "string string string string"),
    }


def _identity(context: Context) -> Entries:
    spec = context.identity or {}
    secret = spec.get("clientSecret") or {}
    roles = ListMap({group["id"]: list(group.get("roleIds") or []) for group in spec.get("groups") or []})
    return {
        "IdentityServiceEnabled": (lambda: spec.get("enabled") is True, ""),
        "IdentityServiceClientID": (lambda: str(spec.get("clientID") or ""), ""),
        "IdentityServiceClientSecret": (lambda: str(secret.get("value") or ""), ""),
        "IdentityServiceRoles": (lambda: roles, ""),
        "IdentityServiceName": (lambda: f"{context.slug}-dex", ""),
        "IdentityServicePort": (lambda: "5556", ""),
    }


def _kurl(spec: Mapping[str, Any] | None) -> Entries:
    def at(path: str) -> Any:
        here: Any = spec
        for part in path.split("."):
            here = here.get(part) if isinstance(here, Mapping) else None
        return here

    def typed(path: str, kind: type, zero: Any) -> Any:
        found = at(path)
        return found if type(found) is kind else zero

    def option(path: str) -> str:
        found = at(path)
        return "" if found is None else formatting.to_text(found)

    return {
        "KurlString": (lambda path: typed(path, str, ""), "string"),
        "KurlInt": (lambda path: typed(path, int, 0), "string"),
        "KurlBool": (lambda path: typed(path, bool, False), "string"),
        "KurlOption": (option, "string"),
        "KurlAll": (lambda: json.dumps(spec, sort_keys=True) if spec else "", ""),
    }
