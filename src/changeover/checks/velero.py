"""velero: whether backups can be made, and which of its backups, restores and schedules failed. Pure.

* it has results of its own, and a last one for the whole
* a Velero before 1.10 calls its repositories otherwise: which there are says which it is
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from changeover.checks.finding import CannotJudge, Finding, NotCollected, object_of
from changeover.checks.redactors import path_pattern
from changeover.objects import KubeObject
from changeover.package.application import mappings

DEPLOYMENT = "cluster-resources/deployments/velero.json"
_PLACE = "cluster-resources/custom-resources"
_PARTLY = ("Failed", "PartiallyFailed", "FailedValidation", "WaitingForPluginOperationsPartiallyFailed")
_TROUBLE = ("error", "panic", "fatal")


@dataclass(frozen=True, slots=True)
class _Sort:
    """A kind of Velero's: the phases in which one failed, and how several are called."""

    folder: str
    word: str
    failed: tuple[str, ...]
    title: str
    several: str


_SORTS = (
    _Sort("backups", "Backup", (*_PARTLY, "FinalizingPartiallyFailed"), "Velero Backups", "backups"),
    _Sort("podvolumebackups", "Pod Volume Backup", ("Failed",), "Pod Volume Backups", "pod volume backups"),
    _Sort("podvolumerestores", "Pod Volume Restore", ("Failed",), "Pod Volume Restores", "pod volume restores"),
    _Sort("restores", "Restore", _PARTLY, "Velero Restores", "restores"),
    _Sort("schedules", "Schedule", ("FailedValidation",), "Velero Schedules", "schedules"),
    _Sort(
        "volumesnapshotlocations",
        "Volume Snapshot Location",
        ("Unavailable",),
        "Velero Volume Snapshot Locations",
        "volume snapshot locations",
    ),
)


def velero(_: Mapping[str, object], files: Mapping[str, str]) -> list[Finding]:
    """Of its Deployment, its objects and its logs."""
    if DEPLOYMENT not in files:
        raise NotCollected(DEPLOYMENT)
    if not any(_is_velero(one) for one in _read(files[DEPLOYMENT])):
        raise CannotJudge(f"no Deployment of {DEPLOYMENT} has a container velero")
    old = _objects(files, "resticrepositories")
    found = list(_usable("Restic Repository", "restic repositories", old, "Ready")) if old else []
    found += (
        []
        if old
        else _usable("Backup Repository", "backup repositories", _objects(files, "backuprepositories"), "Ready")
    )
    found += [*_logs(files, "node-agent*"), *_logs(files, "velero*")]
    found += _failed(files, _SORTS[0])
    locations = _objects(files, "backupstoragelocations")
    found += _usable("Backup Storage Location", "backup storage locations", locations, "Available")
    found += _deleting(_objects(files, "deletebackuprequests"))
    found += [one for sort in _SORTS[1:] for one in _failed(files, sort)]
    if any(one.verdict == "fail" for one in found):
        return [*found, Finding("warn", "Velero Status", "Velero setup is not entirely healthy")]
    return [*found, Finding("pass", "Velero Status", "Velero setup is healthy")]


def _read(content: str) -> list[KubeObject]:
    told = json.loads(content)
    return [KubeObject(one) for one in mappings(told if isinstance(told, list) else told.get("items"))]


def _is_velero(deployment: KubeObject) -> bool:
    containers = deployment.get("spec", "template", "spec", "containers", default=())
    return any(one.get("name") == "velero" for one in containers)


def _objects(files: Mapping[str, str], folder: str) -> list[KubeObject]:
    pattern = path_pattern(f"{_PLACE}/{folder}.velero.io/*.json")
    return [one for path in sorted(files) if pattern.fullmatch(path) for one in _read(files[path])]


def _phase(one: KubeObject) -> str:
    return str(one.get("status", "phase", default=""))


def _usable(word: str, several: str, objects: Sequence[KubeObject], good: str) -> Iterator[Finding]:
    """Whether at least one is as it must be for backups to be made; each other one warns."""
    title = f"At least 1 {word} configured"
    ready = [one for one in objects if _phase(one) == good]
    for one in objects:
        if _phase(one) != good:
            words = f"{word} [{one.name}] is in phase {_phase(one)}"
            warning = Finding("warn", f"{word} {one.name}", words, measured=_phase(one) or "no phase", threshold=good)
            yield warning.on(object_of(one, word.replace(" ", "")))
    measured, wanted = f"{len(ready)} of {len(objects)} {good}", f"1 {good}"
    if not objects:
        yield Finding("fail", title, f"No {several} configured", measured=measured, threshold=wanted)
    elif ready:
        words = f"Found {len(objects)} {several} configured and {len(ready)} {good}"
        yield Finding("pass", title, words, measured=measured, threshold=wanted)
    else:
        words = f"Found {len(objects)} configured {several}, but none are {good.lower()}"
        yield Finding("warn", title, words, measured=measured, threshold=wanted)


def _failed(files: Mapping[str, str], sort: _Sort) -> Iterator[Finding]:
    objects = _objects(files, sort.folder)
    wrong = [one for one in objects if _phase(one) in sort.failed]
    for one in wrong:
        words, threshold = f"{sort.word} {one.name} phase is {_phase(one)}", f"not {', not '.join(sort.failed)}"
        failure = Finding("fail", f"{sort.word} {one.name}", words, measured=_phase(one), threshold=threshold)
        yield failure.on(object_of(one, sort.word.replace(" ", "")))
    if objects and (not wrong or sort is _SORTS[0]):
        yield Finding("pass", sort.title, f"Found {len(objects)} {sort.several}")


def _deleting(requests: Sequence[KubeObject]) -> Iterator[Finding]:
    going = [one for one in requests if _phase(one) == "InProgress"]
    if going:
        words = f"Found {len(going)} delete backup requests in progress"
        summary = Finding(
            "warn", "Delete Backup Requests summary", words, measured=f"{len(going)} InProgress", threshold="0"
        )
        yield summary.on(*(object_of(one, "DeleteBackupRequest") for one in going))


def _logs(files: Mapping[str, str], glob: str) -> Iterator[Finding]:
    pattern = path_pattern(f"velero/logs/{glob}/*.log")
    paths = [path for path in sorted(files) if pattern.fullmatch(path)]
    for path in paths:
        denied = "permission denied" in files[path]
        if denied or any(word in files[path] for word in _TROUBLE):
            what = "'permission denied'" if denied else "|".join(_TROUBLE)
            yield Finding(
                "warn", f"Velero logs for pod [{path}]", f"Found {what} in {glob} pod log file(s)", measured=what
            )
    if paths:
        yield Finding("pass", f"Velero Logs analysis for kind [{glob}]", f"Found {len(paths)} log files")
