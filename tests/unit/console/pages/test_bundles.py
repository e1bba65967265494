"""Air-gap bundles in the console: looked into before anything is pushed, by the page and by the API."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from changeover.actions.installations import INSTALLATION
from changeover.actions.uploads import listed
from changeover.console.api.operation import BASE
from tests import bundles
from tests.unit.console.api.test_api import program
from tests.unit.console.pages.furnished import MAP, Furnished, done
from tests.unit.console.pages.test_update import HELD, channel
from tests.unit.console.pages.test_uploads import begun, lying, parts_of, which

IMAGE = "vendor.example.com/letters/server:1"


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    made = Furnished(channel(tmp_path / "desk"), HELD)
    done(made.cluster.create(MAP))
    return made


def bundle(folder: Path, **said: Any) -> bytes:
    """A bundle of the desk's release 1.5.0."""
    objects = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: desk}\ndata: {host: b}\n"
    held = {"docker-archive/vendor.example.com/letters/server/1": bundles.docker_saved(b"layer")}
    about = {"versionLabel": "1.5.0", "updateCursor": "9", "savedImages": [IMAGE], **said}
    return bundles.bundle(folder / "desk.airgap", {"objects.yaml": objects}, held, **about).read_bytes()


def uploaded(client: TestClient, content: bytes) -> tuple[str, Any]:
    """Its id, and what was said at the end."""
    id_ = begun(client, which(content, "desk.airgap"))["id"]
    for number, piece in enumerate(parts_of(content)):
        assert client.put(f"/versions/upload/{id_}/{number}", content=piece).status_code == 200
    return id_, client.post(f"/versions/upload/{id_}/finish").json()


def kept(desk: Furnished) -> list[str]:
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    return [one.version for one in listed(followed)]


def test_without_a_registry_the_bundle_waits_and_the_page_says_what_to_do(desk: Furnished, tmp_path: Path) -> None:
    olaf = desk.client("olaf")
    before = [{"versionLabel": "1.4.0", "updateCursor": "8"}]
    id_, said = uploaded(olaf, bundle(tmp_path, requiredReleases=before))
    assert said == {"version": "", "location": "/versions/bundles"}
    page = olaf.get("/versions/bundles").text
    assert "1.5.0 is here." in page
    assert "No registry is named that the images could go to." in page
    assert "1.4.0 must be installed first." in page
    assert "Push 1 image" not in page
    refused = olaf.post(f"/versions/bundles/{id_}/push", data={"csrf": olaf.headers["x-csrf-token"]})
    assert refused.status_code == 409
    assert "This installation has no registry" in refused.text
    assert kept(desk) == []
    vera = desk.client("vera")
    assert "1.5.0 is here." in vera.get("/versions/bundles").text
    assert vera.post(f"/versions/bundles/{id_}/push").status_code == 403
    olaf.post("/registry", data={"address": "registry.example.com/mirror"})
    assert "Push 1 image to registry.example.com/mirror" in olaf.get("/versions/bundles").text
    assert olaf.post(f"/versions/bundles/{id_}/forget").status_code == 303
    assert lying(desk) == []


def test_a_bundle_is_offered_without_pushing_and_its_release_is_planned(desk: Furnished, tmp_path: Path) -> None:
    olaf = desk.client("olaf")
    id_, _ = uploaded(olaf, bundle(tmp_path, isRequired=True, releaseNotes="Better letters."))
    with olaf:  # one loop for all: the push goes on in it
        assert olaf.post(f"/versions/bundles/{id_}/push", data={"push": "no"}).status_code == 303
        deadline = time.monotonic() + 10
        while not kept(desk) and time.monotonic() < deadline:
            olaf.get("/versions/bundles")
    assert kept(desk) == ["1.5.0"]
    page = olaf.get("/versions").text
    assert "Better letters." in page
    assert "Required stop" in page
    assert "airgap-without-registry" in olaf.get("/update/1.5.0?strategy=plain").text
    assert [what for _, what, _, _ in desk.log() if what == "upload"] == ["upload"]


def test_the_same_by_the_api(desk: Furnished, tmp_path: Path) -> None:
    content = bundle(tmp_path)
    viewer, client, said = program(desk, "vera"), program(desk, "olaf"), which(content, "desk.airgap")
    told = client.post(f"{BASE}/uploads", json=said)
    assert (told.status_code, told.json()["missing"], told.json()["part_bytes"]) == (201, [0], 960 * 1024)
    at = f"{BASE}/uploads/{told.json()['id']}"
    assert client.put(f"{at}/parts/1", content=b"x").json()["code"] == "bad-upload"
    assert client.put(f"{at}/parts/0", content=content).json() == {"left": 0}
    assert client.post(f"{at}/finish", json={}).json() == {"version": "", "waits": True}
    found = client.get(at).json()
    assert (found["whole"], found["holds"]["version"], found["push"]) == (True, "1.5.0", None)
    assert found["holds"]["images"] == [{"image": IMAGE, "place": ""}]
    assert client.post(f"{at}/push", json={}).json()["code"] == "no-registry"
    assert [one["id"] for one in client.get(f"{BASE}/uploads").json()] == [found["id"]]
    assert client.delete(at).json() == {"done": "forgotten"}
    assert client.get(at).status_code == 404
    assert client.post(f"{BASE}/uploads", json={**said, "name": "../x.airgap"}).status_code == 422
    assert viewer.post(f"{BASE}/uploads", json=said).status_code == 403


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"airgap.yaml": bundles.about()}, "no whole air-gap bundle"),
        ({"../../etc/cron.d/x": b"a"}, "leads outside"),
        ({"airgap.yaml": bundles.about(), "app.tar.gz": bundles.tarred({"../x.yaml": b"a: b"}, mode="w:gz")}, "leads"),
    ],
)
def test_what_is_no_bundle_is_refused_and_let_go(desk: Furnished, files: dict[str, bytes], words: str) -> None:
    _, said = uploaded(desk.client("olaf"), bundles.tarred(files, mode="w:gz"))
    assert words in f"{said['message']} {said['found']}"
    assert lying(desk) == []
