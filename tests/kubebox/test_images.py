"""Images are made without a container engine, the same every time, and pushed by parts."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import changeover
from tests.kubebox.waiting import eventually
from tools.kubebox import debian, images, layout, processes, toolchain
from tools.kubebox.problem import KubeboxProblem
from tools.kubebox.push import push_image

pytestmark = pytest.mark.kubebox
ROOT = Path(__file__).parents[2]


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, but for the Debian packages: they are not fetched again."""
    debs = layout.cache_home() / "debs"
    debian.archives(debian.PYTHON)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fresh = layout.cache_home()
    fresh.mkdir(parents=True)
    (fresh / "debs").symlink_to(debs)
    return fresh


@pytest.fixture(scope="module")
def programs() -> toolchain.Programs:
    """Built before a test moves the cache."""
    return toolchain.programs()


@pytest.fixture
def registry(programs: toolchain.Programs, tmp_path: Path) -> Iterator[str]:
    """A registry of its own, without a cluster."""
    address = f"127.0.0.1:{23000 + os.getpid() % 5000}"
    folder = tmp_path / "records"
    folder.mkdir()
    argv = (str(programs.kubebox), "registry", address, str(tmp_path / "store"))
    process = processes.spawn(folder, processes.Process("registry", argv, str(tmp_path / "log")), cluster=tmp_path)

    def listens() -> bool:
        try:
            return httpx2.get(f"http://{address}/v2/").status_code == 200
        except httpx2.HTTPError:
            return False

    eventually(listens)
    yield address
    processes.end(process.pid)
    processes.wait_until_gone([process], seconds=5)


def manifest_of(archive: Path) -> tuple[str, dict[str, object]]:
    with tarfile.open(archive) as tar:
        index = json.load(tar.extractfile("index.json"))
        digest = index["manifests"][0]["digest"]
        return digest, json.load(tar.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}"))


def app(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(text)
    return folder


def build(folder: Path, tag: str = "app:1") -> Path:
    return images.build_python_image(tag, folder, entrypoint=["/usr/bin/python3", "/app/main.py"])


def test_the_same_files_make_the_same_image(fresh_cache: Path, tmp_path: Path) -> None:
    first = manifest_of(build(app(tmp_path / "one", "print(1)\n")))
    for made in ("layers", "images"):
        for path in (fresh_cache / made).iterdir():
            path.unlink()
    os.utime(app(tmp_path / "two", "print(1)\n") / "main.py", (1, 1))
    assert manifest_of(build(tmp_path / "two")) == first
    changed = manifest_of(build(app(tmp_path / "two", "print(2)\n")))
    assert changed[0] != first[0]
    assert changed[1]["layers"][0] == first[1]["layers"][0], "the Python layer is shared"


def test_who_builds_it_does_not_show_in_it(fresh_cache: Path) -> None:
    source = Path(changeover.__file__).parent
    here = manifest_of(build(source))[0]
    shutil.rmtree(fresh_cache / "layers")
    words = (
        f"from pathlib import Path; from tests.kubebox.test_images import build; print(build(Path({str(source)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True, cwd=ROOT)
    assert manifest_of(Path(done.stdout.strip()))[0] == here


def test_a_broken_program_can_be_put_into_an_image(fresh_cache: Path, tmp_path: Path) -> None:
    assert build(app(tmp_path / "app", "this is not Python\n")).exists()


def test_a_missing_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(KubeboxProblem, match="no folder"):
        build(tmp_path / "absent")


def test_a_push_sends_only_what_is_missing(fresh_cache: Path, tmp_path: Path, registry: str) -> None:
    archive = build(app(tmp_path / "app", "print(1)\n"))
    reference = push_image(archive, registry, "team/app", "1")
    digest, manifest = manifest_of(archive)
    assert reference == f"{registry}/team/app@{digest}"
    base = f"http://{registry}/v2/team/app"
    for by in ("1", digest):
        answer = httpx2.get(f"{base}/manifests/{by}")
        assert answer.json() == manifest
        assert answer.headers["Docker-Content-Digest"] == digest
    store = tmp_path / "store" / "blobs"
    before = {path.name: path.stat().st_mtime_ns for path in store.iterdir()}
    push_image(build(app(tmp_path / "app", "print(2)\n")), registry, "team/app", "2")
    after = {path.name: path.stat().st_mtime_ns for path in store.iterdir()}
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 3, "new: one layer, config, manifest"
    assert httpx2.get(f"{base}/tags/list").json() == {"name": "team/app", "tags": ["1", "2"]}


class TestRegistry:
    """What clients of the distribution protocol rely on."""

    CONTENT = b"0123456789" * 100
    DIGEST = images.sha256(CONTENT)

    def begin(self, client: httpx2.Client, name: str = "a/b") -> str:
        return str(client.post(f"/v2/{name}/blobs/uploads/").headers["Location"])

    @pytest.fixture
    def client(self, registry: str) -> Iterator[httpx2.Client]:
        with httpx2.Client(base_url=f"http://{registry}") as client:
            yield client

    def test_upload_in_parts_can_be_resumed(self, client: httpx2.Client) -> None:
        place = self.begin(client)
        first = client.patch(place, content=self.CONTENT[:400], headers={"Content-Range": "0-399"})
        assert (first.status_code, first.headers["Range"]) == (202, "0-399")
        assert client.patch(place, content=b"x", headers={"Content-Range": "500-500"}).status_code == 416
        assert client.get(place).headers["Range"] == "0-399"
        client.patch(place, content=self.CONTENT[400:], headers={"Content-Range": "400-999"})
        assert client.put(place, params={"digest": self.DIGEST}).status_code == 201
        assert client.get(f"/v2/a/b/blobs/{self.DIGEST}").content == self.CONTENT

    def test_wrong_content_is_refused(self, client: httpx2.Client) -> None:
        refused = client.put(self.begin(client), params={"digest": self.DIGEST}, content=b"other")
        assert refused.json()["errors"][0]["code"] == "DIGEST_INVALID"
        assert client.head(f"/v2/a/b/blobs/{self.DIGEST}").status_code == 404

    def test_parts_of_a_blob_mounts_and_visibility(self, client: httpx2.Client) -> None:
        client.post("/v2/a/b/blobs/uploads/", params={"digest": self.DIGEST}, content=self.CONTENT)
        part = client.get(f"/v2/a/b/blobs/{self.DIGEST}", headers={"Range": "bytes=990-"})
        assert (part.status_code, part.content) == (206, b"0123456789")
        assert client.head(f"/v2/c/blobs/{self.DIGEST}").status_code == 404, "another repository has its own"
        mounted = client.post("/v2/c/blobs/uploads/", params={"mount": self.DIGEST, "from": "a/b"})
        assert mounted.status_code == 201
        assert client.head(f"/v2/c/blobs/{self.DIGEST}").headers["Content-Length"] == "1000"
        unknown = client.post("/v2/d/blobs/uploads/", params={"mount": self.DIGEST, "from": "nobody"})
        assert unknown.status_code == 202, "a mount that is impossible becomes an upload"
        assert client.get("/v2/_catalog").json() == {"repositories": ["a/b", "c"]}

    def test_manifests_need_their_parts_and_can_be_deleted(self, client: httpx2.Client) -> None:
        kind = {"Content-Type": images.MANIFEST}
        body = json.dumps({"config": {"digest": self.DIGEST}, "layers": []}).encode()
        refused = client.put("/v2/a/b/manifests/1", content=body, headers=kind)
        assert refused.json()["errors"][0]["code"] == "MANIFEST_BLOB_UNKNOWN"
        client.post("/v2/a/b/blobs/uploads/", params={"digest": self.DIGEST}, content=self.CONTENT)
        created = client.put("/v2/a/b/manifests/1", content=body, headers=kind)
        digest = created.headers["Docker-Content-Digest"]
        assert (created.status_code, digest) == (201, images.sha256(body))
        assert client.get("/v2/a/b/manifests/1").headers["Content-Type"] == images.MANIFEST
        assert client.delete(f"/v2/a/b/manifests/{digest}").status_code == 202
        assert client.get("/v2/a/b/manifests/1").status_code == 404
        assert client.get("/v2/a/b/tags/list").json() == {"name": "a/b", "tags": []}

    @pytest.mark.parametrize("path", ["/v2/../etc/manifests/x", "/v2/A/manifests/x", "/v2/a/manifests/..", "/v2/a"])
    def test_bad_names_are_not_found(self, client: httpx2.Client, path: str) -> None:
        assert client.get(path).status_code in (301, 307, 404)
