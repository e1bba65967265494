"""What axe says of a page: WCAG 2.2 A and AA, and best practice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
"""axe-core, as the wheel brings it; evaluated beside the page, so that our content policy stays as it is."""


def violations(page: Page) -> list[Any]:
    """What axe finds: rule, impact, elements."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE)
    found: list[Any] = page.evaluate(
        "axe.run().then(r => r.violations.map(v => [v.id, v.impact, v.nodes.map(n => n.html)]))"
    )
    return found
