"""What can be done about a refused change: by which steps, and at which price.

* `re-adopt`: the controller is deleted without its pods and made again around them; nothing restarts. What else changes
  in its template follows as an ordinary rollout.
* `replace`: the object is deleted and made again at once.
* `bridge-binding`: the same, while a second binding keeps the rights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen
from changeover.plan.model import Effect

READOPT = "re-adopt"
REPLACE = "replace"
BRIDGE_BINDING = "bridge-binding"


@dataclass(frozen=True, slots=True)
class Remedy:
    """The class that a refused change becomes, who brings it about, and what it costs, in words."""

    effect: Effect
    handler: str
    price: str


Cure = Callable[[KubeObject, KubeObject, Sequence[Frozen]], Remedy | None]
"""From the live object, the manifest and its refused fields; None = it truly cannot be done."""

KEEPING_PODS = Remedy(
    Effect.RECREATE_KEEPING_PODS, READOPT, "it is made again around its running pods, none of which restarts for that"
)
