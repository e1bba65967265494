"""Objects and answers for plan tests: a server that agrees with every manifest, unless a test says otherwise."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.dress import dress
from changeover.plan.intent import Intent
from changeover.plan.model import DryRun, Plan, Snapshot
from changeover.plan.planner import make_plan
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.plan.strategy import Situation, Strategy, is_applied
from changeover.release.profile import Profile
from changeover.render.revision import Revision

NAMESPACE = "app"


def obj(api_version: str, kind: str, name: str, *, namespace: str | None = NAMESPACE, **rest: Any) -> KubeObject:
    """Any object; `labels` and `annotations` go into its metadata."""
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    for part in ("labels", "annotations", "uid", "deletionTimestamp"):
        if part in rest:
            metadata[part] = rest.pop(part)
    return KubeObject({"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest})


def config_map(name: str = "settings", **data: str) -> KubeObject:
    return obj("v1", "ConfigMap", name, data=data)


def deployment(name: str = "web", *, image: str = "web:1", replicas: int = 2, **pod: Any) -> KubeObject:
    container = {"name": name, "image": image, "readinessProbe": {"httpGet": {"port": 80}}, **pod.pop("container", {})}
    template = {
        "metadata": {"labels": {"app": name}, **pod.pop("metadata", {})},
        "spec": {"containers": [container], **pod},
    }
    selector = {"matchLabels": {"app": name}}
    return obj("apps/v1", "Deployment", name, spec={"replicas": replicas, "selector": selector, "template": template})


def stateful_set(name: str = "db", *, label: str = "db", image: str = "db:1", **spec: Any) -> KubeObject:
    claim = {"metadata": {"name": "data", "labels": {"app": label}}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    return obj(
        "apps/v1",
        "StatefulSet",
        name,
        spec={
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": {"app": label}},
            "template": {
                "metadata": {"labels": {"app": label}},
                "spec": {"containers": [{"name": name, "image": image}]},
            },
            "volumeClaimTemplates": [claim],
            **spec,
        },
    )


def job(name: str = "migrations", *, image: str = "tool:1", done: bool = True) -> KubeObject:
    status = {"conditions": [{"type": "Complete", "status": "True"}]} if done else {"active": 1}
    template = {"metadata": {}, "spec": {"restartPolicy": "Never", "containers": [{"name": "run", "image": image}]}}
    return obj("batch/v1", "Job", name, spec={"template": template}, status=status)


def claim(name: str = "files", *, size: str = "1Gi", phase: str = "Bound") -> KubeObject:
    return obj(
        "v1",
        "PersistentVolumeClaim",
        name,
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
        status={"phase": phase},
    )


def with_(original: KubeObject, value: Any, *path: str | int) -> KubeObject:
    """A copy with one field set; the value ... removes it."""
    raw = copy.deepcopy(dict(original.raw))
    here: Any = raw
    for part in path[:-1]:
        here = here.setdefault(part, {}) if isinstance(here, dict) else here[part]
    if value is ...:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return KubeObject(raw)


def revision(version: str, *objects: KubeObject, **more: Any) -> Revision:
    return Revision(version=version, objects=objects, digest=f"sha256:{version}", **more)


def refused(field: str, *, status: int = 422, message: str = "field is immutable") -> DryRun:
    return DryRun(None, status, message, causes=(("FieldValueInvalid", field, message),))


def snapshot(
    new: Revision,
    live: Iterable[KubeObject] = (),
    *,
    answers: Mapping[str, DryRun] | None = None,
    inventory: Iterable[Ref] = (),
    **more: Any,
) -> Snapshot:
    """What a cluster would show that takes every manifest as it is, but for `answers` (by ``Kind/name``)."""
    live = tuple(live)
    agreed = {one.ref.key: DryRun(dress(one, new.digest), 200) for one in new.everything}
    special = {one.ref.key: answers[str(one.ref)] for one in new.objects if answers and str(one.ref) in answers}
    kinds = {(one.api_version, one.kind) for one in (*new.everything, *live)}
    return Snapshot(
        live={one.ref.key: one for one in live},
        dry_runs={**agreed, **special},
        inventory=tuple(inventory),
        served=more.pop("served", frozenset(kinds)),
        claims=more.pop("claims", frozenset(one.name for one in live if one.kind == "PersistentVolumeClaim")),
        **more,
    )


class Listed:
    """A strategy that applies and prunes, and does what else a test lists first."""

    name = "listed"

    def __init__(self, *first: Step) -> None:
        self.first = first

    def steps(self, situation: Situation) -> Steps:
        self.situation = situation
        changes = [
            Step(f"apply-{n}", Verb.APPLY, f"apply {change.ref}", Phase.CHANGE, target=change.ref.key)
            for n, change in enumerate(situation.changes)
            if is_applied(change)
        ]
        return Steps((*self.first, *changes))


def step(verb: Verb, target: str = "", **arguments: Any) -> Step:
    return Step(verb.value, verb, verb.value, Phase.CHANGE, target=target, arguments=arguments)


def plan(
    new: Revision,
    old: Revision | None = None,
    *,
    seen: Snapshot | None = None,
    strategy: Strategy | None = None,
    profile: Profile | None = None,
    **wanted: Any,
) -> Plan:
    """A plan from old to new; unless `seen` says otherwise the old revision is what lives."""
    seen = seen or snapshot(new, old.objects if old else ())
    kind = wanted.pop("kind", "update" if old else "install")
    intent = Intent(kind, new, old, NAMESPACE, profile=profile or Profile(), masking_key=b"k", **wanted)
    return make_plan(intent, seen, strategy=strategy or Listed())


def ref(kind: str, name: str, api_version: str = "v1") -> Ref:
    return Ref(Kind(api_version, kind), NAMESPACE, name)
