"""Status informers: how they are written, how states add up, and the state of one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from changeover.objects import KubeObject
from changeover.runs.health import informers
from changeover.runs.health.informers import State
from tools.conformance.case import Case, Skipped, read, same

Judge = Callable[[KubeObject, Sequence[KubeObject], int], State | None]
JUDGES: Mapping[str, Judge] = {
    "Deployment": lambda obj, _others, _minor: informers.deployment(obj),
    "StatefulSet": lambda obj, others, _minor: informers.stateful_set(obj, others),
    "DaemonSet": lambda obj, others, _minor: informers.daemon_set(obj, others),
    "Service": lambda obj, others, _minor: informers.service(obj, _only(others, "Endpoints")),
    "Ingress": lambda obj, others, minor: informers.ingress(
        obj, _only(others, "Service"), _only(others, "Endpoints"), minor=minor
    ),
    "PersistentVolumeClaim": lambda obj, _others, _minor: informers.claim(obj),
}
"""What judges the objects of a kind."""


def _only(objects: Sequence[KubeObject], kind: str) -> list[KubeObject]:
    return [one for one in objects if one.kind == kind]


def cases(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``kots-status``."""
    for path in sorted(folder.glob("*.json")):
        content = read(path)
        if isinstance(content, Mapping):
            for number, one in enumerate(content.get("informers") or ()):
                yield Case(f"{path.stem}/{number} {one['informer']}", partial(_informer, one))
            for number, one in enumerate(content.get("minState") or ()):
                yield Case(f"{path.stem}/minState {number} {','.join(one['states'])}", partial(_sum, one))
        else:
            for number, one in enumerate(content):
                yield Case(f"{path.stem}/{number} {one['name']}", partial(_state, one))


def _informer(case: Mapping[str, Any]) -> None:
    expected = case["expected"]
    found = informers.parse(case["informer"])
    if "error" in expected:
        same(found, None, "an informer that is none")
        return
    shown = {"kind": found.written_kind, "name": found.name, "namespace": found.namespace} if found else None
    same(shown, {key: expected.get(key, "") for key in ("kind", "name", "namespace")})


def _sum(case: Mapping[str, Any]) -> None:
    """A word that is no state says nothing bad, as to the reference."""
    known = [State(state) for state in case["states"] if state in set(State)]
    found = State.READY if case["states"] and not known else informers.worst(known)
    same(found.value, case["expected"]["app"])


def _state(case: Mapping[str, Any]) -> None:
    obj = KubeObject(case["object"])
    judge = JUDGES.get(obj.kind)
    if judge is None:
        raise Skipped(f"the state of a {obj.kind} is not judged")
    others = [KubeObject(raw) for raw in case.get("objects") or ()]
    state = judge(obj, others, int(case["k8sMinor"]))
    same(state.value if state else "", case["expected"]["state"])
