"""Rules about documents: YAML that breaks, kinds that are missing, annotations that decide nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.lint.finding import Finding, Level, at
from changeover.package.documents import Document
from changeover.package.package import Form, Package, is_yaml
from changeover.release import documents as release_documents
from changeover.render import admission, ordering

_EXPECTED = (
    ("Application", "kots.io/", "application-spec"),
    ("Config", "kots.io/", "config-spec"),
    ("Preflight", "troubleshoot", "preflight-spec"),
    ("SupportBundle", "troubleshoot", "troubleshoot-spec"),
)


def check(package: Package) -> Iterator[Finding]:
    """All findings of these rules."""
    for document in package.documents:
        yield from _yaml(document)
        yield from _fields(document)
        yield from _annotations(document)
    yield from _release(package)
    if package.form is Form.KOTS:
        yield from _expected(package)
        yield from _informers(package)


def _yaml(document: Document) -> Iterator[Finding]:
    problem = document.problem
    if problem is None or not is_yaml(document.file):
        return
    templated = "repl" in document.text and "{{" in document.text
    level = Level.INFO if templated else Level.ERROR
    message = f"not YAML before rendering: {problem.reason}" if templated else problem.reason
    yield Finding("invalid-yaml", level, message, document.file, problem.line, problem.hint or "")


def _fields(document: Document) -> Iterator[Finding]:
    if document.problem or not is_yaml(document.file):
        return
    if not document.kind:
        yield at(document, "missing-kind-field", Level.ERROR, "the document has no kind")
    if not document.api_version:
        yield at(document, "missing-api-version-field", Level.ERROR, "the document has no apiVersion")


def _annotations(document: Document) -> Iterator[Finding]:
    annotations = ordering.annotations_of(document.data or {})
    for name in (admission.WHEN, admission.EXCLUDE):
        value = annotations.get(name, True)
        if not (isinstance(value, bool) or _readable(value, admission.parse_bool)):
            yield at(document, "bad-annotation", Level.ERROR, f"{name} must be true or false, not {value!r}")
    phase = annotations.get(ordering.PHASE, "0")
    if not _readable(phase, lambda text: text.lstrip("-").isdigit()):
        yield at(document, "bad-annotation", Level.WARN, f"{ordering.PHASE} must be a whole number, not {phase!r}")


def _readable(value: Any, read: Any) -> bool:
    """A template may become anything; what is fixed must be readable now."""
    return isinstance(value, str) and ("repl" in value or read(value) not in (None, False) or value in _FALSE)


_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def _release(package: Package) -> Iterator[Finding]:
    document = package.first("Release", "changeover.dev/")
    if document is None:
        return
    try:
        release_documents.release_of(package)
    except release_documents.InvalidDocument as problem:
        yield at(document, "invalid-release", Level.ERROR, problem.found or problem.message, hint=problem.hint or "")


def _expected(package: Package) -> Iterator[Finding]:
    for kind, group, rule in _EXPECTED:
        if not package.all(kind, group):
            yield Finding(rule, Level.WARN, f"the package has no {kind}")
    application = package.first("Application", "kots.io/")
    if application and not package.application.icon:
        yield at(application, "application-icon", Level.WARN, "the application has no icon")


def _informers(package: Package) -> Iterator[Finding]:
    application = package.first("Application", "kots.io/")
    if application is None:
        return
    if not package.application.status_informers:
        yield at(application, "application-statusInformers", Level.WARN, "no statusInformers: readiness stays unknown")
    names = {(document.kind.lower(), document.name) for document in package.documents}
    whole = bool(package.charts) or any(document.kind == "Job" for document in package.documents)
    for informer in package.application.status_informers:
        kind, _, name = informer.rpartition("/")
        if "{{" not in informer and not whole and (_singular(kind.rpartition("/")[2]), name) not in names:
            message = f"status informer {informer} names an object that is not in the package"
            yield at(application, "nonexistent-status-informer-object", Level.WARN, message)


_SHORT: Mapping[str, str] = {
    "deploy": "deployment",
    "sts": "statefulset",
    "ds": "daemonset",
    "svc": "service",
    "ing": "ingress",
    "ingresses": "ingress",
    "pvc": "persistentvolumeclaim",
}


def _singular(kind: str) -> str:
    plain = kind.lower()
    return _SHORT.get(plain, plain if plain == "ingress" else plain.removesuffix("s"))
