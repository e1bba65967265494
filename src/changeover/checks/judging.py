"""Decides what an analyzer of a spec says of collected files; a kind that cannot be judged is unknown, never passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.checks import presence
from changeover.checks.presence import Finding
from changeover.checks.specs import kind_of
from changeover.package.application import mapping, text


def analyze(analyzer: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Judge one entry of a spec's analyzers by the files (path -> text)."""
    kind = kind_of(analyzer)
    spec = mapping(analyzer.get(kind))
    if kind in presence.KINDS:
        found = presence.judge(kind, spec, files)
        return [found] if found else []
    return [Finding("unknown", text(spec.get("checkName")) or kind, f"Analyzers of kind {kind} cannot be judged yet.")]
