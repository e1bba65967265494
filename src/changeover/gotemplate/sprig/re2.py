"""Regular expressions as Go's regexp package has them: RE2 itself, so that no pattern takes more than linear time.

What RE2 does not know (look-around, back references) is refused in Go's words. Bytes that are no text count as one
unreadable character each, as in Go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

LONGEST_PATTERN = 10_000
_UNREADABLE = re.compile("[\ud800-\udfff]")
_OPTIONS: Any = re2.Options()
_OPTIONS.log_errors = False
_WITHIN_LINES: Any = re2.Options()
_WITHIN_LINES.log_errors = False
_WITHIN_LINES.never_nl = True
_TEXT_ENDS = re.compile(r"\\[AzZQC]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
"""What tells a text's ends from a line's, or is not read as an expression."""
_IN_GO = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "trailing \\": "trailing backslash at end of expression",
}
"""RE2's words for what is wrong, and Go's."""


class BadPattern(ValueError):
    """A pattern that RE2 does not accept."""

    def __init__(self, reason: str, piece: str) -> None:
        super().__init__(f"error parsing regexp: {reason}: `{piece}`")


@dataclass(frozen=True, slots=True)
class Match:
    """One match: where it and its groups stand in the text; (-1, -1) for a group that took no part."""

    text: str
    spans: tuple[tuple[int, int], ...]
    names: Mapping[str, int]

    def start(self) -> int:
        """Where it begins."""
        return self.spans[0][0]

    def end(self) -> int:
        """Where it ends."""
        return self.spans[0][1]

    def group(self, key: int | str = 0) -> str:
        """The text of a group, by number or name; empty when it took no part or there is no such group."""
        number = key if isinstance(key, int) else self.names.get(key, -1)
        if not 0 <= number < len(self.spans):
            return ""
        begin, end = self.spans[number]
        return self.text[begin:end] if begin >= 0 else ""


class Pattern:
    """A compiled expression."""

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self._compiled: Any = re2.compile(_readable(source), _OPTIONS)
        except re2.error as error:
            raise _in_go(error, source) from None
        self.names: Mapping[str, int] = dict(self._compiled.groupindex)

    def is_in(self, text: str) -> bool:
        """Whether there is a match."""
        return self._compiled.search(_readable(text)) is not None

    def search(self, text: str) -> Match | None:
        """The leftmost match."""
        return next(iter(self.matches(text, 1)), None)

    def matches(self, text: str, most: int = -1) -> list[Match]:
        """All matches, at most so many when not negative; an empty one directly after a match does not count."""
        found: list[Match] = []
        before = -1
        for one in self._compiled.finditer(_readable(text)) if most else ():
            begin, end = one.span()
            if end > begin or begin != before:
                spans = tuple(one.span(number) for number in range(self._compiled.groups + 1))
                found.append(Match(text, spans, self.names))
            before = end
            if len(found) == most:
                break
        return found


class LinePattern:
    """Finds in a whole text, at once, the lines in which an expression would be found line by line."""

    def __init__(self, source: str) -> None:
        self._compiled: Any = re2.compile(f"(?m){_readable(source)}", _WITHIN_LINES)

    def starts(self, text: str) -> list[int]:
        """Where matches begin; at least one in each such line, none elsewhere."""
        return [one.start() for one in self._compiled.finditer(_readable(text))]


@lru_cache(maxsize=256)
def line_pattern(source: str) -> LinePattern | None:
    """The expression for a whole text; None for one that means the text's ends, or is found in an empty line."""
    if _TEXT_ENDS.search(source):
        return None
    try:
        made = LinePattern(source)
    except re2.error:
        return None
    return None if made.starts("") else made


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """Compile an expression. Raises BadPattern."""
    if len(source) > LONGEST_PATTERN:
        raise BadPattern("expression too large", source[:50])
    return Pattern(source)


def _readable(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _UNREADABLE.sub("\ufffd", text)
    return text


def _in_go(error: Exception, source: str) -> BadPattern:
    said = error.args[0] if error.args else ""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    reason, _, piece = words.partition(": ")
    shown = source if reason in {"missing )", "unexpected )"} else piece
    return BadPattern(_IN_GO.get(reason, reason), shown)
