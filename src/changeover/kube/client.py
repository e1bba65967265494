"""One Kubernetes API server, as one identity, through plain JSON: nothing that a manifest says is dropped on the way.

lightkube reads the kubeconfig and signs requests (certificates, tokens, exec plugins); requests are ours, so that every
write names its field manager, validates strictly and carries its precondition.

* reads and dry runs are repeated with back-off while the server is busy or away
* a request that changes something is sent once; without an answer within `settings.REQUEST_SECONDS` its outcome is
  unknown; only a 429, which says that nothing was done, is followed by another attempt within the same time
* discovery is read once, and again when a kind is missing
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx2

from changeover.kube import discovery, errors
from changeover.kube.execute import execute
from changeover.kube.forward import FindPod, Forward
from changeover.kube.inspect import Inspector
from changeover.kube.proxy import PodProxy
from changeover.objects import FIELD_MANAGER, Kind, KubeObject, Ref
from changeover.ports import Busy, Json, Propagation, Refused, Resource, Unreachable
from changeover.settings import REQUEST_SECONDS

PAGE = 500
BACK_OFF = (0.1, 0.3, 1.0, 2.0)
"""Seconds between attempts of a read."""

LONGEST_PAUSE = 10.0
LOG_BYTES = 1024 * 1024

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
        self._discovering = asyncio.Lock()
        self._uid = ""

    @property
    def streams(self) -> PodProxy:
        """HTTP to its pods."""
        return PodProxy(self._http)

    def forward(self, find: FindPod, port: int) -> Forward:
        """Leads connections to a port of whichever pod is found."""
        return Forward(self._http, find, port)

    @property
    def inspector(self) -> Inspector:
        """What only collecting needs of it."""
        return Inspector(self._http)

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
            async with self._discovering:
                self._served = self._served or await self._discover()
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
        known = await self.served()
        if key not in known:
            async with self._discovering:
                if self._served is known:
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
        """Read all of a kind, 500 at a time; from the start when a page came too late for the server."""
        path = await self._path(Ref(kind, namespace, ""), collection=True)
        if path is None:
            return []
        for last in (False, False, True):
            try:
                return [page async for page in self._pages(kind, path, selector)]
            except Refused as refused:
                if refused.status != 410 or last:
                    raise
        raise AssertionError

    async def _pages(self, kind: Kind, path: str, selector: str) -> AsyncIterator[KubeObject]:
        query: dict[str, str | int] = {"limit": PAGE} | ({"labelSelector": selector} if selector else {})
        while True:
            page = await self._read(f"listing {kind.name}", path, query=query)
            for item in page["items"] or ():
                yield KubeObject({"apiVersion": kind.api_version, "kind": kind.name, **item})
            proceed = (page.get("metadata") or {}).get("continue")
            if not proceed:
                return
            query["continue"] = proceed

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """POST the object."""
        path = await self._must(obj.ref, collection=True)
        what = f"creating {obj.ref}" if obj.name else f"creating a {obj.kind}"
        return await self._write("POST", path, what, body=obj.raw, query=_query(dry_run=dry_run))

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
        self,
        ref: Ref,
        *,
        uid: str,
        version: str = "",
        propagation: Propagation = "Background",
        grace_seconds: int | None = None,
    ) -> None:
        """DELETE with a uid (and resourceVersion) precondition; gone already is fine."""
        path = await self._path(ref)
        if path is None:
            return
        conditions = {"uid": uid} | ({"resourceVersion": version} if version else {})
        body: dict[str, Any] = {"preconditions": conditions, "propagationPolicy": propagation}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        try:
            await self._write("DELETE", path, f"deleting {ref}", body=body, query={})
        except Refused as refused:
            if refused.status != 404:
                raise

    async def logs(self, pod: Ref, *, container: str = "", tail: int = 100, previous: bool = False) -> str:
        """The last lines of a container's log, at most 1 MiB; empty when there is none."""
        query: dict[str, str] = {"tailLines": str(tail), "limitBytes": str(LOG_BYTES)}
        query |= {"container": container} if container else {}
        query |= {"previous": "true"} if previous else {}
        try:
            path = await self._must(pod, subresource="log")
            answer = await self._answer(
                self._http.build_request("GET", path, params=query), f"reading the log of {pod}"
            )
        except (Refused, Unreachable, Busy):
            return ""
        return answer.text

    async def execute(self, pod: Ref, command: Sequence[str], *, container: str = "") -> tuple[int, str]:
        """Run a command in a container: exit code and combined output."""
        path = await self._must(pod, subresource="exec")
        return await execute(self._http, path, command, container=container, what=f"running {command[0]} in {pod}")

    async def allowed(
        self,
        verb: str,
        resource: Resource,
        *,
        namespace: str = "",
        name: str = "",
        user: str = "",
        account: str = "",
    ) -> bool:
        """SelfSubjectAccessReview; with a user SubjectAccessReview, as a member of the groups of its kind."""
        del account  # there is one identity here
        plural, _, subresource = resource.plural.partition("/")
        attributes = {
            "verb": verb,
            "group": resource.kind.group,
            "resource": plural,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        spec: dict[str, Any] = {"resourceAttributes": attributes}
        if user:
            words = user.split(":")
            of_kind = ["system:serviceaccounts", f"system:serviceaccounts:{words[2]}"] if len(words) == 4 else []
            spec |= {"user": user, "groups": [*of_kind, "system:authenticated"]}
        kind = "SubjectAccessReview" if user else "SelfSubjectAccessReview"
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
        path = f"/apis/authorization.k8s.io/v1/{kind.lower()}s"
        request = self._http.build_request("POST", path, json=review)
        answer = await self._patiently(request, f"asking whether {user or 'one'} may {verb} {resource.plural}")
        return bool(KubeObject(answer.json()).get("status", "allowed", default=False))

    async def _read(
        self,
        what: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        missing_is_none: bool = False,
    ) -> Any:
        request = self._http.build_request("GET", path, params=query, headers=headers)
        try:
            return (await self._patiently(request, what)).json()
        except Refused as refused:
            if missing_is_none and refused.status == 404:
                return None
            raise

    async def _write(
        self, method: str, path: str, what: str, *, body: Any, query: Mapping[str, str], kind: str = JSON
    ) -> KubeObject:
        content = json.dumps(body).encode()
        request = self._http.build_request(
            method, path, params=dict(query), content=content, headers={"content-type": kind}
        )
        harmless = "dryRun" in query
        answer = await (self._patiently(request, what) if harmless else self._once(request, what))
        return KubeObject(answer.json())

    async def _patiently(self, request: httpx2.Request, what: str) -> httpx2.Response:
        for pause in (*BACK_OFF, None):
            try:
                return await self._answer(request, what)
            except (Busy, Unreachable) as passing:
                if pause is None:
                    raise
                await asyncio.sleep(min(getattr(passing, "retry_after", None) or pause, LONGEST_PAUSE))
        raise AssertionError

    async def _once(self, request: httpx2.Request, what: str) -> httpx2.Response:
        throttled: Busy | None = None
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                for pause in BACK_OFF:
                    throttled = None
                    try:
                        return await self._answer(request, what)
                    except Busy as busy:
                        if not errors.is_untouched(busy):
                            raise
                        throttled = busy
                        await asyncio.sleep(busy.retry_after or pause)
        except TimeoutError as late:
            raise throttled or errors.unreachable(what, late) from late
        raise throttled or AssertionError()

    async def _answer(self, request: httpx2.Request, what: str) -> httpx2.Response:
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
