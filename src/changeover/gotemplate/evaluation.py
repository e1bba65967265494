"""Carries out a parsed template, as Go's text/template/exec does.

* arguments are checked against a function's types, literals adapt to them (`1` serves as int and as float64);
* ``and`` and ``or`` stop at the argument that decides;
* what a template writes, does and nests is bounded (`limits.Limits`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from changeover.gotemplate import calls, formatting, limits, nodes
from changeover.gotemplate.calls import ABSENT, NIL_INTERFACE
from changeover.gotemplate.lexing import Source
from changeover.gotemplate.nodes import Node, Operand, Pipe, Tree
from changeover.gotemplate.problem import TemplateProblem
from changeover.gotemplate.signatures import Function
from changeover.gotemplate.values import INTERFACE, Struct, is_integer, truth, type_name


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Parsed(Protocol):
    """What a rendering needs of a parsed template."""

    @property
    def source(self) -> Source:
        """The text with its name."""
        ...

    @property
    def tree(self) -> Tree:
        """The parsed body and definitions."""
        ...

    @property
    def functions(self) -> Mapping[str, Function]:
        """What it may call."""
        ...


class Run:
    """One rendering of one template."""

    def __init__(self, template: Parsed, bounds: limits.Limits, at: Callable[[int], None] | None = None) -> None:
        self._source = template.source
        self._tree = template.tree
        self._functions = template.functions
        self._bounds = bounds
        self._at = at
        self._written: list[str] = []
        self._size = 0
        self._steps = 0
        self._depth = 0
        self._variables: list[tuple[str, Any]] = []

    def render(self, data: Any) -> str:
        """The text. Raises TemplateProblem."""
        self._variables = [("$", data)]
        try:
            self._walk(data, self._tree.body)
        except RecursionError:
            raise TemplateProblem("nested too deeply", name=self._source.name, line=1) from None
        return "".join(self._written)

    # --- nodes ---

    def _walk(self, dot: Any, body: Sequence[Node]) -> None:
        for node in body:
            self._steps += 1
            if self._steps > self._bounds.steps:
                raise self.problem(node, f"more than {self._bounds.steps} steps")
            if self._at is not None and not isinstance(node, nodes.Text):
                self._at(node.position)
            match node:
                case nodes.Text():
                    self._write(node, node.text)
                case nodes.Action():
                    value = self.pipe(dot, node.pipe)
                    if not node.pipe.declared:
                        self._print(node, value)
                case nodes.Branch():
                    self._branch(dot, node)
                case nodes.Call():
                    self._call(dot, node)
                case nodes.Jump():
                    raise _Break if node.word == "break" else _Continue

    def _write(self, node: Node, text: str) -> None:
        self._size += len(text)
        if self._size > self._bounds.output:
            raise self.problem(node, f"the template writes more than {self._bounds.output} characters")
        self._written.append(text)

    def _print(self, node: nodes.Action, value: Any) -> None:
        if callable(value):
            raise self.problem(node.pipe, f"can't print {node.pipe} of type {type_name(value)}")
        self._write(node, formatting.printed(value))

    def _branch(self, dot: Any, node: nodes.Branch) -> None:
        mark = len(self._variables)
        value = self.pipe(dot, node.pipe)
        if node.word == "range":
            done = self._range(node, value)
            if not done and node.otherwise is not None:
                self._walk(dot, node.otherwise)
        elif truth(value):
            self._walk(value if node.word == "with" else dot, node.then)
        elif node.otherwise is not None:
            self._walk(dot, node.otherwise)
        del self._variables[mark:]

    def _range(self, node: nodes.Branch, value: Any) -> bool:
        """Carry out the body for each entry; False when there was none."""
        declared = node.pipe.declared
        mark = len(self._variables)
        done = False
        for key, item in self._entries(node, value):
            done = True
            if declared:
                self._set_loop_variables(node.pipe, key, item)
            try:
                self._walk(item, node.then)
            except _Break:
                break
            except _Continue:
                continue
            finally:
                del self._variables[mark:]
        return done

    def _entries(self, node: nodes.Branch, value: Any) -> Any:
        if isinstance(value, list):
            return enumerate(value)
        if isinstance(value, dict):
            return ((key, value[key]) for key in sorted(value, key=_bytes_of))
        if value is None:
            return ()
        if is_integer(value):
            if len(node.pipe.declared) > 1:
                raise self.problem(node.pipe, f"can't use {value} to iterate over more than one variable")
            return ((type(value)(number), type(value)(number)) for number in range(value))
        if isinstance(value, bytes):
            return enumerate(value)
        raise self.problem(node.pipe, f"range can't iterate over {formatting.to_text(value)}")

    def _set_loop_variables(self, pipe: Pipe, key: Any, item: Any) -> None:
        names = pipe.declared
        values = (key, item) if len(names) > 1 else (item,)
        for name, value in zip(names, values, strict=True):
            if pipe.is_assignment:
                self._assign(name, value)
            else:
                self._variables.append((name, value))

    def _call(self, dot: Any, node: nodes.Call) -> None:
        body = self._tree.definitions.get(node.name)
        if body is None:
            raise self.problem(node, f'template "{node.name}" not defined')
        if self._depth >= self._bounds.depth:
            raise self.problem(node, f"exceeded maximum template depth ({self._bounds.depth})")
        value = self.pipe(dot, node.pipe) if node.pipe else None
        outer, self._variables = self._variables, [("$", value)]
        self._depth += 1
        self._walk(value, body)
        self._depth -= 1
        self._variables = outer

    # --- values ---

    def pipe(self, dot: Any, pipe: Pipe) -> Any:
        """The value of a pipeline; declared variables get it."""
        value: Any = ABSENT
        for command in pipe.commands:
            value = self._command(dot, command, value)
        value = None if value is ABSENT else value
        for name in pipe.declared:
            if pipe.is_assignment:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        return value

    def _assign(self, name: str, value: Any) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return

    def _command(self, dot: Any, command: nodes.Command, final: Any) -> Any:
        first, *rest = command.arguments
        match first:
            case nodes.Identifier():
                return calls.call(self, dot, calls.Call(command, first.name, rest, final))
            case nodes.Field():
                return self._fields(dot, dot, first.names, calls.Call(first, "", rest, final))
            case nodes.Chain():
                if isinstance(first.node, nodes.Nil):
                    raise self.problem(first, "indirection through explicit nil in .")
                return self._fields(
                    dot, self.operand(dot, first.node), first.fields, calls.Call(first, "", rest, final)
                )
            case nodes.Variable() if first.fields:
                value = self._variable(first.name)
                return self._fields(dot, value, first.fields, calls.Call(first, "", rest, final))
        if rest or final is not ABSENT:
            raise self.problem(first, f"can't give argument to non-function {first}")
        if isinstance(first, nodes.Nil):
            raise self.problem(first, "nil is not a command")
        return self.operand(dot, first)

    def operand(self, dot: Any, node: Operand) -> Any:
        """The value of one operand, as an argument of type any gets it."""
        match node:
            case nodes.Literal():
                return node.value
            case nodes.Dot():
                return dot
            case nodes.Nil():
                return None
            case nodes.Field():
                return self._fields(dot, dot, node.names, calls.Call(node, "", [], ABSENT))
            case nodes.Variable():
                value = self._variable(node.name)
                return self._fields(dot, value, node.fields, calls.Call(node, "", [], ABSENT)) if node.fields else value
            case nodes.Pipe():
                return self.pipe(dot, node)
            case nodes.Identifier():
                return calls.call(self, dot, calls.Call(node, node.name, [], ABSENT))
            case nodes.Chain():
                return self._fields(dot, self.operand(dot, node.node), node.fields, calls.Call(node, "", [], ABSENT))

    def _variable(self, name: str) -> Any:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        raise TemplateProblem(f"undefined variable {name}", name=self._source.name, line=1)  # pragma: no cover

    def _fields(self, dot: Any, value: Any, names: Sequence[str], use: calls.Call) -> Any:
        for number, name in enumerate(names, 1):
            last = number == len(names)
            own = use if last else calls.Call(use.node, "", [], ABSENT)
            value = self._field(dot, value, name, own)
        return None if value is NIL_INTERFACE else value

    def _field(self, dot: Any, value: Any, name: str, use: calls.Call) -> Any:
        if value is None:
            return None
        if value is NIL_INTERFACE:
            raise self.problem(use.node, f"nil pointer evaluating {INTERFACE}.{name}")
        has_arguments = bool(use.arguments) or use.final is not ABSENT
        if isinstance(value, Struct):
            return self._member(dot, value, name, use)
        if isinstance(value, dict):
            if has_arguments:
                raise self.problem(use.node, f"{name} is not a method but has arguments")
            if name not in value:
                return None
            found = value[name]
            return NIL_INTERFACE if found is None else found
        raise self.problem(use.node, f"can't evaluate field {name} in type {type_name(value)}")

    def _member(self, dot: Any, value: Struct, name: str, use: calls.Call) -> Any:
        methods = value.go_methods()
        if name in methods:
            method, signature = methods[name]
            return calls.call_method(self, dot, (name, method, signature), use)
        fields = value.go_fields()
        if name not in fields:
            raise self.problem(use.node, f"can't evaluate field {name} in type {type_name(value)}")
        if use.arguments or use.final is not ABSENT:
            raise self.problem(use.node, f"{name} has arguments but cannot be invoked as function")
        return fields[name]

    # --- for calls ---

    def function_named(self, name: str) -> Function:
        """The function; the parser made sure that there is one."""
        return self._functions[name]

    def problem(self, node: Any, reason: str) -> TemplateProblem:
        """The problem that carrying out this node met."""
        return self._source.problem(reason, node.position, str(node))


def _bytes_of(key: Any) -> Any:
    return key.encode("utf-8", "surrogateescape") if isinstance(key, str) else key
