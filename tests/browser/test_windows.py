"""Windows in a real Chromium: rules set by keyboard and without JavaScript, months turned, each look judged by axe."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from changeover.actions import calendar
from changeover.actions.installations import INSTALLATION
from changeover.runs.freezes import Freeze
from tests.browser import accessible
from tests.browser.served import serving
from tests.unit.console.pages.furnished import MAP, PASSWORD, Furnished, done
from tests.unit.console.pages.test_update import HELD, channel

LOOKS = ((False, 1280), (True, 1280), (False, 360), (True, 360))


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    made = Furnished(channel(tmp_path_factory.mktemp("desk") / "desk"), HELD)
    done(made.cluster.create(MAP))
    return made


@pytest.fixture
def furnished(desk: Furnished) -> Furnished:
    """Two windows a week and one that is frozen."""
    done(calendar.add_window(desk.outside, "", "0 22 * * 1,3 for 180 in Europe/Berlin"))
    freeze = Freeze("close", reason="The books.", begins="2026-11-26", ends="2026-12-02", zone="Europe/Berlin")
    done(calendar.add_freeze(desk.outside, "", freeze))
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    taken = {"status": {"secondsTaken": [600, 720, 1260]}}
    done(desk.cluster.patch(followed.ref, taken, subresource="status"))
    return desk


@pytest.fixture
def address(desk: Furnished) -> Iterator[str]:
    with serving(desk.on) as found:
        yield found


def entered(browser: Browser, address: str, **look: bool) -> Page:
    page = browser.new_context(base_url=address, java_script_enabled=look.get("script", True)).new_page()
    page.goto("/login")
    page.fill("#n", "ada")
    page.fill("#p", PASSWORD)
    page.press("#p", "Enter")
    page.wait_for_url(f"{address}/")
    return page


def test_it_fits_every_look(furnished: Furnished, browser: Browser, address: str) -> None:
    page = entered(browser, address)
    for dark, width in LOOKS:
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("/windows?add=freeze", "/windows?month=2026-12&add=window", "/windows?freeze=close"):
            page.goto(path)
            expect(page.get_by_text("1.1.0 needs 21 min at worst")).to_be_visible()
            assert accessible.violations(page) == [], (dark, width, path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (dark, width, path)
    page.context.close()


def test_months_are_turned_and_days_say_what_is_on_them(furnished: Furnished, browser: Browser, address: str) -> None:
    page = entered(browser, address)
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url(f"{address}/windows")
    table = page.get_by_role("table", name="November 2026")
    expect(table.get_by_role("cell", name=re.compile("^23 ?today"))).to_contain_text("22:00, 3 h next")
    expect(table.get_by_role("cell", name=re.compile("^30 ?frozen"))).to_contain_text("frozen")
    picture = page.get_by_role("img", name="Window from 22:00 to 01:00")
    expect(picture).to_have_accessible_name(re.compile("It can begin at 00:38 at the latest"))
    page.get_by_role("link", name="Later month").press("Enter")
    expect(page.get_by_role("table", name="December 2026")).to_be_visible()
    page.get_by_role("link", name="Today").press("Enter")
    expect(page.get_by_role("table", name="November 2026")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_rules_are_set_by_keyboard_also_without_javascript(
    desk: Furnished, browser: Browser, address: str, *, script: bool
) -> None:
    page = entered(browser, address, script=script)
    page.goto("/windows")
    page.get_by_role("link", name="Add a window").press("Enter")
    page.get_by_role("checkbox", name="Mon").press("Space")
    page.get_by_label("Time zone").first.fill("Europe/Berlin")
    page.get_by_role("button", name="Add the window").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tonight 22:00, or not before Monday 30 November.")
    page.get_by_role("link", name="Add a freeze").press("Enter")
    page.get_by_label("Name", exact=True).fill("close")
    page.get_by_label("Why").fill("The books.")
    page.get_by_label("From day").fill("2026-11-23")
    page.get_by_label("To day").fill("2026-11-20")
    page.get_by_role("button", name="Add the freeze").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The freeze close never holds.")
    page.get_by_label("To day").fill("2026-11-29")
    page.get_by_role("button", name="Add the freeze").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Frozen until Monday 30 November, 00:00.")
    page.get_by_role("link", name="Change close").press("Enter")
    page.get_by_label("To day").fill("2026-12-01")
    page.get_by_role("button", name="Change the freeze").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Frozen until Wednesday 2 December, 00:00.")
    page.get_by_role("button", name="Remove close").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tonight 22:00")
    page.context.close()
