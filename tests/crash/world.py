"""A small world to pull the plug in: an API server with controllers, an application with sessions and data, its run.

world = World()                                  # the old revision runs, two sessions are at work
state = world.carry_on(strategy="window")        # one process, to its end
world.carry_on(faults=Faults(cut_at=7))          # one that dies at its seventh point
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from changeover.kube.journal import Journal
from changeover.kube.lease import KubeLease
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.plan.dress import dress
from changeover.plan.intent import Intent
from changeover.plan.inventory import applyset_id
from changeover.plan.model import Plan
from changeover.plan.planner import make_plan
from changeover.plan.strategy import Parameters
from changeover.ports import Answer, BackupPiece
from changeover.release.profile import Profile
from changeover.render.revision import Revision
from changeover.runs import executor
from changeover.runs.faults import Faults
from changeover.runs.happenings import Happening
from changeover.runs.observe import take_snapshot
from changeover.runs.scene import Subject
from changeover.runs.state import RunState
from changeover.runs.verbs import session_probe
from changeover.runs.verbs.stopping import PROBE_LABEL
from changeover.runs.verbs.table import ACTS
from changeover.settings import GATE_POLICY
from changeover.strategies.table import strategy_named
from tests.crash import application
from tests.crash.api_server import ApiServer
from tests.crash.clockwork import FakeClock
from tests.crash.controllers import SESSION_LABELS, Controllers, stamp_of

NAMESPACE = "app"
INSTALLATION = "workbench"
RUN = "workbench-1"
CHANGEOVER = Kind(API_VERSION, "Changeover")


class Volumes:
    """Implements `ports.Volumes`: contents by claim; a copy takes a second, and the same key gives the same piece."""

    def __init__(self, clock: FakeClock) -> None:
        self.contents: dict[str, str] = {}
        self.pieces: dict[str, tuple[BackupPiece, str]] = {}
        self.restored: list[str] = []
        self.broken = ""
        self._clock = clock

    async def room(self, claims: Sequence[str]) -> tuple[int, int]:
        return 100, 1_000

    async def back_up(self, claim: str, *, name: str, key: str) -> BackupPiece:
        await self._clock.sleep(1.0)
        if self.broken:
            raise application.NoSpace(self.broken)
        if key not in self.pieces:
            content = self.contents[claim]
            piece = BackupPiece(name, claim, f"uid-{claim}", f"{name}.tar.zst", f"sha-{content}", len(content), 1, 1.0)
            self.pieces[key] = (piece, content)
        return self.pieces[key][0]

    async def restore(self, piece: BackupPiece, *, key: str) -> None:
        await self._clock.sleep(1.0)
        content = next(content for one, content in self.pieces.values() if one == piece)
        self.contents[piece.claim] = content
        self.restored.append(key)


class Stoppable:
    """Passes calls on; while the process is stopped they wait, before and after."""

    def __init__(self, inside: Any, going: asyncio.Event) -> None:
        self._inside = inside
        self._going = going

    def __getattr__(self, name: str) -> Any:
        there = getattr(self._inside, name)
        if not asyncio.iscoroutinefunction(there):
            return there

        async def later(*arguments: Any, **named: Any) -> Any:
            await self._going.wait()
            found = await there(*arguments, **named)
            await self._going.wait()
            return found

        return later


class Sigstop:
    """A process that can be stopped like one that gets SIGSTOP: its requests and its sleeps wait until it goes on."""

    def __init__(self, world: World) -> None:
        self.going = asyncio.Event()
        self.going.set()
        self.cluster = Stoppable(world.api, self.going)
        self.clock = Stoppable(world.clock, self.going)


@dataclass
class World:
    """Everything outside of a run, and the run's inputs."""

    old: Revision | None = field(default_factory=lambda: application.revision("2022.09.0"))
    new: Revision = field(default_factory=lambda: application.revision("2022.10.2"))
    profile: Profile = field(default_factory=application.profile)
    kind: str = "update"
    strategy: str = "window"
    parameters: Parameters = field(default_factory=lambda: Parameters(announce_seconds=5, soak_seconds=5))
    policy: bool = True
    sessions: Sequence[str] = ("ws-ada", "ws-bob")
    controllers_of: type[Controllers] = Controllers

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.api = ApiServer()
        self.controllers = self.controllers_of(self.api, lambda: self.clock.seconds, NAMESPACE)
        self.api.settle = self._settle
        self.api.now = lambda: stamp_of(self.clock.seconds)
        self.volumes = Volumes(self.clock)
        self.started: dict[str, str] = {}
        self.told: list[Happening] = []
        self.processes = 0
        self.failing: Callable[[], bool] = lambda: False
        self._furnish()
        self.plan = self.clock.run(self.planned())
        self.api.effects.clear()
        self.api.writes.clear()

    # --- building

    def _furnish(self) -> None:
        put = self.api.put
        put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}, "status": {"phase": "Active"}})
        if self.policy:
            for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
                put({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": GATE_POLICY}})
        installation = put(self._ours("Installation", INSTALLATION))
        self.installation_uid = installation["metadata"]["uid"]
        put({**self._ours("Changeover", RUN), "spec": {"installation": INSTALLATION}})
        for obj in self.old.objects if self.old else ():
            self._apply_old(obj)
        put(application.claim(application.CLAIM))
        self.volumes.contents[application.CLAIM] = f"epoch {self.old.writes_epoch if self.old else 0}"
        self.clock.pass_by(1.0)
        self.controllers.settle()
        self.clock.pass_by(10.0)
        self.controllers.settle()
        for name in self.sessions:
            self.start_session(name)
        self.controllers.settle()

    def _settle(self) -> None:
        """Controllers first; then running code that finds older data than it writes changes it, for good."""
        self.controllers.settle()
        content = self.volumes.contents.get(application.CLAIM)
        if content and self._is_up("StatefulSet.apps/wb-db"):
            for revision in (self.old, self.new):
                if revision and self._is_up("Deployment.apps/wb-manager", application.image(revision)):
                    self.volumes.contents[application.CLAIM] = application.migrated(content, revision.writes_epoch)

    def _is_up(self, name: str, image: str = "") -> bool:
        kind, _, workload = name.partition("/")
        raw = self.api.objects.get(f"{kind}/{NAMESPACE}/{workload}") or {}
        pods = self.api.objects.get(f"Pod/{NAMESPACE}/{workload}-0")
        up = bool(pods) and bool((raw.get("status") or {}).get("readyReplicas"))
        return up and (not image or application.image_of(pods or {}) == image)

    def _ours(self, kind: str, name: str) -> dict[str, Any]:
        labels = {"changeover.dev/installation": INSTALLATION}
        return {
            "apiVersion": API_VERSION,
            "kind": kind,
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
            "status": {},
        }

    def _apply_old(self, obj: KubeObject) -> None:
        assert self.old is not None
        parent = Ref(Kind(API_VERSION, "Installation"), NAMESPACE, INSTALLATION)
        dressed = dress(obj, self.old.digest, applyset_id=applyset_id(parent), version=self.old.version)
        self.clock.run(self.api.apply(dressed))

    def start_session(self, name: str, probe: str = "") -> None:
        """As the application's controller would."""
        labels = {**SESSION_LABELS, "owner": "somebody", **({PROBE_LABEL: probe} if probe else {})}
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
        self.api.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}})

    # --- planning and running

    async def planned(self) -> Plan:
        """Plan the change against the world as it is now."""
        intent = Intent(
            self.kind, self.new, self.old, NAMESPACE, profile=self.profile, parameters=self.parameters, masking_key=b"k"
        )
        seen = await take_snapshot(
            self.api,
            self.new,
            self.old,
            installation=Ref(Kind(API_VERSION, "Installation"), NAMESPACE, INSTALLATION),
            namespace=NAMESPACE,
        )
        return make_plan(intent, seen, strategy=strategy_named(self.strategy))

    @property
    def subject(self) -> Subject:
        return Subject(
            installation=INSTALLATION,
            namespace=NAMESPACE,
            installation_uid=self.installation_uid,
            run=RUN,
            plan=self.plan,
            old=self.old,
            new=self.new,
            profile=self.profile,
            old_number=1,
            new_number=2,
        )

    async def process(
        self, faults: Faults | None = None, *, holder: str = "", through: Sigstop | None = None
    ) -> RunState:
        """Carry the run on, as a process of its own; `through` can stop it."""
        self.processes += 1
        holder = holder or f"process-{self.processes}"
        run = KubeObject(self.api.objects[f"Changeover.changeover.dev/{NAMESPACE}/{RUN}"])
        lease = Ref(Kind("coordination.k8s.io/v1", "Lease"), NAMESPACE, f"changeover-{INSTALLATION}")
        cluster: Any = through.cluster if through else self.api
        clock: Any = through.clock if through else self.clock
        ports = executor.Ports(cluster=cluster, clock=clock, http=self, volumes=self.volumes, replan=self.planned)
        return await executor.carry_on(
            self.subject,
            ports,
            acts=ACTS,
            journal=Journal(cluster, run),
            lease=KubeLease(cluster, clock, ref=lease, holder=holder),
            tell=self.told.append,
            faults=faults,
        )

    def carry_on(self, faults: Faults | None = None) -> RunState:
        """One process, to its end or to its death."""
        return self.clock.run(self.process(faults))

    def ask(self, do: str, **more: Any) -> None:
        """A person asks something of the run."""
        application.ask(self.api.objects[f"Changeover.changeover.dev/{NAMESPACE}/{RUN}"], do, more)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        within: float = 10.0,
    ) -> Answer:
        """Implements `ports.Http`: the application's front door."""
        if self.failing():
            return Answer(500, b"out of order")
        if url.endswith(application.START_PATH):
            return self._start_probe(dict(headers or {}))
        return application.answer(self.api, NAMESPACE, method, url)

    def _start_probe(self, headers: Mapping[str, str]) -> Answer:
        """A session of a run's own; the same request again is the same session, also when it has gone since."""
        key = headers["Idempotency-Key"]
        if key not in self.started:
            self.started[key] = f"ws-probe-{len(self.started)}"
            self.start_session(self.started[key], probe=headers[session_probe.HEADER])
        return Answer(201, json.dumps({"id": self.started[key]}).encode())

    # --- looking

    def versions(self) -> set[str]:
        """Of which versions the live objects of the application are."""
        keys = {obj.ref.key for revision in (self.old, self.new) if revision for obj in revision.objects}
        live = (KubeObject(self.api.objects[key]) for key in keys if key in self.api.objects)
        return {str(obj.annotations.get("changeover.dev/version")) for obj in live if obj.kind != "Job"}

    @property
    def gate_is_open(self) -> bool:
        """Whether neither the policy nor the application's switch keeps people out."""
        switch = self.api.objects.get(f"ConfigMap/{NAMESPACE}/wb-maintenance") or {}
        closed = f"ConfigMap/{NAMESPACE}/{GATE_POLICY}" in self.api.objects
        return not closed and not {"enabledUntil", "page"} & (switch.get("data") or {}).keys()

    def is_running(self, session: str) -> bool:
        """Whether a session is still there."""
        return f"Pod/{NAMESPACE}/{session}" in self.api.objects

    def effects(self) -> dict[tuple[str, str], int]:
        """How often each object of the application was created, deleted or applied with effect."""
        state = ("Lease", "Changeover", "Installation", "Secret")
        return {key: n for key, n in self.api.effects.items() if not key[1].startswith(state)}

    def has_begun(self, step: str) -> bool:
        """Whether a step was begun, by any process."""
        return any(happening.event == "begun" and happening.step == step for happening in self.told)

    def way(self) -> str:
        """Whether it goes forward or back, as the run's object says."""
        status = self.api.objects[f"Changeover.changeover.dev/{NAMESPACE}/{RUN}"].get("status") or {}
        turned = any(happening.event == "turned" for happening in self.told)
        return "back" if turned else str(status.get("way") or "forward")

    def replicas(self, key: str) -> int:
        """Of a workload, by ``Deployment.apps/name``."""
        group_kind, _, name = key.rpartition("/")
        return int(self.api.objects[f"{group_kind}/{NAMESPACE}/{name}"]["spec"]["replicas"])

    def with_new(self, **changes: Any) -> World:
        """The same world with another new revision."""
        return World(new=replace(self.new, **changes))
