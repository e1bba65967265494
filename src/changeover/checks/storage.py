"""Analyzers of storage: cephStatus, nodeMetrics (how full claims are). Pure.

* Ceph's states are ordered ERR < WARN < OK;
  an outcome without a condition means OK for pass, WARN for warn, ERR for fail
* what is wrong with Ceph follows the message: its disks, its placement groups, its own words
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, NotCollected, Verdict
from changeover.checks.outcomes import compare, entries, first, no_outcome, said, words
from changeover.checks.redactors import path_pattern
from changeover.checks.texts import pattern_of
from changeover.package.application import mapping, mappings

ROOK = "rook-ceph"
"""The namespace that paths do not name."""
_RANK = {"HEALTH_ERR": 0, "HEALTH_WARN": 1, "HEALTH_OK": 2}
_MEANT: Mapping[Verdict, str] = {"pass": "HEALTH_OK", "warn": "HEALTH_WARN", "fail": "HEALTH_ERR"}
_PATIENT = Fraction(80)
"""Percent of Ceph's bytes from which their use is told."""


def ceph_status(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``HEALTH_OK`` or ``<op> HEALTH_WARN``."""
    title = str(spec.get("checkName") or "Ceph Status")
    namespace = str(spec.get("namespace") or "")
    parts = (str(spec.get("collectorName") or ""), namespace if namespace != ROOK else "", "ceph/status.json")
    path = "/".join(filter(None, parts))
    if path not in files:
        raise NotCollected(path)
    told = mapping(json.loads(files[path]))
    status = str(mapping(told.get("health")).get("status") or "")
    plain = {word: {"message": "Ceph is healthy" if word == "pass" else f"Ceph status is {status}"} for word in _MEANT}
    given = spec if spec.get("outcomes") else {"outcomes": [{word: outcome} for word, outcome in plain.items()]}
    over: list[str] = []
    for verdict, outcome in entries(given):
        when = str(outcome.get("when") or _MEANT[verdict])
        if _ceph_holds(status, when):
            finding = said(verdict, title, outcome, measured=status)
            more = [] if status == "HEALTH_OK" else list(_details(told))
            return [replace(finding, message="\n".join([finding.message, *more]), threshold=when)]
        over.append(when)
    return [no_outcome(title, over, measured=status)]


def _ceph_holds(status: str, when: str) -> bool:
    operator, wanted = ("==", when) if len(when.split(" ")) == 1 else words(when, 2)
    if wanted not in _RANK or status not in _RANK:
        raise CannotJudge(f"{wanted if wanted not in _RANK else status or 'nothing'} is no state of Ceph")
    return compare(operator, _RANK[status], _RANK[wanted])


def _details(told: Mapping[str, Any]) -> Iterator[str]:
    disks = mapping(mapping(told.get("osdmap")).get("osdmap"))
    if disks.get("num_osds"):
        yield f"{disks.get('num_up_osds', 0)}/{disks['num_osds']} OSDs up"
    if disks.get("full") or disks.get("nearfull"):
        yield "OSD disk is full" if disks.get("full") else "OSD disk is nearly full"
    groups = mapping(told.get("pgmap"))
    total = groups.get("bytes_total") or 0
    used = Fraction(100 * int(groups.get("bytes_used") or 0), int(total)) if total else Fraction(0)
    if used >= _PATIENT:
        yield f"PG storage usage is {float(used):.1f}%"
    for name, check in mapping(mapping(told.get("health")).get("checks")).items():
        yield f"{name}: {mapping(mapping(check).get('summary')).get('message', '')}"


def node_metrics(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``pvcUsedPercentage <op> N``: whether any claim whose name fits is so full."""
    title = str(spec.get("checkName") or "Node Metrics")
    folder = "/".join(filter(None, ("node-metrics", str(spec.get("collectorName") or ""))))
    pattern = path_pattern(f"{folder}/*.json")
    paths = sorted(path for path in files if pattern.fullmatch(path))
    if not paths:
        raise NotCollected(folder)
    wanted = pattern_of(str(mapping(mapping(spec.get("filters")).get("pvc")).get("nameRegex") or ""))
    volumes = dict(
        one for path in paths for one in _claims(mapping(json.loads(files[path]))) if wanted.is_in(one[0].split("/")[1])
    )
    matched: list[str] = []
    names: dict[str, Any] = {"PVC": {"ConcatenatedNames": ""}}

    def holds(when: str) -> bool:
        what, operator, limit = words(when, 3)
        if what != "pvcUsedPercentage":
            raise CannotJudge(f"{what} is not known of nodes' metrics")
        matched[:] = [name for name, used in volumes.items() if compare(operator, used, Fraction(limit))]
        names["PVC"] = {"ConcatenatedNames": ", ".join(matched)}
        return bool(matched)

    seen = ", ".join(f"{name} {float(used):.1f}%" for name, used in volumes.items())
    told = first(spec, title, holds, data=names, measured=seen)
    claims = (name.partition("/") for name in matched)
    return [told.on(*(About("PersistentVolumeClaim", name, namespace) for namespace, _, name in claims))]


def _claims(summary: Mapping[str, Any]) -> Iterator[tuple[str, Fraction]]:
    for pod in mappings(summary.get("pods")):
        for volume in mappings(pod.get("volume")):
            claim = mapping(volume.get("pvcRef"))
            capacity = int(volume.get("capacityBytes") or 0)
            if claim and capacity:
                used = Fraction(100 * int(volume.get("usedBytes") or 0), capacity)
                yield f"{claim.get('namespace')}/{claim.get('name')}", used
