"""What a Service was given and its manifest leaves open: its cluster address and its node ports.

They are noted before a step lets them go (another type, another Service under the name, none at all), and asked for
where the same step, or the one that undoes it, makes a Service that has such again. Who has taken one meanwhile keeps
it: then the Service gets another.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.steps import Step
from changeover.runs.scene import Scene

FORM = "form"
_PORTED = frozenset({"NodePort", "LoadBalancer"})
_EXTERNAL = "ExternalName"


async def remember(step: Step, scene: Scene, live: KubeObject) -> None:
    """Note them, once per step."""
    if live.kind == "Service" and FORM not in scene.notes(step.id):
        await scene.note(step, FORM, {"address": live.get("spec", "clusterIP", default=""), "ports": _ports(live)})


def is_lost(live: KubeObject, wanted: KubeObject) -> bool:
    """Whether the Service gives something up when it becomes what is wanted."""
    before, after = _type(live), _type(wanted)
    return before != after and (before in _PORTED or after == _EXTERNAL)


def as_before(step: Step, scene: Scene, wanted: KubeObject, live: KubeObject | None) -> KubeObject:
    """The manifest with what the Service had; `live` is what it is applied to."""
    noted = (scene.notes(name).get(FORM) for name in (*step.undoes, step.id))
    form: Mapping[str, Any] | None = next((one for one in noted if one), None)
    if wanted.kind != "Service" or not form:
        return wanted
    raw = copy.deepcopy(dict(wanted.raw))
    if _type(wanted) in _PORTED:
        for port in raw["spec"].get("ports") or []:
            if "nodePort" not in port and (known := form["ports"].get(_name(port))):
                port["nodePort"] = known
    if (live is None or _type(live) == _EXTERNAL) and _leaves_address_open(wanted, form["address"]):
        raw["spec"]["clusterIP"] = form["address"]
    return KubeObject(raw)


def _leaves_address_open(wanted: KubeObject, address: str) -> bool:
    said = [wanted.get("spec", name) for name in ("clusterIP", "clusterIPs")]
    families = wanted.get("spec", "ipFamilies", default=[]) or []
    fits = not families or families[0] == ("IPv6" if ":" in address else "IPv4")
    return _type(wanted) != _EXTERNAL and not any(said) and fits and address not in ("", "None")


def _type(service: KubeObject) -> str:
    return str(service.get("spec", "type") or "ClusterIP")


def _ports(live: KubeObject) -> dict[str, int]:
    ports = live.get("spec", "ports", default=[])
    return {_name(port): int(port["nodePort"]) for port in ports if port.get("nodePort")}


def _name(port: Mapping[str, Any]) -> str:
    return f"{port.get('port')}/{port.get('protocol', 'TCP')}"
