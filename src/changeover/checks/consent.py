"""Decides what a person must agree to before a collector of a package is carried out. Pure.

A package is untrusted even when it is signed: reading what the person may read needs no word, anything that starts
something, goes into a container, leaves the machine or reads secret values does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from changeover.package.application import mapping, mappings
from changeover.ports import Collector, Fetched


class Consent(StrEnum):
    """A class of what collectors do; what ``--allow`` takes."""

    EXEC = "exec"
    RUN = "run"
    PRIVILEGED = "privileged"
    HTTP = "http"
    SECRETS = "secrets"
    HOST = "host"


WORDS: Mapping[Consent, str] = {
    Consent.EXEC: "run commands in containers, or copy files out of them",
    Consent.RUN: "start pods with images of the package's choosing",
    Consent.PRIVILEGED: "start pods that reach the node: its files, network, processes or all rights",
    Consent.HTTP: "send requests from this machine to addresses of the package's choosing",
    Consent.SECRETS: "read the values of Secrets",
    Consent.HOST: "look at this machine, or at the nodes",
}

_DATABASES = ("postgres", "postgresql", "mysql", "redis")
_KINDS: Mapping[str, frozenset[Consent]] = {
    "exec": frozenset({Consent.EXEC}),
    "copy": frozenset({Consent.EXEC}),
    "ceph": frozenset({Consent.EXEC}),
    "run": frozenset({Consent.RUN}),
    "runPod": frozenset({Consent.RUN}),
    "http": frozenset({Consent.HTTP}),
    **dict.fromkeys((*_DATABASES, "registryImages"), frozenset({Consent.HTTP})),
    "runDaemonSet": frozenset({Consent.RUN}),
    **dict.fromkeys(("copyFromHost", "sysctl"), frozenset({Consent.RUN, Consent.PRIVILEGED})),
}
_CALLS = frozenset({"http", "tcpConnect", "tcpLoadBalancer", "httpLoadBalancer", "registryImages"})
"""Collectors of a host that send something elsewhere."""
_REACHES = ("hostNetwork", "hostPID", "hostIPC")


def needed(collector: Collector) -> frozenset[Consent]:
    """What one collector asks for; empty for what only reads."""
    if collector.place != "cluster":
        calls = {Consent.HTTP} if collector.kind in _CALLS else set()
        pods = {Consent.RUN, Consent.PRIVILEGED} if collector.place == "nodes" else set()
        return frozenset({Consent.HOST, *calls, *pods})
    found = _KINDS.get(collector.kind, frozenset())
    if collector.kind in {"runPod", "runDaemonSet"} and _reaches_node(mapping(collector.spec.get("podSpec"))):
        found |= {Consent.PRIVILEGED}
    if _shows_secrets(collector):
        found |= {Consent.SECRETS}
    return found


def asked(collectors: Iterable[Collector]) -> dict[Consent, list[str]]:
    """Each class that is asked for, with the titles of the collectors that do."""
    found: dict[Consent, list[str]] = defaultdict(list)
    for collector in collectors:
        for one in needed(collector):
            found[one].append(collector.title)
    return {one: found[one] for one in Consent if one in found}


def split(
    collectors: Sequence[Collector], allowed: Collection[Consent]
) -> tuple[tuple[Collector, ...], tuple[Fetched, ...]]:
    """Those that may be carried out, and the others as skipped, saying what is missing."""
    missing = {id(one): sorted(needed(one) - set(allowed)) for one in collectors}
    may = tuple(one for one in collectors if not missing[id(one)])
    skipped = tuple(
        Fetched(one.title, "skipped", f"not agreed to: --allow {','.join(missing[id(one)])}")
        for one in collectors
        if missing[id(one)]
    )
    return may, skipped


def _shows_secrets(collector: Collector) -> bool:
    spec = collector.spec
    if collector.kind == "secret":
        return bool(spec.get("includeValue") or spec.get("includeAllData"))
    if collector.kind == "helm":
        return bool(spec.get("collectValues"))
    return collector.kind in _DATABASES and _sends_secrets(spec)


def _sends_secrets(spec: Mapping[str, Any]) -> bool:
    """Whether a database's address or keys stand in Secrets: what they hold would go to a place of the package's."""
    tls = mapping(spec.get("tls"))
    origins = (mapping(mapping(one).get("valueFrom")) for one in (spec.get("uri"), *tls.values()))
    return bool(tls.get("secret")) or any("secretKeyRef" in one for one in origins)


def _reaches_node(pod_spec: Mapping[str, Any]) -> bool:
    if any(pod_spec.get(one) for one in _REACHES):
        return True
    if any("hostPath" in volume for volume in mappings(pod_spec.get("volumes"))):
        return True
    containers = [*mappings(pod_spec.get("containers")), *mappings(pod_spec.get("initContainers"))]
    contexts = [mapping(one.get("securityContext")) for one in containers]
    return any(one.get("privileged") or mapping(one.get("capabilities")).get("add") for one in contexts)
