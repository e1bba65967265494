"""What every page has: its side, its look, what went wrong told as a page."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from changeover.actions.installations import CHANGEOVER, INSTALLATION
from changeover.console.rendering import STATIC
from changeover.objects import KubeObject
from changeover.ports import Unreachable
from changeover.settings import INSTALLATION_LABEL
from tests.unit.console.pages.furnished import HOME, MAP, Furnished, done
from tests.unit.console.pages.questions import publish

FONTS = ("next-latin", "mono-latin")


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    return Furnished(publish(tmp_path / "desk"), {"host": "a.example"})


def test_overview_says_what_runs_and_what_is_in_the_way(desk: Furnished) -> None:
    page = desk.client("vera").get("/").text
    assert "is missing." in page
    assert "1 object is not well" in page
    done(desk.cluster.create(MAP))
    page = desk.client("vera").get("/").text
    assert "1.1.0" in page
    assert "None yet. The first one will stand here" in page


def test_pages_hold_no_style_no_inline_script_and_nothing_foreign(desk: Furnished) -> None:
    client = desk.client("ada")
    for path in ("/", "/config", "/preflight", "/troubleshoot", "/users", "/audit", "/account", "/login", "/nowhere"):
        page = client.get(path).text
        assert not re.search(r"<style|\sstyle=|<script(?! src=\"/static/)|\son[a-z]+=|javascript:", page), path
        assert not re.search(r"""(?:src|href)="(?:https?:|//)""", page), path


def test_what_a_role_may_not_is_not_offered(desk: Furnished) -> None:
    for name, seen in (("vera", False), ("olaf", False), ("ada", True)):
        page = desk.client(name).get("/").text
        assert ('href="/users"' in page) is seen
        assert ('href="/audit"' in page) is seen


def test_files_are_served_packed_and_only_ours(desk: Furnished) -> None:
    client = desk.client()
    sheet = client.get("/static/vendor/tabler.min.css")
    assert sheet.headers["content-encoding"] == "gzip"
    assert "data:" not in sheet.text
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2f..%2fapp.py", "/static//etc/passwd"):
        assert client.get(path).status_code in (303, 404), path
    assert "content-encoding" not in client.get("/login").headers


def test_a_first_visit_is_small(desk: Furnished) -> None:
    client = desk.client("ada")
    page = client.get("/")
    files = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    size = len(page.content) + sum(len(gzip.compress(client.get(path).content)) for path in files)
    fonts = sum((STATIC / "vendor" / "fonts" / f"atkinson-{one}.woff2").stat().st_size for one in FONTS)
    assert size + fonts <= 250_000


@pytest.mark.parametrize("path", ["/", "/versions", "/versions/bundles", "/runs", "/config", "/users", "/audit"])
def test_a_page_after_the_first_is_small(desk: Furnished, path: str) -> None:
    client = desk.client("ada")
    answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.content) <= 30_000


def test_a_run_that_goes_on_is_told_on_every_page_whoever_began_it(desk: Furnished) -> None:
    vera = desk.client("vera")
    assert 'hx-get="/now"' in vera.get("/config").text
    assert vera.get("/now").text == ""
    run = {
        "apiVersion": CHANGEOVER.api_version,
        "kind": CHANGEOVER.name,
        "metadata": {"name": "desk-7", "namespace": "desk", "labels": {INSTALLATION_LABEL: "desk"}},
        "spec": {"by": "olaf@laptop"},
    }
    made = done(desk.cluster.create(KubeObject(run)))
    done(desk.cluster.patch(made.ref, {"status": {"step": "Close the gate"}}, subresource="status"))
    told = vera.get("/now").text
    assert "desk-7 goes on" in told
    assert "Close the gate, begun by olaf@laptop" in told
    done(desk.cluster.patch(made.ref, {"status": {"question": {"text": "?"}}}, subresource="status"))
    assert "desk-7 asks how to go on" in vera.get("/now").text

    def away(verb: str, _: object) -> None:
        raise Unreachable("The API server does not answer.")

    desk.cluster.trouble = away
    assert vera.get("/now").text == ""


def test_overview_leads_to_the_stop_that_cannot_be_skipped(desk: Furnished) -> None:
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    new = [{"version": "1.1.0", "required": True}, {"version": "1.2.0"}]
    done(desk.cluster.patch(followed.ref, {"status": {"available": new}}, subresource="status"))
    page = desk.client("olaf").get("/").text
    assert 'href="/update/1.1.0">Prepare 1.1.0' in page
    assert "1.2.0 is there." in page
    assert "1.1.0 cannot be skipped" in page


def test_a_light_or_dark_look_is_kept(desk: Furnished) -> None:
    client = desk.client("vera")
    assert "data-bs-theme" not in client.get("/").text
    assert client.post("/look", data={"theme": "dark"}).headers["location"] == "/"
    assert 'data-bs-theme="dark"' in client.get("/").text
    client.post("/look", data={"theme": '"><script>'})
    assert "data-bs-theme" not in client.get("/").text


def test_a_cluster_that_does_not_answer_is_told(desk: Furnished) -> None:
    client = desk.client("vera")

    def away(verb: str, _: object) -> None:
        raise Unreachable("The API server does not answer.", hint="is the tunnel up?")

    desk.cluster.trouble = away
    answer = client.get("/config")
    assert answer.status_code == 503
    assert "is the tunnel up?" in answer.text


def test_nothing_is_here_is_a_page(desk: Furnished) -> None:
    client = desk.client("vera")
    assert client.get("/nowhere").status_code == 404
    assert "Back to Overview" in client.get("/nowhere").text
    assert client.post("/nowhere").status_code == 403
    assert client.get("/healthz").text == "ok"


def test_a_fault_of_ours_is_a_page_and_stands_in_the_log(desk: Furnished, monkeypatch: pytest.MonkeyPatch) -> None:
    client = desk.client("olaf")

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("changeover.actions.config.forget", broken)
    client = TestClient(
        desk.app, base_url=HOME, headers=client.headers, cookies=client.cookies, raise_server_exceptions=False
    )
    answer = client.post("/config/forget")
    assert answer.status_code == 500
    assert "Something went wrong in the console itself." in answer.text
    assert "content-security-policy" in answer.headers
    assert desk.log()[-1] == ("olaf", "POST /config/forget", "failed", "")
