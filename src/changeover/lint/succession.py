"""Rules about a release that follows another: what customers who update will run into.

* a field that Kubernetes does not change: `kubectl apply` and Helm fail there; named with what Changeover does then;
* a claim that the new release no longer has: its data would go with a careless prune;
* a question that is not asked any more and that no rename of the release explains: its answer is orphaned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from changeover.lint.finding import Finding, Level
from changeover.lint.templates import config_items
from changeover.objects import KubeObject
from changeover.package.package import Package
from changeover.plan import immutables
from changeover.release import documents
from changeover.render.revision import Revision


def check(new: tuple[Package, Revision], old: tuple[Package, Revision]) -> Iterator[Finding]:
    """All findings of these rules; both releases rendered alike."""
    before, after = _by_key(old[1]), _by_key(new[1])
    for key, obj in after.items():
        if key in before:
            yield from _frozen(before[key], obj)
    for key in before.keys() - after.keys():
        if before[key].kind == "PersistentVolumeClaim":
            message = f"{before[key].ref} is gone: whoever prunes removes its data"
            hint = 'keep it, or annotate it with kots.io/keep: "true" in the release before'
            yield Finding("claim-removed", Level.WARN, message, hint=hint)
    yield from _questions(new[0], old[0])


def _by_key(revision: Revision) -> Mapping[str, KubeObject]:
    return {obj.ref.key: obj for obj in revision.objects}


def _frozen(before: KubeObject, after: KubeObject) -> Iterator[Finding]:
    frozen = immutables.frozen_fields(before, after)
    if not frozen:
        return
    fields = ", ".join(dict.fromkeys(one.difference.text for one in frozen))
    remedy = immutables.remedy(before, after, frozen)
    done = f"Changeover: {remedy.price}" if remedy else frozen[0].hint
    if before.kind == "Job":
        done = "give the Job a name of its own in every release, or a hook-delete-policy"
    level = Level.WARN if remedy or before.kind == "Job" else Level.ERROR
    message = f"{after.ref}: Kubernetes does not change {fields}: {frozen[0].reason}"
    yield Finding("immutable-field", level, message, hint=done)


def _questions(new: Package, old: Package) -> Iterator[Finding]:
    asked = {str(item.get("name")) for _, item in config_items(new.config)}
    renames = documents.release_of(new).config.renames
    gone = [str(item.get("name")) for _, item in config_items(old.config) if item.get("name") not in asked]
    for name in dict.fromkeys(gone):
        if name not in renames:
            file, line = (new.config.file, new.config.line) if new.config else ("", 0)
            message = f"the question {name} is not asked any more: whoever answered it loses that answer"
            hint = "say in the Release document what it is called now (config.renames), or leave it hidden"
            yield Finding("config-option-removed", Level.WARN, message, file, line, hint)
