"""Images looked for in a real registry that wants a login; nobody else's words are believed."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx2

from changeover.channel.registry.finding import find_images
from changeover.checks.analyzers import analyze
from changeover.collect.collecting import ClusterCollecting
from changeover.ports import Bounds, Collected, Collector
from tests.flows.chart_servers import LOGIN, basic_auth, registry
from tests.unit.collect.fakes import World


def config(host: str, user: str, word: str) -> str:
    return json.dumps({"auths": {host: {"auth": base64.b64encode(f"{user}:{word}".encode()).decode()}}})


def secret(content: str) -> dict[str, Any]:
    data = {".dockerconfigjson": base64.b64encode(content.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull", "namespace": "home"}, "data": data}


def collected(*images: str, world: World | None = None, **spec: Any) -> Collected:
    world = world or World()
    collect = ClusterCollecting(world, world, namespace="home", find_images=find_images)  # type: ignore[arg-type]
    wanted = [Collector("registryImages", {"images": list(images), **spec})]
    return asyncio.run(collect(wanted, bounds=Bounds(seconds=20), tell=lambda _: None))


def push(host: str) -> None:
    """The smallest image that there is."""
    with httpx2.Client(base_url=f"http://{host}", auth=LOGIN) as client:
        place = client.post("/v2/app/blobs/uploads/").raise_for_status().headers["Location"]
        digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        client.put(httpx2.URL(place).copy_add_param("digest", digest), content=b"{}").raise_for_status()
        media = "application/vnd.oci.image.config.v1+json"
        kind = "application/vnd.oci.image.manifest.v1+json"
        told = {"schemaVersion": 2, "mediaType": kind, "layers": []}
        told["config"] = {"mediaType": media, "digest": digest, "size": 2}
        client.put("/v2/app/manifests/1", content=json.dumps(told), headers={"Content-Type": kind}).raise_for_status()


def test_images_that_are_there_missing_and_unknown(tmp_path: Path) -> None:
    with registry(tmp_path, auth=basic_auth(tmp_path)) as made:
        push(made.host)
        there, missing = f"{made.host}/app:1", f"{made.host}/app:2"
        world = World(secret(config(made.host, *LOGIN)))
        given = {"collectorName": "ours", "imagePullSecret": {"name": "pull"}}
        done = collected(there, missing, "127.0.0.1:1/app:1", "No Image", world=world, **given)
        nobody = collected(there)
        data = {".dockerconfigjson": base64.b64encode(config(made.host, *LOGIN).encode()).decode()}
        inline = collected(there, imagePullSecret={"data": data})
    images = json.loads(done.files["registry/ours.json"])["images"]
    assert images[there] == {"exists": True}
    assert images[missing] == {"exists": False}
    assert "names no image" in images["No Image"]["error"]
    assert images["127.0.0.1:1/app:1"]["error"]
    assert "401" in json.loads(nobody.files["registry/images.json"])["images"][there]["error"]
    assert json.loads(inline.files["registry/images.json"])["images"][there] == {"exists": True}
    outcomes = [{"fail": {"when": "missing > 0", "message": "{{ .Missing }}"}}]
    texts = {path: content.decode() for path, content in done.files.items()}
    (said,) = analyze({"registryImages": {"collectorName": "ours", "outcomes": outcomes}}, texts)
    assert (said.verdict, said.measured) == ("fail", "1 verified, 1 missing, 2 errors")


def test_a_pull_secret_that_is_not_there_is_told() -> None:
    failed = collected("a/b:1", imagePullSecret={"name": "pull"}).fetched[0]
    assert (failed.state, failed.reason) == ("failed", "Secret pull holds no logins")
