"""The page for the application's users while the gate is closed."""

from datetime import UTC, datetime

import pytest

from changeover.runs.verbs.maintenance import MOST_ICON, Told, page

SINCE = datetime(2026, 11, 30, 22, 0, 20, tzinfo=UTC)
ICON = "data:image/svg+xml;base64,PHN2Zy8+"


def told(title: str = "Lighthouse", *, icon: str = ICON, message: str = "Tell the ships.", seconds: float = 300) -> str:
    return page(Told(title, icon, message, SINCE, seconds))


def test_it_says_in_the_vendors_name_what_goes_on_and_when_it_is_back() -> None:
    said = told()
    assert "<title>Lighthouse is being updated</title>" in said
    assert f'<img src="{ICON}" alt="">' in said
    assert "Tell the ships." in said
    assert "Back at about 22:06 UTC" in said, "rounded up: nobody is told too early"
    assert "Running work is saved before anything is changed." in said


def test_what_nobody_knows_is_not_said() -> None:
    said = told(icon="", message="", seconds=0)
    assert "Back at" not in said
    assert "Expected" not in said
    assert "<img" not in said


@pytest.mark.parametrize(
    "icon",
    [
        "https://tracker.example/icon.png",
        "data:text/html;base64,AAAA",
        "javascript:alert(1)",
        "data:image/png;base64," + "A" * MOST_ICON,
    ],
)
def test_it_loads_nothing_and_takes_only_pictures(icon: str) -> None:
    said = told(icon=icon)
    assert "<img" not in said
    assert icon not in said


def test_a_drawing_as_vendors_write_it_is_shown() -> None:
    said = told(icon="data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert '<img src="data:image/svg+xml;utf8,&lt;svg xmlns=' in said


def test_what_a_vendor_writes_is_text() -> None:
    assert 'onerror="' not in told(icon='data:image/png;base64,AAAA" onerror="alert(1)')
    hostile = "</title><script>alert(1)</script>"
    said = told(hostile, message=hostile)
    assert "<script>alert" not in said
    assert said.count("&lt;script&gt;") == 5
