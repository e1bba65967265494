"""Analyzers with results of their own about the network between pods: goldpinger, weaveReport. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, NotCollected
from changeover.checks.redactors import path_pattern
from changeover.package.application import mapping, mappings, text

_BETWEEN = "Weave Inter-Node Connections"
_CROWDED = 0.85
"""The share of a network's addresses from which there are too few left."""
_REACHED = "every other pod reaches it"
_PEER = re.compile(r"encrypted +\S+ +[^ (]*\(([^)]*)\)")


def goldpinger(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Which pods reach which, by what each pod says of its pings."""
    path = text(spec.get("filePath")) or "/".join(
        filter(None, (text(spec.get("collectorName")), "goldpinger/check_all.json"))
    )
    if path not in files:
        raise NotCollected(path)
    told = mapping(json.loads(files[path]))
    responses = mapping(told.get("responses"))
    return [one for host in mappings(told.get("hosts")) for one in _pings(text(host.get("podName")), responses)]


def _pings(target: str, responses: Mapping[str, Any]) -> Iterator[Finding]:
    failed, seen = False, False
    for source in sorted(responses):
        response = mapping(responses[source])
        results = mapping(mapping(response.get("response")).get("podResults"))
        if source == target and not response.get("OK"):
            missing = Finding("fail", f'Missing ping results for "{target}" pod', text(response.get("error")))
            yield replace(missing, measured="no results", threshold=_REACHED).on(About("Pod", target))
            failed = True
        if target not in results:
            continue
        seen, ping = True, mapping(results[target])
        if not ping.get("OK"):
            why = text(ping.get("error")) or text(mapping(ping.get("response")).get("error"))
            broken = Finding("fail", f'Ping from "{source}" pod to "{target}" pod failed', f"Ping error: {why}")
            yield replace(broken, measured="no answer", threshold=_REACHED).on(About("Pod", target))
            failed = True
    if not failed and not seen:
        unheard = Finding("unknown", f'Pings to "{target}" pod', "No other pod says whether it reaches this one.")
        yield replace(unheard, threshold=_REACHED).on(About("Pod", target))
    elif not failed:
        words = f'Pings to "{target}" pod from all other pods in the cluster succeeded'
        fine = Finding("pass", f'Pings to "{target}" pod succeeded', words)
        yield replace(fine, threshold=_REACHED).on(About("Pod", target))


def weave_report(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Addresses left, addresses waited for, and connections between nodes, by every report that the name fits."""
    glob = path_pattern(text(spec.get("reportFileGlob")))
    paths = sorted(path for path in files if glob.fullmatch(path))
    if not paths:
        raise CannotJudge(f"no collected file is called {spec.get('reportFileGlob')}")
    found = [one for path in paths for one in _report(mapping(json.loads(files[path])))]
    title = text(spec.get("checkName")) or "Weave Report"
    return list(dict.fromkeys(found)) or [Finding("pass", title, "No issues detected in weave report")]


def _report(told: Mapping[str, Any]) -> Iterator[Finding]:
    addresses, router = mapping(told.get("IPAM")), mapping(told.get("Router"))
    total, active = int(addresses.get("RangeNumIPs") or 0), int(addresses.get("ActiveIPs") or 0)
    if total and active / total >= _CROWDED:
        words = f"{active} of {total} total available IPs have been assigned"
        share = f"not {_CROWDED:.0%}"
        yield Finding("warn", "Available Pod IPs", words, measured=f"{active}/{total}", threshold=share)
    if addresses.get("PendingAllocates"):
        waiting = Finding("warn", "Pending IP Allocation", "Waiting for IPs to become available")
        yield replace(waiting, measured="some pending", threshold="none pending")
    for one in mappings(router.get("Connections")):
        peer = _PEER.search(text(one.get("Info")))
        if peer is None:
            continue
        words = f"Connection from {text(router.get('NickName'))} to {peer[1]}"
        ends = (About("Node", text(router.get("NickName"))), About("Node", peer[1]))
        state, protocol = text(one.get("State")), text(mapping(one.get("Attrs")).get("name"))
        if state != "established":
            yield Finding("warn", _BETWEEN, f"{words} is {state}", measured=state, threshold="established").on(*ends)
        elif protocol != "fastdp":
            slow = f'{words} protocol is "{protocol}", not fastdp'
            yield Finding("warn", _BETWEEN, slow, measured=protocol, threshold="fastdp").on(*ends)
