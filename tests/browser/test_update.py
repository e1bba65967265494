"""The page of an update in a real Chromium: a note of the vendor is read, acknowledged, and opens the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from changeover.arrivals import PART_BYTES
from tests.browser import accessible
from tests.browser.served import serving
from tests.unit.console.pages.furnished import MAP, PASSWORD, Furnished, done
from tests.unit.console.pages.test_update import HELD, channel
from tests.unit.console.pages.test_uploads import package


@pytest.fixture
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    desk = Furnished(channel(tmp_path_factory.mktemp("desk") / "desk"), HELD)
    done(desk.cluster.create(MAP))
    with serving(desk.on) as address:
        context = browser.new_context(base_url=address)
        made = context.new_page()
        made.goto("/login")
        made.fill("#n", "olaf")
        made.fill("#p", PASSWORD)
        made.press("#p", "Enter")
        made.wait_for_url(f"{address}/")
        yield made
        context.close()


def test_a_note_is_acknowledged_with_the_keyboard(page: Page) -> None:
    page.goto("/update/1.1.0?strategy=plain")
    for dark, width in ((False, 1280), (True, 1280), (False, 360)):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 900})
        assert accessible.violations(page) == [], (dark, width)
    acknowledge = page.get_by_role("button", name="Acknowledge mail")
    acknowledge.press("Enter")
    expect(acknowledge).to_be_visible()  # the box is not ticked: the browser asks for it, and nothing is sent
    page.get_by_label("I have read this").press("Space")
    acknowledge.press("Enter")
    expect(page.get_by_text("by olaf,")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.1.0 can run now")
    expect(page.get_by_role("button", name="Deploy 1.1.0")).to_be_enabled()


def test_a_version_is_uploaded_through_a_broken_connection(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "desk.tgz"
    file.write_bytes(package("1.2.0", weight=3 * PART_BYTES))
    sent: list[str] = []

    def breaking(route: Route) -> None:
        sent.append(route.request.url.rpartition("/")[2])
        if len(sent) in (2, 4):
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(r"/versions/upload/[0-9a-f]+/[0-9]+$"), breaking)
    page.goto("/versions")
    page.get_by_role("link", name="Upload a new version").click()
    assert accessible.violations(page) == []
    page.get_by_label("Package or bundle", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Uploaded by olaf")).to_be_visible(timeout=20_000)
    assert sorted(set(sent)) == ["0", "1", "2", "3"]
    assert len(sent) == 6, "only what did not arrive is sent again"
    page.get_by_role("button", name="Forget 1.2.0").click()
    expect(page.get_by_text("Uploaded by olaf")).to_be_hidden()
    file.write_bytes(b"no package")
    page.get_by_role("link", name="Upload a new version").click()
    page.get_by_label("Package or bundle", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_contain_text("desk.tgz is no package.")
