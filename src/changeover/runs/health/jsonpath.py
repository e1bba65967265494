"""The part of kubectl's JSONPath that ``kots.io/wait-for-properties`` uses. Pure.

Fields, indexes, quoted keys, and filters by equality.
"""

from __future__ import annotations

import json
import re
from typing import Any

_PART = re.compile(
    r"""\.?(?P<field>[A-Za-z_][\w-]*)|\[(?P<index>-?\d+)\]|\[['"](?P<key>[^'"\]]+)['"]\]"""
    r"""|\[\?\(@\.(?P<name>[\w.-]+)\s*==\s*['"](?P<value>[^'"]*)['"]\)\]"""
)


def text(document: Any, path: str) -> str | None:
    """What stands at the path, as kubectl prints it; None when there is nothing or the path cannot be read."""
    found = _walk(document, path.strip().removeprefix("{").removesuffix("}").lstrip("$"))
    if found is None:
        return None
    return found if isinstance(found, str) else json.dumps(found)


def _walk(document: Any, path: str) -> Any:
    here, rest = document, path
    while rest:
        part = _PART.match(rest)
        if part is None:
            return None
        here = _step(here, part)
        if here is None:
            return None
        rest = rest[part.end() :]
    return here


def _step(here: Any, part: re.Match[str]) -> Any:
    if part["index"] is not None:
        place = int(part["index"])
        return here[place] if isinstance(here, list) and -len(here) <= place < len(here) else None
    if part["name"] is not None:
        items = here if isinstance(here, list) else []
        return next(
            (item for item in items if isinstance(item, dict) and str(item.get(part["name"])) == part["value"]), None
        )
    name = part["field"] or part["key"].replace("\\.", ".")
    return here.get(name) if isinstance(here, dict) else None
