"""A cluster does what a Kubernetes does: pods run, Services answer from outside, volumes hold files."""

import json
import urllib.request
from pathlib import Path

import pytest

from tests.kubebox.waiting import Document, eventually, pod
from tools import kubebox
from tools.kubebox import images
from tools.kubebox.api import Api, Refused

pytestmark = [pytest.mark.kubebox, pytest.mark.nodes]

SERVER = b"""
import http.server, os, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["HOSTNAME"].encode())
    def do_POST(self):
        import urllib.request
        url = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(urllib.request.urlopen(url, timeout=5).read())
pathlib.Path("/data").is_dir() and pathlib.Path("/data/hello").write_text("from the pod")
print("serving", flush=True)
http.server.ThreadingHTTPServer(("", 8080), Answer).serve_forever()
"""


@pytest.fixture(scope="module")
def server_image(cluster: kubebox.Cluster) -> str:
    """A small web server, in the cluster's registry."""
    archive = images.python_image("server:1", {"app/server.py": SERVER}, ["/usr/bin/python3", "/app/server.py"])
    return cluster.push(archive, "tests/server", "1")


def fetch(url: str, body: str | None = None) -> str | None:
    """The answer of a server, None while there is none."""
    try:
        with urllib.request.urlopen(url, body.encode() if body else None, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


def phase(api: Api, path: str) -> str:
    """Phase of a pod or claim."""
    return str(api.get(path)["status"].get("phase"))


def claim(size: str) -> Document:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": "data"}, "spec": spec}


def test_pods_services_names_and_load_balancers(
    cluster: kubebox.Cluster, api: Api, space: str, server_image: str
) -> None:
    for number in (1, 2):
        affinity = {"kubernetes.io/hostname": f"real-{number}"}
        name = f"web-{number}"
        api.create(f"{space}/pods", pod(name, node="real", image=server_image, nodeSelector=affinity))
        ports = [{"port": 80, "targetPort": 8080}]
        spec = {"type": "LoadBalancer", "selector": {"app": name}, "ports": ports}
        api.create(f"{space}/services", {"metadata": {"name": f"for-{name}"}, "spec": spec})
    for number in (1, 2):
        eventually(lambda path=f"{space}/pods/web-{number}": phase(api, path) == "Running")
        service = eventually(
            lambda path=f"{space}/services/for-web-{number}": next(
                (found for found in [api.get(path)] if found["status"]["loadBalancer"].get("ingress")), None
            )
        )
        address = service["status"]["loadBalancer"]["ingress"][0]["ip"]
        for host in (address, service["spec"]["clusterIP"]):
            assert eventually(lambda host=host: fetch(f"http://{host}/")) == f"web-{number}"
    pods = [api.get(f"{space}/pods/web-{number}") for number in (1, 2)]
    assert [found["spec"]["nodeName"] for found in pods] == ["real-1", "real-2"]
    first = pods[0]["status"]["podIP"]
    assert fetch(f"http://{first}:8080/") == "web-1", "pod addresses are reached from the host"
    # The cluster's DNS, Services and the network between the nodes, all in one: web-1 asks for web-2, and for itself.
    namespace = space.rpartition("/")[2]
    for name in ("for-web-2", "for-web-1", f"for-web-2.{namespace}.svc.cluster.local"):
        found = fetch(f"http://{first}:8080/", f"http://{name}/")
        assert found == name.partition(".")[0].removeprefix("for-"), api.request("GET", f"{space}/pods/web-1/log")
    assert "serving" in api.request("GET", f"{space}/pods/web-2/log")


def test_volumes_are_folders_that_grow_and_go(
    cluster: kubebox.Cluster, api: Api, space: str, server_image: str
) -> None:
    api.create(f"{space}/persistentvolumeclaims", claim("1Gi"))
    mounted = {
        "container": {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    api.create(f"{space}/pods", pod("writer", node="real", image=server_image, **mounted))
    path = f"{space}/persistentvolumeclaims/data"
    eventually(lambda: phase(api, path) == "Bound")
    volume = api.get(f"/api/v1/persistentvolumes/{api.get(path)['spec']['volumeName']}")
    folder = Path(volume["spec"]["hostPath"]["path"])
    assert folder.parent == cluster.volumes
    eventually(lambda: (folder / "hello").exists() and (folder / "hello").read_text() == "from the pod")

    larger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    api.request("PATCH", path, larger, kind="application/merge-patch+json")
    eventually(lambda: api.get(path)["status"]["capacity"]["storage"] == "2Gi")
    smaller = {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    with pytest.raises(Refused, match="can not be less than"):
        api.request("PATCH", path, smaller, kind="application/merge-patch+json")

    api.request("DELETE", f"{space}/pods/writer")
    api.request("DELETE", path)
    eventually(lambda: not folder.exists(), what="files are deleted with the claim")


def test_the_audit_log_has_each_effect_once(cluster: kubebox.Cluster, api: Api, space: str) -> None:
    api.create(f"{space}/configmaps", {"metadata": {"name": "audited"}, "data": {"password": "hunter2"}})
    api.get(f"{space}/configmaps/audited")
    lines = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    found = [line for line in lines if line["requestURI"].startswith(f"{space}/configmaps")]
    mine = [line for line in found if line["user"]["username"] == "kubebox:admin"]
    assert [(line["verb"], line["responseStatus"]["code"]) for line in mine] == [("create", 201)]
    assert "hunter2" not in cluster.audit_log.read_text()


def test_a_killed_component_comes_back(cluster: kubebox.Cluster, api: Api) -> None:
    cluster.kill("kube-apiserver")
    assert not cluster.components()["kube-apiserver"]
    with pytest.raises(OSError, match="readyz"):
        api.request("GET", "/readyz")
    cluster.restart("kube-apiserver")
    eventually(api.ready)
    assert all(cluster.components().values())


def test_strangers_are_refused(cluster: kubebox.Cluster) -> None:
    import ssl

    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with pytest.raises(urllib.error.HTTPError, match="Forbidden"):
        urllib.request.urlopen(f"{cluster.server}/api/v1/secrets", context=trusting)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{cluster.server}/version")
