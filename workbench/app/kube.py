"""The Kubernetes API as far as Workbench needs it: in a pod by service account, outside by a kubeconfig."""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import tempfile
import threading
import urllib.parse
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TYPES = {"PATCH": "application/merge-patch+json"}


class KubeError(Exception):
    """The API server refused; `status` is its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class Kube:
    """A connection per thread to one API server, bound to one namespace."""

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext, namespace: str) -> None:
        self.host, self.port, self.context, self.namespace = host, port, context, namespace
        self.token_file: Path | None = None
        self._local = threading.local()

    def request(self, method: str, path: str, body: Any = None, *, content_type: str = "") -> Any:
        """One request; lists as patches are JSON Patch, objects are merge patches. Raises KubeError, OSError."""
        kind = content_type or TYPES.get(method, "application/json")
        if method == "PATCH" and isinstance(body, list):
            kind = "application/json-patch+json"
        headers = {"Content-Type": kind, "Accept": "application/json"}
        if self.token_file:
            headers["Authorization"] = f"Bearer {self.token_file.read_text().strip()}"
        text = None if body is None else json.dumps(body)
        fresh = getattr(self._local, "connection", None) is None
        try:
            found, content = self._send(method, path, text, headers)
        except (OSError, http.client.HTTPException):
            self._close()
            if fresh:
                raise
            found, content = self._send(method, path, text, headers)
        if found.status >= 300:
            raise KubeError(found.status, _message(content))
        return json.loads(content)

    def _send(
        self, method: str, path: str, text: str | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=20)
            self._local.connection = connection
        connection.request(method, path, body=text, headers=headers)
        found = connection.getresponse()
        return found, found.read()

    def _close(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None

    def path(self, kind: str, name: str = "", *, group: str = "api/v1") -> str:
        """The path of a kind (plural) or of one object in the namespace."""
        return f"/{group}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")

    def pods(self, selector: str) -> list[dict[str, Any]]:
        """The pods with these labels."""
        query = urllib.parse.urlencode({"labelSelector": selector})
        found = self.request("GET", f"{self.path('pods')}?{query}")["items"]
        return list(found)

    def get(self, kind: str, name: str, *, group: str = "api/v1") -> dict[str, Any] | None:
        """One object, or None."""
        try:
            return dict(self.request("GET", self.path(kind, name, group=group)))
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def settings(self, name: str) -> dict[str, str]:
        """A ConfigMap's data; empty when it is not there."""
        return dict((self.get("configmaps", name) or {}).get("data") or {})


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content).get("message", ""))
    except ValueError:
        return content[:200].decode(errors="replace")


def connect(kubeconfig: str = "", namespace: str = "") -> Kube:
    """In a pod by its service account; with a kubeconfig by its current context's client certificate."""
    if kubeconfig:
        return _outside(kubeconfig, namespace or "default")
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ.get("KUBERNETES_SERVICE_PORT", "443"))
    kube = Kube(host, port, context=context, namespace=namespace or (ACCOUNT / "namespace").read_text().strip())
    kube.token_file = ACCOUNT / "token"
    return kube


def _outside(kubeconfig: str, namespace: str) -> Kube:
    import yaml  # never in the image: only outside, beside Changeover

    raw = yaml.safe_load(Path(kubeconfig).read_text())

    def named(kind: str, name: str) -> dict[str, Any]:
        return next(dict(item) for item in raw[f"{kind}s"] if item["name"] == name)[kind]  # type: ignore[no-any-return]

    current = named("context", raw["current-context"])
    cluster, user = named("cluster", current["cluster"]), named("user", current["user"])
    authority = cluster.get("certificate-authority-data")
    pem = base64.b64decode(authority).decode() if authority else Path(cluster["certificate-authority"]).read_text()
    context = ssl.create_default_context(cadata=pem)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name in ("client-certificate", "client-key"):
            path = Path(user.get(name) or Path(folder, name))
            if f"{name}-data" in user:
                path.write_bytes(base64.b64decode(user[f"{name}-data"]))
            files.append(str(path))
        context.load_cert_chain(*files)
    parts = urllib.parse.urlsplit(cluster["server"])
    return Kube(parts.hostname or "", parts.port or 443, context=context, namespace=namespace)
