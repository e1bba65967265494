"""Cuts a template into texts and actions, and an action into tokens, as Go's text/template does.

* delimiters are the caller's; ``-`` right inside them, set off by a blank, trims the text beside it;
* texts in quotes and back quotes may hold anything, also the closing delimiter;
* blanks between tokens matter (``f .a`` has an argument, ``(f).a`` a field): each token knows whether one is before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from changeover.errors import Problem


class TemplateProblem(Problem):
    """A template that cannot be read or carried out; says file, line and the expression."""

    reference = "broken-template"

    def __init__(self, message: str, *, file: str = "", line: int = 0, found: str | None = None) -> None:
        where = f"{file or 'template'} line {line}: " if line else ""
        super().__init__(f"{where}{message}", found=found)
        self.reason, self.file, self.line = message, file, line


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `kind` is word, field, variable, text, raw, char, number, sign."""

    kind: str
    text: str
    line: int
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of plain text, or the tokens of one action."""

    text: str = ""
    tokens: tuple[Token, ...] | None = None
    line: int = 1
    source: str = ""
    offset: int = 0


_SPACE = " \t\r\n"
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<text>"(?:\\.|[^"\\\n])*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:\\.|[^'\\\n])+')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?))
    |(?P<field>\.[^\W\d]\w*)
    |(?P<variable>\$\w*)
    |(?P<word>[^\W\d]\w*)
    |(?P<sign>:=|[.|(),=])""",
    re.VERBOSE,
)


def pieces(text: str, left: str, right: str, *, file: str = "") -> Iterator[Piece]:
    """Cut a template at its delimiters. Raises TemplateProblem."""
    at, line, trim = 0, 1, False
    while True:
        begin = text.find(left, at)
        plain = text[at:] if begin < 0 else text[at:begin]
        inside = begin + len(left)
        shown = plain.lstrip(_SPACE) if trim else plain
        trimmed = begin >= 0 and text.startswith("-", inside) and text[inside + 1 : inside + 2] in {*_SPACE}
        if trimmed and inside + 1 < len(text):
            shown = shown.rstrip(_SPACE)
            inside += 1
        if shown:
            yield Piece(text=shown, line=line)
        if begin < 0:
            return
        line += plain.count("\n")
        tokens, at, trim = _action(text, inside, right, where=(file, line))
        if tokens is not None:
            yield Piece(tokens=tuple(tokens), line=line, source=text[begin:at], offset=begin)
        line += text.count("\n", begin, at)


def _action(text: str, at: int, right: str, *, where: tuple[str, int]) -> tuple[list[Token] | None, int, bool]:
    file, line = where
    comment = re.compile(r"[ \t\r\n]*/\*").match(text, at)
    if comment:
        return _comment(text, comment.end(), right, where=where)
    tokens: list[Token] = []
    start, depth, spaced = at, 0, False
    while at < len(text):
        if text.startswith(right, at):
            if depth > 0:
                raise TemplateProblem("unclosed left paren", file=file, line=line, found=_shown(text, start))
            return tokens, at + len(right), False
        if spaced and text[at] == "-" and text.startswith(right, at + 1):
            return tokens, at + 1 + len(right), True
        match = _TOKEN.match(text, at)
        here = line + text.count("\n", start, at)
        if match is None:
            problem = "unterminated quoted string" if text[at] in "\"'`" else f"unexpected {text[at]!r} in an action"
            raise TemplateProblem(problem, file=file, line=here, found=_shown(text, start))
        kind = str(match.lastgroup)
        if kind == "space":
            spaced = True
        else:
            depth += {"(": 1, ")": -1}.get(match.group(), 0) if kind == "sign" else 0
            tokens.append(Token(kind, match.group(), here, spaced))
            spaced = False
        at = match.end()
    raise TemplateProblem("unclosed action", file=file, line=line, found=_shown(text, start))


def _comment(text: str, at: int, right: str, *, where: tuple[str, int]) -> tuple[None, int, bool]:
    end = text.find("*/", at)
    after = end + 2
    if end >= 0:
        trim = re.compile(r"[ \t\r\n]+-").match(text, after)
        if trim and text.startswith(right, trim.end()):
            return None, trim.end() + len(right), True
        if text.startswith(right, after):
            return None, after + len(right), False
    raise TemplateProblem("unclosed comment", file=where[0], line=where[1])


def _shown(text: str, start: int) -> str:
    return text[start : start + 60].split("\n", maxsplit=1)[0]
