"""Images are copied whole, once, checked, and on through what networks and registries do to a copy."""

import asyncio
from dataclasses import dataclass, field

import pytest

from changeover.channel.registry import repository as repositories
from changeover.channel.registry.content import BadImage
from changeover.channel.registry.copying import Copier
from changeover.channel.registry.logins import Logins
from changeover.channel.registry.repository import Repository
from changeover.channel.registry.session import RegistryRefused, Session
from tests.memory_registry import MemoryRegistry, digest, transport

BIG = bytes(range(256)) * 100


@dataclass
class World:
    """Two registries and a copy between them."""

    here: MemoryRegistry = field(default_factory=MemoryRegistry)
    there: MemoryRegistry = field(default_factory=MemoryRegistry)
    logins: dict[str, str] = field(default_factory=dict)
    copier: Copier = field(default_factory=Copier)

    def copy(self, wanted: str = "1", reference: str = "1", name: str = "web") -> str:
        """Copy `here/app:wanted` to `there/mirror/<name>:reference`."""

        async def through() -> str:
            logins = Logins(self.logins, frozenset({"here.example", "there.example"}))
            between = transport({"here.example": self.here, "there.example": self.there})
            async with Session(logins, transport=between) as session:
                session.pause = _at_once
                source = Repository(session, "here.example", "app")
                place = Repository(session, "there.example", f"mirror/{name}")
                return await self.copier.copy(source, wanted, place, reference)

        return asyncio.run(through())


async def _at_once(seconds: float) -> None:
    """No test waits."""


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several pieces, without megabytes."""
    monkeypatch.setattr("changeover.channel.registry.copying.PIECE", 10_000)
    assert repositories.PIECE == 8 * 1024 * 1024


def test_an_image_is_copied_with_its_digest_and_only_once() -> None:
    world = World()
    wanted = world.here.image("app", "1", BIG, b"second")
    assert world.copy() == wanted
    assert world.there.manifests["mirror/web:1"] == world.here.manifests["app:1"]
    assert world.there.blobs[f"mirror/web@{digest(BIG)}"] == BIG
    sent = world.there.count("PATCH")
    assert sent == 3 + 1 + 1
    assert world.copy() == wanted
    assert world.there.count("PATCH") == sent


def test_a_second_image_takes_what_the_registry_has_elsewhere() -> None:
    world = World()
    world.here.image("app", "1", BIG)
    world.here.image("app", "2", BIG, b"more")
    world.copy()
    sent = world.there.count("PATCH")
    world.copy("2", "2", name="worker")
    assert world.there.count("PATCH") == sent + 1
    assert world.there.blobs[f"mirror/worker@{digest(BIG)}"] == BIG


def test_all_machines_variants_come_along_and_the_digest_stays() -> None:
    world = World()
    variants = [world.here.image("app", name, name.encode()) for name in ("amd64", "arm64")]
    wanted = world.here.index("app", "1", *variants)
    assert world.copy(wanted, wanted) == wanted
    assert {f"mirror/web:{one}" for one in (*variants, wanted)} <= world.there.manifests.keys()


@pytest.mark.parametrize("token", [False, True])
def test_it_logs_in_as_the_registry_asks(*, token: bool) -> None:
    world = World(there=MemoryRegistry("me:secret", token=token), logins={"there.example": "me:secret"})
    world.here.image("app", "1", BIG)
    world.copy()
    assert "mirror/web:1" in world.there.manifests
    refused = World(there=MemoryRegistry("me:secret", token=token), logins={"there.example": "me:wrong"})
    refused.here.image("app", "1", BIG)
    with pytest.raises(RegistryRefused) as raised:
        refused.copy()
    assert raised.value.found == "HTTP 401"


@pytest.mark.parametrize(
    "fails",
    [
        [("PATCH", 0)],
        [("PATCH", 503), ("PATCH", 0), ("PUT", 502)],
        [("HEAD", 429), ("POST", 500), ("PUT", 0)],
    ],
)
def test_a_bad_day_of_the_registry_is_outlived(fails: list[tuple[str, int]]) -> None:
    world = World(there=MemoryRegistry(fails=fails))
    wanted = world.here.image("app", "1", BIG)
    assert world.copy() == wanted
    assert world.there.blobs[f"mirror/web@{digest(BIG)}"] == BIG
    assert world.there.fails == []


def test_what_was_sent_before_a_cut_is_not_sent_again() -> None:
    world = World(there=MemoryRegistry(fails=[("PUT", 400)]))
    world.here.image("app", "1", BIG)
    with pytest.raises(RegistryRefused):
        world.copy()
    world.copier = Copier()
    world.copy()
    assert world.copier.tally.there + world.copier.tally.sent == 2


def test_a_registry_that_is_gone_is_said_with_its_name() -> None:
    world = World(there=MemoryRegistry(fails=[("HEAD", 503)] * 5))
    world.here.image("app", "1", BIG)
    with pytest.raises(RegistryRefused, match=r"there\.example does not answer"):
        world.copy()


def test_a_content_that_is_not_what_was_signed_is_not_taken() -> None:
    world = World()
    world.here.image("app", "1", BIG)
    world.here.blobs[f"app@{digest(BIG)}"] = BIG[:-1] + b"x"
    with pytest.raises(BadImage, match="not what its manifest says"):
        world.copy()
    assert "mirror/web:1" not in world.there.manifests


def test_a_manifest_that_is_not_the_one_asked_for_is_not_taken() -> None:
    world = World()
    wanted = world.here.image("app", "1", BIG)
    world.here.manifests[f"app:{wanted}"] = ("text/plain", b"{}")
    with pytest.raises(BadImage, match="not the one"):
        world.copy(wanted, wanted)


@pytest.mark.parametrize("manifest", [{"schemaVersion": 1}, {"mediaType": "x/y"}])
def test_forms_that_nobody_uses_any_more_are_said(manifest: dict[str, object]) -> None:
    world = World()
    world.here.put("app", "1", "application/vnd.docker.distribution.manifest.v1+json", manifest)
    with pytest.raises(BadImage, match="a form that is not copied"):
        world.copy()


def test_an_image_that_is_not_there_is_said() -> None:
    with pytest.raises(BadImage, match="no image 1"):
        World().copy()
