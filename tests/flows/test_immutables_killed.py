"""Handlers of immutable fields on a real API server whose executors are killed (-9) at every point.

A change ends as if nobody had died, or as if it had never begun: the same pods and claims, every endpoint where it
belongs, and nothing left of what held things together meanwhile.
"""

import asyncio
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import pytest

from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import ownership
from changeover.render.revision import Revision
from changeover.runs.verbs.retaining import FIELD
from changeover.settings import REQUEST_ANNOTATION, RUN_LABEL
from tests.flows.carrying import Carrying, lease_of
from tests.flows.dying import NOWHERE, Ended, Executor, Spot, spots
from tests.flows.handlers import HANDLERS, OF_CLUSTER, Resting, given
from tests.flows.planning import until_ended
from tests.flows.test_immutables import SLICE, endpoints, left_behind, ready, uids

pytestmark = [pytest.mark.cluster]

CLAIM, SERVICE = Kind("v1", "PersistentVolumeClaim"), Kind("v1", "Service")
SECONDS_OF_CONTROLLERS = 15
"""Within which the cluster's own controllers have followed what a run did."""
COVERED = tuple(
    Kind(version, name)
    for version, name in (
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("policy/v1", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    )
)
"""Kinds of which a run makes second ones for a while."""


@dataclass
class Story:
    """An application that is changed over there and back, by executors that die."""

    runs: Carrying
    kubeconfig: str
    there: Revision
    back: Revision
    """What runs at first."""
    now: Revision = field(init=False)
    pods: set[str] = field(default_factory=set)
    claims: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.back

    @property
    def server(self) -> KubeCluster:
        return self.runs.server

    @property
    def home(self) -> str:
        return self.runs.namespace

    async def install(self) -> None:
        """The first release runs."""
        await self.runs.install(self.back)
        await self._settled()
        self.pods, self.claims = await self._lasting()

    async def go(self, kills: Iterable[int | Spot], *, give_up: bool = False) -> list[Ended]:
        """Change over by executors that die at these points, each where the one before left it."""
        new, old = (self.there, self.back) if self.now is self.back else (self.back, self.there)
        subject = await self.runs.begun(new, old)
        executor = Executor(self.kubeconfig, subject, self.runs.runs[-1], self.runs.strategy)
        ended = []
        for kill_at in itertools.chain(kills, [NOWHERE]):
            ended.append(await executor.go(kill_at))
            if not ended[-1].killed:
                break
            await self.after_a_death(give_up=give_up)
        verdict = "rolled back" if give_up and len(ended) > 1 else "committed"
        assert ended[-1].said["verdict"] == verdict, ended[-1].said["why"]
        self.now = new if verdict == "committed" else old
        await self.is_whole()
        return ended

    async def after_a_death(self, *, give_up: bool) -> None:
        """What a person may do who knows that the process is dead; and perhaps they have had enough."""
        lease = lease_of(self.home)
        if await self.server.get(lease) is not None:
            await self.server.patch(lease, {"spec": {"holderIdentity": ""}})
        if give_up:
            request = {"id": uuid.uuid4().hex, "do": "abort", "by": "ada"}
            asked = {"metadata": {"annotations": {REQUEST_ANNOTATION: json.dumps(request)}}}
            await self.server.patch(self.runs.runs[-1].ref, asked)

    async def is_whole(self) -> None:
        """All of one release, around the same pods and claims, and nothing left over."""
        await self._settled()
        assert await self._lasting() == (self.pods, self.claims)
        for _ in range(SECONDS_OF_CONTROLLERS * 5):
            if not (left := await self._left_over()):
                break
            await asyncio.sleep(0.2)
        assert left == []
        plan = await self.runs.planned(self.now, self.now)
        assert {str(one.ref): one.effect.value for one in plan.changes if one.effect.value != "unchanged"} == {}

    async def _settled(self) -> None:
        for obj in self.now.objects:
            if obj.ref.kind.group == "apps":
                await ready(self.server, obj)
            if obj.kind == "Job":
                await until_ended(self.server, obj.ref)
        if not any(obj.kind == "Service" and obj.name == "web" for obj in self.now.objects):
            return
        for _ in range(SECONDS_OF_CONTROLLERS * 5):
            if await endpoints(self.server, self.home) == await uids(self.server, self.home):
                return
            await asyncio.sleep(0.2)
        raise AssertionError("the Service's endpoints are not its pods")

    async def _lasting(self) -> tuple[set[str], dict[str, str]]:
        keeps_pods = any(obj.ref.kind.group == "apps" for obj in self.now.objects) and self.runs.strategy is None
        claims = {one.name: one.uid for one in await self.server.list(CLAIM, namespace=self.home)}
        return (await uids(self.server, self.home) if keeps_pods else set()), claims

    async def _left_over(self) -> list[str]:
        found = await left_behind(self.server, self.home)
        for kind in COVERED:
            home = "" if kind.name.startswith("Cluster") else self.home
            listed = await self.server.list(kind, namespace=home, selector=RUN_LABEL)
            found += [str(one.ref) for one in listed if self.home in json.dumps(one.raw)]
        services = {one.uid for one in await self.server.list(SERVICE, namespace=self.home)}
        for one in await self.server.list(SLICE, namespace=self.home):
            if not {owner["uid"] for owner in one.metadata.get("ownerReferences") or ()} & services:
                found.append(f"{one.ref} is of no Service")
        for obj in self.now.objects:
            live = await self.server.get(obj.ref)
            ours = [one for one in (live.finalizers if live else ()) if not one.startswith("kubernetes.io/")]
            found += [f"{obj.ref} has the finalizer {one}" for one in ours]
            entries = (live.metadata.get("managedFields") or ()) if live else ()
            patched = ownership.owning((one for one in entries if ownership.by_patch(one)), FIELD)
            found += [f"{obj.ref}'s policy for claims is owned by a patch of ours"] if patched else []
        return found


@pytest.fixture
async def story(
    cluster: KubeCluster, namespace: str, kubeconfig: str, request: pytest.FixtureRequest
) -> AsyncIterator[Story]:
    """A handler's application, installed."""
    old, new = HANDLERS[request.param](namespace)
    runs = Carrying(cluster, namespace, strategy=Resting() if request.param == "claims" else None)
    made = Story(runs, kubeconfig, there=new, back=old)
    await made.install()
    yield made
    for version, kind in OF_CLUSTER:
        await _gone(cluster, Ref(Kind(version, kind), "", namespace))


async def _gone(cluster: KubeCluster, ref: Ref) -> None:
    live: KubeObject | None = await cluster.get(ref)
    if live is not None:
        await cluster.delete(ref, uid=live.uid)


@pytest.mark.parametrize("story", ["claims", "replaced"], indirect=True)
async def test_killed_on_the_way_there_and_back(story: Story) -> None:
    """A sample: the long proof has every point."""
    places = spots((await story.go([]))[0].said["points"])
    acts = [spot for spot in places if "re-adopt" in spot.name or "apply" in spot.name]
    assert (await story.go([acts[len(acts) // 2]]))[0].killed
    assert (await story.go([acts[len(acts) // 3]], give_up=True))[0].killed


async def test_what_was_given_is_given_again(cluster: KubeCluster, namespace: str, kubeconfig: str) -> None:
    """Given up when everything has changed: the same node ports and addresses, and a claim that stays grown."""
    old, new = given(namespace)
    story = Story(Carrying(cluster, namespace), kubeconfig, there=new, back=old)
    await story.install()
    forms = await _forms(cluster, namespace)
    subject = await story.runs.begun(new, old)
    executor = Executor(kubeconfig, subject, story.runs.runs[-1])
    assert (await executor.go(Spot("before begun:record"))).killed
    assert await _forms(cluster, namespace) != forms
    await story.after_a_death(give_up=True)
    ended = await Executor(kubeconfig, subject, story.runs.runs[-1]).go()
    assert ended.said["verdict"] == "rolled back", ended.said["why"]
    await story.is_whole()
    assert await _forms(cluster, namespace) == forms
    live = await cluster.get(Ref(CLAIM, namespace, "files"))
    assert live is not None
    assert live.get("spec", "resources", "requests", "storage") == "2Mi"


async def _forms(cluster: KubeCluster, home: str) -> dict[str, tuple[str, list[int]]]:
    """Address and node ports of each Service."""
    return {
        one.name: (
            one.get("spec", "clusterIP", default=""),
            [int(port.get("nodePort", 0)) for port in one.get("spec", "ports", default=[])],
        )
        for one in await cluster.list(SERVICE, namespace=home)
    }


@pytest.mark.slow
@pytest.mark.parametrize("story", HANDLERS, indirect=True)
async def test_killed_at_every_point(story: Story, request: pytest.FixtureRequest) -> None:
    """Once each, forward and then forward again the other way; the next executor ends it."""
    ways = [spots((await story.go([]))[0].said["points"]) for _ in range(2)]
    died = 0
    for number in range(max(map(len, ways))):
        for way in ways:
            died += (await story.go([way[min(number, len(way) - 1)]]))[0].killed
    print(f"proof: {_name(request)}, killed once at {died} points: the same in the end")
    assert died > len(ways[0])


@pytest.mark.slow
@pytest.mark.parametrize("story", HANDLERS, indirect=True)
async def test_killed_at_every_point_and_given_up(story: Story, request: pytest.FixtureRequest) -> None:
    places = spots((await story.go([]))[0].said["points"])
    await story.go([])
    last = next(number for number, spot in enumerate(places) if "begun:record" in spot.name)
    died = 0
    for spot in places[:last]:
        died += (await story.go([spot], give_up=True))[0].killed
        if story.now is story.there:
            await story.go([])
    print(f"proof: {_name(request)}, killed at {died} points and given up: as before")
    assert died > 10


@pytest.mark.slow
@pytest.mark.parametrize("story", HANDLERS, indirect=True)
async def test_a_relay_in_which_each_dies_a_little_later(story: Story, request: pytest.FixtureRequest) -> None:
    died = [sum(one.killed for one in await story.go(itertools.count(first))) for first in (1, 2)]
    print(f"proof: {_name(request)}, relays of {died[0]} and {died[1]} executors: the same in the end")
    assert min(died) > 5


def _name(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["story"])
