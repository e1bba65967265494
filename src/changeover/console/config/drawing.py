"""The form as it is drawn: groups of questions, each with what it holds, where that comes from, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from changeover.actions.config import Difference, View
from changeover.actions.settings_of import Setting
from changeover.console import marked
from changeover.console.config.reading import is_ticked
from changeover.package.answers import Given, shown
from changeover.package.continuity import Fate, Passage


@dataclass(frozen=True, slots=True)
class Field:
    """One question in the form."""

    number: int
    """Its place: ids are made of it, never of the vendor's names."""
    setting: Setting
    title: Markup
    help: Markup
    value: str
    """What the input holds: of a secret only what was just typed."""
    origin: str
    changed: bool = False
    removed: bool = False
    waiting: bool = False
    """Saved for the next change, not in force."""
    added: tuple[str, ...] = ()
    """Copies of a repeatable question that are not saved yet."""
    gone: tuple[str, ...] = ()
    """Copies that are taken back and not saved yet."""
    passage: Passage | None = None
    """What becomes of it on the way to another release, when that is not simply kept."""

    @property
    def id(self) -> str:
        """For labels and links."""
        return f"f-{self.number}"

    @property
    def ticked(self) -> bool:
        """Of a box: whether it is on."""
        return is_ticked(self.setting)

    @property
    def wrong(self) -> tuple[str, ...]:
        """What must be put right, in words."""
        missing = ("This needs an answer.",) if self.setting.missing else ()
        return missing + self.setting.errors if self.setting.visible else ()


@dataclass(frozen=True, slots=True)
class Group:
    """A section of the form."""

    number: int
    title: Markup
    about: Markup
    fields: tuple[Field, ...]

    @property
    def id(self) -> str:
        """For links."""
        return f"g-{self.number}"

    @property
    def visible(self) -> tuple[Field, ...]:
        """What is asked now."""
        return tuple(one for one in self.fields if one.setting.visible)

    @property
    def wrong(self) -> int:
        """How many of its answers must be put right."""
        return sum(bool(one.wrong) for one in self.fields)


@dataclass(frozen=True, slots=True)
class Form:
    """The whole form with the answers that nobody saved yet."""

    version: str
    groups: tuple[Group, ...]
    changes: tuple[Difference, ...]
    unsaved: bool
    saved: tuple[str, ...]
    unasked: tuple[str, ...]
    """Answers on file that this release does not ask for."""
    to: str = ""
    """The release that is looked at ahead of its update; empty for the one that runs."""
    passages: tuple[Passage, ...] = ()
    """What becomes of the answers on the way there, where they are not simply kept."""

    @property
    def wrong(self) -> tuple[Field, ...]:
        """What must be put right before it can be saved."""
        return tuple(one for group in self.groups for one in group.visible if one.wrong)

    @property
    def headline(self) -> str:
        """The page's answer in one sentence."""
        count = len(self.wrong)
        if count:
            words = "question needs an answer" if count == 1 else "questions need an answer"
            return f"{count} {words} before {self.version} can run."
        if self.to and not self.unsaved:
            return f"Every answer fits {self.version}."
        if self.unsaved:
            return "Your answers fit. Nothing is saved yet."
        if self.saved:
            words = "answer waits" if len(self.saved) == 1 else "answers wait"
            return f"{len(self.saved)} {words} for the next change."
        if not self.groups:
            return f"{self.version} asks nothing."
        return "Nothing is open: every answer is in force."


def drawn(view: View, changes: Sequence[Difference], given: Given, *, before: View, to: str = "") -> Form:
    """The form of a view; `given` are the answers in it that nobody saved yet, `before` is the form without them."""
    asked = [one for one in view.settings if _is_question(one)]
    copies = {one.name: frozenset(one.shown_as.copies) for one in before.settings}
    fields = tuple(_field(number, one, view, given, copies) for number, one in enumerate(asked))
    return Form(
        version=view.version,
        groups=tuple(_grouped(fields)),
        changes=tuple(changes),
        unsaved=bool(given.values or given.removed),
        saved=view.saved,
        unasked=tuple(one.name for one in view.settings if one.group == "not asked by the release"),
        to=to,
        passages=tuple(one for one in view.report if one.fate is not Fate.KEPT) if to else (),
    )


def _is_question(setting: Setting) -> bool:
    return bool(setting.group) and setting.group != "not asked by the release"


def _grouped(fields: Sequence[Field]) -> Iterator[Group]:
    found: dict[str, list[Field]] = {}
    for one in fields:
        found.setdefault(one.setting.group, []).append(one)
    for number, (title, some) in enumerate(found.items()):
        group = Group(number, marked.inline(title), marked.html(some[0].setting.shown_as.group_about), tuple(some))
        if group.visible:
            yield group


def _field(number: int, setting: Setting, view: View, given: Given, copies: Mapping[str, frozenset[str]]) -> Field:
    before = copies.get(setting.name, frozenset())
    own = {setting.name, *before, *setting.shown_as.copies, *(choice for choice, _ in setting.choices)}
    new = {name for name in given.values if _repeats(given, name) == setting.name}
    typed = shown(given.values[setting.name]) if setting.name in given.values else ""
    return Field(
        number=number,
        setting=setting,
        title=marked.inline(setting.title or setting.name),
        help=marked.html(setting.help_text),
        value=typed if setting.secret else setting.value,
        origin=setting.origin,
        changed=bool((own | new) & (given.values.keys() | given.removed)),
        removed=setting.name in given.removed,
        waiting=bool(own & set(view.saved)),
        added=tuple(sorted(new)),
        gone=tuple(sorted(given.removed & before)),
        passage=next((one for one in view.report if one.name == setting.name and one.fate is not Fate.KEPT), None),
    )


def _repeats(given: Given, name: str) -> str:
    value = given.values[name]
    return str(value.get("repeatableItem", "")) if isinstance(value, dict) else ""
