"""A registry in memory, as the distribution specification says, with a bad day when a test asks for one."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class MemoryRegistry:
    """One host; `login` is ``user:password``; `token` makes it hand out Bearer tokens instead of taking Basic."""

    login: str = ""
    token: bool = False
    fails: list[tuple[str, int]] = field(default_factory=list)
    """(method, status) of the next requests of that method; status 0 = the connection breaks, half of a PATCH kept."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def image(self, name: str, tag: str, *layers: bytes) -> str:
        """Put an image there; returns its digest."""
        parts = [{"digest": self.blob(name, one), "size": len(one), "mediaType": "layer"} for one in layers]
        config = self.blob(name, b"{}")
        manifest = {"schemaVersion": 2, "mediaType": DOCKER, "config": {"digest": config, "size": 2}, "layers": parts}
        return self.put(name, tag, DOCKER, manifest)

    def index(self, name: str, tag: str, *digests: str) -> str:
        """Put an index of images there; returns its digest."""
        listed = [{"digest": one, "mediaType": DOCKER, "size": 1} for one in digests]
        return self.put(name, tag, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})

    def blob(self, name: str, content: bytes) -> str:
        self.blobs[f"{name}@{digest(content)}"] = content
        return digest(content)

    def put(self, name: str, tag: str, media_type: str, manifest: Mapping[str, Any]) -> str:
        content = json.dumps(manifest).encode()
        for reference in (tag, digest(content)):
            self.manifests[f"{name}:{reference}"] = (media_type, content)
        return digest(content)

    def count(self, method: str, part: str = "") -> int:
        """How many requests of that method had this in their path."""
        return sum(1 for one, path in self.seen if one == method and part in path)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        path = request.url.path
        self.seen.append((request.method, path))
        if path == "/token":
            return httpx2.Response(200 if self._basic(request) else 401, json={"token": "t"})
        refused = self._refused(request)
        if refused:
            return refused
        failing = next((one for one in self.fails if one[0] == request.method), None)
        if failing:
            self.fails.remove(failing)
            if not failing[1]:
                if request.method == "PATCH":
                    self.uploads[path.rpartition("/")[2]] += request.content[: len(request.content) // 2]
                raise httpx2.ConnectError("cut off", request=request)
            return httpx2.Response(failing[1])
        name, _, rest = path.removeprefix("/v2/").partition("/manifests/")
        if rest:
            return self._manifest(request, f"{name}:{rest}")
        name, _, rest = path.removeprefix("/v2/").partition("/blobs/")
        return self._upload(request, name, rest[8:]) if rest.startswith("uploads/") else self._blob(request, name, rest)

    def _basic(self, request: httpx2.Request) -> bool:
        return request.headers.get("authorization") == f"Basic {base64.b64encode(self.login.encode()).decode()}"

    def _refused(self, request: httpx2.Request) -> httpx2.Response | None:
        if not self.login:
            return None
        if self.token:
            realm = f'Bearer realm="http://{request.url.netloc.decode()}/token",service="s"'
            right = request.headers.get("authorization") == "Bearer t"
            return None if right else httpx2.Response(401, headers={"www-authenticate": realm})
        return None if self._basic(request) else httpx2.Response(401, headers={"www-authenticate": 'Basic realm="r"'})

    def _manifest(self, request: httpx2.Request, key: str) -> httpx2.Response:
        if request.method == "PUT":
            data = json.loads(request.content)
            name = key.partition(":")[0]
            for child in data.get("manifests", ()):
                if f"{name}:{child['digest']}" not in self.manifests:
                    return httpx2.Response(400)
            for part in [data["config"], *data["layers"]] if "config" in data else []:
                if f"{name}@{part['digest']}" not in self.blobs:
                    return httpx2.Response(400)
            kept = (request.headers["content-type"], request.content)
            self.manifests[key] = self.manifests[f"{name}:{digest(request.content)}"] = kept
            return httpx2.Response(201, headers={"docker-content-digest": digest(request.content)})
        if key not in self.manifests:
            return httpx2.Response(404)
        media_type, content = self.manifests[key]
        headers = {"content-type": media_type, "docker-content-digest": digest(content)}
        return httpx2.Response(200, headers=headers, content=b"" if request.method == "HEAD" else content)

    def _blob(self, request: httpx2.Request, name: str, wanted: str) -> httpx2.Response:
        content = self.blobs.get(f"{name}@{wanted}")
        if content is None:
            return httpx2.Response(404)
        at = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        return httpx2.Response(206 if at else 200, content=b"" if request.method == "HEAD" else content[at:])

    def _upload(self, request: httpx2.Request, name: str, number: str) -> httpx2.Response:
        if request.method == "POST":
            mounted = request.url.params.get("mount")
            origin = f"{request.url.params.get('from')}@{mounted}"
            if mounted and origin in self.blobs:
                self.blobs[f"{name}@{mounted}"] = self.blobs[origin]
                return httpx2.Response(201)
            number = str(len(self.uploads))
            self.uploads[number] = bytearray()
            return httpx2.Response(202, headers={"location": f"/v2/{name}/blobs/uploads/{number}?state=1"})
        got = self.uploads[number]
        headers = {"location": f"/v2/{name}/blobs/uploads/{number}?state=2", "range": f"0-{len(got) - 1}"}
        if request.method == "GET":
            return httpx2.Response(204, headers=headers)
        if request.method == "PATCH":
            if int(request.headers["content-range"].partition("-")[0]) != len(got):
                return httpx2.Response(416, headers=headers)
            got += request.content
            return httpx2.Response(202, headers=headers)
        if digest(bytes(got)) != request.url.params["digest"]:
            return httpx2.Response(400)
        self.blobs[f"{name}@{digest(bytes(got))}"] = bytes(got)
        return httpx2.Response(201)


def transport(hosts: Mapping[str, MemoryRegistry]) -> httpx2.MockTransport:
    """Requests to these hosts, and to no other."""
    return httpx2.MockTransport(lambda request: hosts[request.url.netloc.decode()].handle(request))
