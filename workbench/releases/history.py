"""What each version brings, as data. The facts are those of a real application's releases of 2022."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Version:
    """One version; `build` changes when its pods must restart."""

    number: str
    notes: str
    build: str
    instance: str = "workbench"
    """Value of label `instance` in selectors: those cannot be changed in place."""
    ingress: bool = False
    index: bool = True
    """Component index (since 2022.09.0) and the preflight about running sessions."""
    strict_preflight: bool = False
    token: bool = True
    """The question for an API token and its Secret (since 2022.09.2)."""
    job: str = "2"
    """Command line of the migrations Job's template: a Job's template cannot be changed in place."""
    notify: bool = True
    cache_size: str = "10Gi"
    noise: bool = False
    """Labels and annotations on objects that restart no pod."""
    schema: int = 1
    broken_image: bool = False
    never_ready: bool = False
    guide: tuple[dict[str, object], ...] = field(default=())
    withdrawn: str = ""


SAVE_FIRST: dict[str, object] = {
    "id": "sessions-first",
    "severity": "notice",
    "text": "Sessions are stopped before this update. Each of them is saved first.",
}
SELECTORS: dict[str, object] = {
    "id": "labels-changed",
    "severity": "breaking",
    "text": "Label `instance` changed. StatefulSets and Deployments must be made anew; their claims stay.",
    "appliesWhen": {"from": "<2022.08.0"},
}
FORWARD: dict[str, object] = {
    "id": "schema-goes-forward",
    "severity": "breaking",
    "text": "The database's schema goes to version 2. Versions before this one cannot read it.",
    "appliesWhen": {"from": "<2022.12.0"},
}
_OLD: dict[str, Any] = {"index": False, "token": False, "job": "1", "notify": False, "cache_size": "8Gi"}
_AUTUMN: dict[str, Any] = {"token": False, "job": "1", "notify": False, "cache_size": "8Gi"}

VERSIONS = (
    Version("2022.07.1", "The first release.", "1", instance="Workbench", ingress=True, **_OLD),
    Version("2022.08.0", "New labels, no Ingress.", "2", guide=(SELECTORS, SAVE_FIRST), **_OLD),
    Version("2022.09.0", "An index of sessions.", "3", strict_preflight=True, guide=(SAVE_FIRST,), **_AUTUMN),
    Version("2022.09.2", "A token for the API.", "3", job="1", notify=False, cache_size="8Gi"),
    Version("2022.10.2", "Migrations run in one step.", "4", notify=False, cache_size="8Gi", guide=(SAVE_FIRST,)),
    Version(
        "2022.10.3", "A hotfix whose image cannot be pulled.", "4b", notify=False, cache_size="8Gi", broken_image=True
    ),
    Version("2022.11.0", "Notifications; more room for the cache.", "5", guide=(SAVE_FIRST,)),
    Version("2022.11.3", "Labels only; nothing restarts.", "5", noise=True),
    Version("2022.12.0", "A new schema.", "6", noise=True, schema=2, guide=(FORWARD, SAVE_FIRST)),
    Version("2022.12.1", "A release whose image cannot be pulled.", "7", noise=True, schema=2, broken_image=True),
    Version("2022.12.2", "A release that never becomes ready.", "8", noise=True, schema=2, never_ready=True),
)
