"""Judge a support bundle that somebody sent, by its own kind of spec; no cluster is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.actions import checking
from changeover.actions.checking import ORDER, Checked
from changeover.checks import specs
from changeover.checks.bundle import Mask
from changeover.package.archive import read_tar
from changeover.ports import Collected


def analyze(
    content: bytes, files: Sequence[tuple[str, str]], *, name: str, values: Mapping[str, Any] | None = None
) -> Checked:
    """The findings of the spec files on a bundle. Raises NoSpec, UnsafeArchive, BrokenArchive."""
    bundle = {path.partition("/")[2]: inside for path, inside in read_tar(content, name=name).items()}
    found = specs.read(checking.of_files(files, values=values).documents)
    mask = Mask(found.redactors)
    judged = [one for analyzer in found.analyzers for one in checking.judge(analyzer, bundle, mask)]
    return Checked(found, Collected(bundle), tuple(sorted(judged, key=lambda one: ORDER.index(one.verdict))))
