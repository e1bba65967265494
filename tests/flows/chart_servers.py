"""Where charts are published: a chart repository behind a real HTTP server, and Debian's docker-registry."""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

from changeover.package import archive

CONFIG = "application/vnd.cncf.helm.config.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGNED = "https://sigstore.dev/cosign/sign/v1"
LOGIN = ("reader", "secret")
HTPASSWD = "reader:$2b$05$FmZ9qbxLy8D1WGAPh2XHuerDFTVBjebWGRm9gQCTbgG3KnCxPl0Yy\n"
"""Of LOGIN, as htpasswd -B writes it."""

STARTS_WITHIN = 20.0  # seconds


def meta_of(files: Mapping[str, bytes]) -> dict:
    """A chart's Chart.yaml."""
    return yaml.safe_load(files["Chart.yaml"])


class Repository:
    """A chart repository in a folder; `serve` puts it behind HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        """Authorization headers that came."""
        self.login = ""
        """When set, what must come."""

    def publish(self, files: Mapping[str, bytes]) -> Path:
        """Pack a chart, add it to index.yaml; returns the .tgz."""
        meta = meta_of(files)
        name = f"{meta['name']}-{meta['version']}.tgz"
        content = archive.pack(files, top=meta["name"])
        (self.folder / name).write_bytes(content)
        index_file = self.folder / "index.yaml"
        index = yaml.safe_load(index_file.read_text()) if index_file.exists() else {"apiVersion": "v1", "entries": {}}
        digest = hashlib.sha256(content).hexdigest()
        entry = {**meta, "urls": [name], "digest": digest, "created": "2026-11-01T10:00:00.123456789Z"}
        index["entries"].setdefault(meta["name"], []).insert(0, entry)
        index_file.write_text(yaml.safe_dump(index))
        return self.folder / name

    @contextlib.contextmanager
    def serve(self) -> Iterator[str]:
        """The address for as long as the block lasts."""
        repository = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                given = self.headers.get("Authorization", "")
                repository.asked.append(given)
                wanted = "Basic " + base64.b64encode(repository.login.encode()).decode()
                if repository.login and given != wanted:
                    self.send_error(401)
                    return
                super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        def handler(*args: object, **more: object) -> Handler:
            return Handler(*args, directory=str(self.folder), **more)

        with _served(handler) as address:
            yield address


class OciRegistry:
    """A running registry."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.headers: dict[str, str] = {}
        """What a publisher must send."""

    def publish(self, files: Mapping[str, bytes], *, under: str = "charts", provenance: bytes = b"") -> str:
        """Push a chart as ``helm push`` does, with its .prov if there is one; returns the digest of its manifest."""
        meta = meta_of(files)
        content = archive.pack(files, top=meta["name"])
        name = f"{under}/{meta['name']}"
        with httpx2.Client(base_url=f"http://{self.host}", headers=self.headers) as client:
            described = [_push(client, name, json.dumps(meta).encode(), CONFIG), _push(client, name, content, LAYER)]
            described += [_push(client, name, provenance, PROVENANCE)] if provenance else []
            manifest = {"schemaVersion": 2, "config": described[0], "layers": described[1:]}
            return self.tag(client, name, str(meta["version"]).replace("+", "_"), manifest)

    def sign(self, name: str, digest: str, key: ec.EllipticCurvePrivateKey, *, vouching: str = "") -> None:
        """Sign a digest as ``cosign sign --key`` does; `vouching` = the digest in the signed text, when another."""
        image = {"docker-manifest-digest": vouching or digest}
        text = {"critical": {"identity": {}, "image": image, "type": "cosign container image signature"}}
        payload = json.dumps(text).encode()
        signature = base64.b64encode(key.sign(payload, ec.ECDSA(hashes.SHA256()))).decode()
        with httpx2.Client(base_url=f"http://{self.host}", headers=self.headers) as client:
            config = _push(client, name, b"{}", "application/vnd.oci.image.config.v1+json")
            layer = _push(client, name, payload, "application/vnd.dev.cosign.simplesigning.v1+json")
            layer["annotations"] = {"dev.cosignproject.cosign/signature": signature}
            manifest = {"schemaVersion": 2, "config": config, "layers": [layer]}
            self.tag(client, name, f"{digest.replace(':', '-')}.sig", manifest)

    def sign_as_bundle(
        self, name: str, digest: str, key: ec.EllipticCurvePrivateKey, *, vouching: str = "", predicate: str = SIGNED
    ) -> None:
        """Sign a digest as ``cosign sign --key`` of cosign 3 does: a bundle that refers to it, listed under a tag.

        `vouching` = the digest in the signed statement, when another.
        """
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": (vouching or digest).removeprefix("sha256:")}}],
            "predicateType": predicate,
            "predicate": {},
        }
        kind, payload = "application/vnd.in-toto+json", json.dumps(statement).encode()
        signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        signature = base64.b64encode(key.sign(signed, ec.ECDSA(hashes.SHA256()))).decode()
        envelope = {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"sig": signature}],
        }
        bundle = {"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": ""}}, "dsseEnvelope": envelope}
        with httpx2.Client(base_url=f"http://{self.host}", headers=self.headers) as client:
            config = _push(client, name, b"{}", "application/vnd.oci.empty.v1+json")
            layer = _push(client, name, json.dumps(bundle).encode(), BUNDLE)
            image = "application/vnd.oci.image.manifest.v1+json"
            subject = {"mediaType": image, "digest": digest, "size": 1}
            manifest = {"schemaVersion": 2, "artifactType": BUNDLE, "config": config, "layers": [layer]}
            made = self.tag(
                client, name, f"bundle-{hashlib.sha256(payload).hexdigest()[:12]}", manifest | {"subject": subject}
            )
            index = "application/vnd.oci.image.index.v1+json"
            listed = {
                "mediaType": image,
                "digest": made,
                "size": len(json.dumps({"mediaType": image, **manifest, "subject": subject})),
                "artifactType": BUNDLE,
            }
            content = json.dumps({"schemaVersion": 2, "mediaType": index, "manifests": [listed]}).encode()
            place = f"/v2/{name}/manifests/{digest.replace(':', '-')}"
            client.put(place, content=content, headers={"Content-Type": index}).raise_for_status()

    def tag(self, client: httpx2.Client, name: str, tag: str, manifest: dict) -> str:
        """Put a manifest under a tag."""
        kind = "application/vnd.oci.image.manifest.v1+json"
        answer = client.put(
            f"/v2/{name}/manifests/{tag}",
            content=json.dumps({"mediaType": kind, **manifest}).encode(),
            headers={"Content-Type": kind},
        )
        answer.raise_for_status()
        return str(answer.headers["Docker-Content-Digest"])


def _push(client: httpx2.Client, name: str, content: bytes, kind: str) -> dict:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    place = client.post(f"/v2/{name}/blobs/uploads/").raise_for_status().headers["Location"]
    client.put(httpx2.URL(place).copy_add_param("digest", digest), content=content).raise_for_status()
    return {"mediaType": kind, "digest": digest, "size": len(content)}


@contextlib.contextmanager
def registry(folder: Path, *, auth: Mapping[str, object] | None = None) -> Iterator[OciRegistry]:
    """Debian's docker-registry on a free loopback port; the test is skipped where it is not installed."""
    program = os.environ.get("CHANGEOVER_TEST_REGISTRY") or shutil.which("docker-registry")
    if not program:
        pytest.skip(
            "docker-registry is not installed: apt install docker-registry, or name it in CHANGEOVER_TEST_REGISTRY"
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    settings: dict = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}, "delete": {"enabled": True}},
        "http": {"addr": host},
    }
    if auth:
        settings["auth"] = auth
    (folder / "config.yml").write_text(yaml.safe_dump(settings))
    running = subprocess.Popen([program, "serve", str(folder / "config.yml")], stderr=subprocess.DEVNULL)
    try:
        _wait(host, running)
        yield OciRegistry(host)
    finally:
        running.terminate()
        running.wait()


def basic_auth(folder: Path) -> dict[str, object]:
    """Settings of a registry that wants LOGIN."""
    (folder / "htpasswd").write_text(HTPASSWD)
    return {"htpasswd": {"realm": "charts", "path": str(folder / "htpasswd")}}


class TokenServer:
    """Hands out Bearer tokens that docker-registry accepts, to LOGIN only."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self._key, hashes.SHA256())
        )
        self._der = certificate.public_bytes(serialization.Encoding.DER)
        self._bundle = folder / "tokens.pem"
        self._bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.asked: list[tuple[str, str]] = []
        """(path with query, Authorization) of every request."""

    def token(self, *actions: str, repository: str) -> str:
        """A token for a repository."""
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(self._der).decode()]}
        now = int(time.time())
        claims = {
            "iss": "tokens",
            "sub": LOGIN[0],
            "aud": "charts",
            "exp": now + 300,
            "nbf": now - 10,
            "iat": now,
            "jti": "1",
            "access": [{"type": "repository", "name": repository, "actions": list(actions)}],
        }
        signed = ".".join(_url64(json.dumps(part).encode()) for part in (header, claims))
        r, s = utils.decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_url64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    @contextlib.contextmanager
    def serve(self) -> Iterator[dict[str, object]]:
        """The auth settings of a registry that trusts us, for as long as the block lasts."""
        tokens = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                given = self.headers.get("Authorization", "")
                tokens.asked.append((self.path, given))
                if given != "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode():
                    self.send_error(401)
                    return
                scope = parse_qs(urlsplit(self.path).query)["scope"][0]
                body = json.dumps({"token": tokens.token("pull", repository=scope.split(":")[1])}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        with _served(Handler) as address:
            token = {"realm": f"{address}/token", "service": "charts", "issuer": "tokens"}
            yield {"token": {**token, "rootcertbundle": str(self._bundle)}}


def _url64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextlib.contextmanager
def _served(handler: Callable[..., http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _wait(host: str, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and running.poll() is None:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"http://{host}/v2/").status_code in (200, 401):
                return
        time.sleep(0.1)
    pytest.fail(f"docker-registry does not answer on {host}")
