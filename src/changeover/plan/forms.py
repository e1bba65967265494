"""What one version of Changeover leaves for another: a run's journal, its plan, its revisions and profile.

There is one number for all of it. It is raised by whatever an earlier version could not carry on as it was meant: a
verb, a kind of record, another meaning of an argument. A later version carries on every form up to its own; an earlier
one refuses before it touches anything, instead of guessing. What is only added, and may be left out, raises nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from changeover import __version__
from changeover.errors import Problem
from changeover.objects import GROUP

FORM = 1
ANNOTATION = f"{GROUP}/made-by"
"""On a Changeover object: the form of what it names, and the version that made it, ``1/0.1.0``."""

Word = TypeVar("Word", bound=StrEnum)


class NewerVersion(Problem):
    """A newer Changeover made this, in a form that this one does not know."""

    reference = "newer-version"


def mark() -> str:
    """Our own form and version."""
    return f"{FORM}/{__version__}"


def version_in(marked: str) -> str:
    """The version in a mark; empty when there is none."""
    return marked.partition("/")[2]


def refuse_newer(marked: str, what: str) -> None:
    """Raise NewerVersion when the mark names a form beyond ours; no mark is that of the first form."""
    form, _, version = marked.partition("/")
    if form.isdigit() and int(form) > FORM:
        raise newer(what, f"form {form}, of version {version}; this is version {__version__}, which knows form {FORM}")


def newer(what: str, found: str) -> NewerVersion:
    """That it was made by a newer version."""
    return NewerVersion(
        f"{what} was made by a newer Changeover, and this one does not know how to go on with it.",
        found=found,
        hint="go on with that version or a later one: `changeover resume`; nothing was touched",
    )


def word(known: type[Word], text: str, what: str) -> Word:
    """One of the words that we know. Raises NewerVersion for another."""
    try:
        return known(text)
    except ValueError:
        raise newer(what, f"{known.__name__.lower()} {text!r}") from None
