"""The plug is pulled at every point while immutable fields change: the same pods, forward or back, and nothing left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan.strategy import Parameters
from changeover.release.profile import Profile
from changeover.render.revision import Revision
from changeover.runs.state import RunState, Verdict
from tests.crash.application import NAMESPACE
from tests.crash.cutting import cut_anywhere, given_up_anywhere, relay
from tests.crash.owners import OwningControllers, owner
from tests.crash.world import World

ONE, TWO = {"app": "web", "instance": "one"}, {"app": "web", "instance": "two"}
CONTROLLED = ("ReplicaSet", "ControllerRevision", "Pod")


def made(kind: str, name: str, api_version: str = "v1", **more: Any) -> KubeObject:
    return KubeObject(
        {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **more}
    )


def workload(kind: str, labels: dict[str, str], *, image: str = "web:1", name: str = "web", **spec: Any) -> KubeObject:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}
    settings: dict[str, Any] = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    if kind != "Deployment":
        settings["updateStrategy"] = {"type": "RollingUpdate"}
    return made(kind, name, "apps/v1", spec={**settings, **spec})


def service(labels: dict[str, str], address: str = "10.0.0.1") -> KubeObject:
    return made("Service", "web", spec={"clusterIP": address, "selector": labels, "ports": [{"port": 80}]})


def policy(labels: dict[str, str]) -> KubeObject:
    return made("NetworkPolicy", "web", "networking.k8s.io/v1", spec={"podSelector": {"matchLabels": labels}})


def binding(role: str) -> KubeObject:
    granted = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}
    account = {"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}
    return made("RoleBinding", "web", "rbac.authorization.k8s.io/v1", roleRef=granted, subjects=[account])


def settings(value: str) -> KubeObject:
    return made("ConfigMap", "fixed", immutable=True, data={"a": value})


def others(image: str = "other:1") -> KubeObject:
    return workload("Deployment", {"app": "other"}, image=image, name="other", replicas=1)


def pair(kind: str, *, image: str = "web:1", other: str = "other:1", relabel: bool = True) -> tuple[Revision, Revision]:
    """Two releases; the later with other labels (or only a smaller selector) on a workload, and all that follows."""
    old = (workload(kind, ONE), service(ONE), policy(ONE), binding("one"), settings("1"), others())
    changed = workload(kind, TWO if relabel else ONE, image=image)
    if not relabel:
        changed = workload(kind, ONE, image=image, selector={"matchLabels": {"app": "web"}})
    labels = TWO if relabel else ONE
    new = (changed, service(labels, "10.0.0.2"), policy(labels), binding("two"), settings("2"), others(other))
    return Revision("1", old, "sha256:1"), Revision("2", new, "sha256:2")


class Watched(World):
    """A world that looks at every moment whether the Service has its pods, the policy its hold, the account a role."""

    def __init__(
        self, revisions: tuple[Revision, Revision], *, controllers_of: type[OwningControllers] = OwningControllers
    ) -> None:
        old, new = revisions
        self.broken: list[str] = []
        self.first: set[str] = set()
        super().__init__(
            old=old,
            new=new,
            profile=Profile(),
            strategy="plain",
            parameters=Parameters(hold_seconds=1),
            sessions=(),
            controllers_of=controllers_of,
        )
        for _ in range(20):
            self.clock.pass_by(1.0)
            self.controllers.settle()
        self.plan = self.clock.run(self.planned())
        self.api.effects.clear()
        self.first = self.pods()
        self.stays = not next(
            one for one in self.plan.changes if one.ref.name == "web" and one.ref.kind.group == "apps"
        ).restarts

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [raw for raw in self.api.objects.values() if raw["kind"] == kind]

    def pods(self) -> set[str]:
        return {raw["metadata"]["uid"] for raw in self.of_kind("Pod") if raw["metadata"]["labels"]["app"] == "web"}

    def _settle(self) -> None:
        super()._settle()
        if self.first:
            self._look()

    def _look(self) -> None:
        held = [self._held(raw["spec"]["selector"]) for raw in self.of_kind("Service")]
        if held and not all(self.pods() <= one for one in held):
            self.broken.append("the Service has lost pods")
        policies = [self._held(raw["spec"]["podSelector"]["matchLabels"]) for raw in self.of_kind("NetworkPolicy")]
        if not self.pods() <= set().union(*policies):
            self.broken.append("no policy holds the pods")
        if not self.of_kind("RoleBinding"):
            self.broken.append("the account has no role")
        if len(self.pods()) > (2 if self.stays else 4):
            self.broken.append("there are too many pods")

    def _held(self, selector: dict[str, str]) -> set[str]:
        return {
            raw["metadata"]["uid"]
            for raw in self.of_kind("Pod")
            if selector.items() <= raw["metadata"]["labels"].items()
        }


def is_whole(world: Watched, state: RunState, verdict: Verdict) -> None:
    assert state.verdict is verdict, (state.question, state.failed, state.turned_because)
    expected = world.new if verdict is Verdict.COMMITTED else world.old
    assert expected is not None
    assert world.broken == []
    if world.stays:
        assert world.pods() == world.first
    for obj in expected.objects:
        live = KubeObject(world.api.objects[obj.ref.key])
        for part in ("spec", "roleRef", "data"):
            if obj.get(part) is not None:
                assert wanted_in(obj.get(part), live.get(part)), (obj.ref, part, live.get(part))
    for kind in CONTROLLED:
        uids = {raw["metadata"]["uid"] for raw in world.api.objects.values()}
        orphans = [raw["metadata"]["name"] for raw in world.of_kind(kind) if owner(raw) not in uids]
        assert orphans == [], kind
    for raw in world.api.objects.values():
        assert "changeover.dev/bridge" not in (raw["metadata"].get("labels") or {})
        assert not raw["metadata"].get("finalizers")
    assert [len(world.of_kind(kind)) for kind in ("Service", "NetworkPolicy", "RoleBinding")] == [1, 1, 1]
    assert len(world.pods()) == 2


def wanted_in(wanted: Any, live: Any) -> bool:
    """Whether everything that a manifest says is so."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(wanted_in(value, live.get(name)) for name, value in wanted.items())
    return bool(wanted == live)


KINDS = ("Deployment", "StatefulSet", "DaemonSet")
STORIES: dict[str, tuple[Callable[[], Watched], Verdict]] = {}
for one_kind in KINDS:
    STORIES |= {
        f"{one_kind}-relabelled": (lambda kind=one_kind: Watched(pair(kind)), Verdict.COMMITTED),
        f"{one_kind}-selector": (lambda kind=one_kind: Watched(pair(kind, relabel=False)), Verdict.COMMITTED),
        f"{one_kind}-rolled-out": (lambda kind=one_kind: Watched(pair(kind, image="web:2")), Verdict.COMMITTED),
        f"{one_kind}-goes-back": (lambda kind=one_kind: Watched(pair(kind, other="broken")), Verdict.ROLLED_BACK),
    }
STORIES["Deployment-broken"] = (lambda: Watched(pair("Deployment", image="broken")), Verdict.ROLLED_BACK)


QUICK = ("Deployment-relabelled", "StatefulSet-relabelled")
"""At every point of these in each run; of all others in the long proofs."""


def at_every_point(*verdicts: Verdict) -> list[Any]:
    chosen = [name for name, (_, verdict) in STORIES.items() if verdict in verdicts]
    return [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in chosen]


@pytest.mark.parametrize("story", STORIES)
def test_a_calm_run(story: str) -> None:
    make, verdict = STORIES[story]
    world = make()
    assert {
        one.effect.value for one in world.plan.changes if one.ref.name == "web" and one.ref.kind.group == "apps"
    } == {"recreate-keeping-pods"}
    is_whole(world, world.carry_on(), verdict)


@pytest.mark.parametrize("story", at_every_point(*Verdict))
def test_a_power_cut_anywhere(story: str) -> None:
    make, verdict = STORIES[story]
    cut_anywhere(make, lambda world, state: is_whole(world, state, verdict))


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("story", at_every_point(*Verdict))
def test_a_relay_of_processes_that_each_die_a_little_later(story: str, first: int) -> None:
    make, verdict = STORIES[story]
    world, state = relay(make, first)
    is_whole(world, state, verdict)


@pytest.mark.parametrize("story", at_every_point(Verdict.COMMITTED))
def test_a_power_cut_anywhere_and_a_person_who_then_gives_up(story: str) -> None:
    """The way back begins in the middle of every act."""
    make, _ = STORIES[story]
    given_up_anywhere(make, lambda world, state: is_whole(world, state, Verdict.ROLLED_BACK), until=("begun:record",))
