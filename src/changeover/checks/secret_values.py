"""Redactors for what Troubleshoot's own do not know: the values of a namespace's Secrets, and words after "password=".

* a value of one line of at least 6 characters, plain and as base64
* of a longer text only what looks secret in it: lines without a blank (keys), and what follows a telling name; the
  rest is configuration whose words must stay readable elsewhere
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from changeover.objects import KubeObject

SHORTEST = 6
"""Characters; shorter values would blacken ordinary words."""

SHORTEST_LINE = 12
LONGEST = 16 * 1024
"""Characters; what is longer is a file, and cannot stand in a line."""

_TELLING = r"pass(?:word|wd)?|secret|token|api[-_]?key|authorization"
_INSIDE = re.compile(rf"""(?im)(?:{_TELLING}|auth)[\w.-]*["']?\s*[:=]\s*["']?([^\s"',;&{{}}\[\]]{{{SHORTEST},}})""")
_UNTOLD = frozenset({"helm.sh/release.v1"})

NAMED: Mapping[str, Any] = {
    "name": "What follows password=, token: and the like",
    "fileSelector": {"files": ["**.log", "**.txt"]},
    "removals": {
        "regex": [
            {
                "redactor": rf"(?i)((?:{_TELLING})[\"']?\s*[:=]\s*[\"']?(?:bearer\s+|basic\s+)?)"
                r"(?P<mask>[^\s\"',;&]+)"
            },
            {"redactor": r"([a-z][a-z0-9+.\-]*://[^/\s:@]*:)(?P<mask>[^@\s/]+)(@)"},
        ]
    },
}
"""For logs and outputs; in a document it would hide what is no secret (``"token": {``)."""


def is_telling(path: str) -> bool:
    """Whether the last word of a path names what is secret: ``data.password``, ``$.spec.apiToken``."""
    last = re.split(r"[.\[\]/'\"]+", path.strip("]}'\" "))[-1]
    return re.search(_TELLING, last, re.IGNORECASE) is not None


def redactors_for(values: Iterable[str]) -> tuple[Mapping[str, Any], ...]:
    """Redactors as specs have them: these values wherever they stand, the longest first, and telling names in logs."""
    known = sorted({one for one in values if len(one) >= SHORTEST}, key=lambda one: (-len(one), one))
    hidden = {"name": "Values of Secrets", "removals": {"values": known}}
    return (hidden, NAMED) if known else (NAMED,)


def values_of(secrets: Iterable[KubeObject]) -> frozenset[str]:
    """The texts that Secrets hold, as they might appear in a file."""
    return frozenset(
        form
        for secret in secrets
        if secret.get("type") not in _UNTOLD
        for encoded in (secret.get("data", default={}) or {}).values()
        for form in _forms(str(encoded))
        if SHORTEST <= len(form) <= LONGEST
    )


def _forms(encoded: str) -> Iterator[str]:
    yield encoded
    try:
        text = base64.b64decode(encoded).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return
    if "\n" not in text:
        yield text
    yield from (found[1] for found in _INSIDE.finditer(text))
    for line in text.splitlines() if "\n" in text else ():
        if len(line.strip()) >= SHORTEST_LINE and not re.search(r"\s", line.strip()) and not line.startswith("-----"):
            yield line.strip()
