"""Nothing that a vendor writes in Markdown runs, loads or submits in our pages."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from changeover.console import marked

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](&#106;avascript:alert(1))",
    "<javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example>",
    "<form action=//evil.example><input name=a></form>",
    "<style>*{display:none}</style>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    '<a hx-get="/users/ada/remove" hx-trigger="load">x</a>',
    "`</code><script>alert(1)</script>`",
    "```\n</pre><script>alert(1)</script>\n```",
    "| a |\n|---|\n| <script>alert(1)</script> |",
    '[x](https://a.example "\\" onmouseover=\\"alert(1)")',
    "<!-- --><script>alert(1)</script>",
]


class Seen(HTMLParser):
    """Tags and attributes as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


@pytest.mark.parametrize("shown", [marked.html, marked.inline])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_is_left(text: str, shown: object) -> None:
    seen = Seen()
    seen.feed(str(shown(text)))  # type: ignore[operator]
    assert not seen.tags & {"script", "img", "svg", "iframe", "form", "input", "style", "base", "meta", "div", "math"}
    assert {name for name, _ in seen.attributes} <= {"href", "title", "rel"}
    assert all(
        value.startswith(("http:", "https:", "mailto:")) for name, value in seen.attributes if name == "href" and value
    )


def test_what_helps_is_kept() -> None:
    text = marked.html(
        "## Domain\n\nA *name* with `dots`, see [the guide](https://docs.example/x?a=1&b=2).\n\n- one\n- two"
    )
    assert "<em>name</em>" in text
    assert "<code>dots</code>" in text
    assert 'href="https://docs.example/x?a=1&amp;b=2"' in text
    assert 'rel="noopener noreferrer nofollow"' in text
    assert "<li>one</li>" in text


@pytest.mark.parametrize("shown", [marked.html, marked.inline])
def test_a_long_text_is_shown_as_it_is_written(shown: Callable[[str], str]) -> None:
    assert "&lt;script&gt;" in shown("<script>" * 2000)
    assert "*" in shown("*a* " * 10_000), "Markdown of that length is not read"
    assert "<script" not in shown("![<script>" * 100_000)
