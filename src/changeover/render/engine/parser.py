"""Turns pieces into a tree: the grammar of Go's text/template, without associated templates defined elsewhere."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from changeover.render.engine.lexer import Piece, TemplateProblem, Token


@dataclass(frozen=True, slots=True)
class Dot:
    """The data at hand: ``.``."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number, a boolean; None is nil."""

    value: object


@dataclass(frozen=True, slots=True)
class Function:
    """A bare word."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name``; the bare ``$`` is the data that the template began with."""

    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    """``of.a.b``; `of` is Dot for ``.a.b``."""

    of: Operand
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """One stage of a pipeline: an operand, or a function and its arguments."""

    operands: tuple[Operand, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by ``|``; `variables` get the result, declared or assigned."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    assigns: bool = False
    line: int = 0
    source: str = ""
    offset: int = 0


Operand = Dot | Constant | Function | Variable | Fields | Pipeline


@dataclass(frozen=True, slots=True)
class Text:
    """Copied as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """Print the pipeline's value, unless it sets variables."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Branch:
    """if, with, range."""

    word: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """template: carry out a defined template with other data."""

    name: str
    pipeline: Pipeline | None
    line: int


@dataclass(frozen=True, slots=True)
class Leave:
    """break, continue."""

    word: str


Node = Text | Action | Branch | Call | Leave


@dataclass(slots=True)
class Tree:
    """A parsed template and those that it defines."""

    body: tuple[Node, ...] = ()
    defined: dict[str, tuple[Node, ...]] = field(default_factory=dict)


_BLOCKS = frozenset({"if", "with", "range"})


def parse(pieces: Iterator[Piece], known: Container[str], *, file: str = "") -> Tree:
    """Read a whole template whose functions are `known`. Raises TemplateProblem."""
    return _Parser(pieces, known, file).tree()


class _Parser:
    def __init__(self, pieces: Iterator[Piece], known: Container[str], file: str) -> None:
        self._pieces = pieces
        self._known = known
        self._file = file
        self._tree = Tree()
        self._last = 1
        self._loops = 0

    def tree(self) -> Tree:
        body, end = self._nodes()
        if end is not None:
            raise self._problem(
                f"unexpected {{{{{end.tokens[0].text}}}}}" if end.tokens else "unexpected end", end.line
            )
        self._tree.body = tuple(body)
        return self._tree

    def _nodes(self) -> tuple[list[Node], Piece | None]:
        nodes: list[Node] = []
        for piece in self._pieces:
            self._last = piece.line
            if piece.tokens is None:
                nodes.append(Text(piece.text))
                continue
            if not piece.tokens:
                raise self._problem("missing value in an action", piece.line, piece.source)
            word = piece.tokens[0].text if piece.tokens[0].kind == "word" else ""
            if word in {"end", "else"}:
                return nodes, piece
            nodes += self._action(word, piece)
        return nodes, None

    def _action(self, word: str, piece: Piece) -> list[Node]:
        tokens = piece.tokens or ()
        if word in _BLOCKS:
            return [self._branch(word, piece, tokens[1:])]
        if word in {"define", "block"}:
            return self._define(word, piece, tokens)
        if word == "template":
            rest = tokens[2:]
            pipeline = self._pipeline(piece, rest) if rest else None
            return [Call(self._name(piece, tokens), pipeline, piece.line)]
        if word in {"break", "continue"} and len(tokens) == 1:
            if not self._loops:
                raise self._problem(f"{word} outside range", piece.line)
            return [Leave(word)]
        return [Action(self._pipeline(piece, tokens))]

    def _branch(self, word: str, piece: Piece, tokens: tuple[Token, ...]) -> Branch:
        pipeline = self._pipeline(piece, tokens)
        self._loops += word == "range"
        body, end = self._nodes()
        self._loops -= word == "range"
        otherwise: list[Node] = []
        if end is not None and end.tokens and end.tokens[0].text == "else":
            rest = end.tokens[1:]
            if rest and rest[0].text in {"if", "with"}:
                return Branch(word, pipeline, tuple(body), (self._branch(rest[0].text, end, rest[1:]),))
            if rest:
                raise self._problem("unexpected words after else", end.line)
            otherwise, end = self._nodes()
            if end is not None and end.tokens and end.tokens[0].text == "else":
                raise self._problem("a second else", end.line)
        if end is None:
            raise self._problem(f"{word} without end", piece.line)
        return Branch(word, pipeline, tuple(body), tuple(otherwise))

    def _define(self, word: str, piece: Piece, tokens: tuple[Token, ...]) -> list[Node]:
        name = self._name(piece, tokens)
        body, end = self._nodes()
        if end is None or not end.tokens or end.tokens[0].text != "end":
            raise self._problem(f"{word} without end", piece.line)
        self._tree.defined[name] = tuple(body)
        if word == "define":
            return []
        return [Call(name, self._pipeline(piece, tokens[2:]), piece.line)]

    def _name(self, piece: Piece, tokens: tuple[Token, ...]) -> str:
        if len(tokens) < 2 or tokens[1].kind not in {"text", "raw"}:
            raise self._problem("a template's name must be a text", piece.line)
        return str(self._literal(tokens[1]))

    def _pipeline(self, piece: Piece, tokens: tuple[Token, ...]) -> Pipeline:
        stream = _Stream(tokens)
        variables, assigns = self._variables(stream)
        commands = self._commands(stream, closing="")
        if not commands:
            raise self._problem("missing value in an action", piece.line, piece.source)
        return Pipeline(tuple(commands), variables, assigns, piece.line, piece.source, piece.offset)

    def _variables(self, stream: _Stream) -> tuple[tuple[str, ...], bool]:
        mark, names = stream.at, []
        while (token := stream.peek()) and token.kind == "variable":
            names.append(token.text)
            stream.next()
            sign = stream.peek()
            if sign and sign.text in {":=", "="}:
                stream.next()
                return tuple(names), sign.text == "="
            if not (sign and sign.text == ","):
                break
            stream.next()
        stream.at = mark
        return (), False

    def _commands(self, stream: _Stream, *, closing: str) -> list[Command]:
        commands: list[Command] = []
        operands: list[Operand] = []
        line = 0
        while token := stream.next():
            line = line or token.line
            if token.text == "|" and token.kind == "sign":
                if not operands:
                    raise self._problem("missing value before |", token.line)
                commands.append(Command(tuple(operands), line))
                operands = []
                if stream.peek() is None:
                    raise self._problem("missing value after |", token.line)
                continue
            if token.text == closing and token.kind == "sign":
                break
            operands.append(self._operand(token, stream, previous=operands))
        if operands:
            commands.append(Command(tuple(operands), line))
        return commands

    def _operand(self, token: Token, stream: _Stream, *, previous: list[Operand]) -> Operand:
        value: Operand
        names: list[str] = []
        if token.kind == "sign" and token.text == "(":
            inner = self._commands(stream, closing=")")
            if not inner:
                raise self._problem("missing value in parentheses", token.line)
            value = Pipeline(tuple(inner), line=token.line)
        elif token.kind == "field":
            value, names = Dot(), [token.text[1:]]
        elif token.kind == "sign" and token.text == ".":
            value = Dot()
        elif token.kind == "variable":
            value = Variable(token.text)
        elif token.kind == "word":
            value = self._word(token)
        elif token.kind in {"text", "raw", "char", "number"}:
            value = Constant(self._literal(token))
        else:
            raise self._problem(f"unexpected {token.text!r}", token.line)
        if previous and not token.spaced:
            raise self._problem(f"a blank is missing before {token.text!r}", token.line)
        while (after := stream.peek()) and after.kind == "field" and not after.spaced:
            names.append(after.text[1:])
            stream.next()
        return Fields(value, tuple(names)) if names else value

    def _word(self, token: Token) -> Operand:
        constants = {"true": True, "false": False, "nil": None}
        if token.text in constants:
            return Constant(constants[token.text])
        if token.text not in self._known:
            raise self._problem(f"function {token.text!r} not defined", token.line)
        return Function(token.text)

    def _literal(self, token: Token) -> object:
        if token.kind == "raw":
            return token.text[1:-1].replace("\r", "")
        if token.kind == "text":
            return self._unquoted(token, token.text[1:-1])
        if token.kind == "char":
            text = self._unquoted(token, token.text[1:-1].replace("\\'", "'"))
            if len(text) != 1:
                raise self._problem(f"malformed character constant: {token.text}", token.line)
            return ord(text)
        return self._number(token)

    def _unquoted(self, token: Token, text: str) -> str:
        try:
            return unescape(text)
        except (ValueError, OverflowError) as error:
            raise self._problem(f"invalid text {token.text}: {error}", token.line) from None

    def _number(self, token: Token) -> object:
        text = token.text.replace("_", "")
        try:
            digits = text.lstrip("+-")
            if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
                return int(text.replace(digits, "0o" + digits), 0)
            return int(text, 0)
        except ValueError:
            pass
        try:
            value = float(text)
        except ValueError:
            raise self._problem(f"bad number {token.text!r}", token.line) from None
        return value

    def _problem(self, message: str, line: int, found: str | None = None) -> TemplateProblem:
        return TemplateProblem(message, file=self._file, line=line, found=found)


class _Stream:
    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self.at = 0

    def peek(self) -> Token | None:
        return self._tokens[self.at] if self.at < len(self._tokens) else None

    def next(self) -> Token | None:
        token = self.peek()
        self.at += token is not None
        return token


_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))", re.DOTALL
)
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


def unescape(text: str) -> str:
    """What stands between the quotes of a Go text. Raises ValueError for an escape that Go does not know."""

    def one(match: re.Match[str]) -> str:
        short, byte, four, eight, octal, other = match.groups()
        if short:
            return _SHORT[short]
        digits, base = (octal, 8) if octal else (byte or four or eight or "", 16)
        if other is not None or not digits:
            raise ValueError(f"unknown escape \\{other}")
        return chr(int(digits, base))

    return _ESCAPE.sub(one, text)
