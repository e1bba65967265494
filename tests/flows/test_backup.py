"""Volumes are copied away and back: by this machine, by a pod into a claim, by a pod to this machine."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from changeover.backup import pods
from changeover.backup.destinations import volumes_of
from changeover.backup.pieces import BrokenBackup, NoRoom
from changeover.backup.pods import MoverNotStarted
from changeover.backup.volumes import NoVolume, folder_of
from changeover.kube.client import KubeCluster
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.ports import Volumes

POD = Kind("v1", "Pod")
Way = Callable[[str], Volumes]


def installation(namespace: str) -> KubeObject:
    metadata = {"name": "shop", "namespace": namespace}
    return KubeObject({"apiVersion": API_VERSION, "kind": "Installation", "metadata": metadata})


async def claim(cluster: KubeCluster, namespace: str, name: str) -> Path:
    """A bound claim, and the folder of its files on this machine."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": name, "namespace": namespace}
    await cluster.create(
        KubeObject({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})
    )
    for _ in range(100):
        try:
            return (await folder_of(cluster, namespace, name))[1]
        except NoVolume:
            await asyncio.sleep(0.1)
    pytest.skip("the cluster's volumes are not folders of this machine")


def fill(folder: Path) -> None:
    (folder / "objects" / "deep").mkdir(parents=True)
    (folder / "objects").chmod(0o777)
    for number in range(200):
        (folder / "objects" / "deep" / f"{number}").write_bytes(str(number).encode() * 500)
    (folder / "current").symlink_to("objects/deep/7")
    (folder / "db.sqlite").write_bytes(b"rows" * 1000)
    (folder / "db.sqlite").chmod(0o600)


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


async def there_and_back(cluster: KubeCluster, namespace: str, volumes: Volumes) -> str:
    """Back up, change everything, restore; returns the location."""
    folder = await claim(cluster, namespace, "db")
    fill(folder)
    before = content(folder)
    needed, free = await volumes.room(["db"])
    assert 100_000 < needed < free
    piece = await volumes.back_up("db", name="db", key="shop-1/back-up-db")
    assert piece.files == 201
    assert piece.claim_uid in str(folder)
    again = await volumes.back_up("db", name="db", key="shop-1/back-up-db")
    assert (again.sha256, again.location) == (piece.sha256, piece.location)
    (folder / "db.sqlite").write_bytes(b"migrated")
    (folder / "objects" / "deep" / "7").unlink()
    (folder / "added").mkdir()
    await volumes.restore(piece, key="shop-1/restore-db")
    assert content(folder) == before
    left = await cluster.list(POD, namespace=namespace)
    assert [pod.name for pod in left if not pod.terminating] == []
    print(f"{piece.location}: {piece.files} files, {piece.bytes} bytes in {piece.seconds} s")
    return piece.location


async def test_this_machine_copies_to_a_folder(cluster: KubeCluster, namespace: str, tmp_path: Path) -> None:
    volumes = volumes_of(cluster, {"destination": str(tmp_path)}, installation(namespace))
    assert volumes is not None
    location = await there_and_back(cluster, namespace, volumes)
    manifest = json.loads(Path(location.removeprefix("file://").replace(".tar.zst", ".json")).read_text())
    assert manifest["location"] == location
    assert manifest["files"] == 201


async def test_this_machine_copies_to_a_claim(cluster: KubeCluster, namespace: str) -> None:
    folder = await claim(cluster, namespace, "backups")
    volumes = volumes_of(cluster, {"destination": "pvc:backups"}, installation(namespace))
    assert volumes is not None
    location = await there_and_back(cluster, namespace, volumes)
    assert (folder / location.removeprefix("pvc://backups/")).is_file()


async def test_a_pod_copies_to_a_claim(cluster: KubeCluster, namespace: str, python_image: str) -> None:
    folder = await claim(cluster, namespace, "backups")
    policy = {"destination": "pvc:backups", "image": python_image}
    volumes = volumes_of(cluster, policy, installation(namespace))
    assert volumes is not None
    location = await there_and_back(cluster, namespace, volumes)
    archive = folder / location.removeprefix("pvc://backups/")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-100])
    piece = await volumes.back_up("db", name="db", key="shop-1/back-up-db")
    with pytest.raises(BrokenBackup):
        await volumes.restore(piece, key="shop-1/again")
    archive.unlink()
    with pytest.raises(BrokenBackup):
        await volumes.restore(piece, key="shop-1/once-more")


async def test_a_pod_copies_to_this_machine(
    cluster: KubeCluster, namespace: str, python_image: str, tmp_path: Path
) -> None:
    policy = {"destination": str(tmp_path), "image": python_image}
    volumes = volumes_of(cluster, policy, installation(namespace))
    assert volumes is not None
    location = await there_and_back(cluster, namespace, volumes)
    assert Path(location.removeprefix("file://")).is_file()


async def test_too_little_room_is_named(
    cluster: KubeCluster, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(await claim(cluster, namespace, "db"))
    monkeypatch.setattr("changeover.backup.archive.SPARE", 1 << 60)
    volumes = volumes_of(cluster, {"destination": str(tmp_path)}, installation(namespace))
    assert volumes is not None
    assert (await volumes.room(["db"]))[1] == 0
    with pytest.raises(NoRoom, match="0 bytes free"):
        await volumes.back_up("db", name="db", key="shop-1/x")


async def test_a_claim_that_is_not_there_has_nothing_to_copy(
    cluster: KubeCluster, namespace: str, tmp_path: Path
) -> None:
    volumes = volumes_of(cluster, {"destination": str(tmp_path)}, installation(namespace))
    assert volumes is not None
    with pytest.raises(NoVolume, match="no such claim"):
        await volumes.back_up("db", name="db", key="shop-1/x")


async def test_an_image_that_cannot_be_pulled_is_named(
    cluster: KubeCluster,
    namespace: str,
    real_nodes: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await claim(cluster, namespace, "db")
    monkeypatch.setattr(pods, "START_SECONDS", 12.0)
    policy = {"destination": str(tmp_path), "image": "127.0.0.1:1/none:1"}
    volumes = volumes_of(cluster, policy, installation(namespace))
    assert volumes is not None
    with pytest.raises(MoverNotStarted, match="ImagePull"):
        await volumes.back_up("db", name="db", key="shop-1/x")


async def test_a_command_runs_in_a_container(cluster: KubeCluster, namespace: str, python_image: str) -> None:
    container = {
        "name": "main",
        "image": python_image,
        "command": ["python3", "-c", "import time; print('up', flush=True); time.sleep(600)"],
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    metadata = {"name": "one", "namespace": namespace}
    pod = await cluster.create(KubeObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))
    for _ in range(300):
        live = await cluster.get(Ref(POD, namespace, "one"))
        if live.get("status", "phase") == "Running":
            break
        await asyncio.sleep(0.1)
    words = ["python3", "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"]
    code, text = await cluster.execute(pod.ref, words)
    assert code == 7
    assert "out" in text  # the two streams have no order between them
    assert "err" in text
    assert await cluster.execute(pod.ref, ["python3", "-c", "print(1)"], container="main") == (0, "1\n")
    assert await cluster.logs(pod.ref) == "up\n"
