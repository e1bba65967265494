"""Decides which rendered documents become objects of the cluster.

* a document is a manifest when it has apiVersion and kind; in .yaml and .yml files anything else is remarked on, in
  other files it is passed over in silence; empty documents and comments are nothing;
* vendor kinds (`documents.is_vendor_kind`) stay out;
* ``kots.io/exclude`` decides when it is there, else ``kots.io/when``; both are booleans, or texts that Go's ParseBool
  reads; anything else is an error, because guessing would deploy or drop something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changeover.errors import Problem
from changeover.package import documents, package, yaml_text
from changeover.render.revision import Remark

EXCLUDE = "kots.io/exclude"
WHEN = "kots.io/when"

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class BadAnnotation(Problem):
    """An annotation that must be a boolean (or a number) and is not."""

    reference = "bad-annotation"


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of one document: the object that goes on, or a remark, or neither."""

    raw: Mapping[str, Any] | None = None
    remark: Remark | None = None


def admit(file: str, text: str, *, first_line: int = 1, vendor_kinds: bool = False) -> Admitted:
    """Judge the text of one document; `vendor_kinds` lets these through as well. Raises BadAnnotation."""
    try:
        data, remark = _load(file, text, first_line)
    except yaml_text.BrokenYaml as problem:
        return Admitted(remark=_remark(file, problem.line, problem.reason, problem.hint or ""))
    if data is None:
        return Admitted(remark=remark)
    if not _is_object(data):
        return Admitted(remark=_remark(file, first_line, "not a kubernetes document", "give it apiVersion and kind"))
    included = is_included(data, where=f"{file} line {first_line}", vendor_kinds=vendor_kinds)
    return Admitted(raw=data if included else None, remark=remark)


def is_included(raw: Mapping[str, Any], *, where: str, vendor_kinds: bool = False) -> bool:
    """Whether a manifest is part of the application under these answers. Raises BadAnnotation."""
    if not vendor_kinds and documents.is_vendor_kind(str(raw["apiVersion"]), str(raw["kind"])):
        return False
    metadata = raw.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(annotations, Mapping):
        return True
    if EXCLUDE in annotations:
        return not _boolean(annotations[EXCLUDE], EXCLUDE, raw, where)
    if WHEN in annotations:
        return _boolean(annotations[WHEN], WHEN, raw, where)
    return True


def parse_bool(text: str) -> bool | None:
    """Read a boolean as Go's strconv.ParseBool does; None when it is none."""
    return True if text in _TRUE else False if text in _FALSE else None


def _load(file: str, text: str, first_line: int) -> tuple[Any, Remark | None]:
    try:
        return yaml_text.load(text, file=file, first_line=first_line), None
    except yaml_text.DuplicateKey as problem:
        data = yaml_text.load(text, file=file, first_line=first_line, last_key_wins=True)
        return data, Remark(problem.reference, problem.reason, file, problem.line, "the last one was taken")


def _is_object(data: Any) -> bool:
    return isinstance(data, Mapping) and all(
        isinstance(data.get(key), str) and data[key] for key in ("apiVersion", "kind")
    )


def _remark(file: str, line: int, reason: str, hint: str) -> Remark | None:
    if not package.is_yaml(file):
        return None
    return Remark("broken-yaml", f"left out: {reason}", file, line, hint)


def _boolean(value: Any, annotation: str, raw: Mapping[str, Any], where: str) -> bool:
    read = value if isinstance(value, bool) else parse_bool(value) if isinstance(value, str) else None
    if read is None:
        name = raw.get("metadata", {}).get("name", "")
        raise BadAnnotation(
            f"{raw['kind']}/{name} ({where}): annotation {annotation} must be true or false.",
            found=repr(value),
            hint='a template must give "true", "false", "1" or "0"',
        )
    return read
