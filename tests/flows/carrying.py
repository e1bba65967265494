"""A whole run against a real API server: planned, executed from its journal, by as many processes as a test wants."""

import asyncio
import os
from dataclasses import dataclass, field

from changeover.kube.client import KubeCluster
from changeover.kube.clock import SystemClock
from changeover.kube.journal import Journal
from changeover.kube.lease import KubeLease
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.plan.intent import Intent
from changeover.plan.model import Plan
from changeover.plan.planner import make_plan
from changeover.plan.strategy import Parameters, Strategy
from changeover.release.profile import Profile
from changeover.render.revision import Revision
from changeover.runs import executor
from changeover.runs.faults import Faults
from changeover.runs.observe import take_snapshot
from changeover.runs.scene import Subject
from changeover.runs.state import RunState
from changeover.runs.verbs.table import ACTS
from changeover.strategies.table import strategy_named
from tests.flows.planning import bring_about, plan_of

NAME = "app"


@dataclass
class Carrying:
    """Runs of one installation in one namespace."""

    server: KubeCluster
    namespace: str
    runs: list[KubeObject] = field(default_factory=list)
    within: float = 120.0
    """Seconds that a run may take."""
    strategy: Strategy | None = None
    """Other than plain."""

    async def install(self, old: Revision) -> None:
        """Make this revision what runs, and wait until its pods are ready."""
        await self.begin()
        await bring_about(
            self.server,
            await plan_of(self.server, old, None, namespace=self.namespace),
            old,
            namespace=self.namespace,
        )

    async def begin(self) -> None:
        """Make the Installation; what it owns is there already, or comes."""
        labels = {"changeover.dev/installation": NAME}
        metadata = {"name": NAME, "namespace": self.namespace, "labels": labels}
        self.installation = await self.server.create(
            KubeObject(
                {
                    "apiVersion": API_VERSION,
                    "kind": "Installation",
                    "metadata": metadata,
                    "spec": {"source": {"channel": "/none"}},
                }
            )
        )

    async def planned(self, new: Revision, old: Revision) -> Plan:
        """The plan from one revision to the other, as it is now."""
        return await planned(self.server, new, old, installation=self.installation.ref, strategy=self.strategy)

    async def carry(self, new: Revision, old: Revision) -> RunState:
        """Go from the old to the new revision."""
        return await self.go(await self.begun(new, old))

    async def go(self, subject: Subject) -> RunState:
        """Carry the newest run on, in this process."""
        going = go_on(self.server, subject, self.runs[-1], strategy=self.strategy, faults=Faults())
        return await asyncio.wait_for(going, self.within)

    async def begun(self, new: Revision, old: Revision) -> Subject:
        """A new run from the old to the new revision, that nobody has carried on yet."""
        plan = await self.planned(new, old)
        assert not plan.blocked, plan.findings
        number = len(self.runs) + 1
        labels = {"changeover.dev/installation": NAME}
        metadata = {"name": f"{NAME}-{number}", "namespace": self.namespace, "labels": labels}
        spec = {
            "installation": NAME,
            "kind": "update",
            "strategy": "plain",
            "planDigest": plan.digest,
            "planBlob": "none",
        }
        run = await self.server.create(
            KubeObject({"apiVersion": API_VERSION, "kind": "Changeover", "metadata": metadata, "spec": spec})
        )
        self.runs.append(run)
        return Subject(
            installation=NAME,
            namespace=self.namespace,
            installation_uid=self.installation.uid,
            run=run.name,
            plan=plan,
            old=old,
            new=new,
            profile=Profile(),
            old_number=number,
            new_number=number + 1,
        )


def lease_of(namespace: str) -> Ref:
    """The one under which its runs are carried on."""
    return Ref(Kind("coordination.k8s.io/v1", "Lease"), namespace, f"changeover-{NAME}")


async def planned(
    server: KubeCluster, new: Revision, old: Revision, *, installation: Ref, strategy: Strategy | None = None
) -> Plan:
    """The plan from one revision to the other, as it is now."""
    namespace = installation.namespace
    intent = Intent("update", new, old, namespace, masking_key=b"k", parameters=Parameters(hold_seconds=0.5))
    seen = await take_snapshot(server, new, old, installation=installation, namespace=namespace)
    return make_plan(intent, seen, strategy=strategy or strategy_named("plain"))


async def go_on(
    server: KubeCluster, subject: Subject, run: KubeObject, *, faults: Faults, strategy: Strategy | None = None
) -> RunState:
    """Carry a run on, as one process, from its journal."""
    clock, old = SystemClock(), subject.old
    assert old is not None
    parent = Ref(Kind(API_VERSION, "Installation"), subject.namespace, subject.installation)
    ports = executor.Ports(
        cluster=server,
        clock=clock,
        http=None,  # type: ignore[arg-type]
        volumes=None,
        replan=lambda: planned(server, subject.new, old, installation=parent, strategy=strategy),
    )
    return await executor.carry_on(
        subject,
        ports,
        acts=ACTS,
        journal=Journal(server, run),
        lease=KubeLease(server, clock, ref=lease_of(subject.namespace), holder=f"test-{os.getpid()}"),
        tell=lambda happening: print(happening.event, happening.step, happening.text),
        faults=faults,
    )
