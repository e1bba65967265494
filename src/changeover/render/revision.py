"""A Revision: Release + Answers + Customisations + licence + kept values, rendered. Immutable, with a digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from changeover.objects import KubeObject
from changeover.render.chart_release import ChartRelease


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the package that rendering had to tolerate; the plan and the linter show it."""

    reference: str
    message: str
    file: str = ""
    line: int = 0
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """What should be in the cluster. `objects` are in manifest order, each with an explicit namespace when namespaced.

    The digest is over all that follows from the inputs: same package, answers and kept values -> same digest.
    """

    version: str
    objects: tuple[KubeObject, ...]
    digest: str
    phases: Mapping[str, int] = field(default_factory=dict)
    """kots.io/creation-phase by Ref.key, where not 0; charts installed after manifests have a later phase."""
    waits: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """By Ref.key: (("ready", "true"),) or ((jsonpath, value), ...) from kots.io/wait-for-*."""
    informers: tuple[str, ...] = ()
    """statusInformers, rendered: ``[ns/]kind/name``."""
    reads_epochs: tuple[int, int] = (0, 0)
    writes_epoch: int = 0
    images: tuple[str, ...] = ()
    secrets: Sequence[str] = ()
    """Answer values that must never be shown, for masking."""
    source: Mapping[str, Any] = field(default_factory=dict)
    """Where it came from: package digest, channel, cursor."""
    remarks: tuple[Remark, ...] = ()
    """What rendering tolerated: broken files left out, an object given twice. No part of the digest."""
    charts: tuple[ChartRelease, ...] = ()
    """The releases that Helm would know, with their notes and hooks."""

    @property
    def hooks(self) -> tuple[KubeObject, ...]:
        """What its charts run at events other than tests."""
        return tuple(KubeObject(hook.form) for release in self.charts for hook in release.hooks if not hook.is_test)

    @property
    def everything(self) -> tuple[KubeObject, ...]:
        """The application's objects and what its charts run beside them."""
        return (*self.objects, *self.hooks)

    def as_json(self) -> dict[str, Any]:
        """Everything, for the revision's blob (which is a Secret: objects hold secret values)."""
        return {
            "version": self.version,
            "objects": [obj.raw for obj in self.objects],
            "digest": self.digest,
            "phases": dict(self.phases),
            "waits": {key: [list(pair) for pair in pairs] for key, pairs in self.waits.items()},
            "informers": list(self.informers),
            "readsEpochs": list(self.reads_epochs),
            "writesEpoch": self.writes_epoch,
            "images": list(self.images),
            "secrets": list(self.secrets),
            "source": dict(self.source),
            "remarks": [asdict(remark) for remark in self.remarks],
            "charts": [release.as_json() for release in self.charts],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Revision:
        """The inverse of ``as_json``."""
        low, high = data["readsEpochs"]
        return Revision(
            version=data["version"],
            objects=tuple(KubeObject(raw) for raw in data["objects"]),
            digest=data["digest"],
            phases=data["phases"],
            waits={key: tuple((path, value) for path, value in pairs) for key, pairs in data["waits"].items()},
            informers=tuple(data["informers"]),
            reads_epochs=(low, high),
            writes_epoch=data["writesEpoch"],
            images=tuple(data["images"]),
            secrets=tuple(data["secrets"]),
            source=data["source"],
            remarks=tuple(Remark(**remark) for remark in data.get("remarks", ())),
            charts=tuple(ChartRelease.from_json(release) for release in data.get("charts", ())),
        )
