"""Calls of functions and methods: counts and types of arguments, literals that adapt, and what a call may raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from changeover.gotemplate import nodes, signatures
from changeover.gotemplate.nodes import Operand, Pipe
from changeover.gotemplate.problem import CallFailed, TemplateProblem
from changeover.gotemplate.signatures import NILABLE, Function
from changeover.gotemplate.values import Int64, truth, type_name


class _Mark:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ABSENT: Final = _Mark("ABSENT")
"""No value came through the pipeline (nil is a value)."""
NIL_INTERFACE: Final = _Mark("NIL_INTERFACE")
"""A map holds nil under the name: printing it is fine, looking further into it is not."""

_EXPECTED = {"int": "integer", "int64": "integer", "uint32": "unsigned integer", "float64": "float", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class Call:
    """The node to name in messages, the function, the arguments as written, what came through the pipeline."""

    node: Any
    name: str
    arguments: list[Operand]
    final: Any


class Run(Protocol):
    """What a call needs of the rendering."""

    def operand(self, dot: Any, node: Operand) -> Any:
        """The value of an operand."""
        ...

    def pipe(self, dot: Any, pipe: Pipe) -> Any:
        """The value of a pipeline."""
        ...

    def function_named(self, name: str) -> Function:
        """The function of a name."""
        ...

    def problem(self, node: Any, reason: str) -> TemplateProblem:
        """The problem that carrying out this node met."""
        ...


def call(run: Run, dot: Any, use: Call) -> Any:
    """Carry out the call of a function. Raises TemplateProblem."""
    function = run.function_named(use.name)
    _check_count(run, function, use)
    if use.name in {"and", "or"}:
        return _until_decided(run, dot, use)
    return _invoke(run, function, use, _values(run, dot, function, use))


def call_method(run: Run, dot: Any, method: tuple[str, Callable[..., Any], str], use: Call) -> Any:
    """Carry out the call of a method of a struct. Raises TemplateProblem."""
    function = signatures.function(*method)
    named = Call(use.node, function.name, use.arguments, use.final)
    _check_count(run, function, named)
    return _invoke(run, function, named, _values(run, dot, function, named))


def _check_count(run: Run, function: Function, use: Call) -> None:
    given = len(use.arguments) + (use.final is not ABSENT)
    wanted = len(function.parameters)
    if function.variadic is None:
        if given != wanted:
            raise run.problem(use.node, f"wrong number of args for {use.name}: want {wanted} got {given}")
    elif given < wanted:
        raise run.problem(use.node, f"wrong number of args for {use.name}: want at least {wanted} got {given}")


def _until_decided(run: Run, dot: Any, use: Call) -> Any:
    value: Any = None
    for argument in use.arguments:
        value = run.operand(dot, argument)
        if truth(value) == (use.name == "or"):
            return value
    return value if use.final is ABSENT else use.final


def _values(run: Run, dot: Any, function: Function, use: Call) -> list[Any]:
    fixed = len(function.parameters)
    found = []
    for number, argument in enumerate(use.arguments):
        kind = function.parameters[number] if number < fixed else function.variadic or "any"
        found.append(_argument(run, dot, argument, kind))
    if use.final is not ABSENT:
        number = len(use.arguments)
        kind = function.parameters[number] if number < fixed else function.variadic or "any"
        found.append(_checked(run, use.node, use.final, kind))
    return found


def _argument(run: Run, dot: Any, node: Operand, kind: str) -> Any:
    if isinstance(node, nodes.Literal):
        return node.value if kind == "any" else _literal(run, node, kind)
    if isinstance(node, nodes.Nil):
        if kind not in NILABLE:
            raise run.problem(node, f"cannot assign nil to {signatures.go_name(kind)}")
        return signatures.nothing(kind)
    value = run.operand(dot, node)
    return value if kind == "any" else _checked(run, node, value, kind)


def _literal(run: Run, node: nodes.Literal, kind: str) -> Any:
    if kind in {"int", "int64"} and node.as_int is not None:
        return node.as_int if kind == "int" else Int64(node.as_int)
    if kind == "uint32" and node.as_int is not None and 0 <= node.as_int < 2**32:
        return node.as_int
    if kind == "float64" and node.as_float is not None:
        return node.as_float
    if kind in {"string", "bool"} and signatures.fits(node.value, kind):
        return node.value
    wanted = _EXPECTED.get(kind)
    if wanted or kind == "string":
        raise run.problem(node, f"expected {wanted or kind}; found {node}")
    raise run.problem(node, f"can't handle {node} for arg of type {signatures.go_name(kind)}")


def _checked(run: Run, node: Any, value: Any, kind: str) -> Any:
    if signatures.fits(value, kind):
        return value
    if value is None:
        if kind in NILABLE:
            return signatures.nothing(kind)
        raise run.problem(node, f"invalid value; expected {signatures.go_name(kind)}")
    reason = f"wrong type for value; expected {signatures.go_name(kind)}; got {type_name(value)}"
    raise run.problem(node, reason)


def _invoke(run: Run, function: Function, use: Call, values: list[Any]) -> Any:
    try:
        return function.call(*values)
    except CallFailed as failure:
        reason = str(failure.args[0]) if failure.args else "it failed"
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
    raise run.problem(use.node, f"error calling {use.name}: {reason}")
