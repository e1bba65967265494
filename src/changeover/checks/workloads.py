"""Analyzers of what should run: deployments, statefulsets, replicasets, jobs, pods. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, NotCollected, object_of, together
from changeover.checks.outcomes import NONE_HOLDS, compare, entries, equality, first, rendered, said, whole, words
from changeover.objects import KubeObject, is_well
from changeover.package.application import texts

_PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "job": "jobs"}
_NAMES = {"deployment": "Deployment", "statefulset": "StatefulSet", "job": "Job"}


def replicas(word: str) -> Callable[[Mapping[str, Any], Mapping[str, str]], list[Finding]]:
    """The analyzer of a kind whose status counts ready replicas."""

    def judge(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
        if not spec.get("name"):
            return _all(spec, files, word, _short)
        title = str(spec.get("checkName") or f"{spec['name']} Status")
        obj = _named(spec, files, _PLURALS[word])
        if obj is None:
            return [_absent(spec, title, f'The {word} "{spec["name"]}" was not found').on(_asked(spec, word))]
        ready = int(obj.get("status", "readyReplicas", default=0))

        def holds(when: str) -> bool:
            if when == "absent":
                return False
            operator, wanted = words(when, 2)
            return compare(operator, ready, whole(wanted))

        return [first(spec, title, holds, measured=f"{ready} ready").on(_asked(spec, word))]

    return judge


def job(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``succeeded|failed <op> N``."""
    if not spec.get("name"):
        return _all(spec, files, "job", _unfinished)
    title = str(spec.get("checkName") or f"{spec['name']} Status")
    obj = _named(spec, files, "jobs")
    if obj is None:
        return [_absent(spec, title, f'The job "{spec["name"]}" was not found').on(_asked(spec, "job"))]
    counts = {name: int(obj.get("status", name, default=0)) for name in ("succeeded", "failed")}

    def holds(when: str) -> bool:
        name, operator, wanted = words(when, 3)
        if name not in counts:
            raise CannotJudge(f"{name} is not known of Jobs")
        return compare(operator, counts[name], whole(wanted))

    measured = ", ".join(f"{count} {name}" for name, count in counts.items())
    return [first(spec, title, holds, measured=measured).on(_asked(spec, "job"))]


def _asked(spec: Mapping[str, Any], word: str) -> About:
    return About(_NAMES[word], str(spec["name"]), str(spec.get("namespace") or "default"))


def replicaset(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``ready|available <op> N``, by name or for each that a selector fits; without either all must be ready."""
    name, selector = str(spec.get("name") or ""), texts(spec.get("selector"))
    namespaces = texts(spec.get("namespaces")) or texts([spec.get("namespace")])
    found = list(listed(files, "replicasets", namespaces))
    if not name and not selector:
        unready = [
            Finding(
                "fail",
                str(spec.get("checkName") or f"{one.namespace}/{one.name} ReplicaSet Status"),
                f"The replicaset {one.namespace}/{one.name} is not ready",
                measured=f"{available} of {wanted} available",
                threshold="all available",
                hint=_look("replicaset", one),
            ).on(object_of(one, "ReplicaSet"))
            for one in found
            if (available := one.get("status", "availableReplicas", default=0))
            < (wanted := one.get("spec", "replicas", default=1))
        ]
        return unready or [Finding("pass", "ReplicaSet Status", f"All {len(found)} replicasets are as they should")]
    chosen = [one for one in found if (one.name == name if name else _labelled(one, selector))]
    if not chosen:
        title = str(spec.get("checkName") or f"{name or ','.join(selector)} Status")
        return [_absent(spec, title, f'The replicaset "{name or ",".join(selector)}" was not found')]
    return [_replicaset(spec, one) for one in chosen]


def _replicaset(spec: Mapping[str, Any], obj: KubeObject) -> Finding:
    counts = {word: int(obj.get("status", f"{word}Replicas", default=0)) for word in ("ready", "available")}

    def holds(when: str) -> bool:
        if when == "absent":
            return False
        name, operator, wanted = words(when, 3)
        if name not in counts:
            raise CannotJudge(f"{name} is not known of ReplicaSets")
        return compare(operator, counts[name], whole(wanted))

    measured = ", ".join(f"{count} {name}" for name, count in counts.items())
    title = str(spec.get("checkName") or f"{obj.name} Status")
    return first(spec, title, holds, measured=measured).on(object_of(obj, "ReplicaSet"))


def _labelled(obj: KubeObject, selector: Sequence[str]) -> bool:
    pairs = [one.partition("=") for text in selector for one in text.split(",")]
    return all(obj.labels.get(key.strip()) == value.lstrip("=").strip() for key, _, value in pairs)


def _named(spec: Mapping[str, Any], files: Mapping[str, str], plural: str) -> KubeObject | None:
    namespace = str(spec.get("namespace") or "default")
    path = f"cluster-resources/{plural}/{namespace}.json"
    if path not in files:
        raise NotCollected(path)
    return next((one for one in _objects(files[path]) if one.name == spec["name"]), None)


def _absent(spec: Mapping[str, Any], title: str, message: str) -> Finding:
    for verdict, outcome in entries(spec):
        if outcome.get("when") == "absent":
            return said(verdict, title, outcome, measured="absent")
    return Finding("fail", title, message, measured="absent")


def _all(
    spec: Mapping[str, Any],
    files: Mapping[str, str],
    word: str,
    wrong: Callable[[KubeObject], tuple[str, str]],
) -> list[Finding]:
    """One finding for each object that is not as it should be; one that says so when all are."""
    namespaces = texts(spec.get("namespaces")) or (texts([spec.get("namespace")]))
    found = list(listed(files, _PLURALS[word], namespaces))
    findings = [
        Finding(
            "fail",
            f"{one.namespace}/{one.name} {word.title()} Status",
            f"The {word} {one.namespace}/{one.name} {told[0]}",
            measured=told[1],
            threshold="complete" if word == "job" else "all ready",
            hint=_look(word, one),
        ).on(object_of(one, _NAMES[word]))
        for one in found
        if (told := wrong(one))[0]
    ]
    return findings or [
        Finding("pass", f"{word.title()} Status", f"All {len(found)} {_PLURALS[word]} are as they should")
    ]


def _look(word: str, obj: KubeObject) -> str:
    return f"`kubectl -n {obj.namespace} describe {word} {obj.name}` says why"


def _short(obj: KubeObject) -> tuple[str, str]:
    """What is wrong with it, nothing when all is well, and what was measured."""
    wanted = max(obj.get("spec", "replicas", default=1), obj.get("status", "replicas", default=0))
    ready = obj.get("status", "readyReplicas", default=0)
    return f"has {ready}/{wanted} replicas" if ready < wanted else "", f"{ready} of {wanted} ready"


def _unfinished(obj: KubeObject) -> tuple[str, str]:
    wanted, done = obj.get("spec", "completions", default=1), obj.get("status", "succeeded", default=0)
    return "is not complete" if done < wanted else "", f"{done} of {wanted} succeeded"


def listed(files: Mapping[str, str], plural: str, namespaces: Sequence[str]) -> Iterator[KubeObject]:
    """The collected objects of a kind in these namespaces, all when none is named. Raises CannotJudge."""
    folder = f"cluster-resources/{plural}/"
    paths = sorted(path for path in files if path.startswith(folder) and "/" not in path.removeprefix(folder))
    wanted = {f"{folder}{one}.json" for one in namespaces}
    chosen = [path for path in paths if not wanted or path in wanted]
    if not chosen:
        raise NotCollected(next(iter(sorted(wanted)), folder))
    for path in chosen:
        yield from _objects(files[path])


def _objects(content: str) -> list[KubeObject]:
    told = json.loads(content)
    return [KubeObject(one) for one in (told if isinstance(told, list) else told.get("items") or ())]


def pods(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``== <phase or reason>``, ``!= Healthy``; one finding for each pod, the same only once."""
    findings: list[Finding] = []
    for pod in listed(files, "pods", texts(spec.get("namespaces"))):
        reason, message = why(pod)
        status = {**pod.get("status", default={}), "Reason": reason, "Message": message or _events(files, pod)}
        status["Phase"] = str(pod.get("status", "phase", default=""))
        data = {"Name": pod.name, "Namespace": pod.namespace, "Labels": dict(pod.labels), "Status": status}
        title = rendered(str(spec.get("checkName") or "Pod {{ .Namespace }}/{{ .Name }} status"), data)

        def holds(when: str, reason: str = reason, pod: KubeObject = pod) -> bool:
            operator, wanted = words(when, 2)
            if wanted == "Healthy":
                return equality(operator, "Healthy" if _healthy(pod) else reason, wanted)
            return equality(operator, reason, wanted) or equality(operator, str(pod.get("status", "phase")), wanted)

        said_of_it = first(spec, title, holds, data=data, measured=reason)
        if said_of_it.message != NONE_HOLDS:
            findings.append(said_of_it.on(object_of(pod, "Pod")))
    return together(findings)


def _healthy(pod: KubeObject) -> bool:
    return is_well(pod) and pod.get("status", "phase") in {"Running", "Succeeded"}


def why(pod: KubeObject) -> tuple[str, str]:
    """The reason that a person is shown for a pod's state, and its message; empty when only events tell."""
    for field, prefix in (("initContainerStatuses", "Init:"), ("containerStatuses", "")):
        for one in pod.get("status", field, default=()):
            reason, message = _of_container(one)
            if reason:
                return f"{prefix}{reason}", message
    for one in pod.get("status", "conditions", default=()):
        if one.get("type") == "PodScheduled" and one.get("status") == "False":
            return str(pod.get("status", "phase", default="")), str(one.get("message") or "")
    reason = pod.get("status", "reason") or pod.get("status", "phase", default="")
    return str(reason), str(pod.get("status", "message", default=""))


def _of_container(status: Mapping[str, Any]) -> tuple[str, str]:
    now, before = status.get("state") or {}, (status.get("lastState") or {}).get("terminated") or {}
    waiting, ended = now.get("waiting") or {}, now.get("terminated") or {}
    if waiting.get("reason"):
        return str(waiting["reason"]), str(before.get("message") or "")
    if ended.get("reason") and ended.get("exitCode"):
        return str(ended["reason"]), str(ended.get("message") or f"ExitCode:{ended['exitCode']}")
    return "", ""


def _events(files: Mapping[str, str], pod: KubeObject) -> str:
    content = files.get(f"cluster-resources/events/{pod.namespace}.json", "")
    told = _objects(content) if '"Warning"' in content else []
    own = [
        str(one.get("message", default=""))
        for one in told
        if one.get("type") == "Warning" and one.get("involvedObject", "name") == pod.name
    ]
    return ". ".join(dict.fromkeys(own)) or "None"
