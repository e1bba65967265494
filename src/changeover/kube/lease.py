"""One executor per Installation, by coordination.k8s.io/Lease, with the rules of design §3.

* Others' clocks are never believed: a lease is expired when *we* have seen it unchanged for its whole duration.
* Our own validity counts from the moment the last successful renewal was *begun*, by a clock that runs during sleep.
* Losing it (409 on renewal, and another holder in it) is final for this process: Fenced. A 409 with ourselves in it is
  our own renewal whose answer was lost: renewed again. The holder's name must therefore be unique to a process.
"""

from __future__ import annotations

from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, Clock, Cluster, ClusterProblem, Conflict, Fenced, Refused
from changeover.settings import LEASE_SECONDS

LEASE = Kind("coordination.k8s.io/v1", "Lease")


class KubeLease:
    """Implements `ports.Lease`."""

    def __init__(self, cluster: Cluster, clock: Clock, *, ref: Ref, holder: str, seconds: int = LEASE_SECONDS) -> None:
        self._cluster = cluster
        self._clock = clock
        self._ref = ref
        self._holder = holder
        self._seconds = seconds
        self._version = ""
        self._valid_until = 0.0
        self._seen: tuple[str, float] | None = None

    @property
    def holder(self) -> str:
        """Who we are in it."""
        return self._holder

    def remaining(self) -> float:
        """Seconds for which acting is still safe."""
        return self._valid_until - self._clock.monotonic()

    async def acquire(self) -> bool:
        """Take it when it is free or was seen unchanged for its whole duration; call again after a while otherwise."""
        began = self._clock.monotonic()
        live = await self._cluster.get(self._ref)
        if live is None:
            try:
                self._take(await self._cluster.create(KubeObject(self._body(0))), began)
            except AlreadyExists:
                return False
            return True
        if not self._is_free(live, began):
            return False
        transitions = int(live.get("spec", "leaseTransitions", default=0)) + 1
        try:
            self._take(await self._write(live.resource_version, transitions), began)
        except Conflict:
            self._seen = None
            return False
        return True

    def _is_free(self, live: KubeObject, now: float) -> bool:
        holder = live.get("spec", "holderIdentity", default="")
        if holder in ("", self._holder):
            return True
        if self._seen is None or self._seen[0] != live.resource_version:
            self._seen = (live.resource_version, now)
            return False
        return now - self._seen[1] >= int(live.get("spec", "leaseDurationSeconds", default=self._seconds))

    async def renew(self) -> None:
        """Extend it."""
        began = self._clock.monotonic()
        try:
            self._take(await self._write(self._version, None), began)
        except (Conflict, Refused) as refused:
            if isinstance(refused, Refused) and refused.status != 404:
                raise
            live = await self._cluster.get(self._ref)
            if live is None or live.get("spec", "holderIdentity", default="") != self._holder:
                raise self._lost(live) from refused
            try:
                self._take(await self._write(live.resource_version, None), began)
            except Conflict as again:
                raise self._lost(live) from again

    def _lost(self, live: KubeObject | None) -> Fenced:
        self._valid_until = 0.0
        holder = live.get("spec", "holderIdentity", default="nobody") if live else "it was deleted"
        return Fenced(
            "Another process took this Installation's lease.",
            found=f"holder: {holder}; we were {self._holder}",
            hint="the other process goes on with the run; this one has stopped",
        )

    async def release(self) -> None:
        """Give it back, when it is still ours."""
        self._valid_until = 0.0
        if not self._version:
            return
        try:
            await self._cluster.patch(self._ref, [*self._test(self._version), _set("holderIdentity", "")])
        except ClusterProblem:
            return

    async def _write(self, version: str, transitions: int | None) -> KubeObject:
        spec = self._body(transitions or 0)["spec"]
        changes = [_set(name, spec[name]) for name in ("holderIdentity", "renewTime", "leaseDurationSeconds")]
        if transitions is not None:
            changes += [_set("acquireTime", spec["acquireTime"]), _set("leaseTransitions", transitions)]
        return await self._cluster.patch(self._ref, [*self._test(version), *changes])

    def _test(self, version: str) -> list[dict[str, object]]:
        return [{"op": "test", "path": "/metadata/resourceVersion", "value": version}]

    def _take(self, lease: KubeObject, began: float) -> None:
        self._version = lease.resource_version
        self._valid_until = began + self._seconds

    def _body(self, transitions: int) -> dict[str, dict[str, object]]:
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "apiVersion": LEASE.api_version,  # type: ignore[dict-item]
            "kind": LEASE.name,  # type: ignore[dict-item]
            "metadata": {"name": self._ref.name, "namespace": self._ref.namespace},
            "spec": {
                "holderIdentity": self._holder,
                "leaseDurationSeconds": self._seconds,
                "acquireTime": now,
                "renewTime": now,
                "leaseTransitions": transitions,
            },
        }


def _set(name: str, value: object) -> dict[str, object]:
    return {"op": "add", "path": f"/spec/{name}", "value": value}
