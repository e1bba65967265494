"""Findings as SARIF 2.1.0, the form that code hosts show beside the lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from changeover import __version__
from changeover.lint.finding import Finding, Level

_LEVELS = {Level.ERROR: "error", Level.WARN: "warning", Level.INFO: "note"}


def as_sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """One run of the linter."""
    rules = sorted({finding.rule for finding in findings})
    driver = {
        "name": "changeover",
        "version": __version__,
        "rules": [{"id": rule} for rule in rules],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(finding, rules) for finding in findings]}],
    }


def _result(finding: Finding, rules: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _LEVELS[finding.level],
        "message": {"text": f"{finding.message}. {finding.hint}" if finding.hint else finding.message},
    }
    if finding.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": finding.file}}
        if finding.line:
            place["region"] = {"startLine": finding.line}
        result["locations"] = [{"physicalLocation": place}]
    return result
