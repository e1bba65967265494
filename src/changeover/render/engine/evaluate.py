"""Carries a parsed template out, bounded in steps and size; functions are the caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.errors import Problem
from changeover.render.engine import lexer, parser, values
from changeover.render.engine.lexer import TemplateProblem
from changeover.render.engine.parser import (
    Branch,
    Call,
    Command,
    Constant,
    Dot,
    Fields,
    Function,
    Leave,
    Node,
    Operand,
    Pipeline,
    Text,
    Tree,
    Variable,
)

STEPS = 1_000_000
OUTPUT = 64 * 1024 * 1024
DEPTH = 200

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the source the action is that is being carried out."""

    file: str
    line: int
    offset: int
    source: str


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


@dataclass(slots=True)
class _Scope:
    dot: Any
    variables: list[tuple[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What opens and closes an action."""

    left: str = "{{"
    right: str = "}}"


def render(
    text: str,
    functions: Functions,
    *,
    delimiters: Delimiters,
    file: str = "",
    at: Callable[[Place], None] | None = None,
) -> str:
    """Render a template whose data is nil. `at` is told before each action. Raises TemplateProblem."""
    if delimiters.left not in text:
        return text
    known = {**BUILTIN, **functions}
    tree = parser.parse(lexer.pieces(text, delimiters.left, delimiters.right, file=file), known, file=file)
    return _Run(tree, known, file, at).text()


class _Run:
    def __init__(self, tree: Tree, functions: Functions, file: str, at: Callable[[Place], None] | None) -> None:
        self._tree = tree
        self._functions = functions
        self._file = file
        self._at = at
        self._out: list[str] = []
        self._size = 0
        self._steps = 0
        self._depth = 0
        self._line = 1
        self._source = ""

    def text(self) -> str:
        try:
            self._nodes(self._tree.body, _Scope(None, [("$", None)]))
        except TemplateProblem:
            raise
        except Problem as problem:
            raise self._problem(problem.message, problem.found) from None
        except RecursionError:
            raise self._problem("nested too deep") from None
        return "".join(self._out)

    def _problem(self, message: str, found: str | None = None) -> TemplateProblem:
        return TemplateProblem(message, file=self._file, line=self._line, found=found or self._source or None)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEPS:
            raise self._problem(f"the template needs more than {STEPS} steps")

    def _write(self, text: str) -> None:
        self._size += len(text)
        if self._size > OUTPUT:
            raise self._problem(f"the template writes more than {OUTPUT} characters")
        self._out.append(text)

    def _nodes(self, nodes: Iterable[Node], scope: _Scope) -> None:
        mark = len(scope.variables)
        for node in nodes:
            self._step()
            if isinstance(node, Text):
                self._write(node.text)
            elif isinstance(node, Branch):
                self._branch(node, scope)
            elif isinstance(node, Call):
                self._call(node, scope)
            elif isinstance(node, Leave):
                raise _Break if node.word == "break" else _Continue
            else:
                value = self._pipeline(node.pipeline, scope)
                if not node.pipeline.variables:
                    self._write(values.show(value))
        del scope.variables[mark:]

    def _branch(self, node: Branch, scope: _Scope) -> None:
        mark = len(scope.variables)
        if node.word == "range":
            self._range(node, scope)
        else:
            value = self._pipeline(node.pipeline, scope)
            inner = _Scope(value, scope.variables) if node.word == "with" and values.truth(value) else scope
            self._nodes(node.body if values.truth(value) else node.otherwise, inner)
        del scope.variables[mark:]

    def _range(self, node: Branch, scope: _Scope) -> None:
        plain = Pipeline(node.pipeline.commands, line=node.pipeline.line, source=node.pipeline.source)
        over = self._pipeline(plain, scope)
        pairs = self._pairs(over)
        if not pairs:
            self._nodes(node.otherwise, scope)
            return
        mark = len(scope.variables)
        names = node.pipeline.variables
        for key, item in pairs:
            self._step()
            given = (item,) if len(names) == 1 else (key, item)
            for name, value in zip(names, given, strict=False):
                self._set(scope, name, value, assigns=node.pipeline.assigns)
            try:
                self._nodes(node.body, _Scope(item, scope.variables))
            except _Break:
                break
            except _Continue:
                pass
            finally:
                del scope.variables[mark:]

    def _pairs(self, over: Any) -> list[tuple[Any, Any]]:
        if isinstance(over, Mapping):
            return [(key, over[key]) for key in sorted(over)]
        if isinstance(over, list | tuple):
            return list(enumerate(over))
        if isinstance(over, int) and not isinstance(over, bool):
            if over > STEPS:
                raise self._problem(f"range over {over}")
            return [(number, number) for number in range(over)]
        if over is None:
            return []
        raise self._problem(f"range can't iterate over {values.plain(over)}")

    def _call(self, node: Call, scope: _Scope) -> None:
        if node.name not in self._tree.defined:
            raise TemplateProblem(f"template {node.name!r} not defined", file=self._file, line=node.line)
        self._depth += 1
        if self._depth > DEPTH:
            raise self._problem("templates call each other without end")
        dot = self._pipeline(node.pipeline, scope) if node.pipeline else None
        self._nodes(self._tree.defined[node.name], _Scope(dot, [("$", dot)]))
        self._depth -= 1

    def _set(self, scope: _Scope, name: str, value: Any, *, assigns: bool) -> None:
        if not assigns:
            scope.variables.append((name, value))
            return
        for number in range(len(scope.variables) - 1, -1, -1):
            if scope.variables[number][0] == name:
                scope.variables[number] = (name, value)
                return
        raise self._problem(f"undefined variable {name}")

    def _pipeline(self, pipeline: Pipeline, scope: _Scope) -> Any:
        if pipeline.source:
            self._line, self._source = pipeline.line, pipeline.source
            if self._at:
                self._at(Place(self._file, pipeline.line, pipeline.offset, pipeline.source))
        value: Any = _NOTHING
        for command in pipeline.commands:
            value = self._command(command, scope, value)
        for name in pipeline.variables:
            self._set(scope, name, value, assigns=pipeline.assigns)
        return value

    def _command(self, command: Command, scope: _Scope, last: Any) -> Any:
        first, rest = command.operands[0], command.operands[1:]
        if isinstance(first, Function):
            return self._function(first.name, rest, scope, last)
        if rest or last is not _NOTHING:
            raise self._problem("can't give argument to non-function")
        return self._operand(first, scope)

    def _operand(self, operand: Operand, scope: _Scope) -> Any:
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, Dot):
            return scope.dot
        if isinstance(operand, Pipeline):
            return self._pipeline(operand, scope)
        if isinstance(operand, Function):
            return self._function(operand.name, (), scope, _NOTHING)
        if isinstance(operand, Variable):
            return self._variable(operand.name, scope)
        return self._fields(operand, scope)

    def _variable(self, name: str, scope: _Scope) -> Any:
        for known, value in reversed(scope.variables):
            if known == name:
                return value
        raise self._problem(f"undefined variable {name}")

    def _fields(self, operand: Fields, scope: _Scope) -> Any:
        value = self._operand(operand.of, scope)
        if value is None and isinstance(operand.of, Dot):
            return None
        for name in operand.names:
            if isinstance(value, Mapping):
                value = value.get(name)
            elif value is None:
                raise self._problem(f"nil pointer evaluating interface {{}}.{name}")
            else:
                raise self._problem(f"can't evaluate field {name} in {values.go_type(value)}")
        return value

    def _function(self, name: str, operands: tuple[Operand, ...], scope: _Scope, last: Any) -> Any:
        if name in {"and", "or"}:
            return self._shortcut(name, operands, scope, last)
        function = self._functions.get(name)
        if function is None:
            raise self._problem(f"function {name!r} not defined")
        arguments = [self._operand(operand, scope) for operand in operands]
        if last is not _NOTHING:
            arguments.append(last)
        self._step()
        try:
            return function(*arguments)
        except Problem as problem:
            raise self._problem(f"error calling {name}: {problem.message}", problem.found) from None
        except TypeError as error:
            raise self._problem(f"wrong arguments for {name}: {_reason(error)}") from None
        except (ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise self._problem(f"error calling {name}: {error}") from None

    def _shortcut(self, name: str, operands: tuple[Operand, ...], scope: _Scope, last: Any) -> Any:
        value: Any = _NOTHING
        for operand in operands:
            value = self._operand(operand, scope)
            if values.truth(value) == (name == "or"):
                return value
        if last is not _NOTHING:
            return last
        if value is _NOTHING:
            raise self._problem(f"wrong number of args for {name}: want at least 1 got 0")
        return value


class _Nothing:
    pass


_NOTHING = _Nothing()


def _reason(error: TypeError) -> str:
    text = str(error)
    return text.partition("() ")[2] or text


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise values.ValueProblem("missing argument for comparison")
    return any(values.equal(first, other) for other in others)


def _index(item: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(item, Mapping):
            item = item.get(key)
        elif isinstance(item, list | str):
            if not isinstance(key, int) or isinstance(key, bool):
                raise values.ValueProblem(f"cannot index slice/array with type {values.go_type(key)}")
            if not 0 <= key < len(item):
                raise values.ValueProblem(f"index out of range: {key}")
            item = item[key] if isinstance(item, list) else item.encode()[key]
        else:
            raise values.ValueProblem("index of untyped nil" if item is None else "can't index this")
    return item


def _slice(item: Any, *bounds: int) -> Any:
    start, end = (*bounds[:1], 0)[0], bounds[1] if len(bounds) > 1 else len(item)
    if not 0 <= start <= end <= len(item):
        raise values.ValueProblem(f"index out of range: {start}:{end}")
    return item[start:end]


def _length(item: Any) -> int:
    if isinstance(item, str):
        return len(item.encode())
    if isinstance(item, list | Mapping):
        return len(item)
    raise values.ValueProblem(f"len of type {values.go_type(item)}")


def _print(*items: Any) -> str:
    out = ""
    for number, item in enumerate(items):
        between = number and not isinstance(item, str) and not isinstance(items[number - 1], str)
        out += (" " if between else "") + values.plain(item)
    return out


def _html(*items: Any) -> str:
    text = _print(*items)
    for sign, escaped in (("&", "&amp;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;")):
        text = text.replace(sign, escaped)
    return text


def _url_query(*items: Any) -> str:
    from urllib.parse import quote_plus

    return quote_plus(_print(*items), safe="~")


BUILTIN: dict[str, Callable[..., Any]] = {
    "and": lambda *items: items[-1],
    "or": lambda *items: items[-1],
    "not": lambda value: not values.truth(value),
    "eq": _eq,
    "ne": lambda one, other: not values.equal(one, other),
    "lt": values.less,
    "le": lambda one, other: values.less(one, other) or values.equal(one, other),
    "gt": lambda one, other: not (values.less(one, other) or values.equal(one, other)),
    "ge": lambda one, other: not values.less(one, other),
    "index": _index,
    "slice": _slice,
    "len": _length,
    "print": _print,
    "println": lambda *items: " ".join(values.plain(item) for item in items) + "\n",
    "printf": lambda form, *items: values.sprintf(form, items),
    "html": _html,
    "urlquery": _url_query,
}
