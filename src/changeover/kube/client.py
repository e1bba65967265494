"""One Kubernetes API server, as one identity, through plain JSON: nothing that a manifest says is dropped on the way.

lightkube reads the kubeconfig and signs requests (certificates, tokens, exec plugins); requests are ours, so that every
write names its field manager, validates strictly and carries its precondition.

* reads are repeated with back-off while the server is busy or away; writes never, for their outcome is unknown
* discovery is read once, and again when a kind is missing
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from changeover.kube import discovery, errors
from changeover.objects import FIELD_MANAGER, Kind, KubeObject, Ref
from changeover.ports import Busy, Json, Propagation, Refused, Resource, Unreachable

PAGE = 500
BACK_OFF = (0.1, 0.3, 1.0, 2.0)
"""Seconds between attempts of a read."""

JSON = "application/json"
TYPES = {
    "apply": "application/apply-patch+yaml",
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
}


class KubeCluster:
    """Implements `ports.Cluster` over HTTP."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._served: dict[tuple[str, str], Resource] = {}
        self._uid = ""

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def uid(self) -> str:
        """The uid of namespace kube-system."""
        if not self._uid:
            found = await self.get(Ref(Kind("v1", "Namespace"), "", "kube-system"))
            self._uid = found.uid if found else ""
        return self._uid

    async def version(self) -> str:
        """``1.36.2``."""
        answer = await self._read("reading the version", "/version")
        return str(answer["gitVersion"]).removeprefix("v")

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        """Everything that is served, by (apiVersion, kind)."""
        if not self._served:
            self._served = await self._discover()
        return self._served

    async def _discover(self) -> dict[tuple[str, str], Resource]:
        headers = {"accept": discovery.ACCEPT}
        core, groups = await asyncio.gather(
            self._read("discovering kinds", "/api", headers=headers),
            self._read("discovering kinds", "/apis", headers=headers),
        )
        return discovery.resources(core, groups)

    async def _resource(self, kind: Kind) -> Resource | None:
        key = (kind.api_version, kind.name)
        if key not in await self.served():
            self._served = await self._discover()
        return self._served.get(key)

    async def _path(self, ref: Ref, *, collection: bool = False, subresource: str = "") -> str | None:
        resource = await self._resource(ref.kind)
        if resource is None:
            return None
        path = discovery.path_of(resource, ref.namespace)
        path = path if collection else f"{path}/{ref.name}"
        return f"{path}/{subresource}" if subresource else path

    async def _must(self, ref: Ref, **how: Any) -> str:
        path = await self._path(ref, **how)
        if path is None:
            refused = Refused(
                f"{ref}: the cluster does not serve {ref.kind.api_version} {ref.kind.name}.",
                hint="its definition (CRD) may be missing, or this Kubernetes no longer has it",
            )
            refused.status = 404
            raise refused
        return path

    async def get(self, ref: Ref) -> KubeObject | None:
        """Read one object; None when it (or its kind) is not there."""
        path = await self._path(ref)
        if path is None:
            return None
        raw = await self._read(f"reading {ref}", path, missing_is_none=True)
        return KubeObject(raw) if raw else None

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        """Read all of a kind, 500 at a time."""
        path = await self._path(Ref(kind, namespace, ""), collection=True)
        if path is None:
            return []
        found: list[KubeObject] = []
        query: dict[str, str | int] = {"limit": PAGE} | ({"labelSelector": selector} if selector else {})
        while True:
            page = await self._read(f"listing {kind.name}", path, query=query)
            found += [
                KubeObject({"apiVersion": kind.api_version, "kind": kind.name, **item}) for item in page["items"] or ()
            ]
            proceed = (page.get("metadata") or {}).get("continue")
            if not proceed:
                return found
            query["continue"] = proceed

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """POST the object."""
        path = await self._must(obj.ref, collection=True)
        return await self._write("POST", path, f"creating {obj.ref}", body=obj.raw, query=_query(dry_run=dry_run))

    async def apply(self, obj: KubeObject, *, force: bool = True, dry_run: bool = False) -> KubeObject:
        """Server-side apply."""
        path = await self._must(obj.ref)
        query = _query(dry_run=dry_run) | {"force": "true" if force else "false"}
        return await self._write("PATCH", path, f"applying {obj.ref}", body=obj.raw, query=query, kind=TYPES["apply"])

    async def patch(self, ref: Ref, patch: Json, *, subresource: str = "", dry_run: bool = False) -> KubeObject:
        """A dict is a merge patch, a list a JSON patch."""
        path = await self._must(ref, subresource=subresource)
        kind = TYPES["json" if isinstance(patch, list) else "merge"]
        return await self._write("PATCH", path, f"changing {ref}", body=patch, query=_query(dry_run=dry_run), kind=kind)

    async def delete(
        self, ref: Ref, *, uid: str, propagation: Propagation = "Background", grace_seconds: int | None = None
    ) -> None:
        """DELETE with a uid precondition; gone already is fine."""
        path = await self._path(ref)
        if path is None:
            return
        body: dict[str, Any] = {"preconditions": {"uid": uid}, "propagationPolicy": propagation}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        try:
            await self._write("DELETE", path, f"deleting {ref}", body=body, query={})
        except Refused as refused:
            if refused.status != 404:
                raise

    async def logs(self, pod: Ref, *, container: str = "", tail: int = 100, previous: bool = False) -> str:
        """The last lines of a container's log; empty when there is none."""
        query = {"tailLines": str(tail)} | ({"container": container} if container else {})
        query |= {"previous": "true"} if previous else {}
        try:
            path = await self._must(pod, subresource="log")
            answer = await self._send(self._http.build_request("GET", path, params=query), f"reading the log of {pod}")
        except (Refused, Unreachable, Busy):
            return ""
        return answer.text

    async def allowed(self, verb: str, resource: Resource, *, namespace: str = "", name: str = "") -> bool:
        """SelfSubjectAccessReview."""
        attributes = {
            "verb": verb,
            "group": resource.kind.group,
            "resource": resource.plural,
            "namespace": namespace,
            "name": name,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = await self._write(
            "POST", path, f"asking whether one may {verb} {resource.plural}", body=review, query={}
        )
        return bool(answer.get("status", "allowed", default=False))

    async def _read(
        self,
        what: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        missing_is_none: bool = False,
    ) -> Any:
        for pause in (*BACK_OFF, None):
            try:
                answer = await self._send(self._http.build_request("GET", path, params=query, headers=headers), what)
            except (Busy, Unreachable) as passing:
                if pause is None:
                    raise
                await asyncio.sleep(getattr(passing, "retry_after", None) or pause)
            except Refused as refused:
                if missing_is_none and refused.status == 404:
                    return None
                raise
            else:
                return answer.json()
        raise AssertionError

    async def _write(
        self, method: str, path: str, what: str, *, body: Any, query: Mapping[str, str], kind: str = JSON
    ) -> KubeObject:
        content = json.dumps(body).encode()
        request = self._http.build_request(
            method, path, params=dict(query), content=content, headers={"content-type": kind}
        )
        return KubeObject((await self._send(request, what)).json())

    async def _send(self, request: httpx2.Request, what: str) -> httpx2.Response:
        try:
            answer = await self._http.send(request)
        except httpx2.TransportError as error:
            raise errors.unreachable(what, error) from error
        if answer.is_error:
            raise errors.problem_of(what, answer, json_patch=request.headers.get("content-type") == TYPES["json"])
        return answer


def _query(*, dry_run: bool) -> dict[str, str]:
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
    return query | {"dryRun": "All"} if dry_run else query
