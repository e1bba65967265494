"""A package that is hostile in every text that it can show, in a real Chromium: nothing runs, loads or leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from changeover.actions import audit
from changeover.actions.audit import Entry
from tests.browser.served import serving
from tests.browser.test_console import PATHS
from tests.unit.console.pages.furnished import PASSWORD, Furnished, done
from tests.unit.console.pages.questions import publish

ATTACKS = {
    "script": "<script>window.hacked=1</script>",
    "image": "<img src=x onerror=window.hacked=1>",
    "link": "[press](javascript:window.hacked=1)",
    "attribute": 'x" autofocus onfocus="window.hacked=1',
    "picture": "![p](http://evil.example/p.png)",
    "htmx": "<b hx-get='/users' hx-trigger='load'>x</b>",
    "form": "</form><form action='http://evil.example/'><button>Sign in</button></form>",
    "style": "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "textarea": "</textarea><script>window.hacked=1</script>",
    "template": "{% raw %}{{ 7*7 }}{% endraw %}${7*7}",
    "svg": "<svg><animate onbegin=window.hacked=1 attributeName=x dur=1s>",
    "frame": "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
}
HELD = {"password": "hunter2-hunter2"}


@pytest.fixture(params=ATTACKS)
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The console over such a package, with the same text in an answer and in the audit log."""
    written = ATTACKS[request.param]
    desk = Furnished(
        publish(tmp_path / "desk", attack=written), {**HELD, "host": written, "notes": written, "legacy": "1"}
    )

    async def fill() -> None:
        await audit.Log(desk.outside).record(Entry("2026-11-23", written, written, "done", written, written))

    done(fill())

    with serving(desk.on) as address:
        yield address, written


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_nothing_of_it_runs(page: Page, hostile: tuple[str, str]) -> None:
    address, _ = hostile
    asked: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))  # type: ignore[func-returns-value]
    page.goto(f"{address}/login")
    page.fill("#n", "ada")
    page.fill("#p", PASSWORD)
    page.click("main button")
    page.goto(f"{address}/config")
    assert page.locator("#config-form").count() == 1
    for path in (
        *PATHS,
        f"/audit?words={'%3Cscript%3Ewindow.hacked=1%3C/script%3E'}",
    ):
        page.goto(address + path)
        assert_untouched(page)
    page.goto(f"{address}/config")
    page.fill("input[name='a.host']", '"><script>window.hacked=1</script>')
    page.click("text=Look again")
    assert "second look" in page.inner_text("#config-wrong")
    assert_untouched(page)
    page.set_input_files(
        "#import-file",
        files=[
            {
                "name": "<img src=x onerror=window.hacked=1>",
                "mimeType": "text/yaml",
                "buffer": b"host: '<script>window.hacked=1</script>'\nx: 1",
            }
        ],
    )
    page.click("text=Compare the file")
    assert_untouched(page)
    assert all(url.startswith((address, "data:", "about:")) for url in asked), asked
    assert dialogs == []


def assert_untouched(page: Page) -> None:
    assert page.evaluate("window.hacked") is None
    found = page.evaluate(
        """NEVER => ({
            scripts: [...document.scripts].filter(one => !one.src.startsWith(location.origin)).length,
            foreign: document.querySelectorAll(NEVER).length,
            pictures: [...document.images].length,
            links: [...document.links].filter(one => one.protocol === 'javascript:').length,
            forms: [...document.forms].filter(one => !one.action.startsWith(location.origin)).length,
            seen: getComputedStyle(document.body).display !== 'none',
        })""",
        "iframe, object, embed, animate, base, style, [onerror], [onfocus], [srcdoc], "
        "[hx-get]:not(main > [hx-get='/now'])",
    )
    assert found == {"scripts": 0, "foreign": 0, "pictures": 0, "links": 0, "forms": 0, "seen": True}
