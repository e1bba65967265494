"""The parts of a parsed template; each knows its place and writes itself as Go does in messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(slots=True)
class Text:
    """What stands outside of the delimiters."""

    text: str
    position: int = 0


@dataclass(slots=True)
class Literal:
    """A text, number or boolean; `source` as written. A number knows what it may serve as."""

    value: Any
    source: str
    position: int
    as_int: int | None = None
    as_float: float | None = None

    def __str__(self) -> str:
        return self.source


@dataclass(slots=True)
class Nil:
    """The word nil."""

    position: int

    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True)
class Dot:
    """The cursor."""

    position: int

    def __str__(self) -> str:
        return "."


@dataclass(slots=True)
class Field:
    """``.a.b``: fields of the cursor."""

    names: tuple[str, ...]
    position: int

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class Variable:
    """``$x.a.b``: a variable and its fields."""

    name: str
    fields: tuple[str, ...]
    position: int

    def __str__(self) -> str:
        return ".".join((self.name, *self.fields))


@dataclass(slots=True)
class Chain:
    """Fields of something in parentheses."""

    node: Operand
    fields: tuple[str, ...]
    position: int

    def __str__(self) -> str:
        inner = f"({self.node})" if isinstance(self.node, Pipe) else str(self.node)
        return inner + "".join(f".{name}" for name in self.fields)


@dataclass(slots=True)
class Identifier:
    """The name of a function."""

    name: str
    position: int

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Command:
    """One stage of a pipeline: a function with its arguments, or a value."""

    arguments: list[Operand]
    position: int

    def __str__(self) -> str:
        return " ".join(f"({item})" if isinstance(item, Pipe) else str(item) for item in self.arguments)


@dataclass(slots=True)
class Pipe:
    """Commands, each handing its value to the next; `declared` names get the result."""

    commands: list[Command]
    position: int
    declared: tuple[str, ...] = ()
    is_assignment: bool = False

    def __str__(self) -> str:
        head = f"{', '.join(self.declared)} {'=' if self.is_assignment else ':='} " if self.declared else ""
        return head + " | ".join(map(str, self.commands))


Operand: TypeAlias = Literal | Nil | Dot | Field | Variable | Chain | Identifier | Pipe


@dataclass(slots=True)
class Action:
    """A pipeline whose value is printed, unless it is declared."""

    pipe: Pipe
    position: int

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(slots=True)
class Branch:
    """if, with or range, with what is done otherwise."""

    word: str
    pipe: Pipe
    then: list[Node]
    otherwise: list[Node] | None
    position: int

    def __str__(self) -> str:
        return f"{{{{{self.word} {self.pipe}}}}}"


@dataclass(slots=True)
class Jump:
    """break or continue."""

    word: str
    position: int

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


@dataclass(slots=True)
class Call:
    """``template "name" value``."""

    name: str
    pipe: Pipe | None
    position: int

    def __str__(self) -> str:
        from changeover.gotemplate.quoting import quote

        return f"{{{{template {quote(self.name)}{f' {self.pipe}' if self.pipe else ''}}}}}"


Node: TypeAlias = Text | Action | Branch | Jump | Call


@dataclass(slots=True)
class Tree:
    """A parsed template: its body and what it defines."""

    body: list[Node]
    definitions: dict[str, list[Node]] = field(default_factory=dict)
