"""The few requests that kubebox itself sends to the API server: create if absent, get, patch."""

import base64
import http.client
import json
import ssl
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .problem import KubeboxProblem

TIMEOUT = 10.0  # seconds for one request
Document = dict[str, Any]


class Refused(KubeboxProblem):
    """The API server answered with an error."""

    def __init__(self, method: str, path: str, *, status: int, body: str) -> None:
        super().__init__(f"{method} {path} must succeed.", found=f"{status}: {body[:1000]}")
        self.status = status


class Api:
    """A client with the rights of a kubeconfig written by `certificates.write_kubeconfig`."""

    def __init__(self, kubeconfig: Path) -> None:
        document = json.loads(kubeconfig.read_text())
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        self._address = urlsplit(cluster["server"])
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._context = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile() as pair:
            pair.write(base64.b64decode(user["client-certificate-data"]))
            pair.write(base64.b64decode(user["client-key-data"]))
            pair.flush()
            self._context.load_cert_chain(pair.name)
        self._connection: http.client.HTTPSConnection | None = None

    def request(self, method: str, path: str, body: Document | None = None, *, kind: str = "application/json") -> str:
        """Send one request; returns the body of the answer.

        Raises:
            Refused: when the answer is an error.
            OSError: when the server cannot be reached.
        """
        host, port = self._address.hostname or "", self._address.port
        connection = self._connection or http.client.HTTPSConnection(host, port, context=self._context, timeout=TIMEOUT)
        self._connection = None
        payload = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, payload, {"Content-Type": kind, "User-Agent": "kubebox"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise OSError(f"{method} {path}: {error}") from error
        self._connection = connection
        if answer.status >= 400:
            raise Refused(method, path, status=answer.status, body=text)
        return text

    def get(self, path: str) -> Document:
        """Read one object or list."""
        document: Document = json.loads(self.request("GET", path))
        return document

    def create(self, collection: str, document: Document) -> None:
        """Create an object; one of this name that exists already is left alone."""
        try:
            self.request("POST", collection, document)
        except Refused as refused:
            if refused.status != 409:
                raise

    def ready(self) -> bool:
        """Whether the API server says so."""
        try:
            return self.request("GET", "/readyz") == "ok"
        except (OSError, Refused):
            return False

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None


def wait(what: str, condition: Any, *, seconds: float, every: float = 0.05) -> None:
    """Wait until a condition holds.

    Raises:
        KubeboxProblem: when it does not in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise KubeboxProblem(f"{what} should be ready within {seconds:.0f} s.", found="it is not")
        time.sleep(every)
