"""The values of the template language: Go's kinds, carried by Python values.

* int is Go's int, float is float64, str is string (bytes that are no UTF-8 as surrogates), bytes is []byte, list is
  []interface {}, dict is map[string]interface {}, None is nil;
* other Go types are subclasses that know their name: `Int64`, `StringList`, `StringMap`, …;
* structs (times, versions, certificates) are subclasses of `Struct` and name the fields and methods that templates see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

NO_VALUE = "<no value>"
INTERFACE = "interface {}"


class Int64(int):
    """Go's int64."""

    __slots__ = ()
    go_type: ClassVar[str] = "int64"


class Int32(int):
    """Go's int32, a rune."""

    __slots__ = ()
    go_type: ClassVar[str] = "int32"


class Uint8(int):
    """Go's uint8, a byte."""

    __slots__ = ()
    go_type: ClassVar[str] = "uint8"


class Uint64(int):
    """Go's uint64."""

    __slots__ = ()
    go_type: ClassVar[str] = "uint64"


class StringList(list[str]):
    """Go's []string; `is_nil` when no list was ever made (its JSON is null)."""

    __slots__ = ("is_nil",)
    go_type: ClassVar[str] = "[]string"

    def __init__(self, items: Any = (), *, is_nil: bool = False) -> None:
        super().__init__(items)
        self.is_nil = is_nil


class IntList(list[int]):
    """Go's []int."""

    __slots__ = ()
    go_type: ClassVar[str] = "[]int"


class NilList(list[Any]):
    """A []interface {} that was never made: empty, and its JSON is null."""

    __slots__ = ()
    go_type: ClassVar[str] = "[]interface {}"
    is_nil: ClassVar[bool] = True


class NilMap(dict[str, Any]):
    """A map[string]interface {} that was never made: it reads as empty and cannot be written to."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string]interface {}"
    is_nil: ClassVar[bool] = True


class Chunks(list[list[Any]]):
    """Go's [][]interface {}."""

    __slots__ = ()
    go_type: ClassVar[str] = "[][]interface {}"


class StringMap(dict[str, str]):
    """Go's map[string]string; an absent key reads as the empty text."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string]string"


class ListMap(dict[str, list[str]]):
    """Go's map[string][]string."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string][]string"


class Struct:
    """A Go struct or a pointer to one: templates read its fields and call its methods; it prints as `__str__`."""

    __slots__ = ()
    go_type: ClassVar[str] = "struct {}"
    go_kind: ClassVar[str] = "struct"
    is_stringer: ClassVar[bool] = False

    def go_fields(self) -> Mapping[str, Any]:
        """The exported fields in their order."""
        return {}

    def go_state(self) -> Mapping[str, Any]:
        """What printing its parts shows; unexported fields included."""
        return self.go_fields()

    def go_json(self) -> str:
        """The text that stands for it in JSON, when it prints as a text."""
        return str(self)

    def go_methods(self) -> Mapping[str, tuple[Callable[..., Any], str]]:
        """Methods by name: what to call and the types of its parameters, as in `signatures.Function`."""
        return {}


def type_name(value: Any) -> str:
    """The Go type, as ``%T`` prints it."""
    if value is None:
        return "<nil>"
    named = getattr(value, "go_type", None)
    if isinstance(named, str):
        return named
    for kind, name in _TYPES:
        if isinstance(value, kind):
            return name
    return "func()"


_TYPES: tuple[tuple[type, str], ...] = (
    (str, "string"),
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (list, "[]interface {}"),
    (dict, "map[string]interface {}"),
    (bytes, "[]uint8"),
)


def kind_of(value: Any) -> str:
    """The Go kind, as reflect prints it; nil is ``invalid``."""
    if value is None:
        return "invalid"
    if isinstance(value, Struct):
        return value.go_kind
    if isinstance(value, list | bytes):
        return "slice"
    if isinstance(value, dict):
        return "map"
    if callable(value):
        return "func"
    return type_name(value)


def is_integer(value: Any) -> bool:
    """Whether a value is of one of Go's integer types."""
    return isinstance(value, int) and not isinstance(value, bool)


def truth(value: Any) -> bool:
    """Whether ``if`` takes the branch: false, 0, nil and all that is empty do not count."""
    if isinstance(value, Struct):
        return True
    return bool(value)


def length(value: Any) -> int | None:
    """Go's len: bytes of a text, entries of lists and maps; None when it has no length."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(encode(value))
    if isinstance(value, list | dict | bytes):
        return len(value)
    return None


def encode(text: str) -> bytes:
    """The bytes of a Go string."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """A Go string of any bytes."""
    return data.decode("utf-8", "surrogateescape")


def wrap64(number: int) -> int:
    """What remains of a number in 64 bits, two's complement."""
    return (number + 2**63) % 2**64 - 2**63
