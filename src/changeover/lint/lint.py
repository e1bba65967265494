"""All rules over one package, worst findings first. KOTS's LintConfig may change a rule's level or turn it off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from changeover.lint import (
    checks,
    config_items,
    documents,
    pieces,
    rendered,
    secrecy,
    templates,
    vendor_kinds,
    workloads,
)
from changeover.lint.finding import Finding, Level
from changeover.package.application import mappings, text
from changeover.package.package import Package, spec_of
from changeover.render.pipeline import Produce

_ORDER = {Level.ERROR: 0, Level.WARN: 1, Level.INFO: 2}


def lint(
    package: Package,
    *,
    functions: frozenset[str] = frozenset(),
    produce: Produce | None = None,
    succession: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Everything to say against a package.

    `functions` are the names that the template language knows; with `produce` its templates are rendered with every
    answer at its default; `succession` is what was found against the release before.
    """
    found = [
        *documents.check(package),
        *templates.check(package, functions),
        *pieces.check(package),
        *workloads.check(package),
        *vendor_kinds.check(package),
        *config_items.check(package),
        *secrecy.check(package),
        *checks.check(package),
        *(rendered.check(package, produce) if produce else ()),
        *succession,
    ]
    judged = dict.fromkeys(_configured(package, found))
    return tuple(sorted(judged, key=lambda one: (_ORDER[one.level], one.file, one.line, one.rule)))


def _configured(package: Package, found: Iterable[Finding]) -> Iterable[Finding]:
    levels = {
        text(rule.get("name")): text(rule.get("level"))
        for document in package.all("LintConfig", "kots.io/")
        for rule in mappings(spec_of(document).get("rules"))
    }
    for finding in found:
        level = levels.get(finding.rule, str(finding.level))
        if level == "off":
            continue
        yield replace(finding, level=Level(level)) if level in set(Level) else finding
