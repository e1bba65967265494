"""Which hooks of charts a change and its way back run, in Helm's order. Pure.

* a change: pre-install or pre-upgrade before the chart's objects and after its definitions, post-… after them; only
  where anything of the release differs, for the same again is nothing to Helm's user either
* a rollback, and the way back of a run: pre-rollback and post-rollback of the release that is gone back to
* a release that goes: pre-delete before anything is removed, post-delete after everything; also on the way back of what
  was installed first
* at one event by weight, then by name, then by kind as they are installed; one after another, each awaited
* ``before-hook-creation`` is what an author gets who states no policy
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from changeover.objects import KubeObject
from changeover.package.package import Form
from changeover.render.chart_release import ChartRelease, Hook
from changeover.render.revision import Revision

HANDLER = "hook"
"""On an ObjectChange: a step runs it as Helm does."""
SUCCEEDED, FAILED, BEFORE = "hook-succeeded", "hook-failed", "before-hook-creation"
_ORDER = (
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)


@dataclass(frozen=True, slots=True)
class HookRun:
    """One hook at one event."""

    event: str
    obj: KubeObject
    release: str
    """``namespace/name``."""
    phase: int
    """Of the release's objects."""
    revision: str
    """Digest of the revision that has it."""
    deletes: tuple[str, ...] = (BEFORE,)
    clears: tuple[str, ...] = field(default=())
    """Keys of the hooks of this event so far that go when it is over, itself included, newest first."""
    is_last: bool = False

    @property
    def key(self) -> str:
        """`Ref.key` of its object."""
        return self.obj.ref.key


def forward(kind: str, new: Revision, old: Revision | None) -> tuple[HookRun, ...]:
    """What a change runs; `kind` as in `plan.intent`."""
    found: list[HookRun] = []
    for release in new.charts:
        if not _is_same(release, old):
            event = "rollback" if kind == "rollback" else "upgrade" if release.upgrade else "install"
            found += _both(release, event, new.digest)
    for release in _gone(old, new):
        found += _both(release, "delete", old.digest if old else "")
    return tuple(found)


def backward(new: Revision, old: Revision | None) -> tuple[HookRun, ...]:
    """What its way back runs."""
    found: list[HookRun] = []
    for release in old.charts if old else ():
        if not _is_same(release, new):
            found += _both(release, "rollback", old.digest if old else "")
    for release in _gone(new, old):
        found += _both(release, "delete", new.digest)
    return tuple(found)


def at(release: ChartRelease, event: str, revision: str) -> tuple[HookRun, ...]:
    """The hooks of one event, in order."""
    hooks = sorted((hook for hook in release.hooks if event in hook.events), key=_rank)
    found: list[HookRun] = []
    clears: tuple[str, ...] = ()
    for hook in hooks:
        obj = KubeObject(hook.form)
        deletes = hook.deletes or (BEFORE,)
        clears = (obj.ref.key, *clears) if SUCCEEDED in deletes else clears
        last = hook is hooks[-1]
        found.append(HookRun(event, obj, release.place, release.phase, revision, deletes, clears, last))
    return tuple(found)


def _both(release: ChartRelease, event: str, revision: str) -> Iterator[HookRun]:
    yield from at(release, f"pre-{event}", revision)
    yield from at(release, f"post-{event}", revision)


def _rank(hook: Hook) -> tuple[int, str, int, str]:
    kind, name = str(hook.form.get("kind", "")), str(hook.form["metadata"]["name"])
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return hook.weight, name, place, kind


def _gone(of: Revision | None, other: Revision | None) -> Iterator[ChartRelease]:
    """Releases of one revision that the other does not have.

    Plain manifests may be what Helm's own release was adopted as: it is the same release, and does not leave.
    """
    if other is not None and not other.charts and other.source.get("form") != Form.KOTS:
        return
    staying = {release.place for release in other.charts} if other else set()
    yield from (release for release in (of.charts if of else ()) if release.place not in staying)


def _is_same(release: ChartRelease, other: Revision | None) -> bool:
    """Whether the other revision has the same chart with the same values, so that nothing of it changes."""
    same = next((one for one in (other.charts if other else ()) if one.place == release.place), None)
    return same is not None and _content(same) == _content(release)


def _content(release: ChartRelease) -> tuple[object, ...]:
    return release.chart, release.values, release.defaults, [hook.raw for hook in release.hooks]
