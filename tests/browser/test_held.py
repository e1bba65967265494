"""A held run is a question with its answers, in a real Chromium on a real API server: waived by name, or gone back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.pictures import picture
from tests.flows.commands import Commands
from tests.flows.conftest import kubeconfig, shared_cluster  # noqa: F401 - fixtures
from tests.flows.console import Console
from tests.flows.test_drain import demanding
from tests.flows.workbench import Workbench
from tools import kubebox

pytestmark = pytest.mark.cluster

OLD, NEW = "2022.09.2", "2022.10.2"


@pytest.fixture
def bench(shared_cluster: kubebox.Cluster, kubeconfig: str, tmp_path: Path) -> Iterator[Workbench]:  # noqa: F811
    changeover = Commands(Path(kubeconfig), f"held-{time.monotonic_ns():x}")
    changeover.kubectl("create", "namespace", changeover.namespace)
    with Workbench(shared_cluster, changeover, tmp_path) as made:
        made.install(OLD, profile=demanding(made))
        yield made
    changeover.kubectl("delete", "namespace", changeover.namespace, "--wait=false")


@pytest.fixture
def console(bench: Workbench) -> Iterator[Console]:
    made = Console(bench.changeover, bench.folder)
    made.start()
    yield made
    made.kill()
    assert "Traceback" not in made.log.read_text()


@pytest.fixture
def page(bench: Workbench, console: Console, browser: Browser) -> Iterator[Page]:
    """Signed in; everything before it needs no loop of its own in this thread."""
    context = browser.new_context(base_url=console.url, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto("/")
    opened.get_by_label("Name").fill("admin")
    opened.get_by_label("Password").fill(console.password)
    opened.get_by_role("button", name="Sign in").click()
    yield opened
    context.close()


def held(bench: Workbench, page: Page, *, spoiled: int) -> tuple[list[str], list[str]]:
    """Four people work, the backups of some fail, and an update begins: it holds. Returns the good and the bad ones."""
    names = bench.people(4)
    bench.record()
    bad = names[:spoiled]
    bench.faults(backupFails=",".join(bad))
    page.goto(f"/update/{NEW}?strategy=window")
    page.get_by_role("button", name=f"Deploy {NEW}").click()
    expect(page).to_have_url(re.compile(r"/runs/workbench-2$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("could not be proven saved", timeout=180_000)
    return names[spoiled:], bad


def shown_to_everybody(bench: Workbench, page: Page) -> None:
    """Who opens the application meanwhile is told what goes on, in the vendor's name and icon."""
    front = page.context.new_page()
    answered = front.goto(f"{bench.url}/")
    assert answered is not None
    assert answered.status == 503
    expect(front.get_by_role("heading", level=1)).to_contain_text("Workbench is being updated.")
    assert front.locator("header img").evaluate("one => one.naturalWidth") > 0
    picture(front, "maintenance")
    front.close()


def ways(page: Page) -> Locator:
    return page.get_by_role("group", name="How shall we go on?")


def test_sessions_are_waived_by_name_and_the_run_goes_on(bench: Workbench, page: Page) -> None:
    good, bad = held(bench, page, spoiled=2)
    asked = ways(page)
    expect(asked.get_by_role("radio")).to_have_count(3)
    assert asked.get_by_role("radio", checked=True).count() == 0, "none is chosen for anybody"
    assert asked.get_by_role("checkbox").count() == 2
    for name in bad:
        expect(asked.get_by_text(name)).to_be_visible()
    expect(asked.get_by_text("its backup failed").first).to_be_visible()
    expect(asked.get_by_text("may lose what 2 sessions have not saved")).to_be_visible()
    picture(page, "run-held")
    shown_to_everybody(bench, page)

    asked.get_by_role("button", name="Go on").click()
    assert page.get_by_role("radio", name="Go on without this proof").evaluate("one => !one.validity.valid")
    asked.get_by_role("radio", name="Go on without this proof").check()
    asked.get_by_role("checkbox").first.check()
    asked.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("tick each session and say why")
    assert asked.get_by_role("checkbox", checked=True).count() == 1, "what was chosen stays"
    asked.get_by_role("checkbox").last.check()
    asked.get_by_label("Reason").fill("They were told by telephone.")
    asked.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{NEW} runs.", timeout=240_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 of 4 sessions saved with proof.")
    bench.whole_at(NEW)
    assert bench.nothing_lost(reported=bad) == {"saved": len(good), "reported": len(bad)}
    evidence = bench.changeover.ask("evidence")["evidence"]
    (answer,) = evidence["answers"]
    assert (answer["choice"], answer["reason"]) == ("waive", "They were told by telephone.")
    assert sorted(answer["subjects"]) == sorted(bad)


def test_a_held_run_goes_back_when_told(bench: Workbench, page: Page) -> None:
    held(bench, page, spoiled=1)
    asked = ways(page)
    asked.get_by_role("radio", name=f"Go back to {OLD}").check()
    expect(asked.get_by_text("Undoes what was done, then opens the gate.")).to_be_visible()
    asked.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{OLD} runs again", timeout=180_000)
    bench.whole_at(OLD)
