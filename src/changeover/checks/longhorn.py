"""longhorn: whether its nodes take volumes, its engines and replicas are as they should, and replicas are alike. Pure.

* it has results of its own: what is wrong warns; one result passes when nothing is
* objects are read as Longhorn has them, and as the reference's YAML writes them: all names in small letters
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.checks.documents import read_yaml
from changeover.checks.finding import About, Finding, NotCollected
from changeover.checks.redactors import MASK
from changeover.package.application import mapping, mappings, text

NAMESPACE = "longhorn-system"
_HEALTHY = Finding("pass", "Longhorn Health Status", "Longhorn is healthy")


def longhorn(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Of what the collector of the same name brought."""
    namespace = text(spec.get("namespace")) or NAMESPACE
    root = f"longhorn/{namespace}"
    if not any(path.startswith(f"{root}/") for path in files):
        raise NotCollected(root)
    found = [one for node in _objects(files, f"{root}/nodes") for one in _node(node, namespace)]
    found += [one for replica in _objects(files, f"{root}/replicas") for one in _replica(replica, namespace)]
    found += [one for engine in _objects(files, f"{root}/engines") for one in _instance("engine", engine, namespace)]
    found += list(_checksums(files, f"{root}/volumes", namespace))
    return found or [_HEALTHY]


def _objects(files: Mapping[str, str], folder: str) -> list[Mapping[str, Any]]:
    paths = [
        path for path in sorted(files) if path.startswith(f"{folder}/") and path.count("/") == folder.count("/") + 1
    ]
    return [mapping(_small(read_yaml(files[path].replace(MASK, "HIDDEN")))) for path in paths]


def _small(value: Any) -> Any:
    """The same, every name in small letters."""
    if isinstance(value, Mapping):
        return {str(key).lower(): _small(inside) for key, inside in value.items()}
    return [_small(one) for one in value] if isinstance(value, list) else value


def _name(one: Mapping[str, Any]) -> str:
    return text(mapping(one.get("metadata") or one.get("objectmeta")).get("name"))


def _node(node: Mapping[str, Any], namespace: str) -> Iterator[Finding]:
    name, conditions = _name(node), mapping(node.get("status")).get("conditions")
    listed = mappings(conditions) or [{"type": key, **mapping(one)} for key, one in mapping(conditions).items()]
    states = [text(one.get("status")) for one in listed if text(one.get("type")).lower() == "schedulable"]
    told = {"True": "", "False": "Longhorn node is not schedulable"}
    wrong = told.get(next(iter(states), ""), "Node schedulable status not found")
    if wrong:
        measured = f"Schedulable = {next(iter(states), 'not said')}"
        title = f"Longhorn Node Schedulable: {name}"
        warning = Finding("warn", title, wrong, measured=measured, threshold="Schedulable = True")
        yield warning.on(About("Node", name, namespace))


def _replica(replica: Mapping[str, Any], namespace: str) -> Iterator[Finding]:
    name, failed = _name(replica), text(mapping(replica.get("spec")).get("failedat"))
    if not failed:
        yield from _instance("replica", replica, namespace)
        return
    words = f"Longhorn replica {name} failed at {failed}"
    warning = Finding(
        "warn", f"Longhorn Replica: {name}", words, measured=f"failed at {failed}", threshold="not failed"
    )
    yield warning.on(About("Replica", name, namespace))


def _instance(word: str, one: Mapping[str, Any], namespace: str) -> Iterator[Finding]:
    """An engine or a replica that is in another state than it should."""
    name, spec, status = _name(one), mapping(one.get("spec")), mapping(one.get("status"))
    wanted = text(spec.get("desirestate") or mapping(spec.get("instancespec")).get("desirestate"))
    found = text(status.get("currentstate") or mapping(status.get("instancestatus")).get("currentstate"))
    if wanted != found:
        words = f'Longhorn {word} {name} current status "{found}", should be "{wanted}"'
        title = f"Longhorn {word.title()}: {name}"
        warning = Finding("warn", title, words, measured=found or "no state", threshold=wanted)
        yield warning.on(About(word.title(), name, namespace))


def _checksums(files: Mapping[str, str], folder: str, namespace: str) -> Iterator[Finding]:
    sums: dict[str, list[dict[str, str]]] = {}
    for path in sorted(files):
        parts = path.removeprefix(f"{folder}/").split("/")
        if path.startswith(f"{folder}/") and len(parts) == 3 and parts[1] == "replicachecksums":
            lines = (line.split() for line in files[path].splitlines())
            named = {line[1].rpartition("/")[2]: line[0] for line in lines if len(line) > 1}
            sums.setdefault(parts[0], []).append(named)
    for volume, several in sums.items():
        if any(one != several[0] for one in several):
            title = f"Longhorn Volume Replica Corruption: {volume}"
            corrupt = Finding(
                "warn", title, "Replica corruption detected", measured="replicas differ", threshold="alike"
            )
            yield corrupt.on(About("Volume", volume, namespace))
