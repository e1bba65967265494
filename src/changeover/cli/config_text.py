"""The answers as a text to edit, and what an edited text changes.

A question stands in it when it is shown and may be answered: with its answer, or as a comment with its default.
A secret stands as ``***``: left alone it keeps its answer. A line that is taken out takes the answer back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from changeover.actions.settings_of import HIDDEN, Setting
from changeover.package import answers, yaml_text
from changeover.package.answers import Given

_WIDTH = 100
_HEAD = """# The answers of {}. Save and close to go on; an empty file changes nothing.
# A line that begins with # is not answered: take the # away to answer it.
"""


def to_edit(installation: str, settings: Iterable[Setting], *, reveal: bool) -> str:
    """The text, grouped as the release groups its questions."""
    lines = [_HEAD.format(installation)]
    group = ""
    for one in _offered(settings):
        if one.group != group:
            group = one.group
            lines.append(f"\n# --- {group} ---\n")
        lines += _words(one)
        lines.append(_entry(one, reveal=reveal))
    return "".join(lines)


def changed_by(text: str, settings: Iterable[Setting], *, reveal: bool) -> Given:
    """What an edited text changes. Raises UnusableAnswers, BrokenYaml."""
    offered = {one.name: one for one in _offered(settings)}
    edited = answers.from_file(text, name="the edited answers")
    if not edited.values:
        return Given()
    values = {}
    for name, value in edited.values.items():
        one = offered.get(name)
        known = one is not None and one.answered
        if known and one and (value == HIDDEN and one.secret and not reveal):
            continue
        if known and one and answers.shown(value) == one.value:
            continue
        values[name] = value
    gone = frozenset(name for name, one in offered.items() if one.answered and name not in edited.values)
    origins = dict.fromkeys(values, "`changeover config edit`")
    return Given(values, origins, frozenset(values), frozenset(), gone)


def _offered(settings: Iterable[Setting]) -> Iterator[Setting]:
    seen: set[str] = set()
    for one in settings:
        plain = one.type not in {"label", "heading", "file"}
        if (one.answered or (one.visible and one.editable and plain)) and one.name not in seen:
            seen.add(one.name)
            yield one


def _words(one: Setting) -> Iterator[str]:
    said = [one.title] if one.title and one.title != one.name else []
    said += ["required"] if one.required else []
    said += [f"one of {', '.join(value for value, _ in one.choices)}"] if one.choices else []
    if said:
        yield f"# {'; '.join(said)}"[:_WIDTH].replace("\n", " ") + "\n"


def _entry(one: Setting, *, reveal: bool) -> str:
    shown = HIDDEN if one.secret and not reveal else one.value if one.answered else one.effective
    text = yaml_text.dump({one.name: shown})
    return text if one.answered else "".join(f"# {line}\n" for line in text.splitlines())
