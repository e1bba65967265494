"""Analyzers of what happened and what is set: event, clusterContainerStatuses, registryImages, sysctl. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, NotCollected, together
from changeover.checks.outcomes import compare, entries, equality, first, no_outcome, none_of, said, whole, words
from changeover.checks.texts import pattern_of
from changeover.checks.workloads import listed
from changeover.objects import KubeObject
from changeover.package.application import mapping, text, texts

_SETTING = re.compile(r"^\s*(?:/proc/sys/)?([\w./-]+)\s*=\s*(.*?)\s*$", re.MULTILINE)


def event(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Whether an event with this reason is there; the message is rendered over it."""
    title = text(spec.get("checkName")) or text(spec.get("collectorName")) or "Event"
    reason = text(spec.get("reason"))
    if not reason:
        raise CannotJudge("no reason is named")
    kind, pattern = text(spec.get("kind")), pattern_of(text(spec.get("regex")))
    events = listed(files, "events", texts([spec.get("namespace")]))
    found = next((one for one in events if _fits(one, reason, kind) and pattern.is_in(_message(one))), None)

    def holds(when: str) -> bool:
        if when.lower() not in {"true", "false"}:
            raise CannotJudge(f"the condition {when!r} is neither true nor false")
        return (when.lower() == "true") is (found is not None)

    data = _in_go(found.raw) if found else None
    measured = f"{reason}: {'there' if found else 'not there'}"
    told = first(spec, title, holds, data=data, measured=measured)
    return [told.on(_involved(found)) if found else told]


def _involved(one: KubeObject) -> About:
    named = [str(one.get("involvedObject", key, default="")) for key in ("kind", "name", "namespace")]
    return About(named[0], named[1], named[2] or one.namespace)


def _fits(one: KubeObject, reason: str, kind: str) -> bool:
    return one.get("reason") == reason and (not kind or one.get("involvedObject", "kind") == kind)


def _message(one: KubeObject) -> str:
    return str(one.get("message", default=""))


def _in_go(value: Any) -> Any:
    """The same with names as Go's structs have them."""
    if not isinstance(value, Mapping):
        return value
    return {f"{str(key)[:1].upper()}{str(key)[1:]}": _in_go(inside) for key, inside in value.items()}


def container_statuses(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``== <reason>`` of what a container is or was, when it began anew often enough; one finding for each."""
    title = text(spec.get("checkName")) or "Container Statuses"
    least = int(spec.get("restartCount") or 0)
    containers = list(_containers(listed(files, "pods", texts(spec.get("namespaces"))), least))
    over: list[str] = []
    for verdict, outcome in entries(spec):
        when = text(outcome.get("when")).strip()
        if not when:
            return [replace(said(verdict, title, outcome), threshold=none_of(over))]
        operator, wanted = words(when, 2)
        found = [one for one in containers if equality(operator, _one_of(one[1], wanted), wanted)]
        if found:
            return together(
                said(verdict, title, outcome, data=data, measured=", ".join(sorted(reasons))).on(
                    About("Pod", data["PodName"], data["Namespace"])
                )
                for data, reasons in found
            )
        over.append(when)
    return [no_outcome(title, over)]


def _one_of(reasons: set[str], wanted: str) -> str:
    return wanted if wanted in reasons else ""


def _containers(pods: Iterator[KubeObject], least: int) -> Iterator[tuple[Mapping[str, Any], set[str]]]:
    for pod in pods:
        for field in ("initContainerStatuses", "containerStatuses"):
            for one in pod.get("status", field, default=()):
                states = (mapping(one.get("state")), mapping(one.get("lastState")))
                reasons = {text(mapping(inside).get("reason")) for state in states for inside in state.values()}
                if int(one.get("restartCount") or 0) >= least:
                    name = {"ContainerName": text(one.get("name")), "PodName": pod.name, "Namespace": pod.namespace}
                    yield name, reasons - {""}


def registry_images(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``verified|missing|errors <op> N`` of the images that were asked for."""
    title = text(spec.get("checkName")) or text(spec.get("collectorName")) or "Registry Images"
    path = f"registry/{text(spec.get('collectorName')) or 'images'}.json"
    if path not in files:
        raise NotCollected(path)
    return [images_said(spec, title, files[path])]


def images_said(spec: Mapping[str, Any], title: str, content: str) -> Finding:
    """The first outcome that holds of the images in a collected file."""
    images = {name: mapping(one) for name, one in mapping(mapping(json.loads(content)).get("images")).items()}
    wrong = {name: text(one.get("error")) for name, one in images.items() if one.get("error") and not one.get("exists")}
    verified = [name for name, one in images.items() if one.get("exists")]
    missing = [name for name in images if name not in verified and name not in wrong]
    counts = {"verified": len(verified), "missing": len(missing), "errors": len(wrong)}
    data = {"Verified": verified, "Missing": missing, "Unverified": list(wrong), "UnverifiedReasons": wrong}

    def holds(when: str) -> bool:
        what, operator, wanted = words(when, 3)
        if what not in counts:
            raise CannotJudge(f"{what} is not known of images")
        return compare(operator, counts[what], whole(wanted))

    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    found = first(spec, title, holds, data=data, measured=told)
    return found if found.verdict == "pass" else found.on(*(About("Image", name) for name in (*missing, *wrong)))


def sysctl(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``<key> <op> <value>``: which nodes are so; a node that does not tell is none of them."""
    title = text(spec.get("checkName")) or "Sysctl"
    nodes = {
        path.removeprefix("sysctl/"): _settings(files[path]) for path in sorted(files) if path.startswith("sysctl/")
    }
    if not nodes:
        raise NotCollected("sysctl")
    over: list[str] = []
    for verdict, outcome in entries(spec):
        when = text(outcome.get("when"))
        found = [name for name, settings in nodes.items() if when.strip() and setting_holds(settings, when)]
        if found or not when.strip():
            who = f"{'Node' if len(found) == 1 else 'Nodes'} {', '.join(found)}: " if found else ""
            told = Finding(verdict, title, f"{who}{text(outcome.get('message'))}", text(outcome.get("uri")))
            told = replace(told, measured=_set(nodes, when or " ".join(over[:1])), threshold=when or none_of(over))
            return [told.on(*(About("Node", name) for name in found))]
        over.append(when)
    return [no_outcome(title, over, measured=_set(nodes, " ".join(over[:1])))]


def _set(nodes: Mapping[str, Mapping[str, str]], when: str) -> str:
    """What the nodes say of the parameter that a condition asks about."""
    key = when.partition(" ")[0]
    values = dict.fromkeys(settings[key] for settings in nodes.values() if key in settings)
    return f"{key} = {' or '.join(values)}" if values else ""


def setting_holds(settings: Mapping[str, str], when: str) -> bool:
    """Whether a kernel's parameter is so; one that is not told is not."""
    key, operator, wanted = words(when, 3)
    if key not in settings:
        return False
    if operator.strip("="):
        return compare(operator, whole(settings[key]), whole(wanted))
    return settings[key] == wanted


def _settings(content: str) -> dict[str, str]:
    return {key.replace("/", "."): value for key, value in _SETTING.findall(content)}
