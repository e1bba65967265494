"""Everything outside, at a glance: the Protocols through which the last stages touch the world.

Adapters (`kube`, `channel`, `backup`, `collect`) implement them; `wiring` hands them in; tests use real Kubernetes or
an in-memory world. What can go wrong at the border is named here too, because the stages above decide on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref

Json = Any
"""What JSON can say: dict, list, str, int, float, bool, None."""

Propagation = Literal["Background", "Foreground", "Orphan"]


# --- what the cluster can answer instead of doing it -----------------------------------------------------------------


class ClusterProblem(Problem):
    """The API server could not or would not."""

    reference = "cluster"


class Unreachable(ClusterProblem):
    """No answer, or a time-out: the outcome of a write is unknown; read again before acting again."""

    reference = "cluster-unreachable"


class Busy(ClusterProblem):
    """429 or a passing 5xx; `retry_after` in seconds when the server named it."""

    reference = "cluster-busy"
    retry_after: float | None = None


class Conflict(ClusterProblem):
    """409: someone changed it first (a uid or resourceVersion precondition failed). Read again, never force."""

    reference = "cluster-conflict"


class FieldConflict(Conflict):
    """409 of server-side apply: other managers own fields; `owners` = (manager, field path) pairs."""

    reference = "field-conflict"
    owners: tuple[tuple[str, str], ...] = ()


class AlreadyExists(ClusterProblem):
    """409 of a create: there is one under this name."""

    reference = "already-exists"


class Refused(ClusterProblem):
    """403, 404 of a kind, 422, quota, admission: it will be refused again; `status` and `causes` say why."""

    reference = "cluster-refused"
    status: int = 422
    causes: tuple[tuple[str, str, str], ...] = ()
    """(reason, field, message) as in ``details.causes``: FieldValueInvalid, spec.selector, field is immutable."""


class Fenced(ClusterProblem):
    """Somebody else executes this Installation now (lease lost, or the journal moved): stop acting at once."""

    reference = "fenced"


@dataclass(frozen=True, slots=True)
class Resource:
    """How a kind is served: its plural, and whether it is namespaced."""

    kind: Kind
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()


class Cluster(Protocol):
    """One Kubernetes API server; all writes are by field manager ``changeover``."""

    async def uid(self) -> str:
        """The uid of namespace kube-system: what we call the identity of a cluster."""
        ...

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        """Everything that is served, by (apiVersion, kind); aggregated discovery, cached until a kind is missing."""
        ...

    async def version(self) -> str:
        """The server's version, ``1.36.2``."""
        ...

    async def get(self, ref: Ref) -> KubeObject | None:
        """Read one object; None when it (or its kind) is not there."""
        ...

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        """Read all of a kind; empty namespace = all namespaces. A kind that is not served gives an empty list."""
        ...

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """POST; raises AlreadyExists, Refused."""
        ...

    async def apply(self, obj: KubeObject, *, force: bool = True, dry_run: bool = False) -> KubeObject:
        """Server-side apply with strict field validation; raises FieldConflict, Conflict, Refused."""
        ...

    async def patch(self, ref: Ref, patch: Json, *, subresource: str = "", dry_run: bool = False) -> KubeObject:
        """A dict is a merge patch, a list a JSON patch (whose failed ``test`` raises Conflict)."""
        ...

    async def delete(
        self,
        ref: Ref,
        *,
        uid: str,
        version: str = "",
        propagation: Propagation = "Background",
        grace_seconds: int | None = None,
    ) -> None:
        """DELETE with preconditions (uid, and resourceVersion if given); gone is fine, another raises Conflict."""
        ...

    async def logs(self, pod: Ref, *, container: str = "", tail: int = 100, previous: bool = False) -> str:
        """The last lines of a container's log; empty when there is none."""
        ...

    async def execute(self, pod: Ref, command: Sequence[str], *, container: str = "") -> tuple[int, str]:
        """Run a command in a container: exit code and combined output."""
        ...

    async def allowed(
        self, verb: str, resource: Resource, *, namespace: str = "", name: str = "", user: str = "", account: str = ""
    ) -> bool:
        """SelfSubjectAccessReview; with a user (``system:serviceaccount:NS:NAME``) SubjectAccessReview.

        `account` is one of `settings.ACCOUNTS`: asked is that one, where the cluster is reached as several.
        """
        ...


# --- state: journal, lease, blobs ------------------------------------------------------------------------------------


class JournalStore(Protocol):
    """The append-only chain of one run. Records are JSON objects; order is the order of appends."""

    async def read(self) -> Sequence[Mapping[str, Json]]:
        """All records, and remember the head for the next append."""
        ...

    async def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Write them all or none, by compare-and-swap on the head; raises Fenced when another wrote meanwhile."""
        ...


class Lease(Protocol):
    """One executor per Installation."""

    async def acquire(self) -> bool:
        """Take it, or take it over after having *seen* it unchanged for its whole duration; False = held by another."""
        ...

    def remaining(self) -> float:
        """Seconds for which acting is still safe, by CLOCK_BOOTTIME since the last successful renewal began."""
        ...

    async def renew(self) -> None:
        """Extend it; raises Fenced when another holds it."""
        ...

    async def release(self) -> None:
        """Give it back (best effort)."""
        ...

    @property
    def holder(self) -> str:
        """Who we are in it."""
        ...


class Blobs(Protocol):
    """Content-addressed bytes beside the Installation (zstd, <= 512 KiB a piece, in Secrets)."""

    async def put(self, content: bytes, *, kind: str) -> str:
        """Store and return the digest ``sha256:...``; the same content twice is one blob."""
        ...

    async def get(self, digest: str) -> bytes:
        """Read and verify; raises Problem when missing or damaged."""
        ...

    async def collect(self, keep: Collection[str], *, older_than: datetime) -> Sequence[str]:
        """Delete what was stored before that time and is not to be kept; returns the digests that went."""
        ...


class Clock(Protocol):
    """Time as the run engine sees it."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that also pass while the machine sleeps (CLOCK_BOOTTIME)."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


# --- the user's side, backups, charts --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP request got; `status` 0 and `error` when there was no answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""


class Http(Protocol):
    """Requests as a user of the application would send them, from outside the pod network."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        within: float = 10.0,
    ) -> Answer:
        """One request, answered `within` seconds; no retries, no redirects; never raises for what the network does."""
        ...


@dataclass(frozen=True, slots=True)
class BackupPiece:
    """One volume's backup: where it lies and what it holds."""

    name: str
    claim: str
    claim_uid: str
    location: str
    sha256: str
    bytes: int
    files: int
    seconds: float

    def as_json(self) -> dict[str, Json]:
        """For the journal and the evidence."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class Volumes(Protocol):
    """Copies the content of claims (mover pod, tar+zstd) to the backup destination and back in place."""

    async def room(self, claims: Sequence[str]) -> tuple[int, int]:
        """(bytes needed at most, bytes free at the destination)."""
        ...

    async def back_up(self, claim: str, *, name: str, key: str) -> BackupPiece:
        """Copy a claim's content; `key` makes a repetition return the finished piece. Reads back and verifies it."""
        ...

    async def restore(self, piece: BackupPiece, *, key: str) -> None:
        """Replace the claim's content in place by the piece's, after having verified the piece."""
        ...


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """What to render: a chart, for one release of it in one cluster."""

    archive: bytes
    """The chart as .tgz."""
    release: str
    namespace: str
    values: Mapping[str, Json]
    kubernetes: str = ""
    """The target's version, ``1.36.2``; empty = Helm's own default."""
    api_versions: Collection[str] = ()
    """What the target serves: ``apps/v1`` and ``apps/v1/Deployment``; empty = Helm's own default."""
    revision: int = 1
    """How often the release was installed or upgraded then; 1 = it is installed."""
    schema: bool = True
    """False renders even with values that the chart's schema refuses."""


@dataclass(frozen=True, slots=True)
class RenderedChart:
    """What a chart gives."""

    manifests: str
    """One YAML stream, CRDs first, hooks included; each document is preceded by ``# Source: <file>``."""
    notes: str = ""
    """The chart's NOTES.txt, rendered."""


class Charts(Protocol):
    """Renders Helm charts; only a chart's ``lookup`` reads the cluster."""

    def render(self, request: ChartRequest) -> RenderedChart:
        """Render; raises Problem with the chart's own words."""
        ...


Progress = Callable[[str], None]
"""Told in words what goes on; must return at once."""


# --- collecting what checks look at ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collector:
    """One thing to collect: its kind as Troubleshoot's specs spell it (``logs``), and what it says."""

    kind: str
    spec: Mapping[str, Json]
    place: Literal["cluster", "host", "nodes"] = "cluster"
    """Where it looks: in the cluster, at the machine that collects, or at each node."""

    @property
    def name(self) -> str:
        """What its files are called by; empty when it says nothing."""
        return str(self.spec.get("collectorName") or self.spec.get("name") or "")

    @property
    def title(self) -> str:
        """``logs/server``, or only the kind; ``host cpu`` of what does not look in the cluster."""
        place = "" if self.place == "cluster" else f"{self.place.removesuffix('s')} "
        return place + (f"{self.kind}/{self.name}" if self.name else self.kind)


@dataclass(frozen=True, slots=True)
class Fetched:
    """How one collector fared; `partial` = cut off, with what it had by then."""

    title: str
    state: Literal["done", "partial", "failed", "skipped"]
    reason: str = ""
    seconds: float = 0.0

    @property
    def error_file(self) -> str:
        """Where the bundle says why it was cut off or failed."""
        return f"collector-errors/{self.title.replace('/', '-')}-error.json"

    def as_json(self) -> dict[str, Json]:
        """For the bundle and for programs."""
        return {"collector": self.title, "state": self.state, "reason": self.reason, "seconds": round(self.seconds, 2)}


@dataclass(frozen=True, slots=True)
class Collected:
    """Files by their path in a bundle, not redacted yet, and how each collector fared."""

    files: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    fetched: tuple[Fetched, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much collecting may take: seconds and bytes for one collector, bytes for all together."""

    seconds: float = 60.0
    bytes: int = 32 * 1024 * 1024
    total: int = 256 * 1024 * 1024


class Collecting(Protocol):
    """Carries collectors out, side by side; never raises for what one of them meets."""

    async def __call__(self, collectors: Sequence[Collector], *, bounds: Bounds, tell: Progress) -> Collected:
        """Everything that could be had; what is not allowed or not known is named as skipped."""
        ...
