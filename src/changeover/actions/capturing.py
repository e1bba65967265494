"""At the first failure of a run, before anything is undone: a support bundle, and what of it stands in the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changeover.actions import checking, installations, support_bundle
from changeover.actions.outside import Outside
from changeover.checks import bundle
from changeover.checks.specs import Specs
from changeover.checks.unhealthy import unhealthy
from changeover.objects import KubeObject
from changeover.ports import Bounds, ClusterProblem, Json
from changeover.runs.scene import Subject

BOUNDS = Bounds(seconds=10, bytes=4 * 1024 * 1024, total=8 * 1024 * 1024)
"""Somebody waits for the way back."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a packed bundle that is kept in the cluster."""


async def capture(
    outside: Outside, installation: KubeObject, run: KubeObject, subject: Subject
) -> Sequence[Mapping[str, Json]]:
    """Keep the bundle as a blob that the run names; returns what is not well, in pieces with title and text."""
    ours = bundle.default_specs(outside.namespace)
    quick = Specs(tuple(one for one in ours.collectors if one.kind != "logs"), ours.analyzers)
    hide = {*subject.new.secrets, *(subject.old.secrets if subject.old else ())}
    checked = await checking.check(outside, quick, checking.How(bounds=BOUNDS), hide=hide)
    pieces = unhealthy(checked.collected.files, outside.namespace)
    content = support_bundle.packed(outside, checked).content
    if len(content) <= LARGEST:
        try:
            digest = await outside.blobs(installation).put(content, kind="bundle")
            await installations.patch_status(outside, run, {"bundle": digest})
        except ClusterProblem as problem:
            return [*pieces, {"title": "support bundle", "text": f"It could not be kept: {problem.message}"}]
        pieces.append({"title": "support bundle", "text": f"`changeover support-bundle --run {run.name}` ({digest})"})
    return pieces
