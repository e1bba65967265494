"""What would keep a package's own checks from being made: in a maintenance window is too late to learn it.

* a Troubleshoot document that is no list of entries, and a redactor whose pattern cannot be used, end in a problem
* an analyzer of a kind that nobody judges is unknown for ever; one without outcomes says nothing
* what templates write is looked at after rendering, by whoever renders
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.checks import analyzers, redactors, specs
from changeover.lint.finding import Finding, Level, at
from changeover.package.application import mapping, mappings, text
from changeover.package.documents import Document
from changeover.package.package import Package

_SPEAK_FOR_THEMSELVES = frozenset(
    {"goldpinger", "weaveReport", "longhorn", "velero", "cephStatus", "ingressClass"}
    | {"deploymentStatus", "statefulsetStatus", "jobStatus", "replicasetStatus"}
)
"""Analyzers with results of their own."""
_TEMPLATE = "repl"


def check(package: Package) -> Iterator[Finding]:
    """All findings of this rule."""
    for document in package.documents:
        if document.data is not None and specs.is_spec(document.data):
            yield from _of_spec(document, document.data)


def _of_spec(document: Document, raw: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        specs.refuse_broken([raw], file=document.file)
    except specs.BrokenSpec as problem:
        yield at(document, problem.reference, Level.ERROR, f"{problem.message} Found: {problem.found}")
        return
    spec, is_host = mapping(raw.get("spec")), raw["kind"] == "HostPreflight"
    for name, host in (("analyzers", is_host), ("hostAnalyzers", True)):
        for entry in mappings(spec.get(name)):
            yield from _of_analyzer(document, entry, host)
    for redactor in mappings(spec.get("redactors")):
        if _TEMPLATE not in str(redactor):
            yield from _of_redactor(document, redactor)


def _of_analyzer(document: Document, entry: Mapping[str, Any], host: bool) -> Iterator[Finding]:  # noqa: FBT001 - a value
    kind = specs.kind_of({key: value for key, value in entry.items() if key != "docString"})
    title = text(mapping(entry.get(kind)).get("checkName")) or kind
    if not analyzers.knows(kind, host=host):
        words = (
            f"analyzer {title}: {kind} is not judged{' of hosts' if host else ''}, so it is unknown to every operator"
        )
        yield at(document, "unknown-analyzer", Level.WARN, words)
    elif kind not in _SPEAK_FOR_THEMSELVES and not mappings(mapping(entry.get(kind)).get("outcomes")):
        yield at(
            document, "analyzer-without-outcomes", Level.WARN, f"analyzer {title} has no outcomes: it says nothing"
        )


def _of_redactor(document: Document, redactor: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        redactors.redact("", "file", (redactor,))
    except redactors.BadRedactor as problem:
        message = f"{problem.message} No support bundle can be made."
        yield at(document, problem.reference, Level.ERROR, message)
