"""Backups hold what was written, and the oracle sees when they do not."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from workbench.app import sessions
from workbench.app.agent import pack
from workbench.app.kube import Kube
from workbench.app.proxy import Proxy, Seen, remaining
from workbench.app.store import Store
from workbench.app.web import Request
from workbench.oracles.__main__ import compare, judge_backup


def packed(folder: Path, text: str) -> bytes:
    (folder / "log.txt").write_text(text)
    return pack(folder)[0]


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("1\n2\nfinal 2\n", True),
        ("final 0\n", True),
        ("1\n2\n", False),
        ("1\n3\nfinal 3\n", False),
        ("1\nfinal 2\n", False),
        ("", False),
    ],
)
def test_the_oracle_counts_the_lines(tmp_path: Path, text: str, *, fine: bool) -> None:
    assert (judge_backup(packed(tmp_path, text)) == "") is fine


def test_half_a_backup_is_seen(tmp_path: Path) -> None:
    content = packed(tmp_path, "1\nfinal 1\n")
    assert judge_backup(content[: len(content) // 2])


def test_the_same_folder_is_packed_to_the_same_bytes(tmp_path: Path) -> None:
    assert packed(tmp_path, "1\nfinal 1\n") == pack(tmp_path)[0]
    assert pack(tmp_path)[1] == "final 1"


def test_the_store_gives_back_what_it_got(tmp_path: Path) -> None:
    store, content = Store(tmp_path), b"\x00\xffbytes"
    assert store.handle(Request("PUT", "/objects/a1", {}, {}, content)).status == 201
    found = store.handle(Request("GET", "/objects/a1", {}, {}, b""))
    assert (found.status, found.body) == (200, content)
    assert found.headers["X-Sha256"] == hashlib.sha256(content).hexdigest()
    assert store.handle(Request("GET", "/objects/../a1", {}, {}, b"")).status == 404


def test_the_data_oracle_names_what_is_gone() -> None:
    before = {"rows": {"count": 1}, "claims": {"a": "1"}, "objects": {"x": "1"}}
    assert compare(before, {**before, "objects": {"x": "1", "y": "2"}})["ok"]
    assert not compare(before, {**before, "claims": {"a": "2"}})["ok"]
    assert not compare(before, {**before, "objects": {}})["ok"]
    assert not compare(before, {**before, "rows": {"count": 2}})["ok"]


@pytest.mark.parametrize(
    ("until", "on"), [("2999-01-01T00:00:00Z", True), ("2000-01-01T00:00:00Z", False), ("", False)]
)
def test_maintenance_expires_by_itself(until: str, *, on: bool) -> None:
    assert (remaining(until) > 0) is on


@pytest.mark.parametrize(
    ("status", "stopped"),
    [
        ({"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}, False),
        ({"phase": "Running", "containerStatuses": [{"state": {"terminated": {}}}]}, True),
        ({"phase": "Failed"}, True),
        ({"phase": "Pending"}, False),
    ],
)
def test_a_backup_begins_only_after_the_containers(status: dict, *, stopped: bool) -> None:
    assert sessions.stopped({"spec": {"nodeName": "n"}, "status": status}) is stopped


def test_the_front_door_shows_the_page_that_was_laid_there() -> None:
    later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    settings = {"enabledUntil": later, "page": "<h1>Back soon</h1>"}

    class Laid:
        def settings(self, _name: str) -> dict[str, str]:
            return settings

    door = Proxy(Seen(cast("Kube", Laid())), {})
    asked = Request("GET", "/", {}, {}, b"")
    shown = door.handle(asked)
    assert (shown.status, shown.body) == (503, b"<h1>Back soon</h1>")
    assert shown.headers["Content-Type"].startswith("text/html")
    assert int(shown.headers["Retry-After"]) > 0
    settings.pop("page")
    plain = Proxy(Seen(cast("Kube", Laid())), {}).handle(asked)
    assert (plain.status, plain.headers["Content-Type"]) == (503, "text/plain")
