"""Where what was collected of a host lies, and analyzers of a status of one word. Pure.

* the file of this machine goes first; without it one of each node in ``node_list.json``, told in the title
* a machine or node without a file is unknown; nothing is said of it
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from changeover.checks import happenings
from changeover.checks.finding import About, CannotJudge, Finding, NotCollected
from changeover.checks.outcomes import entries, first, no_outcome, said
from changeover.package.application import mapping, text, texts

ROOT = "host-collectors"
Judge = Callable[[Mapping[str, Any], Mapping[str, str]], list[Finding]]
OfOne = Callable[[Mapping[str, Any], str, str], list[Finding]]
"""Of a spec, a title and the content of one machine's file."""


def of_file(folder: str, name: str, title: str, judge: OfOne) -> Judge:
    """An analyzer of ``host-collectors/<folder>/<name>``; ``*`` in the name is the collector's, or the folder's own."""

    def judged(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
        file = name.replace("*", text(spec.get("collectorName")) or folder)
        called = text(spec.get("checkName")) or title.replace("*", text(spec.get("collectorName"))).strip()
        path = f"{ROOT}/{folder}/{file}"
        if path in files:
            return judge(spec, called, files[path])
        return [
            one
            for node in nodes(files, path)
            for one in _of_node(judge, spec, f"{called} - Node {node}", files, path=f"{ROOT}/{folder}/{node}/{file}")
        ]

    return judged


def _of_node(
    judge: OfOne, spec: Mapping[str, Any], title: str, files: Mapping[str, str], *, path: str
) -> list[Finding]:
    node = About("Node", path.split("/")[-2])
    if path not in files:
        words = "Nothing was collected of this node, so it cannot be judged."
        return [Finding("unknown", title, words, about=(node,), missing=path)]
    try:
        return [one if one.about else one.on(node) for one in judge(spec, title, files[path])]
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as wrong:
        return [Finding("unknown", title, f"This cannot be judged: {wrong}.", about=(node,))]


def nodes(files: Mapping[str, str], path: str) -> tuple[str, ...]:
    """The nodes from which host collectors brought files. Raises CannotJudge, saying that `path` is missing."""
    listed = mapping(json.loads(files.get(f"{ROOT}/system/node_list.json", "{}"))).get("nodes")
    if not texts(listed):
        raise NotCollected(path)
    return texts(listed)


def status(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """A condition is the very status that was found."""
    found = text(mapping(json.loads(content)).get("status"))
    return [first(spec, title, lambda when: when == found, measured=found)]


def key_pair(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """What a certificate and its key are to each other: a file of that word alone."""
    found = content.strip()
    return [first(spec, title, lambda when: when == found, measured=found)]


def images(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """Images that a host could find in their registries."""
    return [happenings.images_said(spec, title, content)]


def between_namespaces(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """Whether packets go from one network namespace of a host to another: pass when they do, else fail."""
    told = mapping(json.loads(content))
    through, errors = told.get("success") is True, mapping(told.get("errors"))
    wrong = ", ".join(f"{name}: {one}" for name, one in errors.items() if one)
    for verdict, outcome in entries(spec):
        if (verdict == "pass") is through and verdict != "warn":
            found = said(verdict, title, outcome, measured="through" if through else wrong or "not through")
            return [replace(found, threshold="through")]
    return [no_outcome(title, measured="through" if through else wrong)]


def network_namespaces(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Of the collector's file, which nobody but the reference writes: it would change the host's network."""
    name = text(spec.get("collectorName")) or "networkNamespaceConnectivity"
    return of_file("system", f"{name}.json", "Network Namespace Connectivity", between_namespaces)(spec, files)


def subnet_contains(spec: Mapping[str, Any], _: Mapping[str, str]) -> list[Finding]:
    """Whether an address is in a subnet: both stand in the spec."""
    title = text(spec.get("checkName")) or "Subnet Contains IP"
    try:
        inside = ipaddress.ip_address(text(spec.get("ip"))) in ipaddress.ip_network(
            text(spec.get("cidr")), strict=False
        )
    except ValueError as wrong:
        raise CannotJudge(str(wrong)) from None
    return [first(spec, title, lambda when: when == str(inside).lower(), measured=str(inside).lower())]


def _status(folder: str, title: str, name: str = "*.json") -> Judge:
    return of_file(folder, name, title, status)


STATUSES: Mapping[str, Judge] = {
    "tcpPortStatus": _status("tcpPortStatus", "TCP Port Status"),
    "udpPortStatus": _status("udpPortStatus", "UDP Port Status"),
    "tcpConnect": _status("connect", "TCP Connection Attempt"),
    "tcpLoadBalancer": _status("tcpLoadBalancer", "TCP Load Balancer"),
    "httpLoadBalancer": _status("httpLoadBalancer", "HTTP Load Balancer"),
    "subnetAvailable": _status("subnetAvailable", "Subnet Available", "result.json"),
    "certificate": of_file("certificate", "*.json", "Certificate Key Pair", key_pair),
    "subnetContainsIP": subnet_contains,
    "networkNamespaceConnectivity": network_namespaces,
}


def registry_images(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``verified|missing|errors <op> N`` of images that a host asked for."""
    name = text(spec.get("collectorName")) or "images"
    return of_file("registry-images", f"{name}.json", "Registry Images", images)(spec, files)
