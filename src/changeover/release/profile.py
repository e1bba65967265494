"""The Profile: what Changeover must know about an application that does not change per version (design §1, §5, §6).

People write it, so it is a strict pydantic model (camelCase keys, unknown keys refused); it is frozen, and the stages
use it as it is. A Release document may carry the same parts where a version differs; they are merged per top-level key
(Release in the package > operator's profile > shipped profile).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Document(BaseModel):
    """Strict, frozen, camelCase: the form of everything that people write for us."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Switch(Document):
    """The application's own maintenance switch: a key of a ConfigMap that says until when no session may start."""

    config_map: str
    key: str = "enabledUntil"
    page_key: str = Field(
        default="",
        description="a further key, where the application finds the page for its users: one HTML document",
    )
    hours: float = Field(default=4, gt=0, description="how far ahead the switch is set; it then expires by itself")


class Gate(Document):
    """What keeps new sessions from starting, beside the admission policy."""

    switch: Switch | None = None
    message: str = "Maintenance is under way; sessions can be started again soon."


class Stop(Document):
    """How one session is told to stop."""

    method: Literal["delete", "http", "exec"] = "delete"
    grace_period_seconds: int = Field(default=30, ge=0)
    url: str = Field(default="", description="http: address with {name}, {id}, {namespace}; sent as DELETE")
    command: tuple[str, ...] = Field(default=(), description="exec: command run in the session's first container")


class Receipt(Document):
    """Where a stopped session's proof stands: a JSON annotation on its pod, and which keys of it mean what."""

    annotation: str
    success: dict[str, str] = Field(default={"status": "finished"}, description="these keys must have these values")
    failure_key: str = Field(default="backupFailure", description="when present and not empty, the backup failed")
    bytes_key: str = "bytes"
    digest_key: str = "sha256"
    finished_at_key: str = "finishedAt"
    verify_url: str = Field(default="", description="GET must answer 200 with this size and sha256; has {name}, {id}")


class LastWrite(Document):
    """Where the time of a session's last write stands when containers' end is not it (an annotation, RFC 3339)."""

    annotation: str


class Sessions(Document):
    """The contract for work in progress inside the application (design §5)."""

    selector: str
    owner_label: str = ""
    id_label: str = ""
    gate: Gate = Gate()
    stop: Stop = Stop()
    receipt: Receipt | None = None
    last_write: LastWrite | None = None
    timeout_seconds: int = Field(default=3600, gt=0, description="for one session, from being told to stop")
    concurrency: int = Field(default=20, gt=0, description="sessions stopping at a time")
    concurrency_per_node: int = Field(default=5, gt=0)
    controller: str = Field(default="", description="kind/name, scaled to 0 only after the last session is gone")
    never_before_done: tuple[str, ...] = Field(
        default=(), description="kind/name that must not be touched while draining"
    )


class DataStore(Document):
    """A claim that holds the application's data and is backed up before a change."""

    name: str
    claim: str
    workload: str = Field(default="", description="kind/name that writes to it; scaled down while copying when quiesce")
    quiesce: bool = True


class HttpProbe(Document):
    """A request from the user's side, through a Service or its load balancer."""

    service: str
    port: int = 80
    method: str = "GET"
    path: str = "/"
    status: int = 200
    contains: str = Field(default="", description="must be in the answer; {version} is the release's version")


class JobProbe(Document):
    """A Job that must succeed; `manifest` is its spec.template.spec."""

    pod: dict[str, object]
    timeout_seconds: int = 300


class SessionProbe(Document):
    """A session that is started, written to, stopped and proven, as a user would."""

    service: str
    port: int = 80
    start_path: str = Field(description="POST; the JSON answer's `id` names the session")
    timeout_seconds: int = 300


class PromProbe(Document):
    """A PromQL expression that must give at least one non-zero sample; only run when an address is known."""

    query: str
    address: str = ""


class Probe(Document):
    """One check from the user's side; exactly one of the forms."""

    name: str
    http: HttpProbe | None = None
    job: JobProbe | None = None
    session: SessionProbe | None = None
    prometheus: PromProbe | None = None
    new_only: bool = Field(default=False, description="not run when a change went back")


class Listing(Document):
    """Where an installer writes down which objects it made: a YAML stream or list in a ConfigMap."""

    config_map: str
    key: str = Field(default="", description="empty = every key")


class ExtraRights(Document):
    """The service account that an installer runs as, and what it must be allowed; created only with consent."""

    service_account: str
    cluster_role: str = "cluster-admin"
    everywhere: bool = Field(default=True, description="in the whole cluster; else only in the application's namespace")


class Installer(Document):
    """A Job of the package that installs the application itself."""

    job: str = Field(description="pattern of its name: installer-*")
    lists: Listing | None = None
    release: str = Field(default="", description="name of the Helm release that it makes; empty = any that changes")
    rights: ExtraRights | None = None
    timeout_seconds: int = Field(default=3600, gt=0)


class Profile(Document):
    """One application, as Changeover needs to know it."""

    api_version: Literal["changeover.dev/v1alpha1"] = "changeover.dev/v1alpha1"
    kind: Literal["Profile"] = "Profile"
    metadata: dict[str, object] = {}
    title: str = Field(default="", description="what people call the application; the package's own title otherwise")
    icon: str = Field(default="", description="its picture as a data: address; the package's own otherwise")
    sessions: Sessions | None = None
    data: tuple[DataStore, ...] = ()
    probes: tuple[Probe, ...] = ()
    installer: Installer | None = None
    chart_tests: bool = Field(default=True, description="run what `helm test` would run as probes")
    soak_seconds: int = Field(default=120, ge=0)
    announce_seconds: int = Field(default=300, ge=0)
