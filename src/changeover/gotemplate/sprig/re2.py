r"""RE2's regular expressions, as Go's regexp package has them, carried out by Python's `re`.

What means the same is kept; what means something else is rewritten: ``$`` and ``\\z``, ``\\d \\w \\s \b`` (ASCII only),
``[[:alpha:]]``, ``\\pL``, ``\\Q…\\E``, ``(?U)``. What RE2 does not know is refused: look-around, back references,
possessive quantifiers. A pattern in which repetition is nested in repetition could run for ever in a backtracking
matcher, so texts that it is applied to are bounded.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

LONGEST_TEXT = 1_000_000
LONGEST_NESTED = 200
LONGEST_PATTERN = 10_000
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_MOST = 1000
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PERL = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_SCRIPTS = frozenset({"Latin", "Greek", "Cyrillic", "Arabic", "Hebrew", "Hiragana", "Katakana", "Hangul", "Thai"})
_GROUP_NAME = re.compile(r"P?<([A-Za-z_]\w*)>")
_FLAGS = re.compile(r"([imsU]*)(?:-([imsU]+))?([:)])")


class BadPattern(ValueError):
    """A pattern that RE2 does not accept."""

    def __init__(self, reason: str, piece: str) -> None:
        super().__init__(f"error parsing regexp: {reason}: `{piece}`")


class Pattern:
    """A compiled expression."""

    def __init__(self, source: str) -> None:
        translated = _Translator(source)
        self.source = source
        self._nested = translated.nested
        try:
            self._compiled = re.compile(translated.text)
        except (re.error, OverflowError, RecursionError) as error:
            raise BadPattern(str(error), source) from None
        self.names = dict(self._compiled.groupindex.items())

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The leftmost match from a place on. Raises BadPattern for a text that is too long for it."""
        bound = LONGEST_NESTED if self._nested else LONGEST_TEXT
        if len(text) > bound:
            raise BadPattern(f"texts of more than {bound} characters are not matched by such a pattern", self.source)
        return self._compiled.search(text, start)

    def matches(self, text: str, most: int = -1) -> list[re.Match[str]]:
        """All matches, at most so many when not negative; an empty one directly after a match does not count."""
        found: list[re.Match[str]] = []
        place, before = 0, -1
        while place <= len(text) and (most < 0 or len(found) < most):
            match = self.search(text, place)
            if match is None:
                break
            accepted = match.end() > match.start() or match.start() != before
            place = match.end() if match.end() > match.start() else match.end() + 1
            before = match.end()
            if accepted:
                found.append(match)
        return found


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """Compile an expression. Raises BadPattern."""
    if len(source) > LONGEST_PATTERN:
        raise BadPattern("expression too large", source[:50])
    return Pattern(source)


@lru_cache(maxsize=64)
def _category(name: str) -> str | None:
    """The characters of a Unicode category or script, as ranges for a class; None when there is no such."""
    if name in _SCRIPTS:
        fits = [code for code in range(0x20000) if unicodedata.name(chr(code), "").startswith(name.upper())]
    elif name == "Any":
        return "\\x00-\\U0010FFFF"
    else:
        fits = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)).startswith(name)]
    return _ranges(fits) if fits else None


def _ranges(codes: list[int]) -> str:
    parts: list[str] = []
    start = before = codes[0]
    for code in [*codes[1:], -1]:
        if code != before + 1:
            parts.append(f"\\U{start:08X}-\\U{before:08X}")
            start = code
        before = code
    return "".join(parts)


class _Translator:
    """One pass over the pattern; `text` is Python's form, `nested` tells whether repetitions are nested."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._flags: list[frozenset[str]] = [frozenset()]
        self._repeats: list[bool] = [False]
        self.nested = False
        self._last_repeats = False
        self._can_repeat = False
        parts: list[str] = []
        while self._at < len(source):
            parts.append(self._piece())
        if len(self._flags) > 1:
            raise BadPattern("missing closing )", source)
        self.text = "".join(parts)

    def _piece(self) -> str:
        sign = self._source[self._at]
        if sign in "*+?" or (sign == "{" and _REPEAT.match(self._source, self._at)):
            return self._repeat()
        self._can_repeat = True
        self._last_repeats = False
        if sign == "(":
            return self._open()
        self._at += 1
        if sign in ")[\\":
            return {")": self._close, "[": self._class, "\\": self._escape}[sign]()
        return self._sign(sign)

    def _sign(self, sign: str) -> str:
        flags = self._flags[-1]
        if sign == "|":
            self._can_repeat = False
        elif sign == "^":
            return "(?m:^)" if "m" in flags else r"(?:\A)"
        elif sign == "$":
            return "(?m:$)" if "m" in flags else r"(?:\Z)"
        elif sign == ".":
            return "(?s:.)" if "s" in flags else "."
        elif sign in "{}":
            return "\\" + sign
        return re.escape(sign) if sign in " #&~-" else sign

    # --- repetition ---

    def _repeat(self) -> str:
        begin = self._at
        match = _REPEAT.match(self._source, begin)
        text = match.group() if match else self._source[begin]
        if not self._can_repeat:
            raise BadPattern("missing argument to repetition operator", text)
        self._at += len(text)
        if match:
            self._check_counts(match)
        lazy = self._source[self._at : self._at + 1] == "?"
        self._at += lazy
        following = self._source[self._at : self._at + 1]
        if following and (following in "*+?" or _REPEAT.match(self._source, self._at)):
            raise BadPattern("invalid nested repetition operator", self._source[begin : self._at] + following)
        unbounded = text in {"*", "+"} or (match is not None and (match[3] == "" or int(match[1]) > 1))
        if unbounded and self._last_repeats:
            self.nested = True
        self._repeats[-1] = self._repeats[-1] or unbounded
        self._can_repeat = False
        return text + ("?" if lazy != ("U" in self._flags[-1]) else "")

    def _check_counts(self, match: re.Match[str]) -> None:
        low = int(match[1])
        high = int(match[3]) if match[3] else low
        if max(low, high) > _MOST or high < low:
            raise BadPattern("invalid repeat count", match.group())

    # --- groups ---

    def _open(self) -> str:
        self._at += 1
        self._can_repeat = False
        if not self._source.startswith("?", self._at):
            self._push(self._flags[-1])
            return "("
        self._at += 1
        name = _GROUP_NAME.match(self._source, self._at)
        if name:
            self._at = name.end()
            self._push(self._flags[-1])
            return f"(?P<{name.group(1)}>"
        flags = _FLAGS.match(self._source, self._at)
        if not flags:
            raise BadPattern("invalid or unsupported Perl syntax", self._source[self._at - 2 : self._at + 1])
        self._at = flags.end()
        wanted = (self._flags[-1] | set(flags[1])) - set(flags[2] or "")
        if flags[3] == ":":
            self._push(frozenset(wanted))
            return self._case(wanted)
        changed = ("i" in wanted) != ("i" in self._flags[-1])
        self._flags[-1] = frozenset(wanted)
        return self._rest_of_group(wanted) if changed else ""

    def _case(self, wanted: set[str] | frozenset[str]) -> str:
        before = "i" in self._flags[-2]
        if ("i" in wanted) == before:
            return "(?:"
        return "(?i:" if "i" in wanted else "(?-i:"

    def _rest_of_group(self, wanted: set[str] | frozenset[str]) -> str:
        """``(?i)`` holds to the end of its group: the rest becomes a group of its own."""
        depth = len(self._flags)
        parts: list[str] = []
        while self._at < len(self._source):
            if self._source[self._at] == ")" and len(self._flags) == depth:
                break
            parts.append(self._piece())
        inner = "".join(parts)
        mark = "(?i:" if "i" in wanted else "(?-i:"
        return f"{mark}{inner})"

    def _push(self, flags: frozenset[str]) -> None:
        self._flags.append(flags)
        self._repeats.append(False)

    def _close(self) -> str:
        if len(self._flags) == 1:
            raise BadPattern("unexpected )", self._source)
        self._flags.pop()
        self._last_repeats = self._repeats.pop()
        self._repeats[-1] = self._repeats[-1] or self._last_repeats
        return ")"

    # --- classes and escapes ---

    def _class(self) -> str:
        begin = self._at - 1
        negated = self._source.startswith("^", self._at)
        self._at += negated
        parts: list[str] = []
        while True:
            if self._at >= len(self._source):
                raise BadPattern("missing closing ]", self._source[begin:])
            sign = self._source[self._at]
            if sign == "]" and parts:
                self._at += 1
                return f"[{'^' if negated else ''}{''.join(parts)}]"
            parts.append(self._class_piece(sign, last=self._source[self._at + 1 : self._at + 2] == "]"))

    def _class_piece(self, sign: str, *, last: bool) -> str:
        if sign == "[" and self._source.startswith("[:", self._at):
            end = self._source.find(":]", self._at)
            if end > 0:
                return self._posix(end)
        self._at += 1
        if sign == "\\":
            return self._class_escape()
        if sign == "-" and not last:
            return "-"
        return "\\" + sign if sign in "[]&~|-^" else sign

    def _posix(self, end: int) -> str:
        name = self._source[self._at + 2 : end]
        known = _POSIX.get(name.removeprefix("^"))
        if known is None:
            raise BadPattern("invalid character class range", self._source[self._at : end + 2])
        self._at = end + 2
        return _complement(known) if name.startswith("^") else known

    def _class_escape(self) -> str:
        sign = self._next()
        if sign in _PERL:
            return _PERL[sign]
        if sign.lower() in _PERL:
            return _complement(_PERL[sign.lower()])
        if sign in "pP":
            return self._unicode(negated=sign == "P")
        return self._single(sign)

    def _escape(self) -> str:
        sign = self._next()
        if sign in "Az":
            self._can_repeat = True
            return r"(?:\A)" if sign == "A" else r"(?:\Z)"
        if sign in "bB":
            return f"(?a:\\{sign})"
        if sign in _PERL:
            return f"[{_PERL[sign]}]"
        if sign.lower() in _PERL:
            return f"[^{_PERL[sign.lower()]}]"
        if sign in "pP":
            return f"[{self._unicode(negated=sign == 'P')}]"
        if sign == "Q":
            end = self._source.find("\\E", self._at)
            literal = self._source[self._at : end if end >= 0 else len(self._source)]
            self._at = end + 2 if end >= 0 else len(self._source)
            return re.escape(literal)
        return self._single(sign)

    def _single(self, sign: str) -> str:
        if sign in "afnrtv":
            return "\\" + sign
        if sign == "x":
            return self._hex()
        if sign in "01234567" and (sign == "0" or self._source[self._at : self._at + 1].isdigit()):
            match = re.compile(r"[0-7]{0,2}").match(self._source, self._at)
            digits = sign + (match.group() if match else "")
            self._at += len(digits) - 1
            return f"\\x{int(digits, 8) & 0xFF:02X}"
        if sign.isalnum():
            raise BadPattern("invalid escape sequence", "\\" + sign)
        return "\\" + sign

    def _hex(self) -> str:
        match = re.compile(r"\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{2})").match(self._source, self._at)
        if not match or int(match[1] or match[2], 16) > sys.maxunicode:
            raise BadPattern("invalid escape sequence", self._source[self._at - 2 : self._at + 2])
        self._at = match.end()
        return f"\\U{int(match[1] or match[2], 16):08X}"

    def _unicode(self, *, negated: bool) -> str:
        begin = self._at
        match = re.compile(r"\{(\^?)([A-Za-z_]+)\}|([A-Z])").match(self._source, begin)
        ranges = _category(match[2] or match[3]) if match else None
        if match is None or ranges is None:
            raise BadPattern("invalid character class range", self._source[begin - 2 : begin + 3])
        self._at = match.end()
        return _complement(ranges) if negated != bool(match[1]) else ranges

    def _next(self) -> str:
        if self._at >= len(self._source):
            raise BadPattern("trailing backslash at end of expression", "")
        self._at += 1
        return self._source[self._at - 1]


@lru_cache(maxsize=64)
def _complement(ranges: str) -> str:
    """The ranges of all characters outside of these."""
    inside = re.compile(f"[{ranges}]")
    return _ranges([code for code in range(sys.maxunicode + 1) if not inside.match(chr(code))])
