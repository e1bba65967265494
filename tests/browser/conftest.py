"""One Chromium for all browser tests; they are skipped where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = os.environ.get("CHANGEOVER_TEST_CHROMIUM") or shutil.which("chromium")
ALONE = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
QUIET = ("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * 127.0.0.1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium without any way out of this machine.

    For one module: while it lives its event loop runs in this thread, and no other test may have one.
    """
    if not CHROMIUM:
        pytest.skip("no Chromium: install Debian's package chromium or set CHANGEOVER_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ALONE, *QUIET])
        yield found
        found.close()
