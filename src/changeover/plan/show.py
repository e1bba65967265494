"""Differences as people see them: short, masked, and never a whole 36 KB text for one changed line.

* a value is JSON text; ABSENT is None
* of a long text only the lines that differ are shown, at most `_LINES` of them
* secrets are replaced by fingerprints (see `masking`); an env value counts by the variable's name
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from changeover.plan.diff import ABSENT, Difference
from changeover.plan.masking import Masking, looks_secret
from changeover.plan.model import FieldChange

_LONG = 300
_LINES = 30
_WIDTH = 200


def shown(differences: Iterable[Difference], kind: str, *, masking: Masking) -> tuple[FieldChange, ...]:
    """The differences of one object of a kind, fit for eyes and logs."""
    return tuple(_shown(difference, kind, masking) for difference in differences)


def _shown(difference: Difference, kind: str, masking: Masking) -> FieldChange:
    hidden = _is_secret(difference.path, kind)
    before = _masked(difference.before, masking, hidden=hidden)
    after = _masked(difference.after, masking, hidden=hidden)
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > _LONG:
        before, after = _only_changed_lines(before, after)  # only after masking: a cut secret would not be recognised
    return FieldChange(path=difference.text, before=_json(before), after=_json(after))


def _is_secret(path: tuple[str, ...], kind: str) -> bool:
    if kind == "Secret" and path and path[0] in {"data", "stringData"}:
        return True
    last = path[-1] if path else ""
    if last == "value" and len(path) > 1 and path[-2].startswith("[name="):
        return looks_secret(path[-2][len("[name=") : -1])
    return looks_secret(last) and not last.startswith("[")


def _json(value: Any) -> str | None:
    return None if value is ABSENT else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _masked(value: Any, masking: Masking, *, hidden: bool) -> Any:
    if isinstance(value, Mapping):
        return _masked_map(value, masking, hidden=hidden)
    if isinstance(value, list):
        return [_masked(item, masking, hidden=hidden) for item in value]
    if value is ABSENT:
        return value
    if hidden and not isinstance(value, bool) and value not in (None, ""):
        text = str(value)
        return text if text.startswith("secret:") else masking.fingerprint(text)
    return masking.text(value) if isinstance(value, str) else value


def _masked_map(value: Mapping[str, Any], masking: Masking, *, hidden: bool) -> dict[str, Any]:
    of_variable = "value" in value and isinstance(value.get("name"), str) and looks_secret(value["name"])
    return {
        name: _masked(
            inside,
            masking,
            hidden=hidden or (of_variable and name == "value") or (isinstance(inside, str) and looks_secret(name)),
        )
        for name, inside in value.items()
    }


def _only_changed_lines(before: str, after: str) -> tuple[str, str]:
    removed: list[str] = []
    added: list[str] = []
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""):
        if line.startswith("-") and not line.startswith("---"):
            removed.append(line[1:])
        elif line.startswith("+") and not line.startswith("+++"):
            added.append(line[1:])
    return _capped(removed), _capped(added)


def _capped(lines: list[str]) -> str:
    more = len(lines) - _LINES
    text = "\n".join(line if len(line) <= _WIDTH else line[:_WIDTH] + "…" for line in lines[:_LINES])
    return f"{text}\n… {more} more lines" if more > 0 else text
