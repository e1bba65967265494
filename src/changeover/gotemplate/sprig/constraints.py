"""Version ranges as Masterminds/semver understands them: ``>=1.2 <2 || ^3``, ``1.2 - 1.4``, ``~1.2``, ``1.x``.

A prerelease only fits a group of constraints that names one itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig import versions
from changeover.gotemplate.sprig.versions import Version

_PART = r"[0-9|xX*]+"
_TEXT = (
    rf"v?({_PART})(\.{_PART})?(\.{_PART})?"
    r"((?:-[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?)(?:\+[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?"
)
_SAME = _TEXT.replace("((?:", "(?:(?:").replace("(" + _PART, "(?:" + _PART).replace(r"(\.", r"(?:\.")
_OPERATOR = r"(?:!=|>=|=>|<=|=<|~>|=|>|<|~|\^|)"
_ONE = re.compile(rf"\s*({_OPERATOR})\s*{_TEXT}\s*")
_FIND = re.compile(rf"{_OPERATOR}\s*{_SAME}")
_GROUP = re.compile(rf"\s*{_OPERATOR}\s*{_SAME}\s*(?:(?:\s+|,\s*){_OPERATOR}\s*{_SAME}\s*)*")
_RANGE = re.compile(rf"\s*({_SAME})\s+-\s+({_SAME})\s*")
_WILD = frozenset({"", "x", "X", "*"})
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Constraint:
    """One comparison; what was left open: everything, the minor part on, the patch part."""

    operator: str
    version: Version
    dirty: bool = False
    minor_dirty: bool = False
    patch_dirty: bool = False


def satisfies(range_text: str, version_text: str) -> bool:
    """Whether a version lies in a range. Raises CallFailed."""
    groups = parse(range_text)
    version = versions.parse(version_text)
    return any(_fits_group(version, group) for group in groups)


def parse(text: str) -> list[list[Constraint]]:
    """The alternatives of a range, each a list of constraints that must all hold. Raises CallFailed."""
    if len(text) > _LONGEST:
        raise CallFailed("improper constraint: it is too long")
    rewritten = _RANGE.sub(lambda match: f">= {match.group(1)}, <= {match.group(2)} ", text)
    return [_group(part) for part in rewritten.split("||")]


def _group(text: str) -> list[Constraint]:
    if not _GROUP.fullmatch(text):
        raise CallFailed(f"improper constraint: {text}")
    return [_constraint(piece) for piece in _FIND.findall(text)]


def _constraint(text: str) -> Constraint:
    match = _ONE.fullmatch(text)
    if not match:
        raise CallFailed(f"improper constraint: {text}")
    operator, major, minor, patch, pre = match.groups()
    minor, patch = (minor or "").lstrip("."), (patch or "").lstrip(".")
    minor_dirty = major not in _WILD and minor in _WILD
    patch_dirty = major not in _WILD and minor not in _WILD and patch in _WILD
    if major in _WILD:
        numbers = "0.0.0"
    elif minor_dirty:
        numbers = f"{major}.0.0"
    else:
        numbers = f"{major}.{minor}.{0 if patch_dirty else patch}"
    try:
        version = versions.parse(numbers + pre)
    except CallFailed:
        raise CallFailed("constraint parser error") from None
    dirty = major in _WILD or minor_dirty or patch_dirty
    return Constraint(operator, version, dirty, minor_dirty, patch_dirty)


def _fits_group(version: Version, group: list[Constraint]) -> bool:
    if version.pre and not any(constraint.version.pre for constraint in group):
        return False
    return all(_OPERATORS[constraint.operator](version, constraint) for constraint in group)


def _not_equal(version: Version, constraint: Constraint) -> bool:
    wanted = constraint.version
    if constraint.dirty:
        if wanted.parts[0] != version.parts[0]:
            return True
        if constraint.minor_dirty:
            return False
        if wanted.parts[1] != version.parts[1]:
            return True
        if constraint.patch_dirty:
            return wanted.rank[4] != version.rank[4] if version.pre or wanted.pre else False
    return version.rank != wanted.rank


def _greater(version: Version, constraint: Constraint) -> bool:
    wanted = constraint.version
    if not constraint.dirty or version.parts[0] != wanted.parts[0]:
        return version.rank > wanted.rank if not constraint.dirty else version.parts[0] > wanted.parts[0]
    if constraint.minor_dirty:
        return False
    if constraint.patch_dirty:
        return version.parts[1] > wanted.parts[1]
    return version.rank > wanted.rank


def _less(version: Version, constraint: Constraint) -> bool:
    return version.rank < constraint.version.rank


def _at_least(version: Version, constraint: Constraint) -> bool:
    return version.rank >= constraint.version.rank


def _at_most(version: Version, constraint: Constraint) -> bool:
    wanted = constraint.version
    if not constraint.dirty:
        return version.rank <= wanted.rank
    if version.parts[0] != wanted.parts[0]:
        return version.parts[0] < wanted.parts[0]
    return constraint.minor_dirty or version.parts[1] <= wanted.parts[1]


def _tilde(version: Version, constraint: Constraint) -> bool:
    wanted = constraint.version
    if version.rank < wanted.rank:
        return False
    if wanted.parts == (0, 0, 0) and not constraint.minor_dirty and not constraint.patch_dirty:
        return True
    return version.parts[0] == wanted.parts[0] and (constraint.minor_dirty or version.parts[1] == wanted.parts[1])


def _tilde_or_equal(version: Version, constraint: Constraint) -> bool:
    return _tilde(version, constraint) if constraint.dirty else version.rank == constraint.version.rank


def _caret(version: Version, constraint: Constraint) -> bool:
    wanted = constraint.version
    if version.rank < wanted.rank:
        return False
    if wanted.parts[0] > 0 or constraint.minor_dirty:
        return version.parts[0] == wanted.parts[0]
    if version.parts[0] > 0:
        return False
    if wanted.parts[1] > 0 or constraint.patch_dirty:
        return version.parts[1] == wanted.parts[1]
    return version.parts[1] == 0 and version.parts[2] == wanted.parts[2]


_OPERATORS: dict[str, Callable[[Version, Constraint], bool]] = {
    **dict.fromkeys(("", "="), _tilde_or_equal),
    "!=": _not_equal,
    ">": _greater,
    "<": _less,
    **dict.fromkeys((">=", "=>"), _at_least),
    **dict.fromkeys(("<=", "=<"), _at_most),
    **dict.fromkeys(("~", "~>"), _tilde),
    "^": _caret,
}

FUNCTIONS: dict[str, Function] = table(
    {"semver": (versions.parse, "string"), "semverCompare": (satisfies, "string string")}
)
