"""Take secrets out of files before they are shown to anybody: by Troubleshoot's redactors and those of a spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.checks import redactors
from changeover.errors import Problem
from changeover.package import yaml_text
from changeover.package.application import mapping, mappings


class NoRedactor(Problem):
    """A file that holds no Redactor spec."""

    reference = "no-redactor"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file afterwards, and how often which redactor changed it."""

    path: str
    output: str
    changes: Mapping[str, int]


def spec_of(text: str, *, name: str) -> list[Mapping[str, Any]]:
    """The redactors of every Redactor document in a text. Raises NoRedactor, BrokenYaml."""
    documents = [data for _, data in yaml_text.load_stream(text, file=name) if isinstance(data, Mapping)]
    found = [one for one in documents if one.get("kind") == "Redactor"]
    if not found:
        kinds = ", ".join(str(one.get("kind")) for one in documents) or "nothing"
        raise NoRedactor(f"{name} holds no Redactor.", found=kinds, hint="give a troubleshoot.sh/v1beta2 Redactor")
    return [one for document in found for one in mappings(mapping(document.get("spec")).get("redactors"))]


def clean(path: str, content: bytes, specs: Iterable[Mapping[str, Any]]) -> Cleaned:
    """One file without secrets; bytes that are no text stay as they are. Raises BadRedactor."""
    done = redactors.redact(content.decode("utf-8", "surrogateescape"), path, tuple(specs))
    return Cleaned(path, done.output, Counter(one.name for one in done.redactions))
