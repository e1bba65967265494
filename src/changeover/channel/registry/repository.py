"""One repository of a registry, as the distribution specification describes it: read, and written resumably.

A content is sent in pieces. When one is not taken, the registry is asked how far it got, and the rest goes from there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode, urljoin

import httpx2

from changeover.channel.registry.content import ACCEPTED, MOST_BYTES, Blob, Manifest, manifest_of
from changeover.channel.registry.session import ATTEMPTS, RegistryRefused, Session

PIECE = 8 * 1024 * 1024
"""Bytes that are sent at a time, and held in memory."""


class Repository:
    """``host/path``; implements `content.Images`."""

    def __init__(self, session: Session, host: str, path: str) -> None:
        self._session, self.host, self.path = session, host, path
        self._base = f"{session.base(host)}/v2/{path}"

    @property
    def name(self) -> str:
        """``host/path``."""
        return f"{self.host}/{self.path}"

    async def manifest(self, reference: str) -> Manifest | None:
        """By tag or digest; None when it is not there. Raises RegistryRefused, BadImage."""
        answer = await self._ask("GET", f"/manifests/{reference}", accept=ACCEPTED)
        if answer.status_code == 404:
            return None
        if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
            raise self._refused(answer, f"should have a manifest {reference}")
        digest = reference if ":" in reference else ""
        media_type = answer.headers.get("content-type", "")
        return manifest_of(answer.content, media_type, name=f"{self.name} {reference}", digest=digest)

    async def digest(self, reference: str) -> str:
        """What is under a tag or digest; empty when nothing is."""
        answer = await self._ask("HEAD", f"/manifests/{reference}", accept=ACCEPTED)
        return str(answer.headers.get("docker-content-digest", "")) if answer.status_code == 200 else ""

    async def put_manifest(self, reference: str, manifest: Manifest) -> None:
        """Give a manifest a tag, or put it by its digest. Raises RegistryRefused."""
        url = f"{self._base}/manifests/{reference}"
        headers = {"Content-Type": manifest.media_type}
        answer = await self._session.request(
            "PUT", url, scope=self._scope("push"), headers=headers, content=manifest.content
        )
        if answer.status_code not in (201, 202):
            raise self._refused(answer, f"should take the manifest {reference}")
        told = answer.headers.get("docker-content-digest", manifest.digest)
        if told != manifest.digest:
            raise RegistryRefused(f"{self.name}:{reference} became another image.", found=told, hint=manifest.digest)

    async def has(self, blob: Blob) -> bool:
        """Whether a content is there."""
        url = f"{self._base}/blobs/{blob.digest}"
        return (await self._session.request("HEAD", url, scope=self._scope("push"))).status_code == 200

    async def read(self, blob: Blob, *, offset: int = 0) -> AsyncIterator[bytes]:
        """A content from there on. Raises RegistryRefused; httpx2.TransportError when it breaks off."""
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={offset}-"} if offset else {})}
        url = f"{self._base}/blobs/{blob.digest}"
        async with self._session.stream("GET", url, scope=self._scope("pull"), headers=headers) as answer:
            if answer.status_code not in (200, 206):
                raise self._refused(answer, f"should have the content {blob.digest}")
            skip = offset if answer.status_code == 200 else 0
            async for part in answer.aiter_bytes():
                if skip >= len(part):
                    skip -= len(part)
                    continue
                yield part[skip:]
                skip = 0

    async def mount(self, blob: Blob, path: str) -> str:
        """Take a content from another repository of this registry: empty when done, else where to send it."""
        query = urlencode({"mount": blob.digest, "from": path}) if path else ""
        url = f"{self._base}/blobs/uploads/{'?' if query else ''}{query}"
        answer = await self._session.request("POST", url, scope=self._scope("push"))
        if answer.status_code == 201:
            return ""
        if answer.status_code != 202:
            raise self._refused(answer, "should take contents")
        return self._location(answer)

    async def send(self, location: str, piece: bytes, at: int) -> tuple[str, int]:
        """Send a piece that begins at that byte; returns where to go on, and how much the registry has then."""
        headers = {"Content-Range": f"{at}-{at + len(piece) - 1}", "Content-Type": "application/octet-stream"}
        scope = self._scope("push")
        for attempt in range(ATTEMPTS):
            answer = await self._session.request("PATCH", location, scope=scope, headers=headers, content=piece)
            if answer.status_code in (202, 204):
                return self._location(answer, location), at + len(piece)
            if answer.status_code != 416 or attempt == ATTEMPTS - 1:
                raise self._refused(answer, f"should take bytes {at} and following")
            state = await self._session.request("GET", location, scope=scope)
            if state.status_code != 204:
                raise self._refused(state, f"should go on at byte {at}")
            location = self._location(state, location)
            had = int(str(state.headers.get("range", "0-0")).rpartition("-")[2]) + 1
            if had >= at + len(piece):
                return location, at + len(piece)
            piece, at = piece[max(0, had - at) :], max(at, had)
            headers["Content-Range"] = f"{at}-{at + len(piece) - 1}"
        raise AssertionError("the last attempt returns or raises")

    async def finish(self, location: str, blob: Blob) -> None:
        """All was sent: the registry checks the digest. Raises RegistryRefused."""
        url = f"{location}{'&' if '?' in location else '?'}{urlencode({'digest': blob.digest})}"
        answer = await self._session.request("PUT", url, scope=self._scope("push"))
        if answer.status_code not in (201, 204):
            raise self._refused(answer, f"should keep the content {blob.digest}")

    async def _ask(self, method: str, path: str, *, accept: str) -> httpx2.Response:
        return await self._session.request(
            method, f"{self._base}{path}", scope=self._scope("pull"), headers={"Accept": accept}
        )

    def _scope(self, what: str) -> str:
        return f"repository:{self.path}:{'pull,push' if what == 'push' else 'pull'}"

    def _location(self, answer: httpx2.Response, fallback: str = "") -> str:
        return urljoin(str(answer.url), answer.headers.get("location", fallback))

    def _refused(self, answer: httpx2.Response, wanted: str) -> RegistryRefused:
        hints = {401: "log in: give its user and password", 403: "this login may not do that", 404: "check the name"}
        return RegistryRefused(
            f"{self.name} {wanted}.", found=f"HTTP {answer.status_code}", hint=hints.get(answer.status_code)
        )
