"""Preflight and Troubleshoot in the console: what is judged is told, what got no answer is not called fine."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from changeover.ports import Bounds, Collected, Collector, Fetched
from tests.unit.console.pages.furnished import Furnished
from tests.unit.console.pages.questions import publish

DEFINITIONS = "cluster-resources/custom-resource-definitions.json"
ATTACK = "<script>alert(1)</script>"
PASSWORD = "the-password-of-the-desk"


def analyzer(name: str, **more: Any) -> dict[str, Any]:
    outcomes = [{"fail": {"message": f"{name} is missing {ATTACK}"}}, {"pass": {"message": "there"}}]
    said = {"customResourceDefinitionName": name, "checkName": f"{name} {ATTACK}", "outcomes": outcomes, **more}
    return {"customResourceDefinition": said}


def preflight(*analyzers: dict[str, Any]) -> str:
    collectors = [{"run": {"collectorName": f"knock {ATTACK}", "image": "busybox"}}]
    head = {"apiVersion": "troubleshoot.sh/v1beta2", "kind": "Preflight", "metadata": {"name": "checks"}}
    return yaml.safe_dump({**head, "spec": {"analyzers": list(analyzers), "collectors": collectors}})


class Collects:
    """Answers with the definitions that are there and a log with a password; remembers what it was asked for."""

    def __init__(self, *there: str) -> None:
        self.there = there
        self.asked: list[str] = []

    async def __call__(self, collectors: Sequence[Collector], *, bounds: Bounds, tell: Any) -> Collected:
        self.asked += [one.kind for one in collectors]
        items = [{"metadata": {"name": name}} for name in self.there]
        files = {DEFINITIONS: json.dumps(items).encode(), "logs/desk.txt": f"password={PASSWORD}\n".encode()}
        return Collected(files, (Fetched("cluster resources", "done"), Fetched(f"logs {ATTACK}", "failed", "403")))


def furnished(tmp_path: Path, *analyzers: dict[str, Any], there: tuple[str, ...] = ()) -> tuple[Furnished, Collects]:
    folder = publish(tmp_path / "desk")
    if analyzers:
        (folder / "checks.yaml").write_text(preflight(*analyzers))
    desk, collects = Furnished(folder, {"host": "a.example"}), Collects(*there)
    desk.outside = replace(desk.outside, collect=collects)
    desk.app = desk.on(8800)
    return desk, collects


def test_a_preflight_is_told_with_the_worst_first_and_as_text(tmp_path: Path) -> None:
    desk, collects = furnished(
        tmp_path, analyzer("a.example", strict=True), analyzer("b.example"), there=("b.example",)
    )
    olaf = desk.client("olaf")
    assert "Does this cluster have what 1.0.0 needs?" in olaf.get("/preflight").text
    answer = olaf.post("/preflight", data={"release": "1.0.0"})
    assert answer.headers["location"] == "/preflight?release=1.0.0"
    page = olaf.get(answer.headers["location"]).text
    assert "1 check fails." in page
    assert "a.example is missing &lt;script&gt;" in page
    assert "Strict:" in page
    assert page.index("1 failed") < page.index("1 passed")
    assert "0 unknown" in page
    assert ATTACK not in page
    assert "asked for by run/knock" in page, "what the package would like to do beyond reading is named"
    assert "run" not in collects.asked
    assert desk.log()[-1][0] == "olaf"
    assert desk.log()[-1][3] == "1.0.0: fail, allowed -"
    olaf.post("/preflight", data={"release": "1.0.0", "allow": ["run"]})
    assert "run" in collects.asked


def test_a_release_without_checks_is_a_problem_and_no_success(tmp_path: Path) -> None:
    desk, _ = furnished(tmp_path)
    answer = desk.client("olaf").post("/preflight", data={"release": "1.0.0"})
    assert answer.status_code == 409
    assert "says nothing about what to check" in answer.text
    assert "fine" not in answer.text


def test_a_bundle_is_shown_downloaded_and_holds_no_secret(tmp_path: Path) -> None:
    desk, _ = furnished(tmp_path)
    olaf = desk.client("olaf")
    assert olaf.get("/troubleshoot/bundle").status_code == 404
    assert olaf.post("/troubleshoot").status_code == 303
    page = olaf.get("/troubleshoot").text
    assert "logs/desk.txt" in page
    assert "1 not collected" in page
    assert ATTACK not in page
    given = olaf.get("/troubleshoot/bundle")
    assert given.headers["content-disposition"].startswith("attachment")
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(given.content))) as archive:
        texts = [opened.read().decode() for one in archive if (opened := archive.extractfile(one))]
    assert any("password=" in text for text in texts)
    assert not any(PASSWORD in text for text in texts)


def test_who_may_only_look_checks_and_downloads_nothing(tmp_path: Path) -> None:
    desk, collects = furnished(tmp_path, analyzer("a.example"))
    vera = desk.client("vera")
    assert vera.get("/preflight").status_code == 200
    assert "Run preflight" not in vera.get("/preflight").text
    for path in ("/preflight", "/troubleshoot"):
        assert vera.post(path, data={"release": "1.0.0"}).status_code == 403
    assert vera.get("/troubleshoot/bundle").status_code == 403
    assert collects.asked == []


@pytest.mark.parametrize("word", ["everything", "host", ATTACK])
def test_only_known_classes_are_allowed(tmp_path: Path, word: str) -> None:
    desk, collects = furnished(tmp_path, analyzer("a.example"))
    answer = desk.client("olaf").post("/preflight", data={"release": "1.0.0", "allow": [word]})
    assert answer.status_code == 422
    assert collects.asked == []
