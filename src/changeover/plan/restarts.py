"""Which pods restart, and why: those whose controller's template differs after the server has filled in its defaults.

* Deployment, StatefulSet, DaemonSet: any difference under `spec.template`, also an annotation or the order of env
* not while paused, nor where pods are replaced only when somebody deletes them (OnDelete): said, but no restart; of a
  StatefulSet with a partition only the pods from that ordinal on
* a changed ConfigMap or Secret restarts nothing by itself; a checksum of it in the template does, and is named as such
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.diff import ABSENT, Difference
from changeover.settings import SCALED_ANNOTATION

CONTROLLERS = frozenset({"Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"})
CHECKSUM = "checksum annotation"
"""How a cause begins by which an author restarts pods for what they read."""
_NAMED = 4


def restart_causes(kind: str, differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """The differences that make a controller of this group-kind replace its pods."""
    if kind not in CONTROLLERS:
        return ()
    return tuple(change for change in differences if change.path[:2] == ("spec", "template"))


def why_not_now(after: KubeObject) -> str:
    """Why a changed template does not restart pods now; empty when it does."""
    if after.get("spec", "paused") is True:
        return "the Deployment is paused"
    if after.get("spec", "updateStrategy", "type") == "OnDelete":
        return "pods are replaced only when they are deleted (OnDelete)"
    if _partition(after) and _partition(after) >= pods_of(after):
        return f"its partition {_partition(after)} keeps all its pods as they are"
    return ""


def _partition(after: KubeObject) -> int:
    return int(after.get("spec", "updateStrategy", "rollingUpdate", "partition", default=0) or 0)


def restart_text(live: KubeObject, after: KubeObject, causes: tuple[Difference, ...]) -> str:
    """``2 pods: image of server a -> b; env X of server``."""
    count = max(0, pods_of(live) - _partition(after))
    told = list(dict.fromkeys(_cause(change) for change in sorted(causes, key=_weight)))
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"{count} pod{'' if count == 1 else 's'}: {'; '.join(told[:_NAMED])}{more}"


def pods_of(live: KubeObject) -> int:
    """How many pods a controller has, or had before we scaled it down."""
    if live.kind == "DaemonSet":
        return int(live.get("status", "desiredNumberScheduled", default=0))
    before = live.annotations.get(SCALED_ANNOTATION, "")
    return int(before) if before.isdigit() else int(live.get("spec", "replicas", default=1))


def _weight(change: Difference) -> int:
    """What says most comes first: images, then what is set in containers, then the rest, labels last."""
    inside = change.path[2:]
    if inside[-1:] == ("image",):
        return 0 if inside[1] == "containers" else 1
    if inside[:2] == ("metadata", "labels"):
        return 4
    return 2 if inside[:1] == ("spec",) else 3


def _cause(change: Difference) -> str:
    inside = change.path[2:]
    if inside[:2] == ("metadata", "annotations"):
        name = inside[2] if len(inside) > 2 else "annotations"
        return f"{CHECKSUM} {name}" if "checksum" in name else f"annotation {name}"
    if inside[:2] == ("metadata", "labels"):
        return "labels"
    if len(inside) > 2 and inside[1] in {"containers", "initContainers"}:
        return _in_container(inside[2], inside[3:], change)
    return ".".join(part for part in inside[1:3] if not part.startswith("[")) or "template"


def _in_container(key: str, inside: tuple[str, ...], change: Difference) -> str:
    name = key.removeprefix("[name=").rstrip("]")
    if not inside:
        return f"container {name} {'added' if change.before is ABSENT else 'removed'}"
    if inside == ("image",):
        return f"image of {name} {_image(change.before, change.after)}"
    if inside[0] == "env" and len(inside) > 1:
        variable = inside[1].removeprefix("[name=").rstrip("]")
        return f"order of env of {name}" if variable == "[order" else f"env {variable} of {name}"
    return f"{inside[0]} of {name}"


def _image(before: Any, after: Any) -> str:
    old, new = str(before), str(after)
    if old.rpartition(":")[0] == new.rpartition(":")[0] and "@" not in new:
        return f"{old.rpartition(':')[2]} -> {new.rpartition(':')[2]}"
    return f"{old} -> {new}"
