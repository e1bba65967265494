"""ConfigMaps and Secrets behind pods: who reads what changes, and who goes on with the old values. Pure.

* a variable taken from a ConfigMap or Secret keeps its value until the pod restarts
* a mounted one follows within a minute or so, but only applications that look again notice; a `subPath` never follows
* a checksum annotation in the template is the author's way to restart pods for it; then only what is behind it is said:
  the ConfigMaps and Secrets that change and that its pods read in any way
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.model import Effect, Finding, ObjectChange, Severity
from changeover.plan.restarts import CHECKSUM, CONTROLLERS

_NAMED = 5
_CHANGING = frozenset({Effect.CREATE, Effect.PATCH, Effect.RECREATE, Effect.UNKNOWN})


def findings(changes: Iterable[ObjectChange], new: Mapping[str, KubeObject]) -> Iterator[Finding]:
    """One note per changed ConfigMap or Secret that running pods would go on without; `new` is by `Ref.key`."""
    changes = tuple(changes)
    restarting = {change.ref.key for change in changes if change.restarts or change.effect is Effect.CREATE}
    readers: dict[tuple[str, str, str], list[str]] = {}
    for key, obj in new.items():
        if obj.ref.kind.group_kind in CONTROLLERS and key not in restarting:
            for kind, name in fixed_in(obj):
                readers.setdefault((obj.namespace, kind, name), []).append(str(obj.ref))
    for change in changes:
        if (
            change.ref.kind.name not in ("ConfigMap", "Secret")
            or change.effect is not Effect.PATCH
            or not _data(change)
        ):
            continue
        unread = readers.get((change.ref.namespace, change.ref.kind.name, change.ref.name))
        if unread:
            more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
            yield Finding(
                "settings-unread",
                Severity.NOTES,
                f"{change.ref} changes, and running pods keep its old values: {', '.join(unread[:_NAMED])}{more}.",
                found="read as variables or by subPath; nothing in their template changes",
                hint=f"restart them when it matters: kubectl rollout restart {unread[0].lower()}",
                ref=change.ref,
            )


def explained(changes: Iterable[ObjectChange], new: Mapping[str, KubeObject]) -> tuple[ObjectChange, ...]:
    """Restarts by a checksum annotation, with what is behind it; `new` is by `Ref.key`."""
    changes = tuple(changes)
    changing = frozenset(
        (change.ref.namespace, change.ref.kind.name, change.ref.name)
        for change in changes
        if change.ref.kind.name in ("ConfigMap", "Secret") and change.effect in _CHANGING
    )
    return tuple(_explained(change, new.get(change.ref.key), changing) for change in changes)


def _explained(
    change: ObjectChange, workload: KubeObject | None, changing: frozenset[tuple[str, str, str]]
) -> ObjectChange:
    if workload is None or CHECKSUM not in change.restarts:
        return change
    read = ((workload.namespace, *one) for one in _read_by(workload))
    behind = sorted(f"{kind}/{name}" for namespace, kind, name in read if (namespace, kind, name) in changing)
    if not behind:
        return change
    more = f" and {len(behind) - _NAMED} more" if len(behind) > _NAMED else ""
    told = f"{', '.join(behind[:_NAMED])}{more} {'changes' if len(behind) == 1 else 'change'}"
    return replace(change, restarts=f"{change.restarts} ({told})")


def _read_by(workload: KubeObject) -> frozenset[tuple[str, str]]:
    """(kind, name) of all that its pods read: variables and volumes, also projected ones."""
    pod: Mapping[str, Any] = workload.get("spec", "template", "spec", default={})
    volumes = list(pod.get("volumes") or ())
    for volume in tuple(volumes):
        for source in (volume.get("projected") or {}).get("sources") or ():
            secret = source.get("secret") or {}
            volumes.append({**source, "secret": {"secretName": secret.get("name")} if secret else None})
    return fixed_in(workload) | {one for volume in volumes for one in _of_volume(volume)}


def _data(change: ObjectChange) -> bool:
    return any(one.path.startswith(("data", "binaryData", "stringData")) for one in change.fields)


def fixed_in(workload: KubeObject) -> frozenset[tuple[str, str]]:
    """(kind, name) of what its pods read once, when they start."""
    pod: Mapping[str, Any] = workload.get("spec", "template", "spec", default={})
    containers = [*(pod.get("initContainers") or ()), *(pod.get("containers") or ())]
    found = {one for container in containers for one in _of_variables(container)}
    by_sub_path = {
        mount.get("name")
        for container in containers
        for mount in container.get("volumeMounts") or ()
        if mount.get("subPath")
    }
    for volume in pod.get("volumes") or ():
        if volume.get("name") in by_sub_path:
            found |= set(_of_volume(volume))
    return frozenset(found)


def _of_variables(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for source in container.get("envFrom") or ():
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if source.get(key):
                yield kind, str(source[key].get("name"))
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if source.get(key):
                yield kind, str(source[key].get("name"))


def _of_volume(volume: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if volume.get("configMap"):
        yield "ConfigMap", str(volume["configMap"].get("name"))
    if volume.get("secret"):
        yield "Secret", str(volume["secret"].get("secretName"))
