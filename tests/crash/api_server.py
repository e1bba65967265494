"""An API server in memory: implements `ports.Cluster` well enough for everything that a run does.

Real: uids, resourceVersions, generations, finalizers, uid preconditions, JSON and merge patches, ownership of applied
fields, dry runs, immutable Job templates and selectors, the gate's admission policy. Not real: validation, defaults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, Conflict, Propagation, Refused, Resource
from changeover.settings import GATE_POLICY
from tests.crash.merging import json_patched, kept, merged, owned, without

KINDS: dict[str, tuple[str, bool]] = {
    "Namespace": ("v1", False),
    "ConfigMap": ("v1", True),
    "Secret": ("v1", True),
    "Service": ("v1", True),
    "ServiceAccount": ("v1", True),
    "Pod": ("v1", True),
    "Event": ("v1", True),
    "PersistentVolumeClaim": ("v1", True),
    "Deployment": ("apps/v1", True),
    "StatefulSet": ("apps/v1", True),
    "DaemonSet": ("apps/v1", True),
    "ReplicaSet": ("apps/v1", True),
    "ControllerRevision": ("apps/v1", True),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", True),
    "NetworkPolicy": ("networking.k8s.io/v1", True),
    "Job": ("batch/v1", True),
    "CronJob": ("batch/v1", True),
    "Lease": ("coordination.k8s.io/v1", True),
    "Installation": ("changeover.dev/v1alpha1", True),
    "Changeover": ("changeover.dev/v1alpha1", True),
    "HorizontalPodAutoscaler": ("autoscaling/v2", True),
    "ValidatingAdmissionPolicy": ("admissionregistration.k8s.io/v1", False),
    "ValidatingAdmissionPolicyBinding": ("admissionregistration.k8s.io/v1", False),
    "Node": ("v1", False),
}
STATUS_KINDS = {"Changeover", "Installation", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod"}
FIXED = {
    "Job": (("spec", "template"),),
    "Deployment": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "ReplicaSet": (("spec", "selector"),),
    "StatefulSet": tuple(("spec", name) for name in ("selector", "volumeClaimTemplates", "serviceName")),
    "RoleBinding": (("roleRef",),),
    "Service": (("spec", "clusterIP"),),
}
Raw = dict[str, Any]


def copied(value: Any) -> Any:
    """A deep copy of JSON."""
    kind = type(value)
    if kind is dict:
        return {key: copied(inside) for key, inside in value.items()}
    if kind is list or kind is tuple:
        return [copied(inside) for inside in value]
    return value if not isinstance(value, Mapping) else {key: copied(inside) for key, inside in value.items()}


class ApiServer:
    """Holds the objects; `settle` lets controllers catch up before each request."""

    def __init__(self) -> None:
        self.objects: dict[str, Raw] = {}
        self.applied: dict[str, Raw] = {}
        self.version_counter = 100
        self.effects: Counter[tuple[str, str]] = Counter()
        """(verb, key) -> how often a request really changed something."""
        self.writes: list[tuple[str, str]] = []
        """The same, in order, state objects left out."""
        self.trouble: Callable[[str, Ref], None] = lambda _verb, _ref: None
        """Called before each request; may raise."""
        self.settle: Callable[[], None] = lambda: None
        self.now: Callable[[], str] = lambda: "2026-03-02T03:00:00Z"
        self.outputs: dict[str, tuple[int, str]] = {}

    # --- reading

    async def uid(self) -> str:
        return "cluster-uid"

    async def version(self) -> str:
        return "1.36.2"

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        return {
            (version, name): Resource(Kind(version, name), f"{name.lower()}s", namespaced)
            for name, (version, namespaced) in KINDS.items()
        }

    async def get(self, ref: Ref) -> KubeObject | None:
        self._enter("get", ref)
        raw = self.objects.get(ref.key)
        return KubeObject(copied(raw)) if raw else None

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        self._enter("list", Ref(kind, namespace, ""))
        prefix = f"{kind.group_kind}/"
        return [
            KubeObject(copied(self.objects[key]))
            for key in sorted(self.objects)
            if key.startswith(prefix)
            and namespace in ("", self.objects[key]["metadata"].get("namespace", ""))
            and selected(self.objects[key]["metadata"].get("labels") or {}, selector)
        ]

    async def logs(self, pod: Ref, *, container: str = "", tail: int = 100, previous: bool = False) -> str:
        return f"log of {pod.name}"

    async def execute(self, pod: Ref, command: Sequence[str], *, container: str = "") -> tuple[int, str]:
        self._enter("execute", pod)
        return self.outputs.get(pod.name, (0, ""))

    async def allowed(self, verb: str, resource: Resource, *, namespace: str = "", **_: str) -> bool:
        return True

    # --- writing

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self._enter("create", obj.ref)
        raw = copied(obj.raw)
        if not obj.name:
            raw["metadata"]["name"] = f"{obj.metadata.get('generateName', 'x-')}{self.version_counter}"
        ref = KubeObject(raw).ref
        if ref.key in self.objects:
            raise AlreadyExists(f"{ref} is there already.")
        return self._created(ref, raw, dry_run=dry_run, applied=None)

    async def apply(self, obj: KubeObject, *, force: bool = True, dry_run: bool = False) -> KubeObject:
        ref = obj.ref
        self._enter("apply", ref)
        wanted = copied(obj.raw)
        live = self.objects.get(ref.key)
        if live is None:
            return self._created(ref, wanted, dry_run=dry_run, applied=wanted)
        metadata = wanted["metadata"]
        for name in ("uid", "resourceVersion"):
            if metadata.pop(name, live["metadata"][name]) != live["metadata"][name]:
                raise Conflict(f"{ref} was changed meanwhile.")
        gone = without(live, owned(self.applied.get(ref.key, {})), owned(wanted))
        return self._replaced("apply", ref, merged(gone, wanted), dry_run=dry_run, applied=wanted)

    async def patch(self, ref: Ref, patch: Any, *, subresource: str = "", dry_run: bool = False) -> KubeObject:
        self._enter("patch", ref)
        live = self.objects.get(ref.key)
        if live is None:
            problem = Refused(f"{ref} is not there.")
            problem.status = 404
            raise problem
        if isinstance(patch, Mapping):
            wanted_version = (patch.get("metadata") or {}).get("resourceVersion")
            if wanted_version and wanted_version != live["metadata"]["resourceVersion"]:
                raise Conflict(f"{ref} was changed meanwhile.")
            new = merged(copied(live), copied(patch), nulls_remove=True, lists_merge=False)
        else:
            new = json_patched(copied(live), patch)
            if new["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]:
                raise Conflict(f"{ref} was changed meanwhile.")
        if subresource == "status":
            new = {**copied(live), "status": new.get("status", {})}
        elif subresource == "":
            new = {**new, "status": live["status"]} if "status" in live and ref.kind.name in STATUS_KINDS else new
        return self._replaced("patch", ref, new, dry_run=dry_run, applied=None)

    async def delete(
        self,
        ref: Ref,
        *,
        uid: str,
        version: str = "",
        propagation: Propagation = "Background",
        grace_seconds: int | None = None,
    ) -> None:
        self._enter("delete", ref)
        live = self.objects.get(ref.key)
        if live is None:
            return
        if uid and live["metadata"]["uid"] != uid:
            raise Conflict(f"{ref} is another one now.")
        if version and live["metadata"]["resourceVersion"] != version:
            raise Conflict(f"{ref} was changed meanwhile.")
        if live["metadata"].get("deletionTimestamp"):
            return
        self._count("delete", ref)
        if propagation == "Orphan":
            live["metadata"].setdefault("finalizers", []).append("orphan")
        self.begin_deletion(ref.key)

    # --- inside

    def begin_deletion(self, key: str, *, orphan: bool = False) -> None:
        """Mark for deletion; gone at once when no finalizer and no running pod keeps it."""
        raw = self.objects[key]
        raw["metadata"]["deletionTimestamp"] = self.now()
        self._bump(raw)
        if raw["kind"] != "Pod" or not running(raw):
            self.remove_if_free(key, orphan=orphan)

    def remove_if_free(self, key: str, *, orphan: bool = False) -> None:
        """Remove what is being deleted and has no finalizer any more; what it owned goes too, unless orphaned."""
        raw = self.objects.get(key)
        if raw is None or not raw["metadata"].get("deletionTimestamp") or raw["metadata"].get("finalizers"):
            return
        del self.objects[key]
        if not orphan:  # who makes an orphaned workload again gives its fields back to their managers
            self.applied.pop(key, None)
            for other in [k for k, one in self.objects.items() if _owner(one) == raw["metadata"]["uid"]]:
                self.begin_deletion(other)

    def put(self, raw: Raw) -> Raw:
        """Place an object as a controller or a test would; no request, no effect counted."""
        ref = KubeObject(raw).ref
        self._finish(raw)
        self.objects[ref.key] = raw
        return raw

    def touch(self, raw: Raw) -> None:
        """A controller changed it in place."""
        self._bump(raw)

    def _enter(self, verb: str, ref: Ref) -> None:
        self.settle()
        self.trouble(verb, ref)

    def _created(self, ref: Ref, raw: Raw, *, dry_run: bool, applied: Raw | None) -> KubeObject:
        if KINDS.get(ref.kind.name) is None:
            raise Refused(f"{ref.kind.name} is not served.")
        if ref.kind.name in STATUS_KINDS:
            raw.pop("status", None)
        self._admit(ref, raw)
        if not dry_run:
            if applied is not None:
                self.applied[ref.key] = copied(applied)
            self._finish(raw)
            self.objects[ref.key] = raw
            self._count("create", ref)
        return KubeObject(copied(raw))

    def _admit(self, ref: Ref, raw: Raw) -> None:
        gate = self.objects.get(f"ConfigMap/{ref.namespace}/{GATE_POLICY}")
        policy = f"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io//{GATE_POLICY}"
        if ref.kind.name != "Pod" or gate is None or policy not in self.objects:
            return
        labels, data = raw["metadata"].get("labels") or {}, gate["data"]
        if selected(labels, data["selector"]) and labels.get("changeover.dev/probe") != data.get("run"):
            text = f"ValidatingAdmissionPolicy '{GATE_POLICY}' with binding '{GATE_POLICY}' denied request: "
            problem = Refused(f'pods "{ref.name}" is forbidden: {text}{data.get("message", "")}')
            problem.status = 403
            raise problem

    def _replaced(self, verb: str, ref: Ref, new: Raw, *, dry_run: bool, applied: Raw | None) -> KubeObject:
        live = self.objects[ref.key]
        sealed = (("data",),) if live.get("immutable") is True else ()
        for path in (*FIXED.get(ref.kind.name, ()), *sealed):
            if KubeObject(new).get(*path) != KubeObject(live).get(*path):
                problem = Refused(f"{ref}: field is immutable.")
                problem.causes = (("FieldValueInvalid", ".".join(path), "field is immutable"),)
                raise problem
        if dry_run:
            return KubeObject(copied(new))
        if applied is not None:
            self.applied[ref.key] = copied(applied)
        elif ref.key in self.applied:
            self.applied[ref.key] = kept(self.applied[ref.key], new)
        if new != live:
            if new.get("spec") != live.get("spec"):
                new["metadata"]["generation"] = live["metadata"].get("generation", 1) + 1
            self.objects[ref.key] = new
            self._bump(new)
            self._count(verb, ref)
            self.remove_if_free(ref.key) if new["kind"] != "Pod" or not running(new) else None
        return KubeObject(copied(new))

    def _finish(self, raw: Raw) -> None:
        self.version_counter += 1
        metadata = raw.setdefault("metadata", {})
        metadata.setdefault("uid", f"uid-{self.version_counter}")
        metadata.setdefault("creationTimestamp", self.now())
        metadata["resourceVersion"] = str(self.version_counter)
        metadata["generation"] = 1

    def _bump(self, raw: Raw) -> None:
        self.version_counter += 1
        raw["metadata"]["resourceVersion"] = str(self.version_counter)

    def _count(self, verb: str, ref: Ref) -> None:
        self.effects[verb, ref.key] += 1
        state = ref.kind.name in {"Lease", "Changeover", "Installation"} or "journal" in ref.name
        if not state:
            self.writes.append((verb, ref.key))


def running(raw: Mapping[str, Any]) -> bool:
    """Whether a pod's containers still run, so that its deletion takes a while."""
    return raw.get("kind") == "Pod" and (raw.get("status") or {}).get("phase") in {"Pending", "Running"}


def selected(labels: Mapping[str, str], selector: str) -> bool:
    """Whether labels match ``a=b,c!=d,e,!f``."""
    for term in filter(None, (part.strip() for part in selector.split(","))):
        name, negated, value = term.partition("!=")
        if negated:
            matches = labels.get(name) != value
        elif "=" in term:
            name, _, value = term.partition("=")
            matches = labels.get(name.strip()) == value.lstrip("=").strip()
        else:
            matches = (term.lstrip("!") in labels) is not term.startswith("!")
        if not matches:
            return False
    return True


def _owner(raw: Mapping[str, Any]) -> str:
    owners = raw["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("uid", ""))
