"""A cluster in memory, for collectors: objects, logs, commands, and what is forbidden or hangs."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import Answer, Refused, Resource


def matches(obj: KubeObject, selector: str) -> bool:
    return all(obj.labels.get(one.partition("=")[0]) == one.partition("=")[2] for one in selector.split(",") if one)


class World:
    """Enough of a cluster, its inspector and the network."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        self.objects = [KubeObject(raw) for raw in objects]
        self.forbidden: set[str] = set()
        self.hanging: set[str] = set()
        self.paths: dict[str, bytes] = {"/version": b'{"gitVersion": "v1.36.2", "major": "1"}'}
        self.commands: dict[str, tuple[int, bytes, bytes]] = {}
        self.answer = Answer(200, b'{"ok": true}', {"server": "x"})
        self.images: dict[str, tuple[bool, str]] = {}
        self.logins: list[str] = []
        self.created: list[KubeObject] = []
        self.deleted: list[Ref] = []
        self.queries: list[Mapping[str, str]] = []

    @property
    def inspector(self) -> "World":
        return self

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        kind = Kind("apps/v1", "Deployment")
        return {("apps/v1", "Deployment"): Resource(kind, "deployments", namespaced=True, verbs=frozenset({"get"}))}

    async def get(self, ref: Ref) -> KubeObject | None:
        return next((one for one in self.objects if one.ref == ref), None)

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        if kind.name in self.hanging:
            await asyncio.sleep(60)
        if kind.name in self.forbidden or f"{kind.name}/{namespace}" in self.forbidden:
            raise Refused(f"listing {kind.name}: the API server refused.", found="forbidden")
        found = [one for one in self.objects if one.kind == kind.name and namespace in ("", one.namespace)]
        return [one for one in found if matches(one, selector)]

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self.created.append(obj)
        ended = {"phase": "Succeeded", "containerStatuses": []}
        made = KubeObject({**obj.raw, "metadata": {**obj.metadata, "uid": "u"}, "status": ended})
        self.objects.append(made)
        return made

    async def delete(self, ref: Ref, *, uid: str, **_: Any) -> None:
        self.deleted.append(ref)

    async def allowed(self, verb: str, resource: Resource, *, namespace: str = "", **_: str) -> bool:
        return f"{verb} {resource.plural}" not in self.forbidden

    async def read(self, path: str, *, query: Mapping[str, str] | None = None, most: int) -> bytes:
        self.queries.append(query or {})
        for part, content in self.paths.items():
            if part in path:
                return content[:most]
        raise Refused(f"reading {path}: the API server refused.", found="404")

    async def run(self, pod: Ref, command: Sequence[str], *, container: str, most: int) -> tuple[int, bytes, bytes]:
        if command[0] in self.hanging:
            await asyncio.sleep(60)
        return self.commands[command[0]]

    async def find_images(
        self, references: Sequence[str], logins: str, seconds: float
    ) -> Mapping[str, tuple[bool, str]]:
        self.logins.append(logins)
        return {one: self.images.get(one, (False, "")) for one in references}

    async def request(self, method: str, url: str, **_: Any) -> Answer:
        return self.answer


def pod(name: str, namespace: str = "home", *, phase: str = "Running", ready: bool = True) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "x"}, "managedFields": [{"manager": "m"}]},
        "spec": {"containers": [{"name": "main"}]},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"name": "main", "ready": ready, "restartCount": 0}],
        },
    }


def namespaces(*names: str) -> list[dict[str, Any]]:
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
