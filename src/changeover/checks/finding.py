"""What an analyzer says, and about what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from changeover.objects import KubeObject

Verdict = Literal["pass", "warn", "fail", "unknown"]
MOST_NAMED = 20
"""Objects that one finding names."""


@dataclass(frozen=True, slots=True, order=True)
class About:
    """What a finding is about: an object of the cluster, a ``Node``, an ``Image``, a ``File`` of what was collected."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """``Deployment shop/web``, ``Node a``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def as_json(self) -> dict[str, str]:
        """The three names; an empty namespace of what has none."""
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one analyzer says about one object, or the same of several."""

    verdict: Verdict
    title: str
    message: str
    uri: str = ""
    measured: str = ""
    """What was found, as it was compared: ``min(cpuCapacity) = 2``."""
    threshold: str = ""
    """The condition that held, or those that did not: ``< 3``, ``not < 3``."""
    about: tuple[About, ...] = ()
    hint: str = ""
    """What to do; of what is unknown, what would make it known."""
    missing: str = ""
    """The file that would have to be collected for an answer."""

    def on(self, *about: About) -> Finding:
        """The same, about these; the first `MOST_NAMED` of them."""
        return replace(self, about=tuple(dict.fromkeys(about))[:MOST_NAMED])


def object_of(obj: KubeObject, kind: str = "") -> About:
    """An object of the cluster; what comes out of a list may not tell its `kind`."""
    return About(kind or obj.kind, obj.name, obj.namespace)


def together(findings: Iterable[Finding]) -> list[Finding]:
    """The same said of several objects is one finding that names them, with what was measured of any."""
    found: dict[tuple[str, str, str, str], list[Finding]] = {}
    for one in findings:
        found.setdefault((one.verdict, one.title, one.message, one.uri), []).append(one)
    return [
        replace(
            same[0].on(*(about for one in same for about in one.about)),
            measured=", ".join(list(dict.fromkeys(one.measured for one in same if one.measured))[:MOST_NAMED]),
        )
        for same in found.values()
    ]


class CannotJudge(ValueError):
    """A condition that cannot be read, or files that do not say what it asks."""


class NotCollected(CannotJudge):
    """A file without which nothing can be said."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was not collected")
        self.path = path
