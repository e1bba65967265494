"""The operator's evening, in a real Chromium on a real API server: look, read, update in a window, watch, go back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pictures import picture
from tests.flows.commands import Commands, until
from tests.flows.console import Console
from tests.flows.workbench import Workbench
from tools import kubebox

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[kubebox.Cluster]:
    started = kubebox.start(f"test-browser-{os.getpid()}", nodes=kubebox.Nodes(simulated=2))
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def bench(cluster: kubebox.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    changeover = Commands(cluster.kubeconfig, "default")
    changeover.run("setup", "--yes")
    with Workbench(cluster, changeover, tmp_path_factory.mktemp("journey")) as made:
        made.install("2022.09.2")
        yield made


@pytest.fixture(scope="module")
def console(bench: Workbench) -> Iterator[Console]:
    made = Console(bench.changeover, bench.folder)
    made.start()
    yield made
    made.kill()
    assert "Traceback" not in made.log.read_text()


@pytest.fixture
def page(browser: Browser, console: Console) -> Iterator[Page]:
    """Signed in."""
    context = browser.new_context(base_url=console.url, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto("/")
    opened.get_by_label("Name").fill("admin")
    opened.get_by_label("Password").fill(console.password)
    opened.get_by_role("button", name="Sign in").click()
    expect(opened.get_by_role("heading", level=1)).to_contain_text("workbench runs")
    yield opened
    context.close()


@contextmanager
def quiet(page: Page) -> Iterator[None]:
    """Nothing is said on the browser's console, and no script fails."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda one: said.append(str(one)))
    yield
    assert said == []


def test_the_whole_way(bench: Workbench, page: Page) -> None:
    bench.people(4)
    bench.record()
    with quiet(page):
        page.goto("/versions")
        page.get_by_role("button", name="Check for update").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("2022.1")
        picture(page, "versions")
        page.goto("/sessions")
        expect(page.get_by_role("heading", level=1)).to_have_text("4 sessions run now.")
        picture(page, "sessions")
        page.goto("/")
        picture(page, "overview")
        page.goto("/update/2022.10.2?strategy=window")
        expect(page.get_by_role("heading", level=1)).to_contain_text("2022.10.2 can run now")
        picture(page, "update")
        page.get_by_label("Message to people").fill("Back in a minute.")
        page.get_by_role("button", name="Deploy 2022.10.2").click()
        expect(page).to_have_url(re.compile(r"/runs/workbench-2$"))
        expect(page.get_by_text("Under way")).to_be_visible(timeout=30_000)
        page.wait_for_timeout(4000)
        picture(page, "run")
        expect(page.get_by_role("heading", level=1)).to_contain_text("2022.10.2 runs.", timeout=300_000)
        expect(page.get_by_text("Committed", exact=True)).to_be_visible()
        picture(page, "run-done")
        with page.expect_download() as given:
            page.get_by_role("link", name="Evidence", exact=True).click()
        assert "2022.10.2" in given.value.path().read_text()
    bench.whole_at("2022.10.2")
    assert bench.nothing_lost() == {"saved": 4}


PAGES = (
    ("config", "/config"),
    ("customisations", "/customisations"),
    ("registry", "/registry"),
    ("licence", "/licence"),
    ("settings", "/settings"),
    ("preflight", "/preflight"),
    ("troubleshoot", "/troubleshoot"),
    ("backups", "/backups"),
    ("compare", "/versions/compare?before=2022.09.2&after=2022.10.2"),
    ("bundles-none", "/versions/bundles"),
    ("users", "/users"),
    ("audit", "/audit"),
    ("account", "/account"),
    ("not-here", "/nowhere"),
)


def test_every_other_page(page: Page) -> None:
    page.goto("/troubleshoot")
    page.get_by_role("button", name="Analyse now").click()
    expect(page.get_by_role("heading", name="In the bundle")).to_be_visible(timeout=120_000)
    page.goto("/preflight")
    page.get_by_role("button", name="Run preflight").click()
    expect(page.get_by_role("button", name="Run preflight")).to_be_visible(timeout=120_000)
    for name, path in PAGES:
        page.goto(path)
        picture(page, name)
    page.goto("/versions")
    page.get_by_role("link", name="Upload a new version").click()
    picture(page, "upload")
    page.goto("/")
    page.keyboard.press("?")
    picture(page, "keyboard")
    page.keyboard.press("Escape")
    page.context.clear_cookies()
    page.goto("/login")
    picture(page, "login")


def test_a_failing_update_goes_back_and_says_why(bench: Workbench, page: Page) -> None:
    with quiet(page):
        page.goto("/update/2022.10.3?strategy=plain")
        page.get_by_role("button", name="Deploy 2022.10.3").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("went back", timeout=300_000)
        expect(page.get_by_text("does-not-exist").first).to_be_visible()
        picture(page, "run-failed")
        page.goto("/runs")
        expect(page.get_by_role("row", name=re.compile("rolled back"))).to_be_visible()
        picture(page, "runs")
    bench.whole_at("2022.10.2")


def test_a_console_that_is_killed_goes_on_when_told(bench: Workbench, console: Console, page: Page) -> None:
    bench.people(2)
    page.goto("/versions")
    page.get_by_role("link", name="Go back").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Going back to 2022.09.2")
    page.get_by_text("Maintenance window", exact=True).click()
    page.get_by_role("button", name="Plan again with this choice").click()
    page.get_by_role("button", name="Go back to 2022.09.2").click()
    expect(page.get_by_text("Under way")).to_be_visible(timeout=30_000)
    until(lambda: bench.changeover.ask("status")["gate_closed_by"])
    console.kill()
    expect(page.get_by_text("Connection lost")).to_be_visible(timeout=30_000)
    bench.end_lease()
    console.start()
    page.goto("/runs")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(console.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=re.compile("workbench-4")).click()
    page.get_by_role("button", name="Go on here").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2022.09.2 runs.", timeout=300_000)
    bench.whole_at("2022.09.2")


def test_a_month_of_windows_and_a_freeze_that_is_overridden(bench: Workbench, page: Page) -> None:
    changeover = bench.changeover
    changeover.run("windows", "add", "0 22 * * 1,3 for 180 in Europe/Berlin")
    changeover.run("windows", "add", "0 6 * * 6 for 240 in Europe/Berlin")
    today = datetime.now(UTC).date()
    with quiet(page):
        page.goto("/windows?add=freeze#set-freeze")
        page.get_by_label("Name", exact=True).fill("quarter-close")
        page.get_by_label("Why").fill("The books close.")
        page.get_by_label("From day").fill((today - timedelta(days=1)).isoformat())
        page.get_by_label("To day").fill((today + timedelta(days=2)).isoformat())
        page.get_by_role("button", name="Add the freeze").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Frozen until")
        expect(page.get_by_text("at worst and")).to_be_visible(timeout=60_000)
        picture(page, "windows")
        page.goto("/update/2022.10.2?strategy=plain")
        expect(page.get_by_role("heading", level=1)).to_contain_text("2022.10.2 cannot run yet: 1 thing in the way.")
        page.get_by_label("name, typed").fill("quarter-close")
        page.get_by_label("Why it begins nevertheless").fill("A hole is open.")
        page.get_by_role("button", name="Plan again with this choice").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("2022.10.2 can run now")
        page.get_by_role("button", name="Deploy 2022.10.2").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("2022.10.2 runs.", timeout=300_000)
    (run,) = [one for one in changeover.objects("changeovers") if one["spec"].get("overrides")]
    evidence = changeover.ask("evidence", run["metadata"]["name"])["evidence"]
    assert [(one["freeze"], one["by"], one["reason"]) for one in evidence["overrides"]] == [
        ("quarter-close", "admin", "A hole is open.")
    ]
    bench.whole_at("2022.10.2")
