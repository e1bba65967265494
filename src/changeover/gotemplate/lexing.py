"""Cuts a template into tokens, as Go's lexer does: text outside, words inside the delimiters.

* ``{{- `` and `` -}}`` trim the blanks of the text next to them; ``{{/* … */}}`` says nothing;
* a delimiter inside a string literal is part of the string.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from changeover.gotemplate.problem import TemplateProblem

KEYWORDS = frozenset({"block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"})
_BLANKS = " \t\r\n"
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<string>\"(?:\\[^\n]|[^\"\\\n])*\")"
    r"|(?P<raw>`[^`]*`)"
    r"|(?P<char>'(?:\\[^\n]|[^'\\\n])*')"
    r"|(?P<declare>:=)"
    r"|(?P<variable>\$\w*)"
    r"|(?P<field>\.(?![0-9])\w+)"
    r"|(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[bB][01_]*|0[oO][0-7_]*"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]*)?)i?|[+-])"
    r"|(?P<word>\w+)"
    r"|(?P<dot>\.)"
    r"|(?P<sign>[|=(),])"
)
_ENDS = frozenset(" \t\r\n.,|:()")
_NEEDS_END = frozenset({"variable", "field", "number", "word"})
_MESSAGES = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
}


class Token(NamedTuple):
    """One piece: its kind (text, left, right, word, keyword, bool, field, variable, …), text, place in the source."""

    kind: str
    text: str
    position: int


class Source(NamedTuple):
    """A template's text with its name and delimiters."""

    name: str
    text: str
    left: str = "{{"
    right: str = "}}"

    def line_of(self, position: int) -> int:
        """The line of a position, from 1."""
        return self.text.count("\n", 0, position) + 1

    def column_of(self, position: int) -> int:
        """The column of a position in bytes, from 0, as Go counts."""
        begin = self.text.rfind("\n", 0, position) + 1
        return len(self.text[begin:position].encode("utf-8", "surrogateescape"))

    def problem(self, reason: str, position: int, expression: str = "", *, hint: str | None = None) -> TemplateProblem:
        """The problem that the template has at a position."""
        return TemplateProblem(
            reason,
            name=self.name,
            line=self.line_of(position),
            column=self.column_of(position) + 1,
            expression=expression,
            hint=hint,
        )


def tokens(source: Source) -> Iterator[Token]:
    """All tokens of a template; the last is of kind ``end``. Raises TemplateProblem."""
    text, left = source.text, source.left
    position, trimmed = 0, False
    while True:
        begin = text.find(left, position)
        piece = text[position : begin if begin >= 0 else len(text)]
        start = position
        if trimmed:
            shorter = piece.lstrip(_BLANKS)
            start += len(piece) - len(shorter)
            piece = shorter
        trims = begin >= 0 and _trims(text, begin + len(left))
        if trims:
            piece = piece.rstrip(_BLANKS)
        if piece:
            yield Token("text", piece, start)
        if begin < 0:
            yield Token("end", "", len(text))
            return
        inside = begin + len(left) + (2 if trims else 0)
        if text.startswith("/*", inside):
            position, trimmed = _after_comment(source, inside)
            continue
        yield Token("left", left, begin)
        position, trimmed = yield from _action(source, inside)


def _trims(text: str, position: int) -> bool:
    return text.startswith("-", position) and text[position + 1 : position + 2] in tuple(_BLANKS)


def _after_comment(source: Source, position: int) -> tuple[int, bool]:
    end = source.text.find("*/", position)
    if end < 0:
        raise source.problem("unclosed comment", position)
    end += 2
    trims = source.text[end : end + 1] in tuple(_BLANKS) and source.text.startswith("-" + source.right, end + 1)
    if trims:
        end += 2
    if not source.text.startswith(source.right, end):
        raise source.problem("comment ends before closing delimiter", position)
    return end + len(source.right), trims


def _action(source: Source, position: int) -> Generator[Token, None, tuple[int, bool]]:
    text, right = source.text, source.right
    depth = 0
    while True:
        if text.startswith(right, position) or _closes(source, position):
            trims = not text.startswith(right, position)
            if depth:
                raise source.problem("unclosed left paren", position)
            yield Token("right", right, position)
            return position + len(right) + (2 if trims else 0), trims
        match = _TOKEN.match(text, position)
        if not match:
            yield _other(source, position)
            position += 1
            continue
        kind, piece = match.lastgroup or "", match.group()
        if kind == "space":
            if piece != " " and _closes(source, match.end() - 1):
                piece = piece[:-1]
            yield Token("space", piece, position)
            position += len(piece)
            continue
        depth += (piece == "(") - (piece == ")")
        if depth < 0:
            raise source.problem("unexpected right paren", position)
        if kind in _NEEDS_END:
            _check_end(source, match.end(), kind, piece)
        yield Token(_kind(kind, piece), piece, position)
        position = match.end()


def _closes(source: Source, position: int) -> bool:
    """Whether a blank, a minus and the right delimiter stand here."""
    text = source.text
    return text[position : position + 1] in tuple(_BLANKS) and text.startswith("-" + source.right, position + 1)


def _check_end(source: Source, position: int, kind: str, piece: str) -> None:
    sign = source.text[position : position + 1]
    if sign and sign not in _ENDS and not source.text.startswith(source.right, position):
        if kind == "number":
            raise source.problem(f'bad number syntax: "{piece}{sign}"', position)
        raise source.problem(f"bad character U+{ord(sign):04X} '{sign}'", position)


def _kind(kind: str, piece: str) -> str:
    if kind == "word":
        if piece in KEYWORDS:
            return "keyword"
        return "bool" if piece in {"true", "false"} else "word"
    return kind


def _other(source: Source, position: int) -> Token:
    """A character that means nothing here; the parser says where it stands. Raises TemplateProblem."""
    if position >= len(source.text):
        raise source.problem("unclosed action", position)
    sign = source.text[position]
    if sign in _MESSAGES:
        raise source.problem(_MESSAGES[sign], position)
    if sign == ":":
        raise source.problem("expected :=", position)
    if sign.isascii() and sign.isprintable():
        return Token("other", sign, position)
    raise source.problem(f"unrecognized character in action: U+{ord(sign):04X}", position)
