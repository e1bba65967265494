"""Why something does not become ready: the first cause that its pods tell. Pure.

Hopeless are the causes that waiting does not cure: an image that cannot be pulled, a broken container configuration.
Those come and go in a rolling update, so whoever judges gives them a grace first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.objects import Kind, KubeObject

POD = Kind("v1", "Pod")
HOPELESS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"}
)
TELLING = HOPELESS | {"CrashLoopBackOff", "CreateContainerError", "RunContainerError"}
TEXT = 300


@dataclass(frozen=True, slots=True)
class Cause:
    """In words, with the pod's name; `about` is what it is of: its words change while it lasts, that does not."""

    about: str
    text: str
    hopeless: bool


def first(owners: Sequence[KubeObject], pods: Iterable[KubeObject]) -> Cause | None:
    """The first cause among the pods that belong to the owners; hopeless ones before others."""
    ours = sorted((pod for pod in pods if _belongs(pod, owners)), key=lambda pod: pod.name)
    found = [cause for pod in ours for cause in _of(pod)]
    return next((cause for cause in found if cause.hopeless), found[0] if found else None)


def _belongs(pod: KubeObject, owners: Sequence[KubeObject]) -> bool:
    for owner in owners:
        if owner.kind == "Pod" and owner.uid == pod.uid:
            return True
        selector: Mapping[str, str] = owner.get("spec", "selector", "matchLabels", default={})
        if selector and pod.namespace == owner.namespace and selector.items() <= pod.labels.items():
            return True
    return False


def _of(pod: KubeObject) -> Iterable[Cause]:
    for group in ("initContainerStatuses", "containerStatuses"):
        for status in pod.get("status", group, default=[]):
            cause = _container(pod, status)
            if cause:
                yield cause
    for condition in pod.get("status", "conditions", default=[]):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            text = f"{pod.name} is not scheduled: {str(condition.get('message', ''))[:TEXT]}"
            yield Cause(pod.name, text, hopeless=False)


def _container(pod: KubeObject, status: Mapping[str, Any]) -> Cause | None:
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason = waiting.get("reason", "")
    if reason not in TELLING:
        return None
    message = str(waiting.get("message") or "")[:TEXT]
    ended = ((status.get("lastState") or {}).get("terminated") or {}).get("exitCode")
    code = f" (exit code {ended})" if ended is not None else ""
    about = f"{pod.name}, container {status.get('name')}"
    text = f"{about}: {reason}{code}" + (f": {message}" if message else "")
    return Cause(about, text, hopeless=reason in HOPELESS)
