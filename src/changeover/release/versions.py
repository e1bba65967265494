"""Decides which of two versions is newer, and whether one lies in a range, under three schemes.

* calver ``2022.09.0``: numbers with leading zeros; any word ends them and makes it a preview: 2022.09-rc1 < 2022.09.0;
* semver, read tolerantly (``v1.2``, ``01.2`` as 1.2.0); build metadata has no say;
* sequence: one whole number.

Ranges (the same words for all schemes, as Masterminds/semver reads them): ``>=2022.08 <2022.12``, ``~1.2``, ``^1.2``,
``1.2 - 1.4``, ``1.x``, ``a || b``; commas and blanks mean "and". A number that is left out stands for any.
A semver preview lies only in ranges that name a preview.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import total_ordering

from changeover.errors import Problem

_NUMBERED = re.compile(r"\d+")
_PIECES = re.compile(r"\d+|[A-Za-z]+")
_CALVER = re.compile(r"v?(19|20)\d\d[.\-_]\d{1,2}(?!\d)")
_BOUND = re.compile(r"(>=|=>|<=|=<|!=|~>|[~^=<>])?\s*([^\s,<>=!~^|]+)")
_HYPHEN = re.compile(r"^\s*(\S+)\s+-\s+(\S+)\s*$")
_WILD = frozenset({"x", "X", "*"})


class Scheme(StrEnum):
    """How an application counts its versions."""

    CALVER = "calver"
    SEMVER = "semver"
    SEQUENCE = "sequence"


class UnreadableVersion(Problem):
    """A version or a range that does not follow its scheme."""

    reference = "unreadable-version"


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version; compares by its numbers, then a preview before what it previews."""

    text: str
    numbers: tuple[int, ...]
    preview: tuple[int | str, ...] = ()

    @property
    def _key(self) -> tuple[object, ...]:
        significant = self.numbers
        while significant and significant[-1] == 0:
            significant = significant[:-1]
        pieces = tuple((0, part, "") if isinstance(part, int) else (1, 0, part) for part in self.preview)
        return (significant, 0 if self.preview else 1, pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other: Version) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return self.text


def scheme_of(text: str) -> Scheme:
    """Guess the scheme of a version that says none: a year and a month, a whole number, else semver."""
    if _CALVER.match(text.strip()):
        return Scheme.CALVER
    return Scheme.SEQUENCE if text.strip().isdigit() else Scheme.SEMVER


def parse(text: str, scheme: Scheme | None = None) -> Version:
    """Read a version. Raises UnreadableVersion."""
    plain = text.strip().removeprefix("v").removeprefix("V")
    chosen = scheme or scheme_of(text)
    version: Version | None = None
    if chosen is Scheme.CALVER:
        version = _calver(text, plain)
    elif chosen is Scheme.SEMVER:
        version = _semver(text, plain)
    elif _NUMBERED.fullmatch(plain):
        version = Version(text, (int(plain),))
    if version is None:
        raise UnreadableVersion(f"{text!r} is not a {chosen} version.", hint="write for instance " + _EXAMPLES[chosen])
    return version


def in_range(version: Version, wanted: str, scheme: Scheme) -> bool:
    """Whether a version lies in a range; an empty range holds everything. Raises UnreadableVersion."""
    if not wanted.strip():
        return True
    return any(_in_all(version, part, scheme) for part in wanted.split("||"))


_EXAMPLES = {Scheme.CALVER: "2022.09.0", Scheme.SEMVER: "1.4.2", Scheme.SEQUENCE: "17"}


def _calver(text: str, plain: str) -> Version | None:
    parts = re.split(r"[.\-_]", plain.partition("+")[0])
    count = next((at for at, part in enumerate(parts) if not part.isdigit()), len(parts))
    if count == 0 or "" in parts:
        return None
    words = [piece for part in parts[count:] for piece in _PIECES.findall(part)]
    return Version(text, tuple(map(int, parts[:count])), _preview(words))


def _semver(text: str, plain: str) -> Version | None:
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", plain)
    if not match:
        return None
    numbers = tuple(int(part or 0) for part in match.groups()[:3])
    return Version(text, numbers, _preview(match.group(4).split(".") if match.group(4) else []))


def _preview(words: list[str]) -> tuple[int | str, ...]:
    return tuple(int(word) if word.isdigit() else word for word in words)


def _in_all(version: Version, part: str, scheme: Scheme) -> bool:
    hyphen = _HYPHEN.match(part)
    if hyphen:
        bounds = [(">=", hyphen.group(1)), ("<=", hyphen.group(2))]
    else:
        bounds = [(match.group(1) or "=", match.group(2)) for match in _BOUND.finditer(part)]
        if _BOUND.sub("", part).strip(" ,") or not bounds:
            raise UnreadableVersion(
                f"{part.strip()!r} is not a range of versions.", hint="for instance >=2022.08 <2023"
            )
    return all(_within(version, operator, text, scheme) for operator, text in bounds)


def _within(version: Version, operator: str, text: str, scheme: Scheme) -> bool:
    pieces = text.removeprefix("v").split(".")
    known = next((at for at, piece in enumerate(pieces) if piece in _WILD), len(pieces))
    if known == 0:
        return operator not in {"!=", "<", ">"}
    bound = parse(".".join(pieces[:known]), scheme)
    if version.preview and not bound.preview and scheme is Scheme.SEMVER:
        return False
    return _compare(version, operator, bound, _open_numbers(bound, text, known, scheme))


def _open_numbers(bound: Version, text: str, known: int, scheme: Scheme) -> tuple[int, ...] | None:
    """The numbers given when some were left out (then the bound is a whole span), else None."""
    if scheme is Scheme.SEQUENCE or bound.preview:
        return None
    given = bound.numbers[: min(known, len(re.split(r"[.\-_+]", text.removeprefix("v"))))]
    return given if len(given) < 3 else None


def _compare(version: Version, operator: str, bound: Version, span: tuple[int, ...] | None) -> bool:
    """The bound is a whole span (``2022.08`` = all of August) when numbers were left out."""
    after = _next(span) if span else None
    same = bound <= version < after if after else version == bound
    beyond = version >= after if after else version > bound
    numbers = span or bound.numbers
    holds = {
        "=": same,
        "!=": not same,
        ">": beyond,
        "<": version < bound,
        ">=": version >= bound,
        "=>": version >= bound,
        "<=": not beyond,
        "=<": not beyond,
        "~": bound <= version < _next(numbers[:2]),
        "~>": bound <= version < _next(numbers[:2]),
        "^": bound <= version < _next(_caret(numbers)),
    }
    return holds[operator]


def _caret(numbers: tuple[int, ...]) -> tuple[int, ...]:
    at = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    return numbers[: at + 1]


def _next(numbers: tuple[int, ...]) -> Version:
    raised = (*numbers[:-1], numbers[-1] + 1)
    return Version(".".join(map(str, raised)), raised)
