"""What people see of a page: axe finds nothing, nothing is cut off; in each look, and with pictures, when asked for.

Otherwise on a phone only: every page is looked at in each look by test_console.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import accessible

SCREENS = os.environ.get("CHANGEOVER_SCREENS", "")
"""The folder for pictures of each page, light, dark and phone; none are made when it is not set."""
LOOKS = {"light": (1280, 900), "dark": (1280, 900), "phone": (390, 844)}
LOOKED = tuple(LOOKS) if SCREENS else ("phone",)
TALLEST = 1500
"""Pixels of a page that a picture shows."""
WIDER = """(width) => document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > width).map((one) => one.outerHTML.slice(0, 160))"""
"""What reaches beyond the right edge, when the page scrolls sideways."""


def picture(page: Page, name: str) -> None:
    """Look at the page as it is now."""
    for look in LOOKED:
        width, height = LOOKS[look]
        page.emulate_media(color_scheme="dark" if look == "dark" else "light")
        page.set_viewport_size({"width": width, "height": height})
        if SCREENS:
            tall = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
            page.set_viewport_size({"width": width, "height": max(tall, height)})
            Path(SCREENS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(SCREENS) / f"{name}-{look}.jpg", type="jpeg", quality=50)
        assert accessible.violations(page) == [], (name, look)
        assert page.evaluate(WIDER, width) == [], f"{name} scrolls sideways ({look})"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
