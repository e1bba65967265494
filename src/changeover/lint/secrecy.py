"""What looks like a secret in a package, which everybody reads who may read the package: by its form, not by its name.

Templates are no secrets, nor are digests, certificates, and what a Secret of public test keys would say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from changeover.lint.finding import Finding, Level
from changeover.package.documents import Document
from changeover.package.package import Package

_FORMS = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a token of GitHub", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b")),
    ("a token of Slack", re.compile(r"\bxox[abpr]-[A-Za-z0-9-]{10,}\b")),
    ("a login in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}'\"]+:[^\s/@{}'\"]{4,}@")),
    ("a long random text", re.compile(r"(?<![\w/+=:.-])[A-Za-z0-9+/]{48,}={0,2}(?![\w/+=-])")),
)
_MIXED = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]")))


def check(package: Package) -> Iterator[Finding]:
    """All findings of this rule, one a line."""
    for document in package.documents:
        if not document.is_vendor:
            yield from _found(document)


def _found(document: Document) -> Iterator[Finding]:
    for number, line in enumerate(document.text.splitlines()):
        if "{{" in line or "caBundle" in line:
            continue
        for words, form in _FORMS:
            match = form.search(line)
            if match and (words != "a long random text" or all(one.search(match[0]) for one in _MIXED)):
                message = f"this looks like {words}; everybody who has the package can read it"
                hint = "let the operator answer it, or let a template make it up"
                yield Finding("may-contain-secrets", Level.INFO, message, document.file, document.line + number, hint)
                break
