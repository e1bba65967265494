"""Go's fmt: how values print (``%v``), and printf with its verbs, flags, widths and complaints.

What a verb cannot show is said in the output, as Go says it: ``%!d(string=hi)``, ``%!d(MISSING)``, ``%!(EXTRA int=1)``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from changeover.gotemplate import limits, scalars
from changeover.gotemplate.scalars import Flags
from changeover.gotemplate.values import NO_VALUE, Struct, kind_of, type_name

_WIDEST = 1_000_000
_DIRECTIVE = re.compile(
    r"%(?P<flags>[#0+\- ]*)(?P<i1>(?:\[[^\]]*\])?)(?P<width>\*|\d*)"
    r"(?:(?P<point>\.)(?P<i2>(?:\[[^\]]*\])?)(?P<precision>\*|\d*))?(?P<i3>(?:\[[^\]]*\])?)(?P<verb>.?)",
    re.DOTALL,
)


def to_text(value: Any) -> str:
    """A value as ``%v`` prints it; nil is ``<nil>``."""
    if isinstance(value, str):
        return value
    return shown(value, "v", Flags())


def printed(value: Any) -> str:
    """A value as a template prints it; nil is ``<no value>``."""
    if isinstance(value, str):
        return value
    return NO_VALUE if value is None else shown(value, "v", Flags())


def sprint(*values: Any) -> str:
    """Go's fmt.Sprint: blanks between two values of which neither is a text."""
    parts: list[str] = []
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            parts.append(" ")
        parts.append(to_text(value))
    return "".join(parts)


def sprintln(*values: Any) -> str:
    """Go's fmt.Sprintln: blanks between all values, a line end at last."""
    return " ".join(map(to_text, values)) + "\n"


def sprintf(form: str, *values: Any) -> str:
    """Go's fmt.Sprintf."""
    return _Printf(form, values).text()


def shown(value: Any, verb: str, flags: Flags, depth: int = 0) -> str:
    """A value by a verb. Nothing is raised: what does not fit is said in Go's words."""
    if value is None:
        if depth:
            return "interface {}(nil)" if verb == "v" and flags.sharp_v else "<nil>"
        return scalars.padded("<nil>", flags) if verb in "vT" else f"%!{verb}(<nil>)"
    if verb == "T":
        return scalars.text(type_name(value), "s", flags)
    if verb == "p":
        return bad_verb(value, verb)
    if isinstance(value, bytes):
        return _bytes(value, verb, flags)
    if isinstance(value, Struct):
        return _struct(value, verb, flags, depth)
    if isinstance(value, list):
        return _list(value, verb, flags, depth)
    if isinstance(value, dict):
        return _map(value, verb, flags, depth)
    found = scalars.scalar(value, verb, flags)
    return bad_verb(value, verb) if found is None else found


def bad_verb(value: Any, verb: str) -> str:
    """What Go prints when a verb does not fit a value."""
    return f"%!{verb}({type_name(value)}={to_text(value)})"


def _list(value: list[Any], verb: str, flags: Flags, depth: int) -> str:
    inner = [shown(item, verb, flags, depth + 1) for item in value]
    if flags.sharp_v and verb == "v":
        if getattr(value, "is_nil", False):
            return f"{type_name(value)}(nil)"
        return f"{type_name(value)}{{{', '.join(inner)}}}"
    return f"[{' '.join(inner)}]"


def _map(value: dict[Any, Any], verb: str, flags: Flags, depth: int) -> str:
    pairs = [
        f"{shown(key, verb, flags, depth + 1)}:{shown(value[key], verb, flags, depth + 1)}"
        for key in sorted(value, key=_sorting)
    ]
    if flags.sharp_v and verb == "v":
        return f"{type_name(value)}{{{', '.join(pairs)}}}"
    return f"map[{' '.join(pairs)}]"


def _sorting(key: Any) -> Any:
    return key.encode("utf-8", "surrogateescape") if isinstance(key, str) else key


def _struct(value: Struct, verb: str, flags: Flags, depth: int) -> str:
    if value.is_stringer and verb in "vsxXq" and not flags.sharp_v:
        return scalars.text(str(value), "s" if verb == "v" else verb, flags)
    number = getattr(value, "number", None)
    if number is not None:
        return scalars.scalar(number, verb, flags) or bad_verb(value, verb)
    inner = {name: shown(item, verb, flags, depth + 1) for name, item in value.go_state().items()}
    mark = "&" if value.go_kind == "ptr" and not depth else ""
    if flags.sharp_v and verb == "v":
        return f"{mark}{value.go_type.lstrip('*')}{{{', '.join(f'{name}:{item}' for name, item in inner.items())}}}"
    if flags.plus_v and verb == "v":
        return f"{mark}{{{' '.join(f'{name}:{item}' for name, item in inner.items())}}}"
    return f"{mark}{{{' '.join(inner.values())}}}"


def _bytes(value: bytes, verb: str, flags: Flags) -> str:
    if verb in "vd":
        if flags.sharp_v and verb == "v":
            return f"[]byte{{{', '.join(f'0x{byte:x}' for byte in value)}}}"
        return f"[{' '.join(map(str, value))}]"
    return (
        scalars.text(value.decode("utf-8", "surrogateescape"), verb, flags)
        if verb in "sxXq"
        else _list(list(value), verb, flags, 0)
    )


@dataclass(slots=True)
class _Counter:
    """Which argument comes next; `reordered` once a directive named one."""

    number: int = 0
    reordered: bool = False
    good: bool = True


class _Printf:
    def __init__(self, form: str, values: Sequence[Any]) -> None:
        self._form = form
        self._values = values
        self._next = _Counter()

    def text(self) -> str:
        form, parts, end = self._form, [], 0
        while (begin := form.find("%", end)) >= 0:
            parts.append(form[end:begin])
            match = _DIRECTIVE.match(form, begin)
            if match is None:  # pragma: no cover - every per cent sign is a directive
                break
            parts.append(self._directive(match))
            end = match.end()
        parts.append(form[end:])
        parts.append(self._left_over())
        return "".join(parts)

    def _directive(self, match: re.Match[str]) -> str:
        self._next.good, self._next.reordered = True, self._next.reordered
        flags, complaint = self._flags(match)
        self._jump(match["i3"])
        verb = match["verb"]
        if not verb:
            return complaint + "%!(NOVERB)"
        if verb == "%":
            return complaint + "%"
        if not self._next.good:
            return complaint + f"%!{verb}(BADINDEX)"
        if self._next.number >= len(self._values):
            return complaint + f"%!{verb}(MISSING)"
        value = self._values[self._next.number]
        self._next.number += 1
        if verb == "v":
            flags = replace(
                flags, sharp_v=flags.sharp, sharp=False, plus_v=flags.plus, plus=False if flags.plus else flags.plus
            )
        return complaint + shown(value, verb, flags)

    def _flags(self, match: re.Match[str]) -> tuple[Flags, str]:
        signs, complaint = match["flags"], ""
        flags = Flags(
            minus="-" in signs,
            plus="+" in signs,
            sharp="#" in signs,
            space=" " in signs,
            zero="0" in signs and "-" not in signs,
        )
        self._jump(match["i1"])
        if match["width"]:
            width = self._number(match["width"])
            if width is None:
                complaint += "%!(BADWIDTH)"
            elif width < 0:
                flags = replace(flags, width=-width, minus=True, zero=False)
            else:
                flags = replace(flags, width=width)
        if match["point"]:
            self._jump(match["i2"] or "")
            precision = self._number(match["precision"]) if match["precision"] else 0
            if precision is None or precision < 0:
                complaint += "%!(BADPREC)" if precision is None else ""
            else:
                flags = replace(flags, precision=precision)
        return flags, complaint

    def _jump(self, index: str) -> None:
        if not index:
            return
        self._next.reordered = True
        number = index[1:-1]
        if number.isdigit() and 1 <= int(number) <= len(self._values):
            self._next.number = int(number) - 1
        else:
            self._next.good = False

    def _number(self, written: str) -> int | None:
        if written != "*":
            return int(written) if len(written) <= 7 and int(written) <= _WIDEST else None
        if self._next.number >= len(self._values):
            return None
        value = self._values[self._next.number]
        self._next.number += 1
        if kind_of(value).startswith(("int", "uint")) and abs(int(value)) <= _WIDEST:
            limits.check_text(abs(int(value)))
            return int(value)
        return None

    def _left_over(self) -> str:
        if self._next.reordered or self._next.number >= len(self._values):
            return ""
        left = [
            "<nil>" if value is None else f"{type_name(value)}={to_text(value)}"
            for value in self._values[self._next.number :]
        ]
        return f"%!(EXTRA {', '.join(left)})"
