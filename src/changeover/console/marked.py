"""A vendor's Markdown (help, notes, labels) as HTML that can do nothing: no script, no style, no picture, no form.

Two walls: HTML inside Markdown is not HTML for us (markdown-it has it off), and what comes out is cut down to a list of
tags and attributes (nh3, the ammonia of Rust). Links lead to http, https and mailto only, and say nothing of us.
"""

from __future__ import annotations

from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

LONGEST = 8 * 1024
"""Characters of one text that are read as Markdown; a longer one is shown as it is written.

Some Markdown takes time that grows with the square of its length."""
_TAGS = {
    *("a", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h3", "h4", "h5", "h6", "hr", "i", "li"),
    *("ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {"a": {"href", "title"}}


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": False}).enable(
        ["table", "strikethrough"]
    )


@lru_cache(maxsize=1024)
def html(text: str) -> Markup:
    """The text as a block of HTML that may stand in our pages."""
    if len(text) > LONGEST:
        return Markup("<pre>{}</pre>").format(text)
    return Markup(_clean(_markdown().render(text)))  # noqa: S704 - that is what nh3 is for


@lru_cache(maxsize=1024)
def inline(text: str) -> Markup:
    """The text as part of a line: emphasis, code and links only."""
    if len(text) > LONGEST:
        return Markup("{}").format(text)
    return Markup(_clean(_markdown().renderInline(text)))  # noqa: S704


def _clean(unsafe: str) -> str:
    return nh3.clean(
        unsafe,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
