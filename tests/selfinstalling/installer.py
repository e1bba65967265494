"""The installer of Kiosk, in its image: standard library only. It makes Kiosk as Helm would, and says what it made.

Environment: VERSION, COLOUR, PASSWORD, MODE (what goes wrong: fail, pending, hang, lose), IMAGE.
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
API = f"https://{os.environ.get('KUBERNETES_SERVICE_HOST')}:{os.environ.get('KUBERNETES_SERVICE_PORT')}"
LABELS = {"app": "kiosk"}
RELEASE = "kiosk"


def call(method: str, path: str, body: object = None, kind: str = "application/json") -> Any:
    """One request; None for 404."""
    token = (ACCOUNT / "token").read_text()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    content = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(API + path, data=content, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise SystemExit(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error


def apply(namespace: str, path: str, manifest: dict[str, Any]) -> None:
    """Server-side apply."""
    name = manifest["metadata"]["name"]
    query = "?fieldManager=kiosk-installer&force=true"
    call("PATCH", f"{path.format(namespace)}/{name}{query}", manifest, "application/apply-patch+yaml")


def manifests(version: str, colour: str, image: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kiosk's objects with the paths where they lie."""
    serve = "import http.server as h; h.HTTPServer(('', 8080), h.SimpleHTTPRequestHandler).serve_forever()"
    container = {"name": "kiosk", "image": image, "command": ["/usr/bin/python3", "-c", serve]}
    container["env"] = [{"name": "VERSION", "value": version}, {"name": "COLOUR", "value": colour}]
    template = {"metadata": {"labels": LABELS}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}
    yield (
        "/apis/apps/v1/namespaces/{}/deployments",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "kiosk"},
            "spec": {"selector": {"matchLabels": LABELS}, "template": template},
        },
    )
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": "none",
    }
    yield (
        "/api/v1/namespaces/{}/persistentvolumeclaims",
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "kiosk-data"}, "spec": claim},
    )


def record(namespace: str, status: str) -> int:
    """Write Helm's record of the next revision, as Helm labels it."""
    path = f"/api/v1/namespaces/{namespace}/secrets"
    known = call("GET", f"{path}?labelSelector=owner%3Dhelm,name%3D{RELEASE}")["items"]
    number = max((int(one["metadata"]["labels"]["version"]) for one in known), default=0) + 1
    labels = {"owner": "helm", "name": RELEASE, "version": str(number), "status": status}
    metadata = {"name": f"sh.helm.release.v1.{RELEASE}.v{number}", "labels": labels}
    call("POST", path, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "helm.sh/release.v1"})
    return number


def alone(namespace: str) -> bool:
    """Whether no other installer runs."""
    pods = call("GET", f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3Dkiosk-installer")["items"]
    return sum(pod["status"].get("phase") == "Running" for pod in pods) <= 1


def main() -> None:
    """Install, or fail as told."""
    namespace = (ACCOUNT / "namespace").read_text()
    version, mode = os.environ["VERSION"], os.environ.get("MODE", "")
    print(f"installing {version} with {os.environ['PASSWORD']}", flush=True)
    if not alone(namespace):
        sys.exit("TWO AT ONCE")
    if mode == "hang":
        time.sleep(3600)
    if mode == "lose":
        path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/kiosk-data"
        call("DELETE", path)
        while call("GET", path) is not None:
            time.sleep(0.2)
    made = []
    for path, manifest in manifests(version, os.environ["COLOUR"], os.environ["IMAGE"]):
        apply(namespace, path, manifest)
        made.append({key: manifest[key] for key in ("apiVersion", "kind", "metadata")})
    listing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kiosk-app"}}
    apply(namespace, "/api/v1/namespaces/{}/configmaps", {**listing, "data": {"app.yaml": json.dumps(made)}})
    status = {"fail": "failed", "pending": "pending-upgrade"}.get(mode, "deployed")
    print(f"revision {record(namespace, status)} of {RELEASE} is {status}", flush=True)
    if mode == "fail":
        sys.exit("the hooks failed")


if __name__ == "__main__":
    main()
