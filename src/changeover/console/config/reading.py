"""What a posted form answers: only what differs from what holds, so that a default stays a default.

Names of the form's fields, each followed by a dot and the question's own name:

== =========================================================================================================
a  the answer as text, or the choice; a secret one that is left empty stays as it is
b  there is a box for this question; it is ticked when `a` is there as well
m  there are boxes for this question's choices
c  a choice that is ticked
f  a file
r  a copy of a repeatable question, under the copy's own name
n  another copy of a repeatable question
u  take the answer back
== =========================================================================================================
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions.settings_of import Setting
from changeover.package.answers import Given

BOXES = "bool"
SEVERAL = "select_many"
ONE_OF = frozenset({"select_one", "radio", "dropdown", "select"})
FILE = "file"
WORDS = frozenset({"label", "heading"})


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that came with the form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it came: texts by field in their order, files by field."""

    texts: Mapping[str, Sequence[str]]
    files: Mapping[str, Uploaded]

    def text(self, field: str) -> str | None:
        """The last text of a field, with the line ends that people type; None when it is not in the form."""
        found = self.texts.get(field)
        return found[-1].replace("\r\n", "\n") if found else None


def read(posted: Posted, settings: Iterable[Setting], *, origin: str) -> Given:
    """The answers of a posted form against the questions as they stand without it."""
    values: dict[str, Any] = {}
    removed: set[str] = set()
    for setting in settings:
        if not setting.editable or setting.type in WORDS:
            continue
        if posted.text(f"u.{setting.name}") is not None:
            removed.add(setting.name)
        else:
            found, gone = _answers(posted, setting)
            values.update(found)
            removed |= gone
    names = frozenset(values)
    return Given(values, dict.fromkeys(values, origin), frozenset(), names, frozenset(removed))


def _answers(posted: Posted, setting: Setting) -> tuple[dict[str, Any], set[str]]:
    if setting.shown_as.repeatable:
        return _copies(posted, setting)
    for kind, read_it in _READERS.items():
        if setting.type == kind:
            return dict(read_it(posted, setting)), set()
    return dict(_text(posted, setting)), set()


def _text(posted: Posted, setting: Setting) -> Iterator[tuple[str, Any]]:
    said = posted.text(f"a.{setting.name}")
    if said is None or (setting.secret and not said):
        return
    held = setting.effective if setting.type in ONE_OF else setting.value
    if said != held:
        yield setting.name, said


def _box(posted: Posted, setting: Setting) -> Iterator[tuple[str, Any]]:
    if posted.text(f"b.{setting.name}") is None:
        return
    look = setting.shown_as
    ticked = posted.text(f"a.{setting.name}") is not None
    if ticked != is_ticked(setting):
        yield setting.name, look.yes if ticked else look.no


def is_ticked(setting: Setting) -> bool:
    """Whether a box is on: by the answer, else by the default."""
    return setting.effective in {"1", "true"}


def _several(posted: Posted, setting: Setting) -> Iterator[tuple[str, Any]]:
    if posted.text(f"m.{setting.name}") is None:
        return
    for choice, _ in setting.choices:
        ticked = posted.text(f"c.{choice}") is not None
        if ticked != (choice in setting.shown_as.chosen):
            yield choice, setting.shown_as.yes if ticked else setting.shown_as.no


def _file(posted: Posted, setting: Setting) -> Iterator[tuple[str, Any]]:
    came = posted.files.get(f"f.{setting.name}")
    if came is not None and came.name:
        yield setting.name, {"value": base64.b64encode(came.content).decode(), "filename": came.name}


_READERS: Mapping[str, Callable[[Posted, Setting], Iterator[tuple[str, Any]]]] = {
    BOXES: _box,
    SEVERAL: _several,
    FILE: _file,
}


def _copies(posted: Posted, setting: Setting) -> tuple[dict[str, Any], set[str]]:
    """An emptied copy is taken back; a new one gets a name of its own, as KOTS names them."""
    values: dict[str, Any] = {}
    removed: set[str] = set()
    for name, held in setting.shown_as.copies.items():
        said = posted.text(f"r.{name}")
        if said is None or said == held or (setting.secret and not said):
            continue
        if said:
            values[name] = {"value": said, "repeatableItem": setting.name}
        else:
            removed.add(name)
    for said in posted.texts.get(f"n.{setting.name}", ()):
        if said:
            values[_new_name(setting.name, values)] = {"value": said, "repeatableItem": setting.name}
    return values, removed


def _new_name(item: str, taken: Mapping[str, Any]) -> str:
    while (name := f"{item}-{secrets.randbelow(10**8):08}") in taken:
        pass
    return name
