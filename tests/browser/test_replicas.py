"""Two replicas of the console on real sockets: a file on its way lies on one disk, whichever of them is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.types import ASGIApp

from changeover.actions.shared_rows import SharedRows
from changeover.arrivals import PART_BYTES
from changeover.channel.arriving import FolderArrivals
from changeover.console.access.origins import Addresses
from changeover.console.app import UPLOADS, Where, build, room_of
from changeover.console.holder import Holder
from changeover.console.rendering import Place
from tests.browser.served import serving
from tests.unit.console.pages.furnished import MAP, PASSWORD, Furnished, done
from tests.unit.console.pages.test_update import HELD, channel
from tests.unit.console.pages.test_uploads import package, parts_of, which


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    made = Furnished(channel(tmp_path / "desk"), HELD)
    done(made.cluster.create(MAP))
    return made


def replica(desk: Furnished, disk: Path) -> Callable[[int], ASGIApp]:
    """One of the console's pods, with a disk of its own."""
    outside = replace(desk.outside, arrivals=lambda _: FolderArrivals(disk))

    def make(port: int) -> ASGIApp:
        where = Where(Addresses.of(port, any_local_port=True), Place("Desk", "desk"))
        room = room_of(outside, where, now=lambda: desk.time, shared=True)
        holder = Holder(SharedRows(outside, UPLOADS), f"http://localhost:{port}")
        return build(replace(room, holder=holder))

    return make


def signed_in(address: str) -> httpx2.Client:
    client = httpx2.Client(base_url=address)
    client.post("/login", data={"name": "olaf", "password": PASSWORD}, headers={"origin": address})
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/account").text)
    assert found
    client.headers.update({"x-csrf-token": found[1], "origin": address})
    return client


def test_whoever_is_asked_the_file_lies_in_one_place(desk: Furnished, tmp_path: Path) -> None:
    content = package("1.2.0", weight=2 * PART_BYTES)
    said, pieces = which(content), parts_of(content)
    with ExitStack() as all_lives, ExitStack() as first_lives:
        second = all_lives.enter_context(serving(replica(desk, tmp_path / "two")))
        first = first_lives.enter_context(serving(replica(desk, tmp_path / "one")))
        one, two = (
            first_lives.enter_context(closing(signed_in(first))),
            all_lives.enter_context(closing(signed_in(second))),
        )
        id_ = one.post("/versions/upload/begin", params=said).json()["id"]
        at = f"/versions/upload/{id_}"
        assert two.put(f"{at}/0", content=pieces[0]).json() == {"left": 2}
        assert one.put(f"{at}/1", content=pieces[1]).json() == {"left": 1}
        assert f"{id_}" in two.get("/versions/bundles").text
        assert not (tmp_path / "two").exists()
        first_lives.close()  # its pod goes, and its disk with it
        assert two.put(f"{at}/2", content=pieces[2]).json()["code"] == "no-upload"
        assert two.post("/versions/upload/begin", params=said).json()["missing"] == [0, 1, 2]
        for number, piece in enumerate(pieces):
            two.put(f"{at}/{number}", content=piece)
        assert two.post(f"{at}/finish").json()["version"] == "1.2.0"
