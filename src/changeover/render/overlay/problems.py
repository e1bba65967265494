"""What can be wrong with an overlay, and where in it."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.errors import Problem


class BadOverlay(Problem):
    """An overlay that cannot be understood: no kustomization, a file that is not there, a patch of nothing."""

    reference = "bad-overlay"


class OverlayUnsupported(Problem):
    """An overlay asks for something of kustomize that is not done here."""

    reference = "overlay-unsupported"


class PatchFailed(Problem):
    """A patch of the overlay cannot be applied to an object of the release."""

    reference = "patch-failed"


class SecretInOverlay(Problem):
    """An overlay that holds the values of a Secret: everybody who may look at the Installation would see them."""

    reference = "secret-in-overlay"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the overlay something is asked for."""

    file: str
    line: int = 0
    field: str = ""
    """The field of the kustomization, for what has no file of its own."""

    def __str__(self) -> str:
        line = f" line {self.line}" if self.line else ""
        return f"{self.file}{line}" + (f" ({self.field})" if self.field else "")
