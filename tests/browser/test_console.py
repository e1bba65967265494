"""The console in a real Chromium: typing, keyboard, without JavaScript, light, dark and phone, and what axe says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import accessible
from tests.browser.served import serving
from tests.unit.console.pages.furnished import MAP, PASSWORD, Furnished, done
from tests.unit.console.pages.questions import publish

PATHS = (
    "/",
    "/versions",
    "/versions/compare",
    "/windows",
    "/windows/fit",
    "/backups",
    "/settings",
    "/graphs",
    "/runs",
    "/sessions",
    "/config",
    "/customisations",
    "/registry",
    "/licence",
    "/preflight",
    "/troubleshoot",
    "/users",
    "/audit",
    "/account",
)


MARK_WANTED = """() => {
  const found = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((one) =>
    one.type !== "hidden" && !one.disabled && one.tabIndex >= 0 && !one.closest("dialog:not([open])")
    && one.checkVisibility({visibilityProperty: true}));
  for (const one of found) one.dataset.wanted = "";
  return found.length;
}"""
"""Marks what the keyboard has to reach; returns how much that is."""
MARK_REACHED = """() => {
  const on = document.activeElement;
  on.dataset.reached = "";
  return on.type === "radio" ? on.name : "";
}"""
"""Marks what has the focus; of radio buttons of one name the keyboard stops at one, so their name is returned."""
MISSED = """() => [...document.querySelectorAll("[data-wanted]:not([data-reached])")]
  .map((one) => [one.type, one.name, one.outerHTML.slice(0, 120)])"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    held = {"host": "a.example", "password": "hunter2-hunter2", "notes": "x", "legacy": "1"}
    made = Furnished(publish(tmp_path_factory.mktemp("desk") / "desk"), held)
    done(made.cluster.create(MAP))
    return made


@pytest.fixture(scope="module")
def address(desk: Furnished) -> Iterator[str]:
    with serving(desk.on) as found:
        yield found


def entered(page: Page, address: str, name: str = "ada") -> Page:
    page.goto(f"{address}/login")
    page.fill("#n", name)
    page.fill("#p", PASSWORD)
    page.press("#p", "Enter")
    page.wait_for_url(f"{address}/")
    return page


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context()
    made = context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield entered(made, address)
    context.close()
    assert [one for one in faults if "422" not in one and "401" not in one] == [], (
        "neither faults nor refusals of the content policy"
    )


def test_questions_come_and_go_while_somebody_types(page: Page, address: str, desk: Furnished) -> None:
    page.goto(f"{address}/config")
    page.check("text=Make one")
    page.wait_for_selector("input[name='a.issuer']")
    assert page.locator("input[type=file][name='f.cert']").count() == 0
    page.fill("input[name='a.issuer']", "letsencrypt")
    page.press("input[name='a.issuer']", "Tab")
    page.fill("input[name='a.host']", "A B")
    page.press("input[name='a.host']", "Tab")
    page.wait_for_selector("text=small letters and dots only")
    assert page.evaluate("document.activeElement.name") == "u.host", "the keyboard goes on where it was"
    assert page.input_value("input[name='a.issuer']") == "letsencrypt"
    assert page.input_value("input[name='a.host']") == "A B"
    page.fill("input[name='a.host']", "b.example")
    page.press("input[name='a.host']", "Tab")
    page.wait_for_selector("text=Your answers fit.")
    assert desk.saved().values == {}
    page.click("text=Save for the next change")
    page.wait_for_url("**/config?told=saved")
    assert dict(desk.saved().values) == {"source": "made", "issuer": "letsencrypt", "host": "b.example"}
    page.click("text=Forget 3 saved")
    page.wait_for_url("**/config?told=forgotten")
    assert desk.saved().values == {}


def test_a_chosen_file_survives_typing(page: Page, address: str, desk: Furnished) -> None:
    page.goto(f"{address}/config")
    page.set_input_files("input[name='f.cert']", files=[{"name": "new.pem", "mimeType": "x/y", "buffer": b"new"}])
    page.wait_for_selector("text=Chosen")
    page.fill("input[name='a.port']", "8443")
    page.press("input[name='a.port']", "Tab")
    page.wait_for_selector("#w-1.is-changed")
    page.click("text=Save for the next change")
    page.wait_for_url("**/config?told=saved")
    assert dict(desk.saved().values)["cert"]["filename"] == "new.pem"
    page.click("text=Forget 2 saved")
    page.wait_for_url("**/config?told=forgotten")


def test_a_secret_is_shown_in_place(page: Page, address: str) -> None:
    page.goto(f"{address}/config")
    assert "hunter2" not in page.content()
    page.click("button:has-text('Show')")
    page.wait_for_selector("text=hunter2-hunter2")
    assert page.url == f"{address}/config"


def test_a_session_that_ended_meanwhile_leads_to_the_sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/config")
    page.context.clear_cookies()
    page.fill("input[name='a.port']", "8443")
    page.press("input[name='a.port']", "Tab")
    page.wait_for_url("**/login*")


def test_everything_works_without_javascript(browser: Browser, address: str, desk: Furnished) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = entered(context.new_page(), address)
    page.goto(f"{address}/config")
    page.check("text=Make one")
    page.click("text=Look again")
    page.fill("input[name='a.issuer']", "letsencrypt")
    page.click("text=Save for the next change", force=True)
    page.wait_for_url("**/config?told=saved")
    assert dict(desk.saved().values) == {"source": "made", "issuer": "letsencrypt"}
    page.click("text=Forget 2 saved")
    page.goto(f"{address}/users")
    page.fill("#new-name", "zoe")
    page.click("text=Add user")
    assert len(page.inner_text("#made")) > 20
    page.click("text=Change zoe")
    page.fill("tr:has-text('zoe') input[name=typed]", "zoe")
    page.click("tr:has-text('zoe') >> text=Remove >> nth=-1")
    page.wait_for_url("**/users")
    page.click("text=Sign out >> nth=0")
    page.wait_for_url("**/login")
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_axe_finds_nothing(browser: Browser, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = entered(context.new_page(), address)
    for path in (*PATHS, "/nowhere"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} scrolls sideways"
        assert page.locator("h1").count() == 1
        assert accessible.violations(page) == [], path
    context.close()


def test_keys_lead_to_pages_and_can_be_switched_off(page: Page, address: str) -> None:
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert accessible.violations(page) == []
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.keyboard.type("gv")
    page.wait_for_url(f"{address}/versions")
    page.keyboard.type("gc")
    page.wait_for_url(f"{address}/config")
    page.locator("input[name='a.host']").press_sequentially("gr?")  # typing is not leading
    assert page.url == f"{address}/config"
    assert not page.locator("#keys").is_visible()
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_label("Keys that lead to pages are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.type("go")
    page.wait_for_timeout(300)
    assert page.url == f"{address}/config"


@pytest.mark.parametrize("path", PATHS)
def test_everything_on_a_page_is_reached_by_the_keyboard(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    wanted = page.evaluate(MARK_WANTED)
    page.locator("body").press("Tab")
    groups = set()
    for _ in range(wanted + 40):
        groups.add(page.evaluate(MARK_REACHED))
        page.keyboard.press("Tab")
    missed = page.evaluate(MISSED)
    assert [one for one in missed if not (one[0] == "radio" and one[1] in groups)] == []
