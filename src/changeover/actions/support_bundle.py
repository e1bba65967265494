"""Collect what somebody who helps must see, judge it, take secrets out, and pack it into one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover import __version__
from changeover.actions import checking, installations, preflight, runs_of
from changeover.actions.checking import Checked, How, Subject
from changeover.actions.outside import Outside
from changeover.checks import bundle, specs
from changeover.checks.specs import Specs
from changeover.errors import Problem
from changeover.ports import ClusterProblem

KINDS = frozenset({"SupportBundle", "Collector", "Analyzer", "Redactor"})


class NoBundle(Problem):
    """A run that kept no bundle."""

    reference = "no-bundle"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose specs to use; ours are used when nobody has one."""

    installation: str = ""
    files: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    from_cluster: bool = False
    """Also the specs in labelled Secrets and ConfigMaps of the namespace."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle as bytes, under the name it should have."""

    name: str
    content: bytes = field(repr=False)
    checked: Checked

    @property
    def file(self) -> str:
        """``support-bundle-<time>.tar.gz``."""
        return f"{self.name}.tar.gz"


async def support_bundle(outside: Outside, wanted: Wanted, how: How, *, agree: preflight.Agree) -> Packed:
    """Everything in one. Raises BadRedactor, and what broken spec files deserve."""
    subject = await _subject(outside, wanted)
    found = specs.read(subject.documents, kinds=specs.KINDS if wanted.files else KINDS)
    found = with_ours(found, outside.namespace)
    checked = await checking.check(outside, found, preflight.agreed(found, how, agree), hide=subject.secrets)
    return packed(outside, checked)


def packed(outside: Outside, checked: Checked) -> Packed:
    """A check's files with its analysis, as a bundle."""
    name = bundle.name_of(outside.clock.now())
    analysis = [bundle.analysis_entry(one.as_json()) for one in checked.judged]
    made_by = f"changeover {__version__}"
    content = bundle.pack(checked.collected.files, name=name, made_by=made_by, analysis=analysis)
    return Packed(name, content, checked)


def with_ours(found: Specs, namespace: str) -> Specs:
    """A spec that collects nothing of its own gets ours; its redactors stay."""
    if found.collectors or found.analyzers or found.host_collectors or found.host_analyzers:
        return found
    ours = bundle.default_specs(namespace)
    return Specs(ours.collectors, ours.analyzers, found.redactors, documents=(*found.documents, *ours.documents))


async def _subject(outside: Outside, wanted: Wanted) -> Subject:
    parts: list[Subject] = []
    if wanted.files:
        parts.append(checking.of_files(wanted.files, values=wanted.values))
    else:
        parts += await _of_running(outside, wanted.installation)
    if wanted.from_cluster:
        parts.append(await checking.of_cluster(outside))
    return Subject(
        " and ".join(part.title for part in parts),
        tuple(one for part in parts for one in part.documents),
        tuple(secret for part in parts for secret in part.secrets),
    )


async def _of_running(outside: Outside, name: str) -> Sequence[Subject]:
    """The specs of the release that runs; none where Changeover follows nothing, or its channel cannot be read."""
    try:
        installation = await installations.find(outside, name)
    except (installations.NoInstallation, installations.NotSetUp, ClusterProblem):
        if name:
            raise
        return ()
    version = str(installation.get("status", "running", "version", default=""))
    try:
        return (await checking.of_release(outside, installation, version),)
    except Problem:
        return ()


async def of_run(outside: Outside, installation: str, name: str) -> tuple[str, bytes]:
    """The bundle that a run kept at its first failure: its file name and its bytes. Raises NoBundle."""
    followed = await installations.find(outside, installation or name.rpartition("-")[0])
    run = await runs_of.named(outside, followed.name, name)
    digest = str(run.get("status", "bundle", default=""))
    if not digest:
        raise NoBundle(f"{name} kept no bundle.", hint="only runs in which something failed keep one")
    return f"support-bundle-{name}.tar.gz", await outside.blobs(followed).get(digest)
